"""Intervals hold what they promise: each is drawn often from what is known, and must cover it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from curate.intervals import Interval, apart, detectable, mean, paired, sign_test, wilson

DRAWS = 400


def coverage(draw: Callable[[np.random.Generator], Interval], truth: float) -> float:
    generator = np.random.default_rng(7)
    drawn = [draw(generator) for _ in range(DRAWS)]
    return float(np.mean([one.low <= truth <= one.high for one in drawn]))


def test_a_share_has_wilsons_interval() -> None:
    assert mean([1, 0, 0, 1]) == (0.5, *wilson(2, 4))


def test_means_by_groups_cover() -> None:
    sizes = [5, 40, 155]
    weights = [1 / 3 / size for size in sizes for _ in range(size)]
    chances = [0.2, 0.5, 0.9]

    def draw(generator: np.random.Generator) -> Interval:
        values = [generator.random(n) < p for n, p in zip(sizes, chances, strict=True)]
        return mean(np.concatenate(values).astype(float).tolist(), weights)

    assert coverage(draw, sum(chances) / 3) >= 0.93


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_values_that_are_all_the_same_are_not_certain(value: float) -> None:
    sizes = [1, 2, 47]
    by_group = mean([value] * 50, [1 / 3 / size for size in sizes for _ in range(size)])
    alike = mean([value] * 50)
    assert by_group.value == alike.value == pytest.approx(value)
    assert alike[1:] == wilson(50 * value, 50)
    assert by_group.half > 2 * alike.half


@pytest.mark.parametrize(("one", "other"), [(0.9, 0.4), (0.5, 0.5), (0.03, 0.0)])
def test_differences_of_two_shares_cover(one: float, other: float) -> None:
    def draw(generator: np.random.Generator) -> Interval:
        first = (generator.random(60) < one).astype(float).tolist()
        return apart(mean(first), mean((generator.random(90) < other).astype(float).tolist()))

    assert coverage(draw, one - other) >= 0.92


@pytest.mark.parametrize(("better", "worse"), [(0.2, 0.1), (0.01, 0.01), (0.5, 0.0)])
def test_paired_differences_cover(better: float, worse: float) -> None:
    def draw(generator: np.random.Generator) -> Interval:
        chances = [better, worse, 1 - better - worse]
        return paired(generator.choice([1.0, -1.0, 0.0], 80, p=chances).tolist())

    assert coverage(draw, better - worse) >= 0.93


def test_two_models_that_always_agree_differ_by_an_interval_with_width() -> None:
    found = paired([0.0] * 50)
    assert found.value == 0
    assert found.low < 0 < found.high


def test_the_sign_test_counts_every_division_that_is_as_uneven() -> None:
    for better, worse in [(0, 0), (3, 3), (7, 1), (0, 12)]:
        n = better + worse
        even = Fraction(abs(better - worse))
        exact = sum(Fraction(comb(n, k), 2**n) for k in range(n + 1) if abs(2 * k - n) >= even)
        assert sign_test(better, worse) == pytest.approx(float(exact))


def test_what_is_detectable_shows_in_four_of_five_cases() -> None:
    generator = np.random.default_rng(3)
    least = detectable(paired([1.0, -1.0] * 40 + [0.0] * 320))
    up, down = 0.1 + least / 2, 0.1 - least / 2
    seen = [
        paired(generator.choice([1.0, -1.0, 0.0], 400, p=[up, down, 0.8]).tolist()).low > 0
        for _ in range(DRAWS)
    ]
    assert 0.72 <= np.mean(seen) <= 0.88
