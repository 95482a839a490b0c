"""What people said of pairs of rows, put to use; and the sample of pairs that they are asked about.

A verdict belongs to two texts as they are compared, by their hashes: it holds for every row with
one of them. Which pairs are drawn depends on the seed and their two texts alone, so that another
threshold or another block size draws the same ones again, as far as they are still there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from curate.text.hashing import mixed
from curate.verdicts import DIFFERENT, DUPLICATE, Ruling

WORDS = (None, DUPLICATE, DIFFERENT)
SAMPLE = 100
"""Pairs that are drawn."""


class Given(NamedTuple):
    """The entries of the verdict file that have both their texts among the rows."""

    entries: np.ndarray  # int64: place in the file
    pairs: np.ndarray  # int64 [n, 2]: the first row with each text
    codes: np.ndarray  # int8: place in WORDS

    @property
    def apart(self) -> np.ndarray:
        """The pairs that are no duplicates."""
        wrong: np.ndarray = self.pairs[self.codes == WORDS.index(DIFFERENT)]
        return wrong


def ready(
    verdicts: Sequence[Ruling], exact: np.ndarray, first: np.ndarray, alive: np.ndarray
) -> Given:
    """Look up the texts of verdicts; `first` is for each row the first one with its text."""
    halves = np.array([_halves(v.doc_hash) + _halves(v.item_hash) for v in verdicts], np.uint64)
    wanted = halves.reshape(-1, 2)
    there = np.flatnonzero(alive & np.isin(exact[:, 0], wanted[:, 0])) if verdicts else wanted[:, 0]
    rows = {tuple(exact[row].tolist()): int(first[row]) for row in there.tolist()}
    found = [
        (entry, rows[one], rows[other], WORDS.index(verdict.verdict))
        for entry, verdict in enumerate(verdicts)
        if (one := _halves(verdict.doc_hash)) in rows
        and (other := _halves(verdict.item_hash)) in rows
    ]
    lines = np.array(found, np.int64).reshape(-1, 4)
    return Given(lines[:, 0], lines[:, 1:3], lines[:, 3].astype(np.int8))


def said(given: Given, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What was said of some pairs of rows (int64 [n, 2], each the first row with its text), as places
    in WORDS; and to how many of them each entry applies.
    """
    own = {tuple(sorted(pair)): place for place, pair in enumerate(given.pairs.tolist())}
    codes, applied = np.zeros(len(pairs), np.int8), np.zeros(len(given.entries), np.int64)
    near = np.isin(pairs, given.pairs).all(axis=1)
    for at in np.flatnonzero(near).tolist():
        place = own.get(tuple(sorted(pairs[at].tolist())))
        if place is not None:
            codes[at] = given.codes[place]
            applied[place] += 1
    return codes, applied


def drawn(texts: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    """The places of up to SAMPLE pairs of different texts, given by their hashes (uint64 [n, 2]), in
    the order in which they are drawn.
    """
    keys = mixed(mixed(texts[:, 0] ^ others[:, 0]) ^ np.uint64(seed % (1 << 64)))
    once, places = np.unique(keys, return_index=True)
    chosen: np.ndarray = places[: min(SAMPLE, len(once))]
    return chosen


def void(verdicts: Sequence[Ruling], given: Given, applied: np.ndarray) -> list[str | None]:
    """Why each entry applies to no pair; None where it does."""
    reasons: list[str | None] = ["one of the two texts is not there any more"] * len(verdicts)
    for entry, n in zip(given.entries.tolist(), applied.tolist(), strict=True):
        reasons[entry] = None if n else "neither row goes for the other any more"
    return reasons


def _halves(text: str) -> tuple[int, int]:
    return int(text[:16], 16), int(text[16:], 16)
