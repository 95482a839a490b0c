"""Words of scripts with combining marks, and texts typed in other normal forms."""

from __future__ import annotations

import json
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.verify import find
from curate.verify.constraints.text import words

Form = Literal["NFC", "NFD"]
SENTENCES = {
    "Hindi": ("मेरी बिल्ली छोटी है", 4),
    "Tamil": ("என் பூனை சிறியது", 3),
    "Thai": ("แมวตัวเล็ก นอนหลับ", 2),
    "Arabic": ("كَتَبَ الوَلَدُ دَرْسًا", 3),
    "NFD": (unicodedata.normalize("NFD", "Une crème brûlée à Besançon"), 5),
    "Hebrew": ("שָׁלוֹם עוֹלָם", 2),
    "English": ("a well-known cat's bowl", 4),
}


def holds(answer: str, id: str, **kwargs: object) -> bool:
    return find("ifeval")(answer, json.dumps([{"id": id, "kwargs": kwargs}])).passed


@pytest.mark.parametrize("language", SENTENCES)
def test_a_mark_ends_no_word(language: str) -> None:
    text, n = SENTENCES[language]
    assert words(text) == text.split()
    for form in ("NFC", "NFD"):
        found = unicodedata.normalize(form, text)
        more = 2 if language == "English" else 0  # its hyphen and apostrophe part words here
        assert holds(
            found, "length_constraints:number_words", num_words=n + more, relation="at least"
        )
        assert holds(
            found, "length_constraints:number_words", num_words=n + more + 1, relation="less than"
        )


@pytest.mark.parametrize(("mine", "theirs"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_keywords_are_found_in_any_normal_form(mine: Form, theirs: Form) -> None:
    word, answer = (
        unicodedata.normalize(mine, "brûlée"),
        unicodedata.normalize(theirs, "La Brûlée."),
    )
    assert holds(answer, "keywords:existence", keywords=[word])
    assert not holds(answer, "keywords:forbidden_words", forbidden_words=[word])
    assert holds(answer, "keywords:word_once", keyword=word)
    assert holds(answer, "copy:copy", prompt_to_repeat=unicodedata.normalize(mine, "la brûlée."))


def test_a_mark_is_a_part_of_the_word_that_it_ends() -> None:
    assert holds("बिल्ली", "keywords:forbidden_words", forbidden_words=["बिल"])
    assert not holds("बिल", "keywords:forbidden_words", forbidden_words=["बिल"])
    assert holds("x\u0301s", "keywords:forbidden_words", forbidden_words=["x"])


@given(st.text(st.characters(categories=["L", "M", "N", "Zs", "Cf"]), max_size=40))
def test_words_are_runs_of_letters_digits_and_marks(text: str) -> None:
    for word in words(text):
        assert unicodedata.category(word[0])[0] in "LN"
        assert all(
            unicodedata.category(char)[0] in "LMN" or char in "\u200c\u200d" for char in word
        )
