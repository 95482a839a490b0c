"""What the finished audit says of the step, for `--json` and the lines on the screen."""

from __future__ import annotations

from typing import Any

import duckdb

_VARIANTS = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.doc_id) FILTER (o.fate = 'kept')
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.hit AND m.label = 'variant'
"""


def facts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Rows that hold a variant of an item, and those of them that were kept."""
    rows, kept = con.execute(_VARIANTS).fetchone() or (0, 0)
    return {"variants": {"rows": rows, "kept": kept}}
