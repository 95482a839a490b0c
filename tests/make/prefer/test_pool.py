"""Who answers: drawn without repetition, the on-policy model in its slots, mistakes said early."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from curate.make.prefer.pool import drawn
from curate.make.prefer.spec import Spec

JUDGE = {"name": "j", "engine": "j", "uncalibrated": "allow"}


def spec(n: int = 6, engines: str = "abc", **more: Any) -> Spec:
    """A pool of `n` entries, of the engines by turns."""
    pool = [{"name": f"e{i}", "engine": engines[i % len(engines)]} for i in range(n)]
    given = {"prompts": [{"from": "x.jsonl"}], "pool": pool, "answers": 3, "judges": [JUDGE]}
    return Spec.model_validate(given | more)


def names(one: Spec, number: int, seed: int = 1) -> list[str]:
    return [entry.name for entry in drawn(one, seed, number)]


def test_nobody_answers_twice_and_everybody_does_equally_often() -> None:
    counts = Counter(name for i in range(2000) for name in names(spec(), i))
    assert all(len(set(names(spec(), i))) == 3 for i in range(200))
    assert set(counts) == {f"e{i}" for i in range(6)}
    assert max(counts.values()) - min(counts.values()) < 150  # 1000 each


def test_the_draw_depends_on_names_and_seed_alone() -> None:
    turned = spec().model_copy(update={"pool": tuple(reversed(spec().pool))})
    assert [names(spec(), i) for i in range(50)] == [names(turned, i) for i in range(50)]
    assert [names(spec(), i) for i in range(50)] != [names(spec(), i, 2) for i in range(50)]


def test_one_answer_is_on_policy() -> None:
    one = spec(on_policy={"engine": "a"})
    for i in range(100):
        assert [entry.engine for entry in drawn(one, 1, i)].count("a") == 1


def test_all_answers_are_on_policy() -> None:
    both = spec(on_policy={"engine": "a", "slots": "both"}, answers=2)
    assert {entry.engine for i in range(50) for entry in drawn(both, 1, i)} == {"a"}


def test_a_strong_and_a_weak_one_answer() -> None:
    pool = [
        {"name": f"e{i}", "engine": "a", "strength": strength}
        for i, strength in enumerate(["strong", "weak", "weak"])
    ]
    delta = spec(pool=pool, pairs={"rule": "delta"}, judges=[])
    for i in range(20):
        assert [entry.strength for entry in drawn(delta, 1, i)] == ["strong", "weak"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"answers": 7}, "7 answers a prompt from a pool of 6"),
        ({"on_policy": {"engine": "zz"}}, "unknown engine 'zz' (known: a, b, c)"),
        ({"on_policy": {"engine": "a", "slots": "both"}}, "3 answers from 2 entries"),
        ({"pool": [{"name": "x", "engine": "a"}] * 4}, "two pool entries are called 'x'"),
        ({"judges": []}, "pairs by rating need a judge"),
        ({"pool": []}, "prompts need a `pool` that answers them"),
        ({"pairs": {"rule": "delta"}}, "`strength: strong` and of `weak`"),
        ({"pairs": {"verified": True}}, "verified pairs need a judge"),
        ({"judges": [JUDGE | {"ask": "together"}]}, "labels are one token for one answer"),
        ({"judges": [JUDGE | {"verifier": True}]}, "one of them"),
        ({"judges": [JUDGE | {"aspects": ["honestly"]}]}, "did you mean 'honesty'?"),
        ({"prompts": [{"from": "x", "share": 0.5}]}, "the shares of prompts add up to 1"),
    ],
)
def test_mistakes_are_said_before_anything_is_asked(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        spec(**given)
    assert message in str(error.value)
