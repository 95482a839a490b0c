"""Sequential sampling decides what all rollouts decide, with fewer of them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from curate.intervals import wilson
from curate.make.rollouts import Bounds


def drawn(bounds: Bounds, rolls: list[bool]) -> tuple[str | None, int]:
    """What is decided if answers come in this order, and how many were asked."""
    asked = 0
    while more := bounds.ask(asked, sum(rolls[:asked])):
        asked += more
    return bounds.decided(asked, sum(rolls[:asked])), asked


@pytest.mark.parametrize(
    ("n", "low", "high"), [(8, 0, 0.625), (8, 0.25, 0.75), (5, 0.2, 1), (16, 0.5, 0.5)]
)
def test_the_decision_is_that_of_all_rollouts(n: int, low: float, high: float) -> None:
    draw, bounds = random.Random(n), Bounds.of(n, low, high)
    for _ in range(500):
        chance = draw.random()
        rolls = [draw.random() < chance for _ in range(n)]
        rate = sum(rolls) / n
        whole = "below" if rate < low else "above" if rate > high else "between"
        assert drawn(bounds, rolls)[0] == whole


def test_one_bound_needs_seven_tenths_of_the_rollouts_at_most() -> None:
    draw, bounds = random.Random(0), Bounds.of(8, 0, 0.625)
    asked = []
    for _ in range(4000):
        chance = draw.random()
        asked.append(drawn(bounds, [draw.random() < chance for _ in range(8)])[1])
    assert np.mean(asked) <= 0.7 * 8


def test_no_answer_is_asked_that_might_not_be_needed() -> None:
    bounds = Bounds.of(8, 0.25, 0.75)
    for asked in range(8):
        for passed in range(asked + 1):
            more = bounds.ask(asked, passed)
            early = [
                bounds.decided(asked + n, passed + right)
                for n in range(more)
                for right in range(n + 1)
            ]
            assert not any(early)


def test_the_interval_of_a_pass_rate_covers() -> None:
    generator = np.random.default_rng(2)
    chances = generator.random(4000)
    for n in (8, 16):
        passed = generator.binomial(n, chances)
        inside = [
            low <= p <= high
            for p, k in zip(chances, passed, strict=True)
            for low, high in [wilson(k, n)]
        ]
        assert np.mean(inside) >= 0.93


def test_decimals_are_whole_counts() -> None:
    assert (Bounds.of(10, 0.3, 0.7).least, Bounds.of(10, 0.3, 0.7).most) == (3, 7)
