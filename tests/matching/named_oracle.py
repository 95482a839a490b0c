"""The numbers that a text names, in plain Python, gap by gap of an alignment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from curate.text.numbers import SMALL, TENS
from curate.text.tokenise import DIGIT, sort_of


class Word(NamedTuple):
    """A word, the turn or field it stands in, and its code points there."""

    text: str
    part: int
    start: int
    stop: int
    first: str


NAMED = (
    {word: value for value, word in enumerate(SMALL)}
    | {word: 20 + 10 * i for i, word in enumerate(TENS)}
    | {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
)


def is_number(word: Word) -> bool:
    """A numeral, or a word that names a number; `one` is none."""
    return sort_of(word.first) == DIGIT or (word.text in NAMED and word.text != "one")


def gaps(n: int, partner: dict[int, int]) -> list[tuple[int, int]]:
    """The runs of an item's words that have no partner."""
    ends = [-1, *sorted(partner), n]
    return [(low + 1, high) for low, high in pairwise(ends) if high > low + 1]


def of_record(
    low: int, high: int, n: int, partner: dict[int, int], record: Sequence[Word]
) -> Sequence[Word]:
    """The words of the record between the partners of a gap's neighbours; as many as the gap has
    where there is one neighbour; nothing where they are too many.
    """
    size = high - low
    if low > 0:
        start = partner[low - 1] + 1
        stop = partner[high] if high < n else min(start + size, len(record))
    else:
        stop = partner[high]
        start = max(stop - size, 0)
    return record[start:stop] if stop - start <= 2 * size + 6 else []


def replaced(gap: Sequence[Word], others: Sequence[Word]) -> int:
    """How many words of a gap are numbers that are others in the record."""
    (n, values, digits), (m, their_values, their_digits) = named(gap), named(others)
    return n if n and m and values != their_values and digits != their_digits else 0


def named(text: Sequence[Word]) -> tuple[int, list[int | str], str]:
    """How many words belong to numbers, the numbers, and their digits one after the other."""
    n, values, digits, at = 0, list[int | str](), "", 0
    while at < len(text):
        word = text[at]
        if sort_of(word.first) == DIGIT:
            found = re.match("[0-9]*", word.text)
            assert found
            n, values, digits = n + 1, [*values, int(found[0] or -1)], digits + found[0]
            at += 1
            if not found[0] or len(found[0]) > 18:
                values[-1] = word.text
            continue
        taken = spelt(text[at:])
        if taken:
            value, size, count = taken
            n, values, digits = n + count, [*values, value], digits + str(value)
            at += size
        else:
            at += 1
    return (
        (0 if n == 1 and [w.text for w in text if w.text in NAMED] == ["one"] else n),
        values,
        digits,
    )


def spelt(text: Sequence[Word]) -> tuple[int, int, int] | None:
    """The number in letters at the beginning of a text: its value, how many words it takes, and how
    many of them are no `and`.
    """
    total = part = count = size = 0
    last = ""
    for at, word in enumerate(text):
        if word.text == "and" and last:
            continue
        value = NAMED.get(word.text)
        if value is None:
            break
        sort = (
            "scale"
            if value >= 1000
            else "hundred"
            if value == 100
            else "tens"
            if value >= 20
            else "small"
        )
        fits = value >= 100 or last in ("hundred", "scale") or (last == "tens" and 0 < value < 10)
        if last and not fits:
            break
        if value >= 1000:
            total, part = total + max(part, 1) * value, 0
        elif value == 100:
            part = max(part, 1) * value
        else:
            part += value
        last, count, size = sort, count + 1, at + 1
    return (total + part, size, count) if last else None
