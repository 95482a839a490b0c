"""What the finished audit says of the step, for `--json` and the lines on the screen."""

from __future__ import annotations

from typing import Any

import duckdb

_ROWS = """
SELECT count(DISTINCT m.doc_id), count(DISTINCT m.doc_id) FILTER (o.fate = 'kept')
FROM matches AS m JOIN documents AS o ON o.id = m.doc_id
WHERE m.hit AND m.label = ?
"""
_UNDECIDED = """
SELECT benchmark, undecided, count(*) FROM instances WHERE undecided IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


def facts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Rows that hold a variant of an item or another question about its text, those of them that
    were kept, and the items that cannot be told from other text.
    """
    undecided = con.execute(_UNDECIDED).fetchall()
    return {
        "variants": _rows(con, "variant"),
        "other_questions": _rows(con, "other question"),
        "undecided_items": [
            {"benchmark": benchmark, "why": why, "items": n} for benchmark, why, n in undecided
        ],
    }


def _rows(con: duckdb.DuckDBPyConnection, label: str) -> dict[str, int]:
    rows, kept = con.execute(_ROWS, [label]).fetchone() or (0, 0)
    return {"rows": rows, "kept": kept}
