"""What the audit gets of made sources: what was asked, what it cost, and what each row was made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from curate.make.source import LINEAGE, MadeSource

_TEXT, _WHOLE = pa.string(), pa.int64()
SOURCES = pa.schema(
    [("source", _TEXT), ("maker", _TEXT), ("domain", _TEXT), ("items", _WHOLE), ("pool", _WHOLE)]
)
ANSWERS = pa.schema(
    [
        ("source", _TEXT),
        ("kind", _TEXT),
        ("model", _TEXT),
        ("revision", _TEXT),
        ("outcome", _TEXT),
        ("requests", _WHOLE),
        ("prompt_tokens", _WHOLE),
        ("completion_tokens", _WHOLE),
        ("cost", pa.float64()),
    ]
)
ROWS = pa.schema([("doc_id", _TEXT), ("source", _TEXT), ("persona", _TEXT), ("lineage", _TEXT)])
_COUNTED = """
SELECT kind, model, revision, outcome, count(*) AS requests, sum(prompt_tokens)::BIGINT AS prompt_tokens,
    sum(completion_tokens)::BIGINT AS completion_tokens,
    CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
FROM read_parquet(?) GROUP BY ALL ORDER BY ALL
"""
_AT_ONCE = 10_000


def tables_of(made: Sequence[MadeSource]) -> dict[str, Iterator[pa.Table]]:
    """The lines of each table; none where no model wrote a source."""
    made = [source for source in made if source.made.get("engines")]
    if not made:
        return {}
    return {
        "make_sources": iter([pa.Table.from_pylist([_source(one) for one in made], SOURCES)]),
        "make_answers": (_answers(one) for one in made),
        "make_rows": (table for one in made for table in _rows(one)),
    }


def _source(made: MadeSource) -> dict[str, Any]:
    return {
        "source": made.name,
        "maker": made.from_,
        "domain": made.made.get("domain", {}).get("name"),
        "items": sum(part.n for part in made.parts),
        "pool": made.made.get("personas", {}).get("pool"),
    }


def _answers(made: MadeSource) -> pa.Table:
    paths = [str(part.answers.path) for part in made.parts]
    with duckdb.connect(":memory:") as con:
        rows = con.execute(_COUNTED, [paths]).fetchall()
    lines = [dict(zip(ANSWERS.names, (made.name, *row), strict=True)) for row in rows]
    return pa.Table.from_pylist(lines, ANSWERS)


def _rows(made: MadeSource) -> Iterator[pa.Table]:
    first = 0
    for part in made.parts:
        lines = list(_lines(made.name, first, part.rows.path))
        for start in range(0, len(lines), _AT_ONCE):
            yield pa.Table.from_pylist(lines[start : start + _AT_ONCE], ROWS)
        first += part.n


def _lines(source: str, first: int, path: Path) -> Iterator[Mapping[str, Any]]:
    """A line for every row that was made, by its place."""
    for number, text in enumerate(path.read_text("utf-8").split("\n"), first):
        row = json.loads(text) if text else {}
        if LINEAGE in row:
            lineage = row[LINEAGE]
            persona = json.loads(lineage).get("persona")
            doc_id = f"{source}/{number}"
            yield {"doc_id": doc_id, "source": source, "persona": persona, "lineage": lineage}
