"""What other thresholds of each matcher would take, as the numbers of a drawing and of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from curate.audit.store import columns_of
from curate.audit.words import short

WIDTH, HEIGHT = 300, 110
EVERY = 5
"""Hundredths between two thresholds of the table."""

Points = Sequence[tuple[float, int, bool]]
"""Thresholds, ascending, the rows that would go, and whether there can be no more."""

_POINTS = """
SELECT matcher, list((threshold, n, complete) ORDER BY threshold)
FROM (
    SELECT matcher, threshold, sum(rows)::BIGINT AS n, bool_and(complete) AS complete
    FROM sensitivity GROUP BY matcher, threshold
)
GROUP BY matcher ORDER BY matcher
"""


@dataclass(frozen=True)
class Curve:
    """The rows that would go, in units of WIDTH and HEIGHT."""

    matcher: str
    set_to: float
    rows: int
    """That go at the threshold which is set."""
    at: float
    """Where that is."""
    path: str
    low: float
    high: int
    """The rows at the lowest threshold."""
    table: Points


def points(con: duckdb.DuckDBPyConnection) -> dict[str, Points]:
    """The curve of every matcher, all sources together; audits of earlier versions have none."""
    if not columns_of(con, "sensitivity"):
        return {}
    return dict(con.execute(_POINTS).fetchall())


def curves(con: duckdb.DuckDBPyConnection, set_to: Mapping[str, float]) -> Iterator[Curve]:
    """A drawing for every matcher some of whose scores differ from what is set."""
    for matcher, own in points(con).items():
        if matcher in set_to and len({rows for _, rows, _ in own}) > 1:
            yield _curve(matcher, set_to[matcher], own)


def _curve(matcher: str, set_to: float, own: Points) -> Curve:
    low, high = own[0][0], max(rows for _, rows, _ in own)
    steps = [(WIDTH * (at - low) / (1 - low), HEIGHT * (1 - rows / high)) for at, rows, _ in own]
    (x, y), *rest = steps
    path = f"M{x:.1f} {y:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in rest) + f"H{WIDTH}"
    rows = next(rows for at, rows, _ in own if at >= set_to)
    at = WIDTH * (set_to - low) / (1 - low)
    return Curve(short(matcher, 24), set_to, rows, round(at, 1), path, low, high, every(own))


def every(own: Points) -> Points:
    """The points that a table shows."""
    return [point for point in own if round(100 * point[0], 6) % EVERY == 0]
