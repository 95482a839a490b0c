"""Agreement, win rates and intervals beside other people's implementations."""

from __future__ import annotations

import numpy as np
import pytest

from curate.make.prefer.agreement import between_judges, between_orders, kappa
from curate.make.prefer.bias import length_correlation, place_effect
from curate.make.prefer.duels import duels_of
from curate.make.prefer.estimate import estimate, share, share_of
from curate.make.prefer.tables import ANSWERS, COMPARISONS, RATINGS, table
from curate.make.prefer.winrates import controlled, win_rates


def rows(prompts: int, slots: int, **columns: np.ndarray) -> list[dict[str, object]]:
    places = [(prompt, slot) for prompt in range(prompts) for slot in range(slots)]
    return [
        {"prompt": prompt, "slot": slot}
        | {name: values[i].item() for name, values in columns.items()}
        for i, (prompt, slot) in enumerate(places)
    ]


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    prompts = np.repeat(np.arange(60), 3)
    held = 0
    for _ in range(60):
        lean = np.repeat(
            random.uniform(0.2, 0.8, 60), 3
        )  # what is said of one prompt hangs together
        found = share_of(random.random(180) < lean, prompts)
        held += found.low <= 0.5 <= found.high
    assert held >= 52


def test_the_same_rows_give_the_same_interval_and_nothing_gives_none() -> None:
    values, prompts = np.arange(10) / 10, np.arange(10)
    one, again = (estimate(lambda weights: share(values, weights), prompts) for _ in range(2))
    assert one == again and one.value == pytest.approx(0.45)
    assert not share_of(np.array([]), np.array([])).known


def test_kappa_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(1)
    one = random.integers(1, 6, 300).astype(float)
    other = np.asarray(np.clip(one + random.integers(-2, 3, 300), 1, 5), float)
    found = kappa(one, other, np.arange(300))
    assert found.value == pytest.approx(metrics.cohen_kappa_score(one, other, weights="quadratic"))
    assert found.low < found.value < found.high


def test_judges_that_rate_alike_agree() -> None:
    random = np.random.default_rng(2)
    level = random.integers(1, 6, 400)
    near = np.clip(level + random.integers(-1, 2, 400), 1, 5)
    own = [
        row | {"judge": judge, "aspect": "honesty", "order": 0, "place": 0}
        for judge, values in (
            ("one", level),
            ("other", near),
            ("noise", random.integers(1, 6, 400)),
        )
        for row in rows(100, 4, rating=values.astype(float))
    ]
    found = between_judges(table(RATINGS, own))
    by_pair = {tuple(pair["raters"]): pair["kappa"].value for pair in found["pairs"]}
    assert by_pair["one", "other"] > 0.8
    assert abs(by_pair["noise", "one"]) < 0.15
    assert found["alpha"].low < found["alpha"].value < found["alpha"].high
    two = [row for row in own if row["judge"] != "noise"]
    assert between_judges(table(RATINGS, two))["alpha"].value > 0.8
    assert not between_orders(table(RATINGS, two), "one")["alpha"].known


def test_a_preference_for_the_first_place_shows_in_ratings() -> None:
    random = np.random.default_rng(3)
    own = []
    for prompt in range(300):
        for order in range(2):
            for place, slot in enumerate((0, 1) if order == 0 else (1, 0)):
                value = 3 + slot + 0.5 * (place == 0) + random.normal(0, 0.3)
                own.append(
                    {"prompt": prompt, "slot": slot, "judge": "j", "aspect": "a"}
                    | {"order": order, "place": place, "rating": value}
                )
    found = place_effect(table(RATINGS, own))
    assert found.low <= 0.5 <= found.high and found.high - found.low < 0.1


def test_length_and_rating_go_together_within_prompts_alone() -> None:
    """Long prompts' answers are longer and rated lower: that is not the judge's doing."""
    random = np.random.default_rng(4)
    prompt_length = np.repeat(random.uniform(0, 500, 200), 3)
    words = (prompt_length + random.uniform(0, 50, 600)).astype(int)
    value = 5 - prompt_length / 100 + random.normal(0, 0.01, 600)
    answers = table(ANSWERS, rows(200, 3, words=words))
    plain = [r | {"judge": "j", "aspect": "a"} for r in rows(200, 3, rating=value)]
    assert abs(length_correlation(answers, table(RATINGS, plain)).value) < 0.1
    longer = [r | {"judge": "j", "aspect": "a"} for r in rows(200, 3, rating=value + words / 10)]
    assert length_correlation(answers, table(RATINGS, longer)).value > 0.9


def test_the_length_controlled_rate_is_that_of_a_logistic_regression() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(6)
    longer = np.tanh(random.normal(0.7, 1, 4000))
    won = (random.random(4000) < 1 / (1 + np.exp(-(0.4 + 2 * longer)))).astype(float)
    theirs = linear.LogisticRegression(C=1e9).fit(longer[:, None], won)
    wanted = 1 / (1 + np.exp(-theirs.intercept_[0]))
    ours = controlled(won, longer, np.ones(4000))
    assert ours == pytest.approx(wanted, abs=2e-3)
    assert won.mean() - ours > 0.1
    assert abs(ours - 1 / (1 + np.exp(-0.4))) < 0.04


def test_a_model_that_wins_by_length_alone_is_no_better_at_the_same_length() -> None:
    random = np.random.default_rng(7)
    words = np.where(
        np.arange(800) % 2, random.integers(50, 150, 800), random.integers(20, 120, 800)
    )
    entries = [{"entry": "long" if slot else "short"} for _ in range(400) for slot in range(2)]
    answers = [a | b for a, b in zip(rows(400, 2, words=words), entries, strict=True)]
    said = [
        {"prompt": prompt, "judge": "j", "first": 0, "second": 1}
        | {"result": "first" if random.random() < 1 / (1 + np.exp(-apart / 30)) else "second"}
        for prompt, apart in enumerate(words[::2] - words[1::2])
    ]
    rates = win_rates(duels_of(table(ANSWERS, answers), table(RATINGS), table(COMPARISONS, said)))
    assert rates["long"]["win rate"].low > 0.55
    assert rates["long"]["length-controlled"].low <= 0.5 <= rates["long"]["length-controlled"].high
    assert rates["short"]["win rate"].value == pytest.approx(1 - rates["long"]["win rate"].value)
