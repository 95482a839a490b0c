"""A record and an item held against each other: the words they share, and what that makes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.align import Scratch, Words, align, confirm, place_words
from curate.kernels.evidence import gain, leading, score_of
from curate.kernels.items import Items, Rule, Signs
from curate.kernels.jit import inner
from curate.kernels.signs import SignRoom, sign_gain
from curate.kernels.variant import asks_otherwise, is_variant

LEAK, VARIANT, OTHER, TEMPLATE = 1, 2, 4, 5
"""Places in `ngram.LABELS`."""
_NEAR = 2
"""Pairs are told from a template's if they have the bits, and are kept from half of them on."""


class Judged(NamedTuple):
    """What is to be said of one pair."""

    score: float
    label: int  # LEAK ..., or 0 for a pair that is not worth keeping
    share: float  # of words and symbols, for an item without words of its own
    whole: bool  # whether all places of all words were looked at


@inner
def may_be(
    item: int, items: Items, bare: bool, words: Words, low: int, high: int, rule: Rule,
    scratch: Scratch,
) -> bool:  # fmt: skip
    """Whether the words of an item that stand anywhere in `low:high` would be enough to keep the
    pair: no alignment can have more of them.
    """
    first, length = items.first[item], items.first[item + 1] - items.first[item]
    partners, before, known, hashes = scratch.partners, scratch.before, items.hashes, words.hashes
    heads = scratch.heads
    for i in range(length):
        partners[i] = -1
    mask = place_words(first, length, known, partners, heads, before)
    n, rarity, surprise = np.int64(0), np.int64(0), np.int64(0)
    for word in range(low, high):
        i = np.int64(heads[np.int64(hashes[word] & mask)])
        while i >= 0:
            if known[first + i] == hashes[word]:
                if partners[i] >= 0:
                    break
                partners[i], n = word, n + 1
                rarity += items.rarity[first + i]
                surprise += items.surprise[first + i]
            i = np.int64(before[i])
    if items.item_fields[item + 1] - items.item_fields[item] == 1 and n < rule.floor * length:
        return False
    if bare:
        return True
    if rarity >= rule.cut_rarity and surprise >= rule.cut_surprise:
        begins = rule.cut_words <= length
        for i in range(min(rule.cut_words, length)):
            begins = begins and partners[i] >= 0
        if begins:
            return True
    lost = rule.lost
    return (
        rarity - lost * (items.rarity_sum[item] - rarity) >= rule.rarity // _NEAR
        and surprise - lost * (items.surprise_sum[item] - surprise) >= rule.surprise // _NEAR
    )


@inner
def judge(
    item: int, items: Items, signs: Signs, words: Words, low: int, high: int, mark: int,
    rule: Rule, scratch: Scratch, room: SignRoom,
) -> Judged:  # fmt: skip
    """Hold an item against the words `low:high` of a record; `scratch.partners` has the record's
    words in which the item's were found.
    """
    first, length = items.first[item], items.first[item + 1] - items.first[item]
    partners = scratch.partners
    evident, near, share, whole = False, True, 0.0, True
    bare = signs.first[item + 1] > signs.first[item]
    if bare:
        bits, share, whole = sign_gain(
            item, items.data, low, high, signs, words, room, rule, scratch
        )
        evident, near = bits >= rule.signs, bits >= rule.signs // _NEAR
        if not near:
            return Judged(0.0, np.int64(0), share, whole)
    found, every = align(
        first, length, items.hashes, items.weights, words, low, high, mark, rule.gap, rule.moved,
        rule.moved_bits, rule.moved_words, scratch,
    )  # fmt: skip
    whole = whole and every
    if not bare and found == 0:
        return Judged(0.0, np.int64(0), share, whole)
    confirm(
        first, length, items.data, items.begins, items.ends, words.data, words.begins, words.ends,
        partners,
    )  # fmt: skip
    score = score_of(item, items, partners)
    if not bare:
        rarity = gain(items.rarity, first, length, partners, rule.lost, rule.run)
        surprise = gain(items.surprise, first, length, partners, rule.lost, rule.run)
        evident = rarity >= rule.rarity and surprise >= rule.surprise
        near = rarity >= rule.rarity // _NEAR and surprise >= rule.surprise // _NEAR
        if not evident:
            rarity, surprise = leading(items, first, length, partners, rule.cut_words)
            evident = rarity >= rule.cut_rarity and surprise >= rule.cut_surprise
            near = near or evident
    if not near:
        return Judged(score, np.int64(0), share, whole)
    if not evident:
        return Judged(score, np.int64(TEMPLATE), share, whole)
    if is_variant(item, items, words, partners, rule):
        return Judged(score, np.int64(VARIANT), share, whole)
    if asks_otherwise(item, items, words, partners, rule):
        return Judged(score, np.int64(OTHER), share, whole)
    return Judged(score, np.int64(LEAK), share, whole)
