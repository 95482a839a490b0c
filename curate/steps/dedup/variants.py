"""The numbers of texts, each with the place where it stands, so that those of two texts can be held
against each other.

Two texts that are the same but for numbers are two exercises of one template, not two copies. A
place is the two words before a number, or the two behind it, numbers themselves standing as one
sign; two texts differ in one if each has a number there that the other lacks. A number that is only
left out or added differs nowhere: that is an edit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b

import numpy as np

from curate.kernels.similar import Numbers
from curate.text.numbers import located

_BESIDE = 2
_WORD = re.compile(r"\w+|\0")


def places_of(text: str) -> Iterator[tuple[str, str]]:
    """Every number of a text twice: what stands before it, and what stands behind it, each with the
    number in plain decimal notation.
    """
    text = text.replace("\0", " ")
    found = list(located(text))
    bare, at = [], 0
    for start, stop, _ in found:
        bare += [text[at:start], " \0 "]
        at = stop
    words = [word.lower() for word in _WORD.findall("".join([*bare, text[at:]]))]
    spots = (place for place, word in enumerate(words) if word == "\0")
    for place, (_, _, number) in zip(spots, found, strict=True):
        yield "<".join(["", *words[max(0, place - _BESIDE) : place]]), number
        yield ">".join([*words[place + 1 : place + 1 + _BESIDE], ""]), number


def hashed(text: str) -> np.ndarray:
    """The numbers of a text as hashes, ascending: uint64 [2, n], places and values."""
    pairs = sorted((_hash(place), _hash(number)) for place, number in places_of(text))
    return np.array(pairs, np.uint64).reshape(-1, 2).T


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def numbers_of(hashes: Mapping[int, np.ndarray], rows: np.ndarray) -> Numbers:
    """The numbers of some rows, given those of each that has a text."""
    own = [hashes[row] for row in rows.tolist()]
    first = np.cumsum([0, *(one.shape[1] for one in own)]).astype(np.int64)
    flat = np.concatenate([np.empty((2, 0), np.uint64), *own], axis=1)
    return Numbers(np.ascontiguousarray(flat[0]), np.ascontiguousarray(flat[1]), first)
