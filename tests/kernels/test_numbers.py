"""The numbers that words name, whatever they are written like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import numbers as kernels
from curate.kernels.words import words_of_all
from curate.text.buffer import lay_out
from curate.text.numbers import SMALL, TENS
from tests.kernels.compiled import compiled

numbers_of = compiled(kernels.numbers_of)
KNOWN = kernels.number_words()


def read(text: str) -> tuple[int, int, int]:
    """Words that are part of a number, the sum over values, the sum over digits."""
    data, starts, stops = lay_out([text])
    words = words_of_all(data, starts, stops)
    n, values, digits = numbers_of(
        0, len(words.begins), data, words.begins, words.ends, words.hashes, *KNOWN
    )
    return int(n), int(values), int(digits)


def spelt(n: int) -> str:
    """A number in words: `one hundred and twenty-three thousand four`."""
    for size, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if n >= size:
            rest = f" {spelt(n % size)}" if n % size else ""
            return f"{spelt(n // size)} {name}{rest}"
    if n >= 100:
        rest = f" and {spelt(n % 100)}" if n % 100 else ""
        return f"{SMALL[n // 100]} hundred{rest}"
    if n < 20:
        return SMALL[n]
    return TENS[n // 10 - 2] + (f"-{SMALL[n % 10]}" if n % 10 else "")


@given(st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=4))
def test_a_number_in_words_is_the_number(numbers: list[int]) -> None:
    in_words = read(", then ".join(map(spelt, numbers)))
    assert in_words[1:] == read(", then ".join(map(str, numbers)))[1:]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=3), st.data())
def test_other_numbers_are_others(numbers: list[int], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=3))
    same = read(" or ".join(map(spelt, numbers)))[1] == read(" or ".join(map(str, others)))[1]
    assert same == (numbers == others)


@pytest.mark.parametrize(
    ("one", "other"),
    [("80,000", "80000"), ("1,000,000", "one million"), ("1/4", "14"), ("400m", "400")],
)
def test_digits_one_after_the_other(one: str, other: str) -> None:
    assert read(one)[2] == read(other)[2]


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0), ("no number here and there", 0), ("one", 0), ("One of them", 0), ("one, two", 2),
        ("1", 1), ("one hundred and five", 3), ("twenty-one", 2), ("\u0663", 1), ("3rd", 1),
        ("5 and 6", 2), ("9" * 30, 1),
    ],
)  # fmt: skip
def test_how_many_words_are_part_of_a_number(text: str, n: int) -> None:
    assert read(text)[0] == n
