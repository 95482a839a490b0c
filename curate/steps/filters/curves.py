"""Retention curves as the numbers of a drawing: rows left at every threshold of a filter, for all
sources together and for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log1p

import duckdb

from curate.audit.words import percent, short

WIDTH, HEIGHT = 300, 110
SOURCES = 6
"""Sources that have a line of their own."""
POINTS = 80
"""Steps of a line, at most."""

Steps = list[tuple[float, float]]
"""Thresholds, and the share of rows that each one leaves."""


@dataclass(frozen=True)
class Curve:
    """A drawing, in units of WIDTH and HEIGHT."""

    bound: str
    threshold: str
    at: float
    """Where the threshold of the recipe is."""
    left: str
    """The share that it leaves."""
    whole: str
    """The path of all sources together."""
    sources: Sequence[tuple[str, str]]
    """Names of sources, and their paths."""
    low: str
    high: str
    bottom: str


def curves(con: duckdb.DuckDBPyConnection, sources: Sequence[str]) -> dict[str, Curve]:
    """The curve of every numeric filter whose values differ, for the bound that it sets."""
    rows = con.execute(
        """SELECT r.filter, f.unit, r.bound, r.set_to, r.source,
            list((r.threshold, r.share) ORDER BY r.threshold)
        FROM retention AS r JOIN filters AS f USING (filter) WHERE r.set_to IS NOT NULL
        GROUP BY ALL ORDER BY r.filter, r.bound DESC, r.source NULLS FIRST"""
    ).fetchall()
    found: dict[str, Curve] = {}
    for name, unit, bound, set_to, source, steps in rows:
        if source is None and name not in found and len(steps) > 1:
            own = [
                (short(other[4]), other[5])
                for other in rows
                if other[0] == name and other[2] == bound and other[4] in sources[:SOURCES]
            ]
            found[name] = _curve(unit, bound, set_to, steps, own if len(sources) > 1 else [])
    return found


def _curve(
    unit: str, bound: str, set_to: float, whole: Steps, sources: Sequence[tuple[str, Steps]]
) -> Curve:
    every = [whole, *(steps for _, steps in sources)]
    low = min(set_to, *(steps[0][0] for steps in every))
    high = max(set_to, *(steps[-1][0] for steps in every))
    least = min(share for steps in every for _, share in steps)
    bottom = floor(least * 20) / 20 if least < 0.95 else floor(least * 1000) / 1000
    bottom = min(bottom, 0.999)

    def x(threshold: float) -> float:
        # Small numbers are where most rows are: the scale is logarithmic from one on.
        scale = 100 if unit == "share" else 1
        return WIDTH * log1p(scale * (threshold - low)) / (log1p(scale * (high - low)) or 1)

    def path(steps: Steps) -> str:
        points = [(x(at), HEIGHT * (1 - (share - bottom) / (1 - bottom))) for at, share in steps]
        return _path(_thinned(points), bound == "at_most")

    return Curve(
        bound=bound.replace("_", " "),
        threshold=number(unit, set_to),
        at=round(x(set_to), 1),
        left=_share(_left(whole, bound, set_to)),
        whole=path(whole),
        sources=[(name, path(steps)) for name, steps in sources],
        low=number(unit, low),
        high=number(unit, high),
        bottom=f"{100 * bottom:.3g} %",
    )


def _left(steps: Steps, bound: str, set_to: float) -> float:
    """The share of rows that a bound leaves: that of the nearest threshold that leaves the same."""
    if bound == "at_most":
        below = [share for at, share in steps if at <= set_to]
        return below[-1] if below else 0.0
    above = [share for at, share in steps if at >= set_to]
    return above[0] if above else 0.0


def _thinned(points: Steps) -> Steps:
    if len(points) <= POINTS:
        return points
    places = sorted({n * (len(points) - 1) // (POINTS - 1) for n in range(POINTS)})
    return [points[place] for place in places]


def _path(points: Steps, rising: bool) -> str:
    """A path of steps: it keeps its height up to the next threshold, or from the last one on."""
    (x, y), *rest = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for across, down in rest:
        parts.append(f"H{across:.1f}V{down:.1f}" if rising else f"V{down:.1f}H{across:.1f}")
    if rising:
        parts.append(f"H{WIDTH}")
    return "".join(parts)


def _share(share: float) -> str:
    """A share of rows to a tenth of a per cent; all is all and nothing else."""
    shown = f"{100 * share:.1f} %"
    return "100 %" if share == 1 else "over 99.9 %" if shown == "100.0 %" else shown


def number(unit: str, value: float) -> str:
    """A threshold as people read it."""
    if unit == "share":
        return percent(value) if value else "0 %"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3g}"
