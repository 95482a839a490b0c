"""Rows left at every threshold that a numeric filter could have, as the view `retention` has them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from curate.audit.face import Retention

_CURVES = """
WITH counted AS (
    SELECT source, count(*) AS n FROM documents WHERE fate <> 'quarantined' GROUP BY source
    UNION ALL SELECT NULL, count(*) FROM documents WHERE fate <> 'quarantined'
)
SELECT r.filter, r.bound, r.set_to, r.source, c.n, list((r.threshold, r.rows_left) ORDER BY r.threshold)
FROM retention AS r JOIN counted AS c ON c.source IS NOT DISTINCT FROM r.source
LEFT JOIN sources AS s ON s.name = r.source
WHERE r.set_to IS NOT NULL
GROUP BY r.filter, r.position, r.bound, r.set_to, r.source, c.n, s.rowid
ORDER BY r.position, r.bound, s.rowid NULLS FIRST
"""


def retention(con: duckdb.DuckDBPyConnection) -> Iterator[Retention]:
    """The curve of every bound that the recipe sets, for all sources and for each."""
    for row in con.execute(_CURVES).fetchall():
        yield Retention(*row)
