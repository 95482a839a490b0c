"""Rows left at every threshold that a matcher could have, as the table `sensitivity` has them: as far
down as every pair is stored."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from curate.audit.face import Retention
from curate.audit.store import columns_of, runs
from curate.steps.decontaminate.page_pairs import thresholds

_ROWS = """
SELECT source, count(*) FROM documents WHERE fate <> 'quarantined' GROUP BY source
UNION ALL SELECT NULL, count(*) FROM documents WHERE fate <> 'quarantined'
"""
_CURVES = """
SELECT matcher, CASE WHEN grouping(source) = 0 THEN source END AS of, threshold, sum(rows)::BIGINT AS rows
FROM sensitivity WHERE complete
GROUP BY GROUPING SETS ((matcher, threshold), (matcher, threshold, source))
"""
_ALL = f"""
SELECT matcher, of, list((threshold, c.rows) ORDER BY threshold)
FROM ({_CURVES}) AS c LEFT JOIN sources AS s ON s.name = of
GROUP BY matcher, of, s.rowid ORDER BY matcher, s.rowid NULLS FIRST
"""


def retention(con: duckdb.DuckDBPyConnection) -> Iterator[Retention]:
    """The curve of the threshold of every matcher, for all sources and for each; audits of earlier
    versions have none.
    """
    if not columns_of(con, "sensitivity"):
        return
    n = dict(con.execute(_ROWS).fetchall())
    set_to = thresholds(runs(con))
    for matcher, source, going in con.execute(_ALL).fetchall():
        points = [(at, n[source] - rows) for at, rows in going]
        yield Retention(matcher, "threshold", set_to[matcher], source, n[source], points)
