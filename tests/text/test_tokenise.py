"""The specification of tokens, held against the rule in words, examples by hand and a regular
expression.
"""

from __future__ import annotations

import doctest
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.text import tokenise
from curate.text.tokenise import SEPARATORS, Token, lower, ngrams, tokens

LETTERS = st.text(
    st.one_of(
        st.sampled_from(SEPARATORS + "aBéÉ中😀İ\0\t"), st.characters(exclude_categories=["Cs"])
    )
)


def test_the_docstrings_are_true() -> None:
    assert doctest.testmod(tokenise).failed == 0


def test_the_separators_are_those_of_the_published_analyser() -> None:
    assert sorted(SEPARATORS) == sorted(' ,.?!:;()"-\n\\')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (' ,.?!:;()"-\n\\', []),
        ("What's 2+2/4*x=y?", ["what's", "2+2/4*x=y"]),
        ("well-known -3", ["well", "known", "3"]),
        ("3.14", ["3", "14"]),
        ("a\tb\rc", ["a\tb\rc"]),
        ("中文，中文", ["中文，中文"]),
        ("ÉCOLE Straße ẞ", ["école", "straße", "ß"]),
        ("İstanbul", ["İstanbul"]),
        ("\u212a \u212b \u2126", ["k", "å", "ω"]),
        ("[x]{y}<z>'w'", ["[x]{y}<z>'w'"]),
        ("\0", ["\0"]),
    ],
)
def test_texts_by_hand(text: str, expected: list[str]) -> None:
    assert [token.text for token in tokens(text)] == expected


def test_offsets_are_code_points() -> None:
    assert tokens("😀, É-b") == [Token("😀", 0, 1), Token("é", 3, 4), Token("b", 5, 6)]


@given(LETTERS)
def test_tokens_are_what_stands_between_separators(text: str) -> None:
    pieces = [piece for piece in re.split(f"[{re.escape(SEPARATORS)}]", text) if piece]
    found = tokens(text)
    assert [text[token.start : token.stop] for token in found] == pieces
    assert [token.text for token in found] == ["".join(map(lower, piece)) for piece in pieces]
    assert not any(char in SEPARATORS for token in found for char in token.text)


def test_lower_case_changes_no_length_and_agrees_with_python_otherwise() -> None:
    kept = [chr(code) for code in range(sys.maxunicode + 1) if len(chr(code).lower()) != 1]
    assert kept == ["İ"]
    assert lower("İ") == "İ"
    assert all(
        lower(chr(code)) == chr(code).lower()
        for code in range(sys.maxunicode + 1)
        if chr(code) != "İ"
    )


def test_lower_case_never_makes_or_takes_a_separator() -> None:
    """So that it makes no difference whether a text is split or lower-cased first."""
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        assert (lower(char) in SEPARATORS) == (char in SEPARATORS)


@given(LETTERS, st.integers(1, 4))
def test_ngrams_are_all_windows_in_order(text: str, n: int) -> None:
    found = [token.text for token in tokens(text)]
    assert ngrams(text, n) == list(zip(*(found[i:] for i in range(n)), strict=False))


def test_a_text_shorter_than_a_window_has_none() -> None:
    assert ngrams("one two", 3) == []
    assert ngrams("one two", 2) == [("one", "two")]
