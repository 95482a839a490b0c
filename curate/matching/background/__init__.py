"""Usual language, as it was counted once and ships with the package: which words, pairs and threes
of words stand in how many usual texts.

`robust` asks it how surprising a word of an item is. It never changes with the data, its digest
stands in the lock, and `benchmarks/recall/background.py` says what it was made of and makes it
again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from curate.kernels.words import words_of_all
from curate.text.buffer import lay_out

_TABLE = Path(__file__).parent / "table.npz"
_START = 0xFFFF
"""What stands for the beginning of a text, where it is a word."""


@dataclass(frozen=True)
class Background:
    """Counts of texts: of each word, and of pairs and threes as rows of word numbers."""

    n_texts: int
    hashes: np.ndarray  # uint64 [words], those of `kernels.words`
    words: np.ndarray  # int64 [words]: texts that hold it
    pair_rows: np.ndarray  # int64 [., 2]
    pair_counts: np.ndarray
    three_rows: np.ndarray  # int64 [., 3]
    three_counts: np.ndarray

    @property
    def n_words(self) -> int:
        """How many words it knows."""
        return len(self.words)

    def pairs(self, start: int, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the pairs whose first word is `used`, that word, the second, and the count; `start` is
        the number of the beginning of a text.
        """
        first = np.where(self.pair_rows[:, 0] == _START, start, self.pair_rows[:, 0])
        kept = used[first]
        return first[kept], self.pair_rows[kept, 1], self.pair_counts[kept]

    def threes(self, start: int, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the threes whose first two words are `used`, these as one number, first times
        `len(used)` plus second; the third; the count.
        """
        first, second = (
            np.where(self.three_rows[:, i] == _START, start, self.three_rows[:, i]) for i in (0, 1)
        )
        kept = used[first] & used[second]
        before = first[kept] * len(used) + second[kept]
        return before, self.three_rows[kept, 2], self.three_counts[kept]

    def share(self, hashes: np.ndarray) -> np.ndarray:
        """Of words given by their hashes, the share of usual texts that hold each."""
        order = np.argsort(self.hashes)
        at = np.minimum(np.searchsorted(self.hashes, hashes, sorter=order), len(order) - 1)
        known = self.hashes[order[at]] == hashes
        return (np.where(known, self.words[order[at]], 0) + 0.5) / (self.n_texts + 0.5)


@cache
def background() -> Background:
    """The table that ships."""
    with np.load(_TABLE) as arrays:
        texts = arrays["words"].tobytes().decode().split("\n")
        rows = {
            name: np.stack([arrays[f"{name}_{i}"] for i in range(n)], axis=1).astype(np.int64)
            for name, n in (("pair", 2), ("three", 3))
        }
        counts = {
            name: arrays[f"{name}_counts"].astype(np.int64) for name in ("word", "pair", "three")
        }
        n_texts = int(arrays["texts"])
    hashes = words_of_all(*lay_out(texts)).hashes
    return Background(
        n_texts, hashes, counts["word"], rows["pair"], counts["pair"], rows["three"],
        counts["three"],
    )  # fmt: skip


@cache
def digest() -> str:
    """SHA-256 of the table's file."""
    return hashlib.sha256(_TABLE.read_bytes()).hexdigest()
