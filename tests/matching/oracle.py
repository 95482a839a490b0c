"""The n-gram rule in plain Python, from its words alone: tokens, windows, coverage, score, spans.

A record is the list of its scanned turns, an item the list of its fields. A token of the item is
covered iff it lies in some window of n tokens of its field that is also a window of n tokens of
some scanned turn. The score is the mean over the fields of covered tokens / tokens, as a fraction
without rounding. Nothing here is compiled, hashed or clever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

TOKEN = re.compile(r"[^ ,.?!:;()\"\-\n\\]+")

Gram = tuple[str, ...]
Record = Sequence[str]
Item = Sequence[str]


class Word(NamedTuple):
    """A lower-cased token and the code points it stands at."""

    text: str
    start: int
    stop: int


@lru_cache(maxsize=4096)
def words(text: str) -> list[Word]:
    """Give the tokens of a text: what stands between separators, lower-cased where that keeps the
    number of letters.
    """
    return [
        Word("".join(map(_lower, found.group())), *found.span()) for found in TOKEN.finditer(text)
    ]


def _lower(char: str) -> str:
    return char.lower() if len(char.lower()) == 1 else char


def windows(text: str, n: int) -> list[Gram]:
    """Give the windows of n tokens of one turn or field, in order."""
    found = [word.text for word in words(text)]
    return [tuple(found[i : i + n]) for i in range(len(found) - n + 1)]


def grams(texts: Iterable[str], n: int) -> set[Gram]:
    """Give all windows of some turns or fields, none of which goes from one text into the next."""
    return {window for text in texts for window in windows(text, n)}


def inside(text: str, known: set[Gram], n: int) -> list[int]:
    """Give the numbers of the tokens of a text that lie in a window that is known."""
    found: set[int] = set()
    for i, window in enumerate(windows(text, n)):
        if window in known:
            found.update(range(i, i + n))
    return sorted(found)


def score(item: Item, record: Record, n: int) -> Fraction:
    """Give score(item, record), exactly."""
    return score_of(item, grams(record, n), n)


def score_of(item: Item, known: set[Gram], n: int) -> Fraction:
    """Give the score of an item against a record with these windows."""
    shares = [Fraction(len(inside(field, known, n)), max(1, len(words(field)))) for field in item]
    return sum(shares, Fraction(0)) / len(shares)


def hits(item: Item, record: Record, n: int, threshold: Fraction) -> bool:
    """Whether the record hits the item: more than the threshold, not as much."""
    return score(item, record, n) > threshold


def runs(text: str, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Give runs of consecutive tokens as code points of the text: from the first one's start to the
    last one's stop.
    """
    found = words(text)
    firsts = [i for i in numbers if i - 1 not in numbers]
    lasts = [i for i in numbers if i + 1 not in numbers]
    return [(found[a].start, found[b].stop) for a, b in zip(firsts, lasts, strict=True)]


def item_spans(item: Item, record: Record, n: int) -> list[tuple[int, int]]:
    """Give the covered runs of an item, in code points of its fields joined by one newline."""
    known, at, spans = grams(record, n), 0, []
    for field in item:
        spans += [(at + start, at + stop) for start, stop in runs(field, inside(field, known, n))]
        at += len(field) + 1
    return spans


def record_spans(item: Item, record: Record, n: int) -> list[tuple[int, int, int]]:
    """Give the runs of a record's tokens that lie in a window of the item: (place in `record`,
    start, stop).
    """
    known = grams(item, n)
    return [
        (place, start, stop)
        for place, turn in enumerate(record)
        for start, stop in runs(turn, inside(turn, known, n))
    ]
