"""The figures of a report: everything that can be counted, read from the audit alone.

Counts are complete whatever the size of the build. Only what is listed by name has a limit (sources, benchmarks, pairs,
reasons), and what a limit leaves out is counted too, so that a page can say so. Names and reasons are cut to a length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from curate.audit.reasons import LeftOut, left_out, short

# More than these are not listed: a page of them could not be read, and a file of them would have no bound.
SOURCES = 300
BENCHMARKS = 150
PAIRS = 20_000
LICENCES = 40


@dataclass(frozen=True)
class SourceLine:
    """One source: what became of its rows, and the benchmarks it is flagged on, the highest rate first."""

    name: str
    format: str | None
    licence: str | None
    shortfall: int
    read: int
    quarantined: int
    removed: int
    duplicate: int
    not_sampled: int
    kept: int
    written: int
    flagged: Sequence[tuple[int, str, float]]  # place of the benchmark in `Figures.benchmarks`, its name, the rate


@dataclass(frozen=True)
class Figures:
    """All figures of a build; rows of the tables in the order of the page."""

    suites: Sequence[str]
    kinds: Sequence[str]
    totals: SourceLine
    sources: Sequence[SourceLine]
    n_sources: int
    benchmarks: Sequence[Mapping[str, Any]]  # name, role, items, never (items that can never be hit)
    n_benchmarks: int
    pairs: int
    flagged: int
    cells: Sequence[tuple[int, ...]]  # source, benchmark, overlapped, flagged, documents, hits, near misses
    n_cells: int
    steps: Sequence[str]
    funnel: Sequence[Sequence[tuple[int, int, int]]]  # all sources together first, then each; rows in, dropped, out
    left_out: LeftOut
    licences: Sequence[tuple[str, str, int, int, int]]
    hits: int
    near: int
    counted: int
    places: tuple[
        Mapping[str, int], Mapping[str, int]
    ]  # whole names of the listed sources and benchmarks: their places


def figures(con: duckdb.DuckDBPyConnection) -> Figures:
    """Count everything; `con` is an audit opened for reading."""
    # A view walks over all rows: once is enough.
    for view in ("contamination", "funnel"):
        con.execute(f"CREATE TEMP TABLE seen_{view} AS SELECT * FROM {view}")
    names = _chosen_sources(con)
    benchmarks = _benchmarks(con)
    places = (_places(names), _places(b["name"] for b in benchmarks))
    totals, sources = _sources(con, names, places[1])
    steps, funnel = _funnel(con, names)
    cells, n_cells = _cells(con, *places)
    pairs, flagged = _one(con, "SELECT count(*), count(*) FILTER (flagged) FROM seen_contamination")
    hits, near, counted = _one(
        con, "SELECT count(*) FILTER (hit), count(*) FILTER (NOT hit), count(*) FILTER (counts) FROM matches"
    )
    return Figures(
        suites=[short(row[0]) for row in _all(con, "SELECT DISTINCT suite FROM instances ORDER BY suite LIMIT 5")],
        kinds=[row[0] for row in _all(con, "SELECT DISTINCT kind FROM sources WHERE kind IS NOT NULL ORDER BY kind")],
        totals=totals,
        sources=sources,
        n_sources=_one(con, "SELECT count(*) FROM sources")[0],
        benchmarks=[b | {"name": short(b["name"])} for b in benchmarks],
        n_benchmarks=_one(con, "SELECT count(DISTINCT benchmark) FROM instances")[0],
        pairs=pairs,
        flagged=flagged,
        cells=cells,
        n_cells=n_cells,
        steps=steps,
        funnel=funnel,
        left_out=left_out(con),
        licences=_licences(con),
        hits=hits,
        near=near,
        counted=counted,
        places=places,
    )


def _all(con: duckdb.DuckDBPyConnection, query: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    return con.execute(query, list(given)).fetchall()


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return _all(con, query)[0]


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _chosen_sources(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The sources that are listed, in recipe order: all, or of very many those that hold the most of a benchmark."""
    rows = _all(
        con,
        """WITH worst AS (SELECT source, max(rate) AS rate FROM seen_contamination GROUP BY source)
        SELECT name FROM (SELECT s.rowid AS place, s.name FROM sources AS s LEFT JOIN worst AS w ON w.source = s.name
            ORDER BY w.rate DESC NULLS LAST, s.rowid LIMIT ?) ORDER BY place""",
        [SOURCES],
    )
    return [name for (name,) in rows]


def _benchmarks(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = _all(
        con,
        """WITH worst AS (SELECT benchmark, max(rate) AS rate FROM seen_contamination GROUP BY benchmark),
        items AS (SELECT benchmark, min(role) AS role, count(*) AS items, count(*) FILTER (NOT matchable) AS never,
            min(rowid) AS place FROM instances GROUP BY benchmark)
        SELECT benchmark, role, items, never FROM
            (SELECT i.* FROM items AS i JOIN worst AS w USING (benchmark) ORDER BY w.rate DESC, place LIMIT ?)
        ORDER BY place""",
        [BENCHMARKS],
    )
    return [dict(zip(("name", "role", "items", "never"), row, strict=True)) for row in rows]


_FATES = ("quarantined", "removed", "duplicate", "not-sampled", "kept")


def _sources(
    con: duckdb.DuckDBPyConnection, names: Sequence[str], benchmarks: Mapping[str, int]
) -> tuple[SourceLine, list[SourceLine]]:
    """The line of all sources together, and that of each one listed."""
    counts = ", ".join(f"count(*) FILTER (fate = '{fate}')" for fate in _FATES)
    query = f"SELECT source, count(*), {counts}, coalesce(sum(copies), 0)::BIGINT FROM documents GROUP BY ALL"
    by_source = {row[0]: row[1:] for row in _all(con, query)}
    flagged: dict[str, list[tuple[int, str, float]]] = {}
    rows = _all(
        con, "SELECT source, benchmark, rate FROM seen_contamination WHERE flagged ORDER BY rate DESC, benchmark"
    )
    for source, benchmark, rate in rows:
        flagged.setdefault(source, []).append((benchmarks.get(benchmark, -1), short(benchmark), rate))
    said = {row[0]: row[1:] for row in _all(con, "SELECT name, format, licence, coalesce(shortfall, 0) FROM sources")}
    lines = []
    for name in names:
        fmt, licence, missing = said[name]
        about = (short(fmt) if fmt else None, short(licence) if licence else None, int(missing))
        lines.append(_line(short(name), about, by_source.get(name, (0,) * 7), flagged.get(name, [])))
    summed = [sum(column) for column in zip(*by_source.values(), strict=True)] or [0] * 7
    return _line("all", (None, None, sum(row[2] for row in said.values())), summed, []), lines


def _line(
    name: str, about: tuple[str | None, str | None, int], counts: Sequence[int], flagged: list[tuple[int, str, float]]
) -> SourceLine:
    read, quarantined, removed, duplicate, not_sampled, kept, written = counts
    return SourceLine(name, *about, read, quarantined, removed, duplicate, not_sampled, kept, written, flagged)


def _funnel(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> tuple[list[str], list[list[tuple[int, int, int]]]]:
    """The steps, and for all sources together and each one listed the rows into, dropped at and out of every step."""
    steps = [step for _, step in _all(con, "SELECT DISTINCT position, step FROM seen_funnel ORDER BY position")]
    figures = "sum(rows_in)::BIGINT, sum(dropped)::BIGINT, sum(rows_out)::BIGINT"
    everything = _all(con, f"SELECT {figures} FROM seen_funnel GROUP BY position ORDER BY position")
    own: dict[str, list[tuple[int, int, int]]] = {name: [] for name in names}
    for source, *counts in _all(
        con, "SELECT source, rows_in, dropped, rows_out FROM seen_funnel ORDER BY source, position"
    ):
        if source in own:
            own[source].append((counts[0], counts[1], counts[2]))
    return [short(step) for step in steps], [[(a, b, c) for a, b, c in everything], *own.values()]


def _cells(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, int], benchmarks: Mapping[str, int]
) -> tuple[list[tuple[int, ...]], int]:
    """The pairs of source and benchmark with a stored match, the worst first; and how many there are."""
    rows = _all(
        con,
        """SELECT c.source, c.benchmark, c.overlapped, c.flagged::INTEGER, c.documents, m.hits, m.near
        FROM seen_contamination AS c JOIN (
            SELECT source, benchmark, count(*) FILTER (hit) AS hits, count(*) FILTER (NOT hit) AS near
            FROM matches GROUP BY ALL
        ) AS m USING (source, benchmark)
        ORDER BY c.rate DESC, m.near DESC, c.source, c.benchmark""",
    )
    listed = [
        (sources[source], benchmarks[benchmark], *counts)
        for source, benchmark, *counts in rows
        if source in sources and benchmark in benchmarks
    ]
    return listed[:PAIRS], len(rows)


def _licences(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, int, int]]:
    """Rows under each licence, with the names of the first sources under it."""
    rows = _all(con, "SELECT licence, sources, rows_read, rows_kept, rows_written FROM licences")
    found = []
    for licence, sources, *counts in rows[:LICENCES]:
        more = f" and {len(sources) - 8} more" if len(sources) > 8 else ""
        found.append((short(licence), ", ".join(short(name, 40) for name in sources[:8]) + more, *counts))
    return found
