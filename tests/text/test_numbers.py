"""Numbers in texts: what is read as one, and how agreement is counted."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.text.numbers import NEITHER, agreement, numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Two cats and 2 dogs", ["2", "2"]),
        ("twenty-five, Twenty five, twenty, five", ["25", "25", "20", "5"]),
        ("$1,000 is 1000 and 1,000.00", ["1000"] * 3),
        ("2.50 and 2.5 and 002", ["2.5", "2.5", "2"]),
        ("0, 0.0 and zero", ["0"] * 3),
        ("3,4 and 12,34 and 1,2345", ["3", "4", "12", "34", "1", "2345"]),
        ("16-3=13, x2, 5%", ["16", "3", "13", "2", "5"]),
        ("someone often weighs tone; ninetyfold", []),
        ("half a dozen hundred thirds", []),
        ("١٢ and ７", ["12", "7"]),
        ("", []),
    ],
)
def test_what_is_a_number(text: str, found: list[str]) -> None:
    assert numbers(text) == Counter(found)


@given(st.integers(0, 10**30), st.integers(0, 10**6), st.integers(1, 6))
def test_notations_of_one_value_are_one_number(whole: int, part: int, places: int) -> None:
    plain = f"{whole}.{part % 10**places:0{places}d}"
    with_commas = f"{whole:,}.{part % 10**places:0{places}d}000"
    (first,), (second,) = numbers(plain), numbers(f"it is {with_commas}, then")
    assert first == second
    assert Fraction(first) == Fraction(plain)


@given(st.text())
def test_any_text_is_read_and_numerals_are_plain(text: str) -> None:
    assert all(re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", number) for number in numbers(text))


def test_a_numeral_of_a_million_digits_is_read_in_time() -> None:
    assert numbers("9" * 1_000_000) == Counter(["9" * 1_000_000])
    assert numbers("1," * 300_000)["1"] == 300_000


def test_agreement_counts_repeats() -> None:
    assert agreement(numbers("2 and 2 and 3"), numbers("2, 3, 4")) == 2 / 4
    assert agreement(numbers("no"), numbers("none")) == NEITHER
    assert agreement(numbers("no"), numbers("7")) == 0
    assert agreement(numbers("7"), numbers("seven")) == 1
