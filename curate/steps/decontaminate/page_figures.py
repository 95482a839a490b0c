"""What the page says of benchmarks in figures: the benchmarks, the pairs of source and benchmark,
and their flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from curate.audit.words import short
from curate.intervals import wilson
from curate.steps.decontaminate.page_pairs import OUTCOMES

# More than these are not listed: a page of them could not be read, and a file of them would have no
# bound.
BENCHMARKS = 150
PAIRS = 20_000


@dataclass(frozen=True)
class Overlaps:
    """The benchmarks and what the sources hold of them."""

    suites: Sequence[str]
    benchmarks: Sequence[
        Mapping[str, Any]
    ]  # name, role, items, never (items that can never be hit)
    n_benchmarks: int
    pairs: int
    flagged: int
    flags: Mapping[
        str, Sequence[tuple[int, str, float]]
    ]  # by source: place of the benchmark, its name, the rate
    cells: Sequence[
        tuple[float, ...]
    ]  # source, benchmark, overlapped, flagged, documents, low, high, strong, weak, near pairs
    n_cells: int
    outcomes: Mapping[str, int]  # pairs by how strong they are
    written: int  # rows that were written and hold an item
    allowed: int  # rows that were written and hold one that a verdict allows
    quarantined: int  # rows in quarantine that hold one
    sources: Mapping[str, int]  # whole names of the listed sources: their places
    places: Mapping[str, int]  # whole names of the listed benchmarks: their places


def overlaps(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Overlaps:
    """Count everything; `names` are the sources that the page lists. `page_pairs.lay` comes before."""
    con.execute("CREATE TEMP TABLE seen_contamination AS SELECT * FROM contamination")
    benchmarks = _benchmarks(con)
    sources, places = _places(names), _places(b["name"] for b in benchmarks)
    cells, n_cells = _cells(con, sources, places)
    pairs, flagged = _one(con, "SELECT count(*), count(*) FILTER (flagged) FROM seen_contamination")
    outcomes = dict(_all(con, "SELECT outcome, count(*) FROM seen_pairs GROUP BY outcome"))
    written, allowed, quarantined = _one(
        con,
        """SELECT count(DISTINCT doc_id) FILTER (d.fate = 'kept' AND counts),
            count(DISTINCT doc_id) FILTER (d.fate = 'kept' AND verdict = 'allowed'),
            count(DISTINCT doc_id) FILTER (d.fate = 'quarantined' AND hit AND (label IS NULL OR label = 'leak'))
        FROM matches JOIN documents AS d ON d.id = doc_id""",
    )
    return Overlaps(
        suites=[
            short(row[0])
            for row in _all(con, "SELECT DISTINCT suite FROM instances ORDER BY suite LIMIT 5")
        ],
        benchmarks=[b | {"name": short(b["name"])} for b in benchmarks],
        n_benchmarks=_one(con, "SELECT count(DISTINCT benchmark) FROM instances")[0],
        pairs=pairs,
        flagged=flagged,
        flags=_flags(con, places),
        cells=cells,
        n_cells=n_cells,
        outcomes={outcome: outcomes.get(outcome, 0) for outcome in OUTCOMES},
        written=written,
        allowed=allowed,
        quarantined=quarantined,
        sources=sources,
        places=places,
    )


def _all(
    con: duckdb.DuckDBPyConnection, query: str, given: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    return con.execute(query, list(given)).fetchall()


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return _all(con, query)[0]


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


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


def _flags(
    con: duckdb.DuckDBPyConnection, places: Mapping[str, int]
) -> dict[str, list[tuple[int, str, float]]]:
    flags: dict[str, list[tuple[int, str, float]]] = {}
    rows = _all(
        con,
        "SELECT source, benchmark, rate FROM seen_contamination WHERE flagged ORDER BY rate DESC, benchmark",
    )
    for source, benchmark, rate in rows:
        flags.setdefault(source, []).append((places.get(benchmark, -1), short(benchmark), rate))
    return flags


def _cells(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, int], benchmarks: Mapping[str, int]
) -> tuple[list[tuple[float, ...]], int]:
    """The pairs of source and benchmark with a stored match, the surest first; and how many there
    are.
    """
    rows = _all(
        con,
        """SELECT c.source, c.benchmark, c.overlapped, c.flagged::INTEGER, c.documents, c.instances,
            p.strong, p.weak, p.near
        FROM seen_contamination AS c JOIN (
            SELECT source, benchmark, count(*) FILTER (outcome = 'strong') AS strong,
                count(*) FILTER (outcome = 'weak') AS weak, count(*) FILTER (outcome = 'near') AS near
            FROM seen_pairs GROUP BY ALL
        ) AS p USING (source, benchmark)
        ORDER BY c.rate DESC, p.weak DESC, p.near DESC, c.source, c.benchmark""",
    )
    listed = []
    for source, benchmark, overlapped, flagged, documents, items, *pairs in rows:
        if source in sources and benchmark in benchmarks:
            low, high = (round(end, 6) for end in wilson(overlapped, items))
            head = sources[source], benchmarks[benchmark], overlapped, flagged, documents
            listed.append((*head, low if overlapped else 0, high if overlapped else 0, *pairs))
    return listed[:PAIRS], len(rows)
