"""Scores, clean scores and comparisons, against the plainest possible computation."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

from curate.evaluation.figures import compared, figures_of, mean_over
from curate.intervals import Interval

COLUMNS = {
    "item": pa.string(),
    "group": pa.string(),
    "score": pa.float64(),
    "outcomes": pa.list_(pa.string()),
    "touched": pa.string(),
    "sources": pa.list_(pa.string()),
}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    whole = [
        {"item": str(n), "group": "", "outcomes": ["answered"], "touched": None, "sources": []}
        | row
        for n, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(whole, schema=pa.schema(list(COLUMNS.items())))


def test_a_score_by_groups_is_the_mean_of_their_means() -> None:
    draw = random.Random(1)
    rows: list[dict[str, Any]] = [
        {"group": "abcc"[n % 4], "score": float(draw.random() < 0.4)} for n in range(97)
    ]
    means = [
        sum(own) / len(own)
        for name in "abc"
        if (own := [row["score"] for row in rows if row["group"] == name])
    ]
    found = figures_of("t", table(rows))
    assert found.score is not None
    assert found.score.value == pytest.approx(sum(means) / 3)
    assert found.clean is None


def test_what_cannot_be_judged_is_counted_and_in_no_mean() -> None:
    rows: list[dict[str, Any]] = [
        {"score": 1.0},
        {"score": 0.0, "outcomes": ["failed"]},
        {"score": None},
        {"score": 0.0, "outcomes": ["answered", "truncated"]},
    ]
    found = figures_of("t", table(rows))
    assert (found.n, found.unscored, found.failed, found.truncated) == (4, 1, 1, 1)
    assert found.score is not None
    assert found.score.value == pytest.approx(1 / 3)


def test_clean_and_touched_items_have_scores_of_their_own_and_add_up() -> None:
    states = ["clean"] * 60 + ["touched"] * 30 + ["variant"] * 5 + ["unknown"] * 5
    scores = [float(n % 3 == 0) for n in range(60)] + [float(n % 10 > 0) for n in range(30)]
    rows = [
        {"touched": state, "score": score, "sources": ["leaky"] if state == "touched" else []}
        for state, score in zip(states, scores + [1.0] * 10, strict=True)
    ]
    clean = figures_of("t", table(rows)).clean
    assert clean is not None
    assert clean.n == {"clean": 60, "touched": 30, "variant": 5, "unknown": 5}
    assert clean.clean is not None
    assert clean.touched is not None
    assert clean.difference is not None
    assert clean.gained is not None
    assert clean.clean.value == pytest.approx(20 / 60)
    assert clean.touched.value == pytest.approx(27 / 30)
    both = (20 + 27) / 90
    assert clean.gained.value == pytest.approx(both - 20 / 60)
    assert clean.difference.low > 0
    n, score, difference = clean.by_source["leaky"]
    assert (n, score.value, difference.value) == (30, clean.touched.value, clean.difference.value)


def test_two_models_are_compared_on_the_items_that_both_have() -> None:
    first = table([{"score": float(n % 2)} for n in range(40)])
    second = table([{"score": 1.0} for _ in range(30)])
    found = compared("t", first, second)
    assert found is not None
    assert (found.n, found.better, found.worse) == (30, 15, 0)
    assert found.difference.value == pytest.approx(0.5)
    assert found.chance < 0.001
    assert compared("t", first, second, "clean") is None


def test_a_mean_of_tasks_is_surer_than_each() -> None:
    one = Interval(0.5, 0.4, 0.6)
    found = mean_over([one] * 4)
    assert found is not None
    assert found.half == pytest.approx(0.05)
    assert mean_over([]) is None
