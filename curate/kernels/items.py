"""What the kernels of `robust` know of the items, and the numbers of its rule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Rule(NamedTuple):
    """The numbers that the kernels need; `RobustSettings` says what they mean. Bits come in parts
    of `UNIT`.
    """

    floor: float
    rarity: int
    surprise: int
    signs: int
    lost: float
    run: int
    cut_words: int
    cut_rarity: int
    cut_surprise: int
    gap: int
    sign_gap: int
    moved: int
    moved_bits: int
    moved_words: int
    plain_agrees: float
    numbers_differ: float
    asked: float
    told: float
    each_field: float


UNIT = 256
"""Bits are whole numbers of this part of one, so that sums do not depend on their order."""


class Items(NamedTuple):
    """The words of all items, and the seeds by which they are found: flat arrays, passed to numba
    as one tuple.
    """

    n: int  # words in a seed
    data: np.ndarray  # uint8: the fields' texts, one after the other
    begins: np.ndarray  # int64 [words]: byte offsets into data
    ends: np.ndarray
    hashes: np.ndarray  # uint64 [words]
    points: np.ndarray  # int32 [words, 2]: code points of each word within its item's text
    weights: np.ndarray  # int64 [words]: what an alignment gains by it
    rarity: np.ndarray  # int64 [words]: bits against the other items of its benchmark ...
    surprise: np.ndarray  # int64 [words]: ... and after the two words before it
    kinds: np.ndarray  # int8 [words]: PLAIN, NUMBER or CAPITALISED
    number_hashes: np.ndarray  # uint64, ascending: the words that name numbers ...
    number_values: np.ndarray  # int64: ... and what they are
    first: np.ndarray  # int64 [items + 1]: first word of each item
    field_first: np.ndarray  # int64 [fields + 1]: first word of each field
    item_fields: np.ndarray  # int64 [items + 1]: first field of each item
    asked: np.ndarray  # int64 [items]: first word of its last sentence
    rarity_sum: np.ndarray  # int64 [items]: of all its words
    surprise_sum: np.ndarray  # int64 [items]
    needs: np.ndarray  # int64 [items]: weight of seeds from which on a stretch is aligned
    reaches: np.ndarray  # int64 [items]: words that a stretch may span
    bloom: np.ndarray  # uint64 words: filter of the seeds
    slots: np.ndarray  # uint64 [slots, 2]: hash of a seed; its number + 1 above (0: free)
    seeds: np.ndarray  # int32 [seeds, 3]: first and end of its postings, its weight
    postings: (
        np.ndarray
    )  # int32 [., 2]: word positions where the seed begins, ascending, and their items


class Signs(NamedTuple):
    """The words and symbols of the items that have no words of their own (no sign of any other),
    which lie in the data of `Items`.
    """

    begins: np.ndarray  # int64 [signs]
    ends: np.ndarray
    hashes: np.ndarray  # uint64 [signs]
    weights: np.ndarray  # int64 [signs]: bits against the other items of its benchmark
    first: np.ndarray  # int64 [items + 1]
    group: np.ndarray  # int64 [items]: the number of its benchmark
