"""What words and signs prove, in plain Python: their rarity among sister items and their surprise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from math import log2
from pathlib import Path

import numpy as np

from curate.matching import background


@cache
def usual() -> tuple[int, list[dict[tuple[str, ...], Counter[str]]]]:
    """How many usual texts there are, and after no, one and two words how many have which next."""
    with np.load(Path(background.__file__).parent / "table.npz") as arrays:
        names = [*arrays["words"].tobytes().decode().split("\n")]
        tables = [(arrays["word_counts"], [np.arange(len(names))])] + [
            (arrays[f"{name}_counts"], [arrays[f"{name}_{i}"] for i in range(n)])
            for name, n in (("pair", 2), ("three", 3))
        ]
        n_texts = int(arrays["texts"])
    found = []
    for counts, columns in tables:
        after: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for *gram, n in zip(*(column.tolist() for column in columns), counts.tolist(), strict=True):
            *before, word = (names[i] if i < 0xFFFF else "" for i in gram)
            after[tuple(before)][word] = n
        found.append(after)
    return n_texts, found


@cache
def usual_total(size: int, context: tuple[str, ...]) -> int:
    """How often anything follows a context in usual texts."""
    return usual()[1][size].get(context, Counter()).total()


def usual_share(word: str) -> float:
    """The share of usual texts that hold a word."""
    n_texts, after = usual()
    return float((after[0][()][word] + 0.5) / (n_texts + 0.5))


def sign_share(sign: str) -> float:
    """The same of a word or symbol; of one that is not known there, half."""
    return usual_share(sign) if usual()[1][0][()][sign] else 0.5


def rarity_of(word: str, others: Sequence[Sequence[str]], share: float) -> float:
    """Bits of a word against the other texts of a benchmark, filled up to a hundred."""
    n = max(len(others), 100)
    held = sum(word in other for other in others) + (n - len(others)) * share
    return max(0.0, -log2((held + 0.5) / (n + 0.5)))


def surprise_of(own: Sequence[str], others: Sequence[Sequence[str]]) -> list[float]:
    """Bits of each word after the two before it."""
    chances = [1 / 2**17] * len(own)
    for size in range(3):
        after: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for other in others:
            padded = [*[""] * size, *other]
            for gram in {tuple(padded[i : i + size + 1]) for i in range(len(other))}:
                after[gram[:-1]][gram[-1]] += 1
        padded = [*[""] * size, *own]
        for i in range(len(own)):
            context = tuple(padded[i : i + size])
            here, there = after[context], usual()[1][size].get(context, Counter())
            n = here.total() + usual_total(size, context)
            kinds = len(there) + sum(word not in there for word in here)
            if kinds:
                chances[i] = (here[own[i]] + there[own[i]] + kinds * chances[i]) / (n + kinds)
    return [min(16.0, -log2(chance)) for chance in chances]
