"""Why rows were left out, in groups that a person can read: the rows, one of the reasons, and one row as an example.

Reasons often name an item or a position, so nearly every row has one of its own. Removed rows are therefore grouped by
the benchmark they cover the most, quarantined rows by their reason without its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

# Groups that are listed; the others are counted.
GROUPS = 40
NAME_WIDTH = 80
REASON_WIDTH = 240

# The step and the reason of a row are those of the last decision that names its fate, as in the view `exits`.
_GONE = """
CREATE TEMP TABLE gone AS
SELECT o.id, o.source, o.row, o.fate, d.reason, coalesce(d.step, CASE o.fate
    WHEN 'quarantined' THEN 'validate' WHEN 'duplicate' THEN 'dedup' ELSE 'decontaminate' END) AS step
FROM documents AS o LEFT JOIN (
    SELECT doc_id, action, arg_max(step, rowid) AS step, arg_max(coalesce(reason, ''), rowid) AS reason
    FROM decisions WHERE action IN ('removed', 'duplicate', 'quarantined') GROUP BY doc_id, action
) AS d ON d.doc_id = o.id AND d.action = o.fate
WHERE o.fate IN ('removed', 'duplicate', 'quarantined')
"""
_REMOVED = """
WITH best AS (
    SELECT doc_id, benchmark FROM matches WHERE counts AND doc_id IN (SELECT id FROM gone WHERE step = 'decontaminate')
    QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY score DESC, instance_id, matcher) = 1
)
SELECT g.source, g.step, b.benchmark, count(*) AS rows, min(g.reason) IS DISTINCT FROM max(g.reason),
    arg_min(g.reason, g.row), arg_min(g.id, g.row)
FROM gone AS g LEFT JOIN best AS b ON b.doc_id = g.id
WHERE g.fate <> 'quarantined'
GROUP BY g.source, g.step, b.benchmark ORDER BY rows DESC, 1, 2, 3
"""
_QUARANTINED = """
SELECT source, step, NULL, count(*) AS rows, min(reason) IS DISTINCT FROM max(reason),
    arg_min(reason, row), arg_min(id, row) AS example
FROM gone WHERE fate = 'quarantined'
GROUP BY source, step, regexp_replace(reason, '[0-9]+', '#', 'g') ORDER BY rows DESC, source, step, example
"""


@dataclass(frozen=True)
class Reason:
    """Rows that left for one reason; `several` if their reasons differ, and then one of them is given."""

    source: str
    step: str
    benchmark: str | None
    rows: int
    several: bool
    reason: str
    example: str


@dataclass(frozen=True)
class LeftOut:
    """The largest groups of removed (and duplicate) and of quarantined rows, and how many groups there are."""

    removed: Sequence[Reason]
    n_removed: int
    quarantined: Sequence[Reason]
    n_quarantined: int


def short(text: str, width: int = NAME_WIDTH) -> str:
    """A text of at most `width` code points."""
    return text if len(text) <= width else text[: width - 1] + "…"


def left_out(con: duckdb.DuckDBPyConnection) -> LeftOut:
    """Group the rows that were left out of the build; `con` is an audit opened for reading."""
    con.execute(_GONE)
    removed, quarantined = (con.execute(query).fetchall() for query in (_REMOVED, _QUARANTINED))
    return LeftOut(_listed(removed), len(removed), _listed(quarantined), len(quarantined))


def _listed(rows: Sequence[tuple[Any, ...]]) -> list[Reason]:
    return [
        Reason(
            source=short(source),
            step=short(step),
            benchmark=benchmark and short(benchmark),
            rows=n,
            several=several,
            reason=short(reason or "no reason on record", REASON_WIDTH),
            example=short(example),
        )
        for source, step, benchmark, n, several, reason, example in rows[:GROUPS]
    ]
