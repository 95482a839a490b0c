"""What tells a variant from a copy: other numbers, another question, or another answer.

Two texts that are the same but for numbers are two exercises of one template, not two copies; and
so are two questions on one long passage. What another question is says `curate.kernels.asked`. Two
answers are one if the other has more than `similar.SAME_ANSWER` of the words of the shorter.

Numbers are held against each other place by place. A place is the two words before a number, or the
two behind it, numbers themselves standing as one sign; two texts differ in one if each has a number
there that the other lacks. A number that is only left out or added differs nowhere: that is an
edit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from curate.kernels.asked import Asked
from curate.kernels.minhash import ShingleSets, some_sets
from curate.kernels.similar import Numbers
from curate.steps.dedup.ragged import bounds, chained, taken
from curate.text.numbers import located

_BESIDE = 2
_WORD = re.compile(r"\w+|\0|[.!?](?=\s)|\n")
_ENDS = frozenset(".!?\n")


def places_of(text: str) -> Iterator[tuple[str, str]]:
    """Every number of a text with what stands before it, and with what stands behind it, within its
    sentence; a side that has fewer words counts only where the other has no more.
    """
    text = text.replace("\0", " ")
    found = list(located(text))
    if not found:
        return
    bare, at = [], 0
    for start, stop, _ in found:
        bare += [text[at:start], " \0 "]
        at = stop
    words = [word.lower() for word in _WORD.findall("".join([*bare, text[at:]]))]
    spots = (place for place, word in enumerate(words) if word == "\0")
    for place, (_, _, number) in zip(spots, found, strict=True):
        before = _until_end(reversed(words[max(0, place - _BESIDE) : place]))
        behind = _until_end(words[place + 1 : place + 1 + _BESIDE])
        least = _BESIDE if max(len(before), len(behind)) == _BESIDE else 0
        if len(before) >= least:
            yield "<".join(["", *before]), number
        if len(behind) >= least:
            yield ">".join([*behind, ""]), number


def _until_end(words: Iterable[str]) -> list[str]:
    return list(takewhile(lambda word: word not in _ENDS, words))


def hashed(text: str) -> np.ndarray:
    """The numbers of a text as hashes, ascending: uint64 [2, n], places and values."""
    pairs = sorted((_hash(place), _hash(number)) for place, number in places_of(text))
    return np.array(pairs, np.uint64).reshape(-1, 2).T


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


class Inside(NamedTuple):
    """What tells variants from copies, for some rows."""

    numbers: Numbers
    asked: Asked  # what users ask; of those none where that is not compared
    answers: ShingleSets  # the distinct words of each answer; of all none where there is no answer


def inside(texts: Iterable[str], asked: Asked, answers: ShingleSets) -> Inside:
    """What tells some rows apart, given the text of each, what it asks, and its answer."""
    found = [hashed(text) for text in texts]
    places, values = np.concatenate([np.empty((2, 0), np.uint64), *found], axis=1)
    first = bounds([one.shape[1] for one in found])
    numbers = Numbers(np.ascontiguousarray(places), np.ascontiguousarray(values), first)
    return Inside(numbers, asked, answers)


def together(parts: Sequence[tuple[np.ndarray, Inside]]) -> Inside:
    """All rows of some parts in the order of their numbers; with each part stand those of its rows."""
    order = np.argsort(np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in parts)]))
    own = [one for _, one in parts]
    first = chained([one.numbers.first for one in own])
    (places, begins), (values, _) = (
        taken(_chain([getattr(one.numbers, name) for one in own]), first, order)
        for name in ("places", "values")
    )
    asked = chained([one.asked.first for one in own])
    sentences, firsts = taken(np.arange(asked[-1]), asked, order)
    keys = _chain([one.asked.keys for one in own])[sentences]
    words = some_sets(_sets([one.asked.words for one in own]), sentences)
    answers = some_sets(_sets([one.answers for one in own]), order)
    return Inside(Numbers(places, values, begins), Asked(keys, words, firsts), answers)


def _chain(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.uint64), *arrays])


def _sets(sets: Sequence[ShingleSets]) -> ShingleSets:
    return ShingleSets(_chain([one.hashes for one in sets]), chained([one.first for one in sets]))
