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
from curate.steps.decontaminate.rewriting import in_words
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


# ---- what people do beside: each on a text that has something of the kind


def once(name: str, text: str, seed: int = 0) -> str:
    (turn,) = mutate(name, text, None, FILLER, random.Random(seed))
    return turn


@pytest.mark.parametrize("name", ["deleted-25", "inserted-25", "swapped-25"])
def test_a_quarter_of_the_words_goes_comes_or_moves(name: str) -> None:
    before = [f"q{n}" for n in range(40)]
    after = once(name, " ".join(before)).split()
    if name == "deleted-25":
        assert len(after) == 30 and after == [word for word in before if word in after]
    elif name == "inserted-25":
        assert len(after) == 50 and [word for word in after if word in before] == before
    else:
        moved = [n for n in range(40) if after[n] != before[n]]
        assert sorted(after) == sorted(before) and len(moved) == 10
        assert all(abs(int(after[n][1:]) - n) == 1 for n in moved)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        (
            "numbers-as-words", "Add 12 and 1,205 to 3.5 or x2: 40.",
            "Add twelve and one thousand two hundred and five to 3.5 or x2: forty.",
        ),
        ("synonyms", "Find how many friends buy a car.", "Determine how numerous companions purchase a automobile."),
        ("latex", r"If $\frac{1}{2}=x$, is $\left(x\right)$ even?", r"If \( \dfrac{1}{2} = x \), is \( (x) \) even?"),
        ("code", 'def f(a):\n    # add\n    return "a" + a\n\nf(1)', "def f(a):\n  return 'a' + a\nf(1)"),
        (
            "html", 'Is 3 < 4 or "so"?\nSay it now',
            "<p>Is&nbsp;3&nbsp;&lt;&nbsp;<b>4</b>&nbsp;or&nbsp;&quot;so&quot;?&nbsp;<br>&nbsp;<b>Say</b>&nbsp;it&nbsp;now</p>",
        ),
        ("unicode", "It's 12-fold happiness", "It\u2019s\u00a0\uff11\uff12\u2010fold\u00a0hap\u200bpiness"),
        ("first-60", "a b c d e f g h i j", "a b c d e f"),
    ],
)  # fmt: skip
def test_what_is_rewritten(name: str, text: str, wanted: str) -> None:
    assert once(name, text) == wanted


@pytest.mark.parametrize(
    "name", ["numbers-as-words", "synonyms", "latex", "code", "options", "names", "with-answer"]
)
def test_a_text_that_has_nothing_of_the_kind_is_not_planted(name: str) -> None:
    assert mutate(name, "why is the sky so blue?", None, FILLER, random.Random(0)) == []


def test_names_change_throughout_and_stay_apart() -> None:
    text = "Natalia met Bert and later Carla; then Natalia told Bert to leave with Carla."
    new = once("names", text)
    assert re.sub("[A-Z][a-z]+", "X", new) == re.sub("[A-Z][a-z]+", "X", text)
    found = re.findall("[A-Z][a-z]+", new)
    assert (found[1], found[2]) == (found[4], found[5]) and len(set(found[:3])) == 3
    assert not {"Bert", "Carla"} & set(found)


def test_options_change_places_under_the_same_letters() -> None:
    text = "Which?\nOptions:\n(A) red\n(B) blue\n(C) green"
    for seed in range(9):
        lines = once("options", text, seed).split("\n")
        assert lines[:2] == text.split("\n")[:2]
        assert [line[:3] for line in lines[2:]] == ["(A)", "(B)", "(C)"]
        assert sorted(line[4:] for line in lines[2:]) == ["blue", "green", "red"]
        if lines != text.split("\n"):
            return
    raise AssertionError("nothing moved")


def test_typos_swap_two_letters_within_words() -> None:
    new = once("typos", "every little letter matters here today").split()
    before = "every little letter matters here today".split()
    wrong = [(a, b) for a, b in zip(before, new, strict=True) if a != b]
    assert len(wrong) <= 2 and wrong
    assert all(sorted(a) == sorted(b) and (a[0], a[-1]) == (b[0], b[-1]) for a, b in wrong)


def test_numbers_are_said_as_people_say_them() -> None:
    assert [in_words(n) for n in (0, 13, 20, 21, 100, 342, 1000, 21_006, 999_999)] == [
        "zero", "thirteen", "twenty", "twenty-one", "one hundred", "three hundred and forty-two", "one thousand",
        "twenty-one thousand six",
        "nine hundred and ninety-nine thousand nine hundred and ninety-nine",
    ]  # fmt: skip
