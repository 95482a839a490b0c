"""Rows that were written, as the page shows them: a few of every source."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import duckdb

from curate.audit.store import columns_of
from curate.audit.words import short

SOURCES = 40
"""Sources of which rows are shown."""
ROOM = 250_000
"""Bytes that they may take, before they are escaped."""

Turn = tuple[str | None, str, int]
"""Who says it, the beginning, and how many code points are left out."""
Sample = tuple[str, Sequence[tuple[str, Sequence[Turn]]]]
"""A source, and of each row its id and turns."""


def read_samples(con: duckdb.DuckDBPyConnection) -> list[Sample]:
    """The rows of every source, as far as there is room; audits of earlier versions have none."""
    if not columns_of(con, "samples"):
        return []
    lines = con.execute(
        """SELECT s.source, s.doc_id, s.role, s.text, s.length - length(s.text)
        FROM samples AS s JOIN sources AS o ON o.name = s.source
        ORDER BY o.rowid, s.doc_id, s.turn"""
    ).fetchall()
    found: list[Sample] = []
    n_sources = len({source for source, *_ in lines})
    for source, own in groupby(lines, key=lambda line: line[0]):
        room = ROOM // max(1, min(n_sources, SOURCES))
        rows: list[tuple[str, Sequence[Turn]]] = []
        for doc_id, turns in groupby(own, key=lambda line: line[1]):
            told = [(role, text, left) for *_, role, text, left in turns]
            room -= sum(len(text.encode()) for _, text, _ in told)
            if room > 0:
                rows.append((short(doc_id), told))
        if rows:
            found.append((short(source), rows))
    return found[:SOURCES]
