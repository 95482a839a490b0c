"""A small build's audit with one row of every fate, and plain constructors of its tables' rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest

from curate.audit import store
from curate.audit.face import face

Rows = list[dict[str, Any]]

LEAK = "In the old story, Natalia sold clips to 48 of her friends in April, and then she sold half as many."
ITEM = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May."
)
SHARED = "Natalia sold clips to 48 of her friends in April, and then she sold half as many"


def source(name: str, read: int, kept: int, written: int, **more: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "name": name,
        "from_": f"./{name}.jsonl",
        "revision": None,
        "files": 1,
        "rows_read": read,
    }
    line |= {
        "rows_kept": kept,
        "rows_written": written,
        "licence": "MIT",
        "format": "messages",
        "shortfall": 0,
    }
    return line | {"kind": "sft", "rows_validation": 0, "dropped_columns": []} | more


def document(
    source: str, row: int, fate: str = "kept", copies: int | None = None, **more: Any
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "source": source,
        "file": f"{source}.jsonl",
        "row": row,
        "origin_id": None,
    }
    line |= {"n_tokens": 10, "content_hash": UUID(int=row), "fate": fate}
    return line | {"copies": int(fate == "kept") if copies is None else copies} | more


def decision(
    step: str,
    doc_id: str,
    action: str,
    reason: str = "it had to go",
    detail: str | None = None,
    about: str | None = None,
) -> Any:
    line = {"step": step, "doc_id": doc_id, "action": action, "reason": reason, "detail": detail}
    return line | {"about": about}


def instance(benchmark: str, row: int, text: str = ITEM, **more: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "suite": "small",
        "benchmark": benchmark,
        "instance_id": f"{benchmark}/{row}",
        "text": text,
    }
    return line | {"n_tokens": 19, "role": "unseen", "matchable": True} | more


def match(
    source: str, row: int, instance_id: str, score: float = 0.9, **more: Any
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "doc_id": f"{source}/{row}",
        "source": source,
        "benchmark": instance_id.split("/")[0],
    }
    line |= {"instance_id": instance_id, "matcher": "ngram", "score": score, "hit": score > 0.5}
    line |= {
        "label": "leak" if score > 0.5 else None,
        "doc_spans": [],
        "item_spans": [],
        "verdict": None,
    } | more
    return {"counts": line["hit"] and line["label"] in (None, "leak")} | line


_PLAIN = {"value": pa.string()} | dict.fromkeys(
    ("content_hash", "doc_hash", "kept_hash"), pa.uuid()
)


def planted(
    mutation: str, planted: int, found: int, matcher: str = "all", **more: Any
) -> dict[str, Any]:
    """A line of the self-test; the interval is made up, as wide as a percent."""
    recall = found / planted
    line: dict[str, Any] = {
        "matcher": matcher,
        "mutation": mutation,
        "benchmark": None,
        "planted": planted,
    }
    line |= {
        "found": found,
        "noticed": min(planted, found + 3),
        "recall": recall,
        "low": max(0.0, recall - 0.01),
        "high": min(1.0, recall + 0.01),
    }
    return line | more


def judged(
    doc_id: str, instance_id: str, verdict: str, applied: int = 1, **more: Any
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "doc_id": doc_id,
        "instance_id": instance_id,
        "verdict": verdict,
        "note": None,
    }
    return (
        line
        | {"applied": applied, "void": None if applied else "the row is not in this build"}
        | more
    )


def fill(con: duckdb.DuckDBPyConnection, tables: dict[str, Rows]) -> None:
    """Insert plain rows, typed as the table is."""
    for name, rows in tables.items():
        schema = con.sql(f"FROM {name}").to_arrow_table().schema
        given = [
            pa.field(f.name, _PLAIN.get(f.name, f.type))
            for f in schema
            if (name, f.name) != ("documents", "id")
        ]
        store.insert(con, name, pa.Table.from_pylist(rows, schema=pa.schema(given)))


def example_tables() -> dict[str, Rows]:
    start = LEAK.index(SHARED)
    spans = [{"turn": 1, "start": start, "stop": start + len(SHARED)}]
    chat = [document("chat", row, origin_id=f"up-{row}") for row in range(4)]
    chat[1] |= {"fate": "removed", "copies": 0}
    chat[2] |= {"copies": 3}
    chat[3] |= {"fate": "not-sampled", "copies": 0}
    math = [
        document("math", 0, "quarantined", n_tokens=None, content_hash=None),
        document("math", 1, "duplicate"),
    ]
    math += [document("math", 2, file="more.jsonl", content_hash=UUID(int=1))]
    return {
        "sources": [source("chat", 4, 2, 4), source("math", 3, 1, 1, licence=None, shortfall=2)],
        "documents": chat + math,
        "texts": [
            {"doc_id": "chat/1", "turn": 0, "role": "system", "text": "Be kind."},
            {"doc_id": "chat/1", "turn": 1, "role": "user", "text": LEAK},
        ],
        "instances": [
            instance("gsm8k", 0),
            instance("gsm8k", 1, "Too short.", matchable=False, n_tokens=2),
            instance("mine", 0, "Something else entirely, and nobody has it.", role="development"),
        ],
        "matches": [
            match(
                "chat",
                1,
                "gsm8k/0",
                0.842,
                doc_spans=spans,
                item_spans=[{"start": 0, "stop": len(SHARED)}],
            ),
            match("math", 2, "mine/0", 0.3),
        ],
        "decisions": [
            decision("decontaminate", "chat/1", "removed", "it hits gsm8k/0", "score 0.842"),
            decision("sample", "chat/3", "not-sampled"),
            decision("doubles", "math/1", "duplicate", "same content as chat/1"),
            decision("validate", "math/0", "quarantined", "the last turn is not the assistant's"),
        ],
        "runs": [
            {
                "key": "steps",
                "value": '["read", "validate", "doubles", "decontaminate", "sample", "write"]',
            },
            {"key": "versions", "value": '{"curate": "0.1.0"}'},
            {"key": "schema", "value": "2"},
        ],
    }


def build(out: Path, tables: dict[str, Rows], written: int) -> Path:
    """Make the audit of a folder as a build does."""
    runs = tables.setdefault("runs", [])
    if not any(row["key"] == "steps" for row in runs):
        runs.append(
            {"key": "steps", "value": '["read", "validate", "decontaminate", "sample", "write"]'}
        )
    step = face("decontaminate")
    assert step is not None
    con = store.create(out / store.DATABASE, [step.schema])
    fill(con, tables)
    store.reconcile(con, written)
    store.finish(con, [step.views])
    con.close()
    return out


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A folder whose audit holds one row of every fate."""
    return build(tmp_path, example_tables(), 5)


@pytest.fixture(scope="session")
def made() -> Callable[[Path, dict[str, Rows], int], Path]:
    """Give the function that makes an audit from plain rows."""
    return build
