"""How sure a figure is: 95 % intervals of shares, means and differences, and tests of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, fsum, sqrt
from typing import NamedTuple

_Z = 1.959963984540054  # two-sided 95 % of the normal distribution
_POWER = 0.8416212335729143  # 80 % of it, one-sided


def wilson(found: float, of: float) -> tuple[float, float]:
    """Wilson's score interval of the share `found` of `of` (Wilson 1927); (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    rate, scale = found / of, 1 + _Z**2 / of
    middle = (rate + _Z**2 / (2 * of)) / scale
    half = _Z * sqrt(rate * (1 - rate) / of + _Z**2 / (4 * of**2)) / scale
    return max(0.0, round(middle - half, 12)), min(1.0, round(middle + half, 12))


class Interval(NamedTuple):
    """A figure with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2


def mean(values: Sequence[float], weights: Sequence[float] | None = None) -> Interval:
    """The mean of values from 0 to 1: Wilson's interval where all are 0 or 1 and weigh the same,
    else that of the normal distribution, within 0 and 1; at least Wilson's, of as many values as
    the weights are worth (Kish 1965), where all are 0 or 1 or the same: what has no spread is not
    certain for that. Raises ValueError of nothing.
    """
    if not values:
        raise ValueError("the mean of nothing")
    if weights is None and set(values) <= {0, 1}:
        return Interval(sum(values) / len(values), *wilson(sum(values), len(values)))
    value, error = _spread(values, weights)
    low, high = max(0.0, value - _Z * error), min(1.0, value + _Z * error)
    if set(values) <= {0, 1} or len(set(values)) == 1:
        worth = 1 / sum(share * share for share in weights) if weights else len(values)
        least, most = wilson(value * worth, worth)
        low, high = min(low, least), max(high, most)
    return Interval(value, low, high)


def apart(one: Interval, other: Interval) -> Interval:
    """The difference of two figures of different things, from their intervals (Newcombe 1998)."""
    value = one.value - other.value
    low = value - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    high = value + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Interval(value, low, high)


def paired(differences: Sequence[float], weights: Sequence[float] | None = None) -> Interval:
    """The mean of the differences of two figures of the same things, each from -1 to 1. Its error is
    at least that of Agresti and Min (2005), who add half a pair in favour of each side and one of
    neither: no agreement, however perfect, has an interval without width.
    """
    value, error = _spread(differences, weights)
    n, total = len(differences) + 2, sum(differences)
    least = sqrt(sum(d * d for d in differences) + 1 - total**2 / n) / n
    half = _Z * max(error, least)
    return Interval(value, max(-1.0, value - half), min(1.0, value + half))


def sign_test(better: int, worse: int) -> float:
    """The chance, were both equally good, of a division at least so uneven: two-sided, exact."""
    n, least = better + worse, min(better, worse)
    return min(1.0, float(2 * sum(comb(n, k) for k in range(least + 1)) / 2**n))


def detectable(interval: Interval) -> float:
    """The smallest difference that data of this width would show in four of five cases."""
    return (1 + _POWER / _Z) * interval.half


def _spread(values: Sequence[float], weights: Sequence[float] | None) -> tuple[float, float]:
    """A weighted mean and its standard error; weights sum to 1."""
    n = len(values)
    shares = weights or [1 / n] * n
    value = fsum(share * x for share, x in zip(shares, values, strict=True))
    if n == 1:
        return value, 1.0
    squares = sum((share * (x - value)) ** 2 for share, x in zip(shares, values, strict=True))
    return value, sqrt(squares * n / (n - 1))
