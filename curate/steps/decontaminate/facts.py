"""What the finished audit says of the step, for `--json` and the lines on the screen."""

from __future__ import annotations

from typing import Any

import duckdb

from curate.steps.decontaminate.page_more import precision

_VARIANTS = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.doc_id) FILTER (o.fate = 'kept')
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.hit AND m.label = 'variant'
"""
_WRITTEN = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.instance_id)
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.counts AND o.fate = 'kept'
"""


def facts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Rows that hold a variant of an item, and those of them that were kept; rows that were written
    and hold an item, and how many items; and how often people called a hit a false alarm.
    """
    rows, kept = con.execute(_VARIANTS).fetchone() or (0, 0)
    written, items = con.execute(_WRITTEN).fetchone() or (0, 0)
    return {
        "variants": {"rows": rows, "kept": kept},
        "written": {"rows": written, "items": items},
        "false_alarms": dict(precision(con)),
    }
