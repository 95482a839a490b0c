"""What a pair is that shares most of an item's words: a copy, another item of the same template, or
another question about the same text."""

from __future__ import annotations

import numpy as np

from curate.kernels.align import Words
from curate.kernels.items import Items, Rule
from curate.kernels.jit import inner
from curate.kernels.numbers import numbers_of
from curate.kernels.words import NUMBER, PLAIN

_LOOSE = 6
"""Words that a gap may be longer in the record than twice the item's."""
_ASKS = 3
"""Words of a question: a copy that is cut short before its last sentence asks nothing else."""


@inner
def is_variant(item: int, items: Items, words: Words, partners: np.ndarray, rule: Rule) -> bool:
    """Whether the words that are no numbers and no names agree, and other numbers have taken the
    place of the item's: another item of one template.
    """
    first, end = items.first[item], items.first[item + 1]
    plain, found, numbers, differ = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for at in range(first, end):
        if items.kinds[at] == PLAIN:
            plain += 1
            found += np.int64(partners[at - first] >= 0)
        elif items.kinds[at] == NUMBER:
            numbers += 1
    if numbers == 0 or found < rule.plain_agrees * plain:
        return False
    low = first
    while low < end:
        high = low
        while high < end and partners[high - first] < 0:
            high += 1
        if high > low:
            differ += _replaced(low, high, first, end, items, words, partners)
        low = high + 1
    return bool(differ >= rule.numbers_differ * numbers)


@inner
def _replaced(
    low: int, high: int, first: int, end: int, items: Items, words: Words, partners: np.ndarray
) -> int:
    """How many words of the item's gap `low:high` name numbers in whose place the record has
    others.

    A number that is gone, or a word that is none in its place, is an edit. So is a gap that is much
    longer in the record: nothing says that what is there stands for what was here."""
    n, by_value, by_digits = numbers_of(
        low, high, items.data, items.begins, items.ends, items.hashes,
        items.number_hashes, items.number_values,
    )  # fmt: skip
    if n == 0:
        return np.int64(0)
    start = partners[low - 1 - first] + 1 if low > first else np.int64(-1)
    stop = partners[high - first] if high < end else np.int64(-1)
    if start < 0:
        start = max(stop - (high - low), np.int64(0))
    elif stop < 0:
        stop = min(start + (high - low), np.int64(words.size))
    if stop - start > 2 * (high - low) + _LOOSE:
        return np.int64(0)
    others, value, digits = numbers_of(
        start, stop, words.data, words.begins, words.ends, words.hashes,
        items.number_hashes, items.number_values,
    )  # fmt: skip
    same = by_value == value or by_digits == digits
    return n if others > 0 and not same else np.int64(0)


@inner
def asks_otherwise(item: int, items: Items, words: Words, partners: np.ndarray, rule: Rule) -> bool:
    """Whether the item's last sentence is not there, and the rest is, and something is said in its
    place; or one of several fields is not there.
    """
    first, asked, end = items.first[item], items.asked[item], items.first[item + 1]
    there, whole = np.int64(0), np.int64(0)
    told, text, behind = np.int64(0), np.int64(0), np.int64(0)
    for at in range(first, end):
        found = items.surprise[at] if partners[at - first] >= 0 else np.int64(0)
        if at < asked:
            told, text = told + found, text + items.surprise[at]
            behind = max(behind, partners[at - first] + 1)
        else:
            there, whole = there + found, whole + items.surprise[at]
    goes_on = words.size - behind >= _ASKS
    if goes_on and text > 0 and there < rule.asked * whole and told >= rule.told * text:
        return True
    if items.item_fields[item + 1] - items.item_fields[item] < 2:
        return False
    for field in range(items.item_fields[item], items.item_fields[item + 1]):
        there, whole = np.int64(0), np.int64(0)
        for at in range(items.field_first[field], items.field_first[field + 1]):
            whole += items.surprise[at]
            if partners[at - first] >= 0:
                there += items.surprise[at]
        if there < rule.each_field * whole:
            return True
    return False
