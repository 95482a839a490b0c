"""Every mutation changes what its name says and nothing else, and the same seed gives the same
turns.
"""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.steps.decontaminate.mutations import FILLER_WORDS, MUTATIONS, mutate
from tests.soak import examples

QUESTION = (
    "Ada has 3 red hats, and Ben has twenty-two.\nHow many hats do they have?  "
    "Is it more than 20? Say why; be brief."
)
FILLER = [f"w{i}" for i in range(3000)]


def turns(name: str, question: str = QUESTION, seed: int = 0) -> list[str]:
    return mutate(name, question, "#### 25", FILLER, random.Random(seed))


def changed(text: str) -> list[int]:
    """Which words differ from the question's."""
    words, before = text.split(), QUESTION.split()
    assert len(words) == len(before)
    return [i for i in range(len(words)) if words[i] != before[i]]


@given(
    st.sampled_from(sorted(MUTATIONS)),
    st.text(max_size=80),
    st.integers(0, 5),
    st.text(max_size=5) | st.none(),
)
@examples(200)
def test_any_text_can_be_mutated_and_the_seed_decides(
    name: str, question: str, seed: int, answer: str | None
) -> None:
    first, second = (
        mutate(name, question, answer, ["a", "b"], random.Random(seed)) for _ in range(2)
    )
    assert first == second
    assert all(isinstance(turn, str) for turn in first)


@pytest.mark.parametrize("step", [10, 6, 4])
def test_every_nth_word_is_another_word_of_the_corpus(step: int) -> None:
    (text,) = turns(f"every-{step}th")
    n = len(QUESTION.split())
    assert changed(text) == list(range(step - 1, n, step))
    assert {text.split()[i] for i in changed(text)} <= set(FILLER)
    assert re.findall(r"\s+", text) == re.findall(r"\s+", QUESTION)


def test_a_quarter_of_the_words_is_replaced_at_random() -> None:
    n = len(QUESTION.split())
    places = [changed(turns("random-25", seed=seed)[0]) for seed in range(20)]
    assert {len(own) for own in places} == {round(n / 4)}
    assert set().union(*places) == set(range(n))


def test_a_word_is_never_replaced_by_itself() -> None:
    for seed in range(20):
        (text,) = mutate("every-4th", "a b c A b c d a", None, ["a", "x"], random.Random(seed))
        assert text == "a b c x b c d x"
    (text,) = mutate("every-4th", "a b c a", None, ["A"], random.Random(0))
    assert text.split()[3] == "other"


def test_embedding_puts_the_question_into_running_text() -> None:
    (text,) = turns("embedded")
    before, after = text.split(QUESTION)
    around = [int(word[1:]) for word in (before + after).split()]
    assert len(around) == FILLER_WORDS
    assert around == list(range(around[0], around[0] + FILLER_WORDS))
    assert len({turns("embedded", seed=seed)[0].index(QUESTION) for seed in range(10)}) > 5


@pytest.mark.parametrize("n", [1, 30, FILLER_WORDS])
def test_a_corpus_of_few_words_goes_around_the_question_whole(n: int) -> None:
    for seed in range(20):
        (text,) = mutate("embedded", QUESTION, None, FILLER[:n], random.Random(seed))
        before, after = text.split(QUESTION)
        assert (before + after).split() == FILLER[:n]


def test_wrapping_and_stripping_keep_the_words() -> None:
    (text,) = turns("rewrapped")
    assert text.split() == QUESTION.split() and max(map(len, text.split("\n"))) <= 40
    (text,) = turns("stripped")
    assert text == (
        "ada has 3 red hats and ben has twentytwo how many hats do they have is it more than 20 say why be brief"
    )


def test_sentences_are_moved_whole() -> None:
    for seed in range(10):
        (text,) = turns("reordered", seed=seed)
        assert text.split() != QUESTION.split()
        assert sorted(text.split()) == sorted(QUESTION.split())
        assert "Ada has 3 red hats, and Ben has twenty-two." in text
    assert turns("reordered", "one two three four") == ["three four one two"]
    assert turns("reordered", "same same") == ["same same"]


def test_turns_templates_and_answers() -> None:
    assert turns("verbatim") == [QUESTION]
    assert " ".join(turns("two-turns")).split() == QUESTION.split() and len(turns("two-turns")) == 2
    assert turns("with-answer") == [f"{QUESTION}\n#### 25"]
    for seed in range(10):
        (text,) = turns("templated", "{} {0}", seed)
        assert "{} {0}" in text and len(text) > 30
    with pytest.raises(KeyError):
        turns("backwards")
