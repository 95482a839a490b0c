"""Rows that met another fate in B than in A, from the audits of two built folders.

A source whose files, or whose revision, are the same in both locks is compared row by row, by
id. The rows of all other sources are compared by their content; where a content was read several
times, the best fate of its rows counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from curate.audit import store
from curate.errors import UserError

SHOWN = 5
Connection = duckdb.DuckDBPyConnection
Ids = list[tuple[str | None, str | None]]

# Best first. A row that was quarantined has no content to know it by.
_FATES = "['kept', 'removed', 'duplicate', 'not-sampled']"
_BY_ID = """
SELECT coalesce(a.source, b.source) AS source, a.id AS id_a, b.id AS id_b,
    coalesce(a.row, b.row) AS place,
    coalesce(a.fate, 'not read') AS fate_a, coalesce(b.fate, 'not read') AS fate_b
FROM (SELECT * FROM a.documents WHERE list_contains($sources::VARCHAR[], source)) AS a
FULL JOIN (SELECT * FROM b.documents WHERE list_contains($sources::VARCHAR[], source)) AS b
    ON a.source = b.source AND a.row = b.row
WHERE fate_a <> fate_b
"""
_BEST = f"""
SELECT content_hash, min(list_position({_FATES}, fate)) AS fate,
    arg_min(id, (list_position({_FATES}, fate), source, row)) AS id
FROM {{side}}.documents
WHERE content_hash IS NOT NULL AND NOT list_contains($sources::VARCHAR[], source)
GROUP BY content_hash
"""
_BY_CONTENT = f"""
SELECT NULL AS source, a.id AS id_a, b.id AS id_b, coalesce(a.id, b.id) AS place,
    coalesce({_FATES}[a.fate], 'not read') AS fate_a,
    coalesce({_FATES}[b.fate], 'not read') AS fate_b
FROM ({_BEST.format(side="a")}) AS a FULL JOIN ({_BEST.format(side="b")}) AS b USING (content_hash)
WHERE fate_a <> fate_b
"""
_CHANGES = """
SELECT source, fate_a, fate_b, count(*), min_by((id_a, id_b), place, {shown})
FROM ({changed}) GROUP BY ALL ORDER BY ALL
"""
_REASON = """
SELECT reason FROM {side}.decisions WHERE doc_id = ? AND action = ? ORDER BY rowid DESC LIMIT 1
"""


@dataclass(frozen=True)
class Row:
    """One of the rows: its id on either side, and why it left where it did."""

    id_a: str | None
    id_b: str | None
    reason_a: str | None
    reason_b: str | None


@dataclass(frozen=True)
class FateChange:
    """Rows of a source (None: contents of any source) that went from one fate to another."""

    source: str | None
    a: str
    b: str
    rows: int
    examples: list[Row]


def same_sources(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """The sources whose rows have the same ids in both: same name, files, revision and reading."""
    one, other = (lock.get("inputs", {}).get("sources", {}) for lock in (a, b))
    known = [name for name in one if one[name].get("files") or one[name].get("revision")]
    return [name for name in known if name in other and _origin(a, name) == _origin(b, name)]


def _origin(lock: Mapping[str, Any], name: str) -> Any:
    source = lock["inputs"]["sources"][name]
    specs = lock.get("recipe", {}).get("sources", ())
    read = [(one.get("split"), one.get("columns")) for one in specs if one.get("name") == name]
    return source.get("revision"), source.get("files"), read


def compare_fates(a: Path, b: Path, sources: list[str]) -> list[FateChange]:
    """Every change of fate, of `sources` by id, of all others by content.

    Raises UserError where an audit cannot be opened, or is none.
    """
    with store.open_both(a, b) as con:
        try:
            lines = []
            for changed in (_BY_ID, _BY_CONTENT):
                query = _CHANGES.format(changed=changed, shown=SHOWN)
                lines += con.execute(query, {"sources": sources}).fetchall()
            return [_change(con, *line) for line in lines]
        except duckdb.Error as error:
            told = store.one_line(error)
            raise UserError(f"{a}, {b}: their audits cannot be compared: {told}") from error


def _change(con: Connection, source: str | None, a: str, b: str, rows: int, ids: Ids) -> FateChange:
    examples = [Row(x, y, _reason(con, "a", x, a), _reason(con, "b", y, b)) for x, y in ids]
    return FateChange(source, a, b, rows, examples)


def _reason(con: Connection, side: str, doc_id: str | None, fate: str) -> str | None:
    found = con.execute(_REASON.format(side=side), [doc_id, fate]).fetchall() if doc_id else []
    return str(found[0][0]) if found and found[0][0] is not None else None
