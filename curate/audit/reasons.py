"""Why rows were left out, in groups that a person can read: the rows, one of the reasons, and one
row as an example.

Reasons often name an item or a position, so nearly every row has one of its own. Rows are therefore
grouped by what their step says the reason is about (`decisions.about`), and where it says nothing
by the reason without its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from curate.audit import store
from curate.audit.words import REASON_WIDTH, short

# Groups that are listed; the others are counted.
GROUPS = 40

# The reason of a row is that of the last decision that names its fate, as in the view `exits`.
_GONE = """
CREATE TEMP TABLE IF NOT EXISTS gone AS
SELECT o.id, o.source, o.row, o.fate, d.reason, d.step, d.about
FROM documents AS o LEFT JOIN (
    SELECT doc_id, action, arg_max(step, rowid) AS step, arg_max(coalesce(reason, ''), rowid) AS reason,
        nullif(arg_max(coalesce({about}, ''), rowid), '') AS about
    FROM decisions WHERE action IN ('removed', 'duplicate', 'quarantined') GROUP BY doc_id, action
) AS d ON d.doc_id = o.id AND d.action = o.fate
WHERE o.fate IN ('removed', 'duplicate', 'quarantined')
"""
_GROUPS = """
SELECT source, step, about, count(*) AS rows, min(reason) IS DISTINCT FROM max(reason),
    arg_min(reason, row), arg_min(id, row) AS example
FROM gone WHERE (fate = 'quarantined') = ?
GROUP BY source, step, about, CASE WHEN about IS NULL THEN regexp_replace(reason, '[0-9]+', '#', 'g') END
ORDER BY rows DESC, source, step, about NULLS LAST, example
"""
# What a reason is about says its kind, or else the reason without its numbers.
_KINDS = """
SELECT fate, coalesce(step, 'unknown'),
    coalesce(about, regexp_replace(reason, '[0-9]+', '#', 'g'), 'no reason on record') AS kind,
    any_value(about), count(*) AS rows, arg_min(id, row), coalesce(arg_min(reason, row), '')
FROM gone GROUP BY source, fate, step, kind
ORDER BY rows DESC, source, step, kind
"""


@dataclass(frozen=True)
class Reason:
    """Rows that left for one reason; `several` if their reasons differ, and then one of them is
    given.
    """

    source: str
    step: str
    about: str | None
    rows: int
    several: bool
    reason: str
    example: str


@dataclass(frozen=True)
class LeftOut:
    """The largest groups of removed (and duplicate) and of quarantined rows, and how many groups
    there are.
    """

    removed: Sequence[Reason]
    n_removed: int
    quarantined: Sequence[Reason]
    n_quarantined: int


@dataclass(frozen=True)
class Kind:
    """Rows of all sources that left a build for one kind of reason; one of them as an example."""

    fate: str
    step: str
    kind: str
    about: str | None
    """What the reasons are about, where their step says it: it is their kind then."""
    rows: int
    example: str
    reason: str


def kinds(con: duckdb.DuckDBPyConnection) -> list[Kind]:
    """The kinds of reasons for which rows were quarantined or removed, the most frequent first."""
    _gather(con)
    found: dict[tuple[str, str, str], Kind] = {}
    for fate, step, kind, about, rows, example, reason in con.execute(_KINDS).fetchall():
        told = short(reason, REASON_WIDTH)
        one = found.get((fate, step, kind)) or Kind(fate, step, kind, about, 0, example, told)
        found[fate, step, kind] = replace(one, rows=one.rows + rows)
    return sorted(found.values(), key=lambda one: (-one.rows, one.fate, one.step, one.kind))


def _gather(con: duckdb.DuckDBPyConnection) -> None:
    """Lay the rows that left and their last reasons in a table of this connection."""
    con.execute(_GONE.format(about="about" if store.version(con) > 1 else "NULL"))


def left_out(con: duckdb.DuckDBPyConnection) -> LeftOut:
    """Group the rows that were left out of the build; `con` is an audit opened for reading."""
    _gather(con)
    removed, quarantined = (con.execute(_GROUPS, [bad]).fetchall() for bad in (False, True))
    return LeftOut(_listed(removed), len(removed), _listed(quarantined), len(quarantined))


def _listed(rows: Sequence[tuple[Any, ...]]) -> list[Reason]:
    return [
        Reason(
            source=short(source),
            step=short(step or "unknown"),
            about=about and short(about),
            rows=n,
            several=several,
            reason=short(reason or "no reason on record", REASON_WIDTH),
            example=short(example),
        )
        for source, step, about, n, several, reason, example in rows[:GROUPS]
    ]
