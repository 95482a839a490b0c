"""When enough answers to a prompt are known: the same decision as after all of them, with fewer asked.

A prompt is kept if between `least` and `most` of its `n` answers pass. Once the answers that are
still to come could not change that, nothing more is asked. Nothing is estimated: whoever asks all
decides the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

Decided = Literal["below", "between", "above"]
_NEAR = 1e-9
"""Shares are given as decimals: 0.3 of 10 is 3."""


@dataclass(frozen=True)
class Bounds:
    """How many of `n` answers must pass: from `least` to `most`, both included."""

    n: int
    least: int
    most: int

    @classmethod
    def of(cls, n: int, low: float, high: float) -> Bounds:
        """The bounds that pass rates from `low` to `high` stand for."""
        return cls(n, ceil(low * n - _NEAR), floor(high * n + _NEAR))

    def decided(self, asked: int, passed: int) -> Decided | None:
        """What is settled after so many answers; None where it is still open."""
        can = passed + self.n - asked
        if passed > self.most:
            return "above"
        if can < self.least:
            return "below"
        return "between" if passed >= self.least and can <= self.most else None

    def ask(self, asked: int, passed: int) -> int:
        """How many more answers settle it at the earliest: so many are needed whatever they say."""
        left = self.n - asked
        above = self.most + 1 - passed  # if all of them pass
        below = passed + left - self.least + 1  # if none of them does
        right = max(0, self.least - passed)
        between = max(right, passed + left + right - self.most)
        return max(0, min(above, below, between, left))
