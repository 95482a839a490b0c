"""What the finished audit says of the step, for `--json` and the lines on the screen."""

from __future__ import annotations

from typing import Any

import duckdb

from curate.steps.decontaminate.page_more import precision
from curate.steps.decontaminate.page_thresholds import every, points

_ROWS = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.doc_id) FILTER (o.fate = 'kept')
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.hit AND m.label = ?
"""
_UNDECIDED = """
SELECT benchmark, undecided, count(*) FROM instances
WHERE undecided IS NOT NULL AND matchable
GROUP BY ALL ORDER BY ALL
"""
_QUARANTINED = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.instance_id)
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.hit AND o.fate = 'quarantined' AND (m.label IS NULL OR m.label = 'leak')
"""
_WRITTEN = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.instance_id)
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.counts AND o.fate = 'kept'
"""


def facts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Rows that hold a variant of an item or another question about its text, those of them that
    were kept, and the items that cannot be told from other text; rows that were written and hold an
    item, and how many items; the same of rows in quarantine; how often people called a hit a
    false alarm; and the rows that would go at other thresholds.
    """
    undecided = con.execute(_UNDECIDED).fetchall()
    quarantined, of = con.execute(_QUARANTINED).fetchone() or (0, 0)
    written, items = con.execute(_WRITTEN).fetchone() or (0, 0)
    return {
        "variants": _rows(con, "variant"),
        "other_questions": _rows(con, "other question"),
        "undecided_items": [
            {"benchmark": benchmark, "why": why, "items": n} for benchmark, why, n in undecided
        ],
        "written": {"rows": written, "items": items},
        "quarantined": {"rows": quarantined, "items": of},
        "false_alarms": dict(precision(con)),
        "thresholds": {
            matcher: [
                {"over": at, "rows": rows, "at_least": not complete}
                for at, rows, complete in every(own)
            ]
            for matcher, own in points(con).items()
        },
    }


def _rows(con: duckdb.DuckDBPyConnection, label: str) -> dict[str, int]:
    rows, kept = con.execute(_ROWS, [label]).fetchone() or (0, 0)
    return {"rows": rows, "kept": kept}
