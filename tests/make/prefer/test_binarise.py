"""Ratings to pairs, beside the same rule in plain Python, one prompt after the other."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import product
from statistics import mean
from typing import Any

import pyarrow as pa
import pytest

from curate.make.prefer.binarise import TOO_FEW, binarise
from curate.make.prefer.spec import Pairs
from curate.make.prefer.tables import ANSWERS, COMPARISONS, RATINGS, table

Tables = tuple[pa.Table, pa.Table, pa.Table]


def answer(prompt: int, slot: int, **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "slot": slot, "outcome": "answered", "words": 10} | more


def rating(prompt: int, slot: int, value: float | None, **more: Any) -> dict[str, Any]:
    return {
        "prompt": prompt,
        "slot": slot,
        "judge": "j",
        "aspect": "honesty",
        "rating": value,
    } | more


def of(values: list[list[float | None]], **more: Any) -> Tables:
    """A prompt for each list of ratings, an answer for each rating."""
    places = [(p, s) for p, own in enumerate(values) for s in range(len(own))]
    answers = [answer(p, s, **{k: v[s] for k, v in more.items()}) for p, s in places]
    ratings = [rating(p, s, values[p][s]) for p, s in places]
    return table(ANSWERS, answers), table(RATINGS, ratings), table(COMPARISONS)


def pairs_of(
    tables: Tables, seed: int = 1, sided: bool = False, **rules: Any
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = binarise(*tables, Pairs(**rules), seed, sided=sided).to_pylist()
    return found


def random_tables(seed: int) -> tuple[Tables, dict[int, dict[int, float]]]:
    """Tables of many prompts, and the mean of each answer that both judges rated enough."""
    random_ = random.Random(seed)
    answers, ratings = [], []
    means: dict[int, dict[int, float]] = defaultdict(dict)
    for prompt, slot in product(range(60), range(4)):
        answers.append(answer(prompt, slot, words=random_.randrange(40), on_policy=slot == 0))
        by_judge = []
        for judge in ("one", "two"):
            by_aspect = []
            for aspect in ("helpfulness", "honesty", "truthfulness"):
                orders = [random_.choice([None, 1, 2, 3, 4, 5]) for _ in range(2)]
                ratings += [
                    rating(prompt, slot, value, judge=judge, aspect=aspect, order=order)
                    for order, value in enumerate(orders)
                ]
                known = [value for value in orders if value is not None]
                by_aspect += [mean(known)] if known else []
            by_judge += [mean(by_aspect)] if len(by_aspect) >= 2 else []
        if len(by_judge) == 2:
            means[prompt][slot] = round(mean(by_judge), 9)
    random_.shuffle(ratings)
    return (table(ANSWERS, answers), table(RATINGS, ratings), table(COMPARISONS)), means


@pytest.mark.parametrize("rejected", ["random", "worst", "alike"])
@pytest.mark.parametrize("margin", [0, 0.75])
def test_pairs_are_those_of_the_plain_rule(rejected: str, margin: float) -> None:
    tables, means = random_tables(3)
    words = {(row["prompt"], row["slot"]): row["words"] for row in tables[0].to_pylist()}
    found = pairs_of(tables, least_aspects=2, rejected=rejected, margin=margin, length_apart=20)
    assert len(found) == 60
    assert sum(pair["rejected"] is not None for pair in found) > 20
    for pair in found:
        own = means[pair["prompt"]]
        best = max(own.values(), default=0.0)
        chosen = pair["chosen"]
        assert chosen is None or own[chosen] == best == pair["chosen_rating"]
        fit = {
            slot: own[slot]
            for slot in own
            if chosen is not None
            and own[slot] < best
            and best - own[slot] >= margin
            and abs(words[pair["prompt"], slot] - words[pair["prompt"], chosen]) <= 20
        }
        assert (pair["rejected"] is None) == (not fit or len(own) < 2)
        assert (pair["reason"] is None) == bool(fit)
        if fit:
            assert pair["rejected_rating"] == fit[pair["rejected"]]
            apart = {s: abs(words[pair["prompt"], s] - words[pair["prompt"], chosen]) for s in fit}
            if rejected == "worst":
                assert pair["rejected_rating"] == min(fit.values())
            if rejected == "alike":
                assert apart[pair["rejected"]] == min(apart.values())


def test_the_order_of_rows_makes_no_difference() -> None:
    (answers, ratings, comparisons), _ = random_tables(4)
    back = list(range(ratings.num_rows))[::-1]
    rules = Pairs()
    there = binarise(answers, ratings, comparisons, rules, 7)
    again = binarise(
        answers.take(list(range(answers.num_rows))[::-1]), ratings.take(back), comparisons, rules, 7
    )
    assert there.equals(again)
    assert not there.equals(binarise(answers, ratings, comparisons, rules, 8))


def test_what_ties_makes_no_pair() -> None:
    first, second = pairs_of(of([[3, 3, 3], [4, 4, 2]]))
    assert first["reason"] == "tie: no answer is rated lower than the best"
    assert second["chosen"] in (0, 1) and second["rejected"] == 2


def test_every_lower_answer_may_be_drawn() -> None:
    found = pairs_of(of([[5, 1, 2, 3]] * 300))
    drawn = [pair["rejected"] for pair in found]
    assert {pair["chosen"] for pair in found} == {0}
    assert all(70 < drawn.count(slot) < 130 for slot in (1, 2, 3))


def test_what_is_missing_is_never_a_number() -> None:
    unrated, one, two = pairs_of(of([[None, None], [4, None], [4, None, 2]]))
    assert unrated["reason"] == one["reason"] == TOO_FEW
    assert (two["chosen"], two["rejected"]) == (0, 2)


def test_a_prompt_that_nobody_answered_has_its_reason() -> None:
    tables = table(ANSWERS, [answer(0, 0, outcome="failed")]), table(RATINGS), table(COMPARISONS)
    assert pairs_of(tables)[0]["reason"] == TOO_FEW


def test_one_side_is_on_policy() -> None:
    tables = of([[1, 4, 5], [3, 3, 5], [5, 4, 3]], on_policy=[True, False, False])
    first, second, third = pairs_of(tables, sided=True)
    assert (first["chosen"], first["rejected"]) == (2, 0)
    assert (second["chosen"], second["rejected"]) == (2, 0)
    assert third["chosen"] == 0
    found = pairs_of(of([[5, 4, 5]] * 50, on_policy=[True, False, False]), sided=True)
    told = {(pair["chosen"], pair["rejected"], pair["reason"]) for pair in found}
    assert told == {(0, 1, None), (2, None, "neither side would be on-policy")}


def test_a_verdict_that_does_not_survive_the_swap_makes_no_pair() -> None:
    answers = table(ANSWERS, [answer(p, s) for p in range(4) for s in range(2)])
    shown = [
        (0, 0, 1, "first"), (0, 1, 0, "second"),  # survives
        (1, 0, 1, "first"), (1, 1, 0, "first"),  # flips
        (2, 0, 1, "tie"), (2, 1, 0, "tie"),
        (3, 0, 1, "first"), (3, 1, 0, None),  # one is missing
    ]  # fmt: skip
    names = ("prompt", "first", "second", "result")
    rows = [dict(zip(names, row, strict=True)) | {"judge": "j"} for row in shown]
    found = pairs_of((answers, table(RATINGS), table(COMPARISONS, rows)))
    assert (found[0]["chosen"], found[0]["rejected"]) == (0, 1)
    reasons = [pair["reason"] for pair in found[1:]]
    assert reasons == [TOO_FEW, "tie: no answer is rated lower than the best", TOO_FEW]


def test_ratings_do_not_overrule_a_comparison() -> None:
    answers, ratings, _ = of([[5, 2]])
    lost = [
        {"prompt": 0, "judge": "p", "first": 0, "second": 1, "result": "second"},
        {"prompt": 0, "judge": "p", "first": 1, "second": 0, "result": "second"},
    ]
    (pair,) = pairs_of((answers, ratings, table(COMPARISONS, lost)))
    assert pair["rejected"] is None
    assert pair["reason"].startswith("inconclusive")


def test_verified_pairs_pass_and_fail() -> None:
    answers, ratings, comparisons = of([[5, 2, 4], [5, 4, 3]])
    verified = [
        rating(p, s, value, judge="v", aspect="verified")
        for p, values in enumerate([[1, 5, 1], [1, 1, 1]])
        for s, value in enumerate(values)
    ]
    whole = pa.concat_tables([ratings, table(RATINGS, verified)])
    first, second = pairs_of((answers, whole, comparisons), verified=True)
    assert first["chosen"] == 1 and first["rejected"] in (0, 2)
    assert second["reason"] == "no answer passed the verifier"


def test_delta_needs_no_rating() -> None:
    rows = [
        answer(0, 0, strength="strong"), answer(0, 1, strength="weak"),
        answer(1, 0, strength="strong"), answer(1, 1, strength="weak", outcome="truncated"),
    ]  # fmt: skip
    first, second = pairs_of(
        (table(ANSWERS, rows), table(RATINGS), table(COMPARISONS)), rule="delta"
    )
    assert (first["chosen"], first["rejected"], first["reason"]) == (0, 1, None)
    assert second["reason"] == "the weak model gave no whole answer"
