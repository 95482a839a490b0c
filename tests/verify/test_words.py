"""Answers in words and letters: `string`, `token-f1`, `multiple-choice`."""

from __future__ import annotations

import json
import re
import string as ascii_
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.verify import BadGroundTruth, load
from curate.verify.multiple_choice import chosen
from curate.verify.string import normalise, stated

WORDS = st.lists(
    st.sampled_from("a the an cat dog Vitamin B.C. 35. naïve, (x) - + 'tis".split()),
    min_size=1,
    max_size=8,
)


def squad(text: str) -> str:
    """SQuAD's normalisation, written out again in another way, articles at the end apart."""
    kept = "".join(char for char in text.lower() if char not in set(ascii_.punctuation))
    words = kept.split()
    left = [
        word
        for place, word in enumerate(words)
        if word not in ("a", "an", "the") or place == len(words) - 1
    ]
    return " ".join(left)


@given(WORDS)
def test_normalisation_is_squads(words: list[str]) -> None:
    text = " ".join(words)
    assert normalise(text) == (squad(text) or " ".join(text.lower().split()))


@given(WORDS, WORDS)
def test_f1_is_squads(found: list[str], wanted: list[str]) -> None:
    one, two = normalise(" ".join(found)).split(), normalise(" ".join(wanted)).split()
    shared = sum(min(n, Counter(two)[word]) for word, n in Counter(one).items())
    precision, recall = shared / len(one), shared / len(two)
    score = 2 * precision * recall / (precision + recall) if shared else 0.0
    verdict = load("token-f1").verify(" ".join(found), " ".join(wanted))
    assert verdict.score == pytest.approx(score)
    assert verdict.passed == (Counter(one) == Counter(two))


@pytest.mark.parametrize(
    ("completion", "found"),
    [
        ("Paris", "Paris"),
        ("<answer>Rome</answer> no: <answer>Paris</answer>", "Paris"),
        ("<answer>open <answer>Paris</answer>", "Paris"),
        ("I say: The answer is: Paris\nIndeed.", "Paris"),
        ("<answer></answer>", ""),
    ],
)
def test_where_an_answer_in_words_is(completion: str, found: str) -> None:
    assert stated(completion) == found


@pytest.mark.parametrize(
    ("completion", "label", "passed"),
    [
        ("the Eiffel-Tower!", "Eiffel Tower", False),
        ("The Eiffel Tower.", "eiffel tower", True),
        ("vitamin A", "Vitamin a", True),
        ("vitamin A", "vitamin", False),
        ("ﬁne", "fine", True),
        ("+", "+", True),
        ("+", "-", False),
        ("Paris", '["London", "Paris"]', True),
        ("Rome", '["London", "Paris"]', False),
        ("[1, 2]", "[1, 2]", True),
        ("[b", "[b", True),
    ],
)
def test_equal_but_for_looks(completion: str, label: str, passed: bool) -> None:
    assert load("string").verify(completion, label).passed == passed


SAME_NUMBER = [
    ("1,500", "1500"),
    ("+5", "5"),
    ("$5.", "5"),
    ("−5", "-5"),
    ("x >= y", "x ≥ y"),
    ("x!=y", "x ≠ y"),
]
OTHER_NUMBER = [
    ("2.5", "25"), ("-7", "7"), ("1/3", "13"), ("3^2", "32"), ("2:45", "245"), ("9-4", "94"), ("6+1", "61"),
    (".5", "5"), ("a<b", "a>b"), ("a<b", "ab"), ("a<=b", "a<b"), ("a=b", "a!=b"), ("-$3", "$3"), ("a->b", "a<-b"),
]  # fmt: skip


def test_numbers_and_relations_keep_what_makes_them_others() -> None:
    verify = load("string").verify
    assert [pair for pair in SAME_NUMBER if not verify(*pair).passed] == []
    assert [pair for pair in OTHER_NUMBER if verify(*pair).passed] == []
    assert [pair for pair in OTHER_NUMBER if not verify(pair[0], pair[0]).passed] == []


@pytest.mark.parametrize("name", ["string", "token-f1", "multiple-choice"])
def test_an_empty_answer_is_not_parsed_and_an_empty_label_an_error(name: str) -> None:
    verify = load(name).verify
    assert not verify(" \n", "B").parsed
    for label in ("", " ", '["B", ""]'):
        with pytest.raises(BadGroundTruth, match="holds an empty answer"):
            verify("B", label)


CHOICES = [
    ("B", "B"),
    ("b", "B"),
    ("(b)", "B"),
    ("B.", "B"),
    ("B) the blue one", "B"),
    ("**B**", "B"),
    ("**B.** the blue one", "B"),
    ("Answer: B", "B"),
    ("**Answer: (B)**", "B"),
    ("The answer is (b).", "B"),
    ("The correct answer is option B, not option C.", "B"),
    ("Option A is wrong, so the answer must be B", "B"),
    ("Option A is wrong. Choice B fits.", "B"),
    (r"$\boxed{B}$", "B"),
    (r"\boxed{\text{(B) blue}}", "B"),
    ("<answer>B</answer> or A", "B"),
    ("Because it is blue:\nB", "B"),
    ("B\nBecause it is blue", "B"),
    ("The answer is a dog.", None),
    ("The answer is B or C.", None),
    ("The answer is (B) or (C).", None),
    ("The answer is B, or perhaps C", None),
    ("The answer is **B** and **C**", None),
    ("The answer is B, though it might be C", None),
    (r"\boxed{B, C}", None),
    (r"\boxed{(B) or (C)}", None),
    ("(B) or (C)", None),
    ("The answer is A very long story", None),
    ("The answer is I cannot tell", None),
    ("The answer is A because it is red.", "A"),
    ("The answer is I.", "I"),
    ("The answer is B, not C", "B"),
    ("(B) vitamin C or D", "B"),
    ("A good question.", None),
    ("B. F. Skinner", None),
    (r"\boxed{4}", None),
    ("I think it is blue", None),
    ("", None),
]


@pytest.mark.parametrize(("completion", "letter"), CHOICES)
def test_the_letter_that_is_chosen(completion: str, letter: str | None) -> None:
    assert chosen(completion) == letter
    verdict = load("multiple-choice").verify(completion, "(B)")
    assert (verdict.passed, verdict.parsed) == (letter == "B", letter is not None)


@given(st.sampled_from(ascii_.ascii_uppercase), st.text(max_size=60))
def test_a_letter_in_a_box_is_chosen_whatever_stands_before(letter: str, text: str) -> None:
    assert chosen(f"{text} \\boxed{{{letter}}}") == letter


def test_one_of_several_letters() -> None:
    verify = load("multiple-choice").verify
    assert verify("D", json.dumps(["B", "(d)"])).passed
    assert re.search("the choice is A, not B or D", verify("A", json.dumps(["B", "(d)"])).reason)
    with pytest.raises(BadGroundTruth, match="'BB' is no letter"):
        verify("B", "BB")


@pytest.mark.parametrize("label", ["B", "(c)", '["A", "B"]', "Z"])
def test_labels_pass_and_their_neighbours_do_not(label: str) -> None:
    for name in ("multiple-choice", "string", "token-f1"):
        verifier = load(name)
        assert verifier.golden and verifier.perturbed
        golden = verifier.golden(label)
        assert golden is not None and verifier.verify(golden, label).passed
        assert not any(
            verifier.verify(wrong, label).passed for wrong in verifier.perturbed(label)
        ), name
