"""The figures of a report that every build has: everything that can be counted, read from the audit
alone.

Counts are complete whatever the size of the build. Only what is listed by name has a limit
(sources, reasons, licences), and what a limit leaves out is counted too, so that a page can say so.
Names and reasons are cut to a length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from curate.audit.reasons import LeftOut, left_out
from curate.audit.store import columns_of, runs
from curate.audit.words import short
from curate.licences import commercial

# More than these are not listed: a page of them could not be read, and a file of them would have no
# bound.
SOURCES = 300
LICENCES = 40


@dataclass(frozen=True)
class SourceLine:
    """One source, and what became of its rows."""

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


@dataclass(frozen=True)
class Figures:
    """All figures of a build; rows of the tables in the order of the page."""

    kinds: Sequence[str]
    totals: SourceLine
    names: Sequence[str]  # whole names of the listed sources
    sources: Sequence[SourceLine]
    n_sources: int
    steps: Sequence[str]
    funnel: Sequence[
        Sequence[tuple[int, int, int]]
    ]  # all sources together first, then each; rows in, dropped, out
    left_out: LeftOut
    licences: Sequence[tuple[str, bool | None, str, int, int, int]]
    n_licences: int
    unit: str  # what shortfalls are counted in
    validation: int


def figures(con: duckdb.DuckDBPyConnection) -> Figures:
    """Count everything; `con` is an audit opened for reading."""
    # A view walks over all rows: once is enough.
    con.execute("CREATE TEMP TABLE seen_funnel AS SELECT * FROM funnel")
    names = _chosen_sources(con)
    totals, sources = _sources(con, names)
    steps, funnel = _funnel(con, names)
    kinds = con.execute(
        "SELECT DISTINCT kind FROM sources WHERE kind IS NOT NULL ORDER BY kind"
    ).fetchall()
    (n_sources,) = con.execute("SELECT count(*) FROM sources").fetchone() or (0,)
    licences, n_licences = _licences(con)
    return Figures(
        kinds=[kind for (kind,) in kinds],
        totals=totals,
        names=names,
        sources=sources,
        n_sources=n_sources,
        steps=steps,
        funnel=funnel,
        left_out=left_out(con),
        licences=licences,
        n_licences=n_licences,
        unit=runs(con).get("recipe", {}).get("shares", "rows"),
        validation=_validation(con),
    )


def _all(
    con: duckdb.DuckDBPyConnection, query: str, given: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    return con.execute(query, list(given)).fetchall()


def _chosen_sources(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The sources that are listed, in recipe order: all, or of very many those that lost the most
    rows.
    """
    rows = _all(
        con,
        """WITH lost AS (
            SELECT source, count(*) AS n FROM documents WHERE fate IN ('removed', 'duplicate') GROUP BY source
        )
        SELECT name FROM (SELECT s.rowid AS place, s.name FROM sources AS s LEFT JOIN lost ON lost.source = s.name
            ORDER BY lost.n DESC NULLS LAST, s.rowid LIMIT ?) ORDER BY place""",
        [SOURCES],
    )
    return [name for (name,) in rows]


_FATES = ("quarantined", "removed", "duplicate", "not-sampled", "kept")


def _sources(
    con: duckdb.DuckDBPyConnection, names: Sequence[str]
) -> tuple[SourceLine, list[SourceLine]]:
    """The line of all sources together, and that of each one listed."""
    counts = ", ".join(f"count(*) FILTER (fate = '{fate}')" for fate in _FATES)
    query = f"SELECT source, count(*), {counts}, coalesce(sum(copies), 0)::BIGINT FROM documents GROUP BY ALL"
    by_source = {row[0]: row[1:] for row in _all(con, query)}
    said = {
        row[0]: row[1:]
        for row in _all(con, "SELECT name, format, licence, coalesce(shortfall, 0) FROM sources")
    }
    lines = []
    for name in names:
        fmt, licence, missing = said[name]
        about = (short(fmt) if fmt else None, short(licence) if licence else None, int(missing))
        lines.append(_line(short(name), about, by_source.get(name, (0,) * 7)))
    summed = [sum(column) for column in zip(*by_source.values(), strict=True)] or [0] * 7
    return _line("all", (None, None, sum(row[2] for row in said.values())), summed), lines


def _line(
    name: str, about: tuple[str | None, str | None, int], counts: Sequence[int]
) -> SourceLine:
    read, quarantined, removed, duplicate, not_sampled, kept, written = counts
    return SourceLine(
        name, *about, read, quarantined, removed, duplicate, not_sampled, kept, written
    )


def _funnel(
    con: duckdb.DuckDBPyConnection, names: Sequence[str]
) -> tuple[list[str], list[list[tuple[int, int, int]]]]:
    """The steps, and for all sources together and each one listed the rows into, dropped at and out
    of every step.
    """
    steps = [
        step
        for _, step in _all(
            con, "SELECT DISTINCT position, step FROM seen_funnel ORDER BY position"
        )
    ]
    figures = "sum(rows_in)::BIGINT, sum(dropped)::BIGINT, sum(rows_out)::BIGINT"
    everything = _all(con, f"SELECT {figures} FROM seen_funnel GROUP BY position ORDER BY position")
    own: dict[str, list[tuple[int, int, int]]] = {name: [] for name in names}
    for source, *counts in _all(
        con, "SELECT source, rows_in, dropped, rows_out FROM seen_funnel ORDER BY source, position"
    ):
        if source in own:
            own[source].append((counts[0], counts[1], counts[2]))
    return [short(step) for step in steps], [[(a, b, c) for a, b, c in everything], *own.values()]


def _validation(con: duckdb.DuckDBPyConnection) -> int:
    """Rows of the validation split; audits of version 1 do not know them."""
    if "rows_validation" not in columns_of(con, "sources"):
        return 0
    (n,) = con.execute(
        "SELECT coalesce(sum(rows_validation), 0)::BIGINT FROM sources"
    ).fetchone() or (0,)
    return int(n)


def _licences(
    con: duckdb.DuckDBPyConnection,
) -> tuple[list[tuple[str, bool | None, str, int, int, int]], int]:
    """Rows under each of the first licences, whether it allows commercial use, and the names of the
    first sources under it; and how many licences there are.
    """
    rows = _all(con, "SELECT licence, sources, rows_read, rows_kept, rows_written FROM licences")
    found = []
    for licence, sources, *counts in rows[:LICENCES]:
        more = f" and {len(sources) - 8} more" if len(sources) > 8 else ""
        named = ", ".join(short(name, 40) for name in sources[:8]) + more
        allowed = commercial(None if licence == "not stated" else licence)
        found.append((short(licence), allowed, named, *counts))
    return found, len(rows)
