"""What a report says beyond the counts: the self-test, what stays if a source goes, the verdicts,
and kinds of matches.

Read from the audit alone. What is listed by name has a limit, and what a limit leaves out is
counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import duckdb

from curate.audit.store import columns_of
from curate.audit.words import REASON_WIDTH, interval_of, short

ALL = "all"
"""All matchers together."""
CONTROLS = {
    "clean": "clean rows",
    "sibling": "siblings of items",
    "other-numbers": "items with other numbers",
}
"""What a self-test looks at that is no copy: what goes is a false alarm at most."""
# Sources that are listed below one benchmark, benchmarks, verdicts, and kinds of matches.
GOING = 5
TOUCHED = 60
VERDICTS = 100
KINDS = 20_000


@dataclass(frozen=True)
class Share:
    """So many found of so many planted, with the 95 % interval."""

    planted: int
    found: int
    noticed: int | None
    recall: float
    low: float
    high: float


@dataclass(frozen=True)
class SelfTest:
    """Rows in the order they were measured; for each matcher one share, that of all together first."""

    heads: Sequence[str]  # whose shares they are: a matcher's, or those of any
    mutations: Sequence[tuple[str, Sequence[Share | None]]]
    controls: Sequence[tuple[str, Sequence[Share | None]]]


@dataclass(frozen=True)
class Going:
    """A benchmark that is touched, and the sources that touch it, those first that leave the least
    behind.
    """

    benchmark: str
    instances: int
    touched: int
    sources: Sequence[tuple[str, int, int]]  # name, items it touches, items left without it
    n_sources: int


@dataclass(frozen=True)
class Judged:
    """One verdict and what became of it."""

    doc: str
    item: str
    verdict: str
    note: str | None
    applied: int
    void: str | None


@dataclass(frozen=True)
class More:
    """Everything of this module; what there is nothing of is empty or None."""

    selftest: SelfTest | None
    going: Sequence[Going]
    n_going: int
    judged: Sequence[Judged]
    n_applied: int
    n_void: int
    precision: Sequence[tuple[str, str]]  # of each matcher, and how often people overruled it


def more(con: duckdb.DuckDBPyConnection) -> More:
    """Read it all; `con` is an audit opened for reading."""
    going = _going(con)
    n_applied, n_void = con.execute(
        "SELECT count(*) FILTER (void IS NULL), count(void) FROM verdicts"
    ).fetchone() or (
        0,
        0,
    )
    test, judged = _selftest(con), _judged(con)
    return More(test, going[:TOUCHED], len(going), judged, n_applied, n_void, precision(con))


def precision(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Of every matcher the share of judged hits that people called false alarms, in words; all
    together come first. Audits of earlier versions have no such view.
    """
    if not columns_of(con, "judged_matches"):
        return []
    rows = con.execute("SELECT matcher, judged, wrong, low, high FROM judged_matches").fetchall()
    return [(short(matcher, 24), interval_of(*figures)) for matcher, *figures in rows]


def kinds(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, int], benchmarks: Mapping[str, int]
) -> tuple[Mapping[str, int], list[tuple[Any, ...]] | None]:
    """The matchers with their places, and per source, benchmark, outcome and what was found (matcher
    and label) the number of pairs.

    The second is None if there are too many to list.
    """
    names = con.execute("SELECT DISTINCT matcher FROM matches ORDER BY matcher").fetchall()
    places = {name: place for place, (name,) in enumerate(names)}
    rows = con.execute(
        """SELECT source, benchmark, outcome, kind, count(*) FROM seen_pairs
        GROUP BY ALL ORDER BY ALL LIMIT ?""",
        [KINDS + 1],
    ).fetchall()
    listed = [
        (
            sources.get(source, -1),
            benchmarks.get(benchmark, -1),
            outcome,
            [(places[matcher], label) for matcher, label in kind],
            n,
        )
        for source, benchmark, outcome, kind, n in rows
    ]
    return places, listed if len(listed) <= KINDS else None


def _selftest(con: duckdb.DuckDBPyConnection) -> SelfTest | None:
    rows = con.execute(
        f"""SELECT matcher, mutation, planted, found, {_noticed(con)}, recall, low, high FROM selftest
        WHERE benchmark IS NULL ORDER BY rowid"""
    ).fetchall()
    if not rows:
        return None
    single = list(dict.fromkeys(row[0] for row in rows if row[0] != ALL))
    together = [ALL] if any(row[0] == ALL for row in rows) else []
    # All together and one alone are the same figures twice.
    matchers = single if len(single) == 1 else [*together, *single]
    shares = {(matcher, mutation): Share(*figures) for matcher, mutation, *figures in rows}
    mutations = dict.fromkeys(row[1] for row in rows)
    lines = {
        mutation: [shares.get((matcher, mutation)) for matcher in matchers]
        for mutation in mutations
    }
    controls = [(what, lines.pop(name)) for name, what in CONTROLS.items() if name in lines]
    heads = ["any matcher" if name == ALL else short(name, 24) for name in matchers]
    return SelfTest(heads, [(short(m), line) for m, line in lines.items()], controls)


def _noticed(con: duckdb.DuckDBPyConnection) -> str:
    """The column of that name; audits of earlier versions have none."""
    return "noticed" if "noticed" in columns_of(con, "selftest") else "NULL"


def _going(con: duckdb.DuckDBPyConnection) -> list[Going]:
    """Of a build with several sources: the benchmarks that any of them touches, those touched the
    most first.
    """
    rows = con.execute(
        """SELECT benchmark, instances, touched, source, by_this, left_without FROM leave_one_out
        WHERE by_this > 0 AND (SELECT count(*) FROM sources) > 1
        ORDER BY touched / instances DESC, benchmark, left_without, by_this DESC, source"""
    ).fetchall()
    found = []
    for (benchmark, instances, touched), lines in groupby(rows, key=lambda row: row[:3]):
        sources = [(short(source, 40), by_this, left) for *_, source, by_this, left in lines]
        found.append(Going(short(benchmark), instances, touched, sources[:GOING], len(sources)))
    return found


def _judged(con: duckdb.DuckDBPyConnection) -> list[Judged]:
    rows = con.execute(
        """SELECT doc_id, instance_id, verdict, note, applied, void FROM verdicts
        ORDER BY void IS NULL, instance_id, doc_id LIMIT ?""",
        [VERDICTS],
    ).fetchall()
    return [
        Judged(
            short(doc),
            short(item),
            short(word),
            note and short(note, REASON_WIDTH),
            n,
            void and short(void, REASON_WIDTH),
        )
        for doc, item, word, note, n, void in rows
    ]
