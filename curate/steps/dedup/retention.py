"""Rows left at every threshold from the recipe's own one up: pairs below it were not looked for.

A row that a higher threshold would keep may itself be one for which others go: the curve is the
most that can be left."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb

from curate.audit.face import Retention

_ROWS = """
SELECT f.source, f.rows_in FROM funnel AS f JOIN sources AS s ON s.name = f.source
WHERE f.step = 'dedup' ORDER BY s.rowid
"""
_GONE = """
SELECT source, floor(100 * jaccard + 1e-9)::INT AS value, count(*)
FROM duplicates WHERE dropped GROUP BY ALL
"""
_SET_TO = "SELECT value->'dedup'->>'threshold' FROM runs WHERE key = 'parameters'"


def retention(con: duckdb.DuckDBPyConnection) -> Iterator[Retention]:
    """The curve of the threshold, for all sources and for each; none where only equal texts go."""
    [(told,)] = con.execute(_SET_TO).fetchall()
    if told is None:
        return
    set_to = float(json.loads(told))
    sizes = dict(con.execute(_ROWS).fetchall())
    gone = con.execute(_GONE).fetchall()
    for source in (None, *sizes):
        own = [(value, n) for name, value, n in gone if source in (None, name)]
        rows = sum(sizes.values()) if source is None else sizes[source]
        points = [
            (value / 100, rows - sum(n for at, n in own if at >= value))
            for value in range(round(100 * set_to), 101)
        ]
        yield Retention("dedup", "threshold", set_to, source, rows, points)
