"""Data sets side by side: of each the rows that ask what another one asks, and those that hold an item
of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from curate.audit.store import columns_of
from curate.audit.words import short

MOST = 40
"""Data sets and benchmarks that are shown."""

_SETS = "SELECT name, kind, rows_read FROM sources ORDER BY rowid LIMIT ?"
_HELD = "SELECT source, benchmark, documents FROM seen_contamination WHERE documents > 0"
_ALL_HELD = "SELECT source, count(DISTINCT doc_id) FROM matches WHERE counts GROUP BY source"


@dataclass(frozen=True)
class SideBySide:
    """The matrix: a line for each data set; cells are rows of it."""

    sets: Sequence[str]
    benchmarks: Sequence[str]
    lines: Sequence[tuple[str, str, int, Sequence[int], int, Sequence[int]]]
    """Name, kind, rows, those that each data set asks too, those that hold any item, and those that
    hold one of each benchmark.
    """
    more: int
    """Benchmarks that are not shown."""


def side_by_side(con: duckdb.DuckDBPyConnection) -> SideBySide | None:
    """The matrix of an audit; None for builds. `page_figures.overlaps` comes before."""
    if not columns_of(con, "shared_prompts"):
        return None
    shared = {
        (one, other): rows
        for one, other, rows in con.execute(
            "SELECT source, other, rows FROM shared_prompts"
        ).fetchall()
    }
    if not shared:
        return None
    sets = con.execute(_SETS, [MOST]).fetchall()
    names = [name for name, *_ in sets]
    held = {(one, other): rows for one, other, rows in con.execute(_HELD).fetchall()}
    of_any: Mapping[str, int] = dict(con.execute(_ALL_HELD).fetchall())
    benchmarks = _benchmarks(held)
    lines = [
        (
            short(name),
            kind,
            rows,
            [shared.get((name, other), 0) for other in names],
            of_any.get(name, 0),
            [held.get((name, benchmark), 0) for benchmark in benchmarks[:MOST]],
        )
        for name, kind, rows in sets
    ]
    listed = [short(benchmark) for benchmark in benchmarks[:MOST]]
    return SideBySide(list(map(short, names)), listed, lines, len(benchmarks[MOST:]))


def _benchmarks(held: Mapping[tuple[str, str], int]) -> list[str]:
    """Those that any data set holds, those with the most rows first."""
    total: dict[str, int] = {}
    for (_, benchmark), rows in held.items():
        total[benchmark] = total.get(benchmark, 0) + rows
    return sorted(total, key=lambda name: (-total[name], name))
