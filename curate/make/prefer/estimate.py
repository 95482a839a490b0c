"""A figure and how sure it is: its 95 % interval, from prompts drawn again with repetition.

    estimate(lambda weights: share(won, weights), prompts)      # Estimate(value=0.53, low=0.51, …)

Prompts are drawn, not ratings, since what is said of the answers to one prompt hangs together. The
draw is seeded: the same rows give the same interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.intervals import wilson

Floats = npt.NDArray[np.float64]
_REPLICATES = 1000
_WORK = 50_000_000
"""Rows times replicates at most; at least 100 replicates are made."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; all NaN where nothing can be said."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: int = 0
    """Rows that it is counted on."""

    @property
    def known(self) -> bool:
        """Whether anything can be said."""
        return not np.isnan([self.value, self.low, self.high]).any()

    def plain(self) -> dict[str, Any]:
        """As plain data, six digits."""
        numbers = {name: getattr(self, name) for name in ("value", "low", "high")}
        told = {name: None if np.isnan(one) else round(one, 6) for name, one in numbers.items()}
        return told | {"n": self.n}


def estimate(statistic: Callable[[Floats], float], prompts: npt.NDArray[Any]) -> Estimate:
    """A statistic of weighted rows, each of which belongs to a prompt; NaN says that it has none."""
    n = len(prompts)
    value = statistic(np.ones(n)) if n else np.nan
    if np.isnan(value):
        return Estimate(n=n)
    names, codes = np.unique(prompts, return_inverse=True)
    random, p = np.random.default_rng(0), len(names)
    replicates = max(100, min(_REPLICATES, _WORK // n))
    drawn = (np.bincount(random.integers(p, size=p), minlength=p) for _ in range(replicates))
    values = np.array([statistic(counts[codes].astype(float)) for counts in drawn])
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return Estimate(float(value), float(low), float(high), n)


def share(found: npt.NDArray[Any], weights: Floats) -> float:
    """The weighted mean of 0 and 1, or of any numbers; NaN of nothing."""
    total = weights.sum()
    return float(weights @ found / total) if total else np.nan


def share_of(found: npt.NDArray[Any], prompts: npt.NDArray[Any]) -> Estimate:
    """The share of rows that are found, with its interval; Wilson's where all prompts say the same,
    in which drawing them again shows no doubt.
    """
    values = np.asarray(found, float)
    figure = estimate(lambda weights: share(values, weights), prompts)
    return with_doubt(figure, prompts) if figure.low == figure.high else figure


def with_doubt(figure: Estimate, prompts: npt.NDArray[Any]) -> Estimate:
    """A share with an interval that is at least Wilson's of so many prompts."""
    if not figure.known:
        return figure
    n = len(np.unique(prompts))
    low, high = wilson(figure.value * n, n)
    return replace(figure, low=min(low, figure.low), high=max(high, figure.high))
