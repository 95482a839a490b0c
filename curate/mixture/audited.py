"""What the finished audit of a build says: how many rows each source gave, where they left, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import duckdb

from curate.audit.face import faces
from curate.audit.reasons import Kind, kinds
from curate.mixture.record import FIELD_UNUSED


@dataclass(frozen=True)
class SourceSummary:
    """The counts of one source: read = quarantined + removed + duplicate + not_sampled + kept;
    written counts repeats and validation.
    """

    name: str
    format: str
    read: int
    quarantined: int
    removed: int
    duplicate: int
    not_sampled: int
    kept: int
    written: int
    validation: int
    shortfall: int
    tokens: int
    dropped_columns: tuple[str, ...]

    @property
    def counts(self) -> dict[str, Any]:
        """The figures as plain data."""
        return {key: value for key, value in asdict(self).items() if key != "name"} | {
            "dropped_columns": list(self.dropped_columns)
        }


@dataclass(frozen=True)
class Audited:
    """What the audit of a build says: the sources, the rows in and out of every step, and how many
    left where.
    """

    sources: tuple[SourceSummary, ...]
    steps: tuple[Mapping[str, Any], ...]
    left_out: tuple[tuple[str, str, int], ...]  # step, fate, rows
    unused: tuple[tuple[str, str, int, str], ...]  # source, reason, rows, an example
    sections: tuple[str, ...]  # of the card, by the steps
    kinds: tuple[Kind, ...]  # of reasons, the most frequent first
    facts: Mapping[str, Mapping[str, Any]]  # by step


_SOURCES = """
WITH counts AS (
    SELECT source, count(*) AS n, count(*) FILTER (fate = 'quarantined') AS quarantined,
        count(*) FILTER (fate = 'removed') AS removed, count(*) FILTER (fate = 'duplicate') AS duplicate,
        count(*) FILTER (fate = 'not-sampled') AS not_sampled, count(*) FILTER (fate = 'kept') AS kept,
        sum(copies)::BIGINT AS copies, coalesce(sum(n_tokens), 0)::BIGINT AS tokens
    FROM documents GROUP BY source
)
SELECT s.name, s.format, n, quarantined, removed, duplicate, not_sampled, kept, copies, s.rows_validation, s.shortfall,
    tokens, s.dropped_columns
FROM sources AS s JOIN counts ON counts.source = s.name ORDER BY s.rowid
"""
_STEPS = """
SELECT step, sum(rows_in)::BIGINT AS rows_in, sum(rows_out)::BIGINT AS rows_out
FROM funnel GROUP BY position, step ORDER BY position
"""
_LEFT_OUT = """
SELECT e.step, e.fate, count(*) FROM exits AS e LEFT JOIN (SELECT DISTINCT step, position FROM funnel) AS f USING (step)
GROUP BY e.step, e.fate, f.position ORDER BY f.position, e.step, e.fate
"""

_UNUSED = f"""
SELECT o.source, d.reason, count(*), arg_min(o.id || ' has ' || d.detail, o.row)
FROM decisions AS d JOIN documents AS o ON o.id = d.doc_id JOIN sources AS s ON s.name = o.source
WHERE d.action = '{FIELD_UNUSED}' GROUP BY o.source, d.reason, s.rowid ORDER BY s.rowid, d.reason
"""


def read_audit(con: duckdb.DuckDBPyConnection) -> Audited:
    """Read what a summary tells from an audit that is open for reading."""
    names = [field.name for field in fields(SourceSummary)]
    sources = [
        SourceSummary(**dict(zip(names, (*row[:-1], tuple(row[-1] or ())), strict=True)))
        for row in con.execute(_SOURCES).fetchall()
    ]
    steps = [
        dict(zip(("step", "rows_in", "rows_out"), row, strict=True))
        for row in con.execute(_STEPS).fetchall()
    ]
    left_out = con.execute(_LEFT_OUT).fetchall()
    own = faces(con)
    return Audited(
        sources=tuple(sources),
        steps=tuple(steps),
        left_out=tuple(left_out),
        unused=tuple(con.execute(_UNUSED).fetchall()),
        sections=tuple(shown.card(con) for shown in own if shown.card is not None),
        kinds=tuple(kinds(con)),
        facts={shown.name: shown.facts(con) for shown in own if shown.facts is not None},
    )
