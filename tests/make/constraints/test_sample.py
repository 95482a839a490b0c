"""Constraints drawn together can be kept together: the verifier says so, of a text."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.make.constraints import KINDS, Constraint, ground_truth, relax, sample, witness
from curate.make.constraints.conflicts import RULES, conflict
from curate.make.constraints.draw import MOST_WORDS
from curate.make.constraints.stock import stock
from curate.verify import find
from curate.verify.constraints import CONSTRAINTS, followed
from curate.verify.constraints.registry import IFBENCH
from tests.soak import examples
from tests.verify.constraints.conftest import NEEDS_LANGDETECT, NEEDS_NLTK, need

PROMPT = "Describe a quiet place that you would like to see again, and say why it matters."
PROMPTS = st.sampled_from([PROMPT, "Name a tree.", "Wozu?", "a b\n\nc, d! " * 40, "漢字 。"])


@pytest.fixture(autouse=True)
def needed() -> None:
    """Most types together need all libraries."""
    for id in NEEDS_LANGDETECT | NEEDS_NLTK:
        need(id)


def drawn(id: str, seed: int) -> Constraint:
    kwargs = KINDS[id].draw(Random(seed), PROMPT)
    assert kwargs is not None
    return Constraint(id, kwargs)


def found(*constraints: Constraint, seed: int = 0) -> str | None:
    return witness(constraints, Random(seed))


def test_all_types_can_be_asked_for_but_those_of_the_test_set() -> None:
    assert set(KINDS) == {id for id, one in CONSTRAINTS.items() if one.origin != IFBENCH}
    assert len(KINDS) == 54


@pytest.mark.parametrize("id", sorted(KINDS))
def test_every_type_has_witnesses_and_they_do_not_hold_by_chance(id: str) -> None:
    label = [drawn(id, seed) for seed in range(12)]
    texts = [found(one, seed=seed) for seed, one in enumerate(label)]
    for one, text in zip(label, texts, strict=True):
        assert text is not None, one
        assert find("ifeval")(text, ground_truth([one])).passed


@examples(40)
@given(st.integers(0, 2**40), st.integers(1, 6), PROMPTS)
def test_what_is_drawn_has_a_witness_and_is_the_same_each_time(
    seed: int, most: int, prompt: str
) -> None:
    one = sample(seed, most, prompt=prompt)
    assert one is not None
    assert 1 <= len(one.constraints) <= most
    assert len({each.id for each in one.constraints}) == len(one.constraints)
    assert find("ifeval")(one.witness, one.ground_truth).passed
    assert one == sample(seed, most, prompt=prompt)
    assert json.loads(one.ground_truth) == [
        {"id": each.id, "kwargs": each.kwargs} for each in one.constraints
    ]


def test_seeds_and_prompts_differ() -> None:
    labels = [sample(seed, 3, prompt=PROMPT) for seed in range(30)]
    assert len({one.ground_truth for one in labels if one}) > 25
    others = [sample(seed, 3, prompt="Name a tree.") for seed in range(30)]
    assert sum(one == other for one, other in zip(labels, others, strict=True)) < 5


def test_sizes_and_types_are_those_asked_for() -> None:
    for seed in range(20):
        one = sample(seed, 4, least=4, prompt=PROMPT, types=["ifeval"])
        assert one is not None
        assert len(one.constraints) == 4
        assert {CONSTRAINTS[each.id].origin for each in one.constraints} == {"ifeval"}
    only = sample(1, 3, types=["punctuation:no_comma"])
    assert only is not None
    assert [each.id for each in only.constraints] == ["punctuation:no_comma"]


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_prompt_that_holds_nearly_all_words_of_the_stock_gets_other_constraints(
    left: int,
) -> None:
    prompt = " ".join(stock().keywords[left:])
    for seed in range(10):
        sample(seed, 3, prompt=prompt)
    for kind in KINDS.values():
        kind.draw(Random(left), prompt)
    assert sample(1, 1, prompt=prompt, types=["punctuation:no_comma"]) is not None


def test_what_has_no_witness_is_never_given() -> None:
    pair = ["change_case:english_capital", "change_case:english_lowercase"]
    assert sample(3, 2, least=2, types=pair) is None


def test_a_prompt_that_is_empty_or_long_is_not_asked_to_be_repeated() -> None:
    types = ["copy:copy", "combination:repeat_prompt", "new:copy_span_idx"]
    assert sample(1, 1, prompt="word " * (MOST_WORDS + 1), types=types) is None
    assert sample(1, 1, types=types) is None
    assert sample(1, 1, prompt="word " * 3, types=types) is not None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("words:vowel", "never trained on"),
        ("ifbench", "never trained on"),
        ("punctuation:no_coma", "did you mean 'punctuation:no_comma'"),
    ],
)
def test_a_type_that_is_never_asked_for_is_refused(name: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        sample(1, 2, types=[name])


@pytest.mark.parametrize("pair", RULES, ids=" ".join)
def test_a_conflict_is_certain(pair: tuple[str, str]) -> None:
    """What keeps one of the pair breaks the other, and no text is found that keeps both."""
    n = 0
    for seed in range(60):
        one, other = drawn(pair[0], seed), drawn(pair[1], seed + 1)
        for name in ("keyword", "letter"):  # those that speak of the same word
            if name in one.kwargs and name in other.kwargs:
                other = Constraint(other.id, other.kwargs | {name: one.kwargs[name]})
        assert conflict(one, other) == conflict(other, one)
        if conflict(one, other):
            n += 1
            assert found(one, other, seed=seed) is None
            label = ground_truth([one, other])
            for alone in (found(one), found(other)):
                assert alone is not None
                assert not all(followed(alone, label))
    if pair != ("keywords:frequency", "keywords:word_once"):  # is never drawn so tightly
        assert n > 0


@pytest.mark.parametrize("id", sorted(KINDS))
def test_a_relaxed_constraint_asks_for_less(id: str) -> None:
    """Whatever keeps the original keeps it, and something that breaks the original does too."""
    less, broken = 0, 0
    for seed in range(40):
        one = drawn(id, seed)
        other = relax(one, seed)
        if other is None:
            continue
        less += 1
        assert other.id == one.id
        assert other.kwargs.keys() == one.kwargs.keys()
        assert other.kwargs != one.kwargs
        assert other == relax(one, seed)
        text, near = found(one, seed=seed), found(other, seed=seed)
        assert text is not None
        assert near is not None
        assert followed(text, ground_truth([other])) == [True]
        broken += followed(near, ground_truth([one])) == [False]
    assert (less > 0) == (broken > 0) or id == "keywords:forbidden_words"


def test_the_stock_is_plain() -> None:
    for sentence in stock().sentences:
        assert sentence.endswith(".")
        assert sentence.replace(" ", "").rstrip(".").isalpha()
        assert followed(sentence, '[{"id": "count:count_unique"}]') == [True] or " the " in sentence
    assert not stock().vocabulary.intersection(stock().keywords)
    assert len(set(stock().keywords)) == len(stock().keywords)
    for code in stock().languages:
        text = found(Constraint("language:response_language", {"language": code}))
        assert text is not None
