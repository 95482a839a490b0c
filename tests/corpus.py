"""Small corpora for the tests of whole builds, written from plain rows, and what a built folder
holds.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from curate.audit.sql import sql
from curate.mixture import Built, Options, build_recipe_file

Rows = list[dict[str, Any]]

WORDS = (
    "ash birch cedar elm fir oak pine rowan larch maple willow alder beech hazel holly yew plum "
    "pear quince fig"
).split()


FATES = ("kept", "removed", "duplicate", "quarantined", "not-sampled")


def sentence(rng: random.Random, n: int) -> str:
    """Random words; `n` of them are never by chance eight in a row the same as others."""
    return " ".join(f"{rng.choice(WORDS)}{rng.randrange(1000)}" for _ in range(n))


def write_lines(path: Path, rows: Sequence[Any]) -> Path:
    """Write JSON lines, packed where the name says so; bytes and text stand for themselves."""
    lines = [
        row
        if isinstance(row, bytes)
        else row.encode()
        if isinstance(row, str)
        else json.dumps(row).encode()
        for row in rows
    ]
    data = b"".join(line + b"\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_csv(path: Path, rows: Rows) -> Path:
    """Write rows as CSV with a header."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_recipe(path: Path, **recipe: Any) -> Path:
    """Write a recipe; kind sft and a name are given where they are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        yaml.safe_dump({"name": path.stem, "kind": "sft"} | recipe, sort_keys=False),
        encoding="utf-8",
    )
    return path


def chat(*turns: str) -> dict[str, Any]:
    """A row in the format `messages`: user and assistant take turns."""
    return {
        "messages": [
            {"role": ("user", "assistant")[i % 2], "content": turn} for i, turn in enumerate(turns)
        ]
    }


def build_in(folder: Path, recipe: Mapping[str, Any], out: str = "out", **options: Any) -> Built:
    """Build a recipe whose files lie in `folder` into `folder / out`; no stage is kept, so that
    everything is done.
    """
    path = write_recipe(folder / "recipe.yaml", **recipe)
    return build_recipe_file(path, folder / out, Options(**({"stages": None} | options)))


def read(folder: Path, pattern: str) -> Rows:
    """All rows of the Parquet files that match, files in the order of their names."""
    return [row for path in sorted(folder.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def ids(folder: Path, pattern: str = "data/*.parquet") -> list[str]:
    """The ids of all rows, in the order in which they are written."""
    return [row["id"] for row in read(folder, pattern)]


def ask(out: Path, query: str) -> Rows:
    """What the audit answers."""
    rows: Rows = sql(out, query).to_pylist()
    return rows


def digests(out: Path) -> dict[str, str]:
    """The sha256 of every file that must be the same on a rebuild: all but audit and report, which
    hold times.
    """
    times = ("audit.duckdb", "report.html")
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in times]
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def reconcile(out: Path) -> None:
    """Every row that was read has one fate, every row that was written is a copy of one that was
    kept.
    """
    written = [row_id.split("#")[0] for row_id in ids(out)]
    documents = {row["id"]: row for row in ask(out, "FROM documents")}
    per_source = ask(out, "SELECT source, count(*)::INT AS n FROM documents GROUP BY source")
    read_rows = {row["name"]: row["rows_read"] for row in ask(out, "FROM sources")}
    assert {row["source"]: row["n"] for row in per_source} == read_rows
    assert {row_id: written.count(row_id) for row_id in documents} == {
        k: d["copies"] for k, d in documents.items()
    }
    assert set(written) == {row_id for row_id, row in documents.items() if row["fate"] == "kept"}
    assert set(ids(out, "removed/*.parquet")) == {
        k for k, row in documents.items() if row["fate"] in ("removed", "duplicate")
    }
    bad = {f"{row['source']}/{row['row']}" for row in read(out, "quarantine/*.parquet")}
    assert bad == {row_id for row_id, row in documents.items() if row["fate"] == "quarantined"}
    counts = json.loads((out / "recipe.lock.json").read_text(encoding="utf-8"))["counts"]["sources"]
    for source, figures in counts.items():
        fates = [row["fate"] for row in documents.values() if row["source"] == source]
        told = (
            figures["kept"],
            figures["removed"],
            figures["duplicate"],
            figures["quarantined"],
            figures["not_sampled"],
            figures["read"],
        )
        assert told == (
            *(fates.count(f) for f in FATES),
            len(fates),
        )
