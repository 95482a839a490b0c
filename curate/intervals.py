"""How sure a share is that was seen: its 95 % interval."""

from __future__ import annotations

from math import sqrt

_Z = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson(found: float, of: int) -> tuple[float, float]:
    """Wilson's score interval of the share `found` of `of` (Wilson 1927); (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    rate, scale = found / of, 1 + _Z**2 / of
    middle = (rate + _Z**2 / (2 * of)) / scale
    half = _Z * sqrt(rate * (1 - rate) / of + _Z**2 / (4 * of**2)) / scale
    return max(0.0, round(middle - half, 12)), min(1.0, round(middle + half, 12))
