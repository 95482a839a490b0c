"""How far judges agree, with each other and with themselves in another order.

    agreement(ratings)      # {"alpha": Estimate, "pairs": [{"judges": ["a", "b"], "kappa": …}]}

Kappa has quadratic weights; alpha is Krippendorff's, ordinal. Both are counted on whole levels from
1 to 5: of an answer's mean rating where judges are compared, of each rating where orders are."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.errors import UserError, extra
from curate.make.prefer.estimate import Estimate, Floats, estimate, share_of

_LEVELS = 5
_BY_JUDGE = """
SELECT prompt, slot, '' AS aspect, judge AS rater, round(avg(rating))::INTEGER AS level FROM (
  SELECT prompt, slot, judge, aspect, avg(rating) AS rating FROM ratings WHERE rating IS NOT NULL GROUP BY ALL
) GROUP BY ALL ORDER BY ALL"""
_BY_ORDER = """
SELECT prompt, slot, aspect, "order"::VARCHAR AS rater, round(rating)::INTEGER AS level FROM ratings
WHERE rating IS NOT NULL AND judge = $judge ORDER BY ALL"""


def require() -> None:
    """Raise UserError where the package that counts alpha is missing."""
    if find_spec("krippendorff") is None:
        raise UserError(f"Krippendorff's alpha needs krippendorff: {extra('engines')}")


def between_judges(ratings: pa.Table) -> dict[str, Any]:
    """Alpha over all judges, and each two of them."""
    return _agreement(ratings, _BY_JUDGE, {})


def between_orders(ratings: pa.Table, judge: str) -> dict[str, Any]:
    """The same of one judge with itself, where it saw the answers in several orders."""
    return _agreement(ratings, _BY_ORDER, {"judge": judge})


def _agreement(ratings: pa.Table, query: str, given: dict[str, Any]) -> dict[str, Any]:
    raters, levels, prompts = _matrix(ratings, query, given)
    if len(raters) < 2:
        return {"alpha": Estimate(), "pairs": []}
    pairs = [
        {"raters": [raters[a], raters[b]]} | _of_two(levels[a], levels[b], prompts)
        for a, b in combinations(range(len(raters)), 2)
    ]
    return {"alpha": alpha(levels, prompts), "pairs": pairs}


def _matrix(
    ratings: pa.Table, query: str, given: dict[str, Any]
) -> tuple[list[str], Floats, npt.NDArray[Any]]:
    """Raters; their levels, a row each and a column an answer, NaN where there is none; prompts."""
    with duckdb.connect() as con:
        con.register("ratings", ratings)
        found = con.execute(query, given).fetchnumpy()
    raters, row = np.unique(found["rater"].astype(str), return_inverse=True)
    keys = [
        found["prompt"],
        found["slot"],
        np.unique(found["aspect"].astype(str), return_inverse=True)[1],
    ]
    units, column = np.unique(np.stack(keys), axis=1, return_inverse=True)
    levels = np.full((len(raters), units.shape[1]), np.nan)
    levels[row, column.ravel()] = found["level"]
    return raters.tolist(), levels, units[0]


def _of_two(one: Floats, other: Floats, prompts: npt.NDArray[Any]) -> dict[str, Any]:
    both = ~np.isnan(one) & ~np.isnan(other)
    first, second, own = one[both], other[both], prompts[both]
    return {"same": share_of(first == second, own), "kappa": kappa(first, second, own)}


def kappa(one: Floats, other: Floats, prompts: npt.NDArray[Any]) -> Estimate:
    """Cohen's kappa with quadratic weights, of levels from 1 to 5."""
    cells = ((one - 1) * _LEVELS + other - 1).astype(np.int64)
    return estimate(lambda weights: _kappa(cells, weights), prompts)


def _kappa(cells: npt.NDArray[np.int64], weights: Floats) -> float:
    counts = np.bincount(cells, weights, _LEVELS**2).reshape(_LEVELS, _LEVELS)
    total = counts.sum()
    if not total:
        return np.nan
    levels = np.arange(_LEVELS)
    apart = (levels[:, None] - levels) ** 2
    chance = (apart * np.outer(counts.sum(1), counts.sum(0))).sum() / total
    return float(1 - (apart * counts).sum() / chance) if chance else np.nan


def alpha(levels: Floats, prompts: npt.NDArray[Any]) -> Estimate:
    """Krippendorff's alpha, ordinal, of raters in rows; needs two values that differ."""
    import krippendorff

    domain = np.arange(1, _LEVELS + 1)
    counts = (levels[:, :, None] == domain).sum(0).astype(float)
    paired = counts.sum(1) > 1
    counts, prompts = counts[paired], prompts[paired]

    def of(weights: Floats) -> float:
        drawn = np.repeat(counts, weights.astype(np.int64), axis=0)
        if (drawn.sum(0) > 0).sum() < 2:
            return np.nan
        found = krippendorff.alpha(
            value_counts=drawn, value_domain=domain, level_of_measurement="ordinal"
        )
        return float(found)

    return estimate(of, prompts)
