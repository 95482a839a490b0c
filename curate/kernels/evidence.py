"""What the words of an item that stand in a record prove: the score of a pair, and the bits that
say whether it is more than a template and usual words."""

from __future__ import annotations

import numpy as np

from curate.kernels.items import Items
from curate.kernels.jit import inner


@inner
def gain(
    weights: np.ndarray, first: int, length: int, partners: np.ndarray, lost: float, run: int
) -> int:
    """The weight of the words that were found, less `lost` times that of the others, less `run` for
    every time that the record goes on elsewhere.
    """
    there, not_there, runs, before = np.int64(0), np.int64(0), np.int64(0), np.int64(-2)
    for i in range(length):
        if partners[i] < 0:
            not_there += weights[first + i]
            continue
        there += weights[first + i]
        if partners[i] != before + 1:
            runs += 1
        before = partners[i]
    return there - np.int64(lost * not_there) - run * max(runs - 1, np.int64(0))


@inner
def leading(
    items: Items, first: int, length: int, partners: np.ndarray, least: int
) -> tuple[int, int]:
    """The rarity and the surprise of the words with which an item begins, if the record has `least`
    of them or more, one after the other without a gap, and no other word of it; else nothing.
    """
    rarity, surprise, n, within = np.int64(0), np.int64(0), np.int64(0), True
    for i in range(length):
        within = within and partners[i] >= 0 and partners[i] == partners[0] + i
        if within:
            n += 1
            rarity += items.rarity[first + i]
            surprise += items.surprise[first + i]
        elif partners[i] >= 0:
            n = np.int64(0)
            break
    return (rarity, surprise) if n >= least else (np.int64(0), np.int64(0))


@inner
def score_of(item: int, items: Items, partners: np.ndarray) -> float:
    """Mean over the item's fields of the share of their words that was found, to twelve decimals;
    fields without words are left out.
    """
    total, word, fields = 0.0, np.int64(0), np.int64(0)
    for field in range(items.item_fields[item], items.item_fields[item + 1]):
        found, begin = np.int64(0), word
        for _ in range(items.field_first[field], items.field_first[field + 1]):
            found += np.int64(partners[word] >= 0)
            word += 1
        if word > begin:
            total += found / (word - begin)
            fields += 1
    return round(total / fields, 12) if fields > 0 else 0.0
