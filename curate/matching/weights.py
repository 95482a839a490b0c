"""What each word of an item is worth as evidence: in bits, against the other items of its benchmark
and against usual language.

    rarity     -log2 of the share of the benchmark's other items that hold the word
    surprise   -log2 p(word | the two before it), at most 16: by the other items and a frozen table
               of usual n-grams (`background`) together

Nothing here looks at the data that is searched, so a verdict on one row does not depend on others.
Leave one out: an item's own counts are taken off, and items that are word for word the same are
one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.matching.background import Background
from curate.matching.index import distinct

_FEW = 100
"""A benchmark of fewer items is filled up with usual texts."""
_MOST = 16.0
_OTHERS, _SHARE = 3, 0.01
"""A word of its own stands in no more of the other items than this, or than this share of them."""


@dataclass(frozen=True)
class Texts:
    """The words of all items: those of item i are `ids[first[i]:first[i + 1]]`."""

    ids: np.ndarray  # int64 [words]: dense numbers of words, those of the background first
    first: np.ndarray  # int64 [items + 1]
    group: np.ndarray  # int64 [items]: the number of its benchmark

    @property
    def owner(self) -> np.ndarray:
        """The item of every word."""
        return np.repeat(np.arange(len(self.group)), np.diff(self.first))


def texts_of(hashes: np.ndarray, first: np.ndarray, group: np.ndarray, known: np.ndarray) -> Texts:
    """Number the words: those of the background as they stand there, others behind."""
    new = np.setdiff1d(hashes, known)
    every = np.concatenate([known, new])
    order = np.argsort(every)
    ids = order[np.searchsorted(every, hashes, sorter=order)]
    return Texts(ids.astype(np.int64), first, group)


def alone(texts: Texts) -> np.ndarray:
    """Of every item, the first one of its benchmark that has the same words: int64 [items]."""
    sums = np.zeros((len(texts.group), 2), np.uint64)
    place = (np.arange(len(texts.ids)) - np.repeat(texts.first[:-1], np.diff(texts.first))).astype(
        np.uint64
    )
    for column, seed in enumerate((0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)):
        mixed = (texts.ids.astype(np.uint64) + np.uint64(1)) * np.uint64(seed)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * (place * np.uint64(2) + np.uint64(1))
        np.add.at(sums[:, column], texts.owner, mixed ^ (mixed >> np.uint64(31)))
    keys = np.column_stack([texts.group.astype(np.uint64), np.diff(texts.first), sums])
    _, firsts, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    found: np.ndarray = firsts[which.ravel()]
    return found


def holders(ids: np.ndarray, texts: Texts, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of every word, how many other texts of its benchmark hold it; of every item, how many others
    there are.
    """
    owner, size = texts.owner, int(ids.max(initial=0)) + 1
    first = same[owner] == owner
    pairs = distinct(owner[first] * size + ids[first])
    keys, counts = np.unique(texts.group[pairs // size] * size + pairs % size, return_counts=True)
    held = counts[np.searchsorted(keys, texts.group[owner] * size + ids)] - 1
    n_groups = int(texts.group.max(initial=0)) + 1
    others = np.bincount(texts.group[np.unique(same)], minlength=n_groups)[texts.group] - 1
    return held, others


def rarity(held: np.ndarray, others: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Bits of each word, by how many of how many other items hold it; `usual` is the share of usual
    texts that do, with which a small benchmark is filled up.
    """
    filled = np.maximum(others, _FEW)
    share = (held + (filled - others) * usual + 0.5) / (filled + 0.5)
    bits: np.ndarray = np.maximum(-np.log2(share), 0.0)
    return bits


def surprise(texts: Texts, same: np.ndarray, background: Background) -> np.ndarray:
    """Bits of each word after the two before it: Witten and Bell's way to mix words, pairs and
    threes.
    """
    ids, owner = texts.ids, texts.owner
    size = max(int(ids.max(initial=0)) + 1, background.n_words) + 1
    start = size - 1  # what stands before a text
    place = np.arange(len(ids)) - texts.first[:-1][owner]
    last = np.where(place > 0, np.roll(ids, 1), start)
    last2 = np.where(place > 1, np.roll(ids, 2), start)
    used = np.zeros(size, np.bool_)
    used[ids], used[start] = True, True
    chance = np.full(len(ids), 1.0 / (1 << 17))
    before = np.zeros(len(ids), np.int64)
    table_before = np.zeros(background.n_words, np.int64)
    grams = [
        (before, table_before, np.arange(background.n_words), background.words),
        (last, *background.pairs(start, used)),
        (last2 * size + last, *background.threes(start, used)),
    ]
    for context, table_context, table_word, table_count in grams:
        both, inverse = np.unique(np.concatenate([table_context, context]), return_inverse=True)
        n = len(table_context)
        chance = _mixed(
            inverse[n:] * size + ids,
            inverse[:n] * size + table_word,
            table_count,
            size,
            len(both),
            texts,
            same,
            chance,
        )
    bits: np.ndarray = np.minimum(-np.log2(chance), _MOST)
    return bits


def _mixed(
    own: np.ndarray,
    table: np.ndarray,
    counts: np.ndarray,
    size: int,
    n_contexts: int,
    texts: Texts,
    same: np.ndarray,
    lower: np.ndarray,
) -> np.ndarray:
    """The chance of each word by one length of n-gram, given that by the shorter one.

    An n-gram is its context times `size` plus its word; `own` are those of the items, `table` those
    of the background with their `counts`."""
    grams, inverse = np.unique(np.concatenate([table, own]), return_inverse=True)
    usual = np.zeros(len(grams), np.int64)
    usual[inverse[: len(table)]] = counts
    context_of = grams // size
    usual_sum = np.bincount(context_of, usual, n_contexts)
    usual_kinds = np.bincount(context_of[usual > 0], minlength=n_contexts)
    gram, owner, n = inverse[len(table) :], texts.owner, len(grams)
    held = distinct(owner * n + gram)  # an item and an n-gram of it
    item, which = held // n, held % n
    first = same[item] == item
    keys, shared = np.unique(texts.group[item[first]] * n + which[first], return_counts=True)
    group, of = keys // n, context_of[keys % n]
    context = group * n_contexts + of
    contexts, at = np.unique(context, return_inverse=True)
    sums = np.bincount(at, shared)
    kinds = np.bincount(at, usual[keys % n] == 0)
    # The item's own n-grams, to be taken off: one each, and a kind where nobody else has it.
    own_shared = shared[np.searchsorted(keys, texts.group[item] * n + which)]
    own_context = item * n_contexts + context_of[which]
    own_contexts, own_at = np.unique(own_context, return_inverse=True)
    own_sums = np.bincount(own_at)
    own_kinds = np.bincount(own_at, (usual[which] == 0) & (own_shared == 1))
    # Of every word.
    count = usual[gram] + shared[np.searchsorted(keys, texts.group[owner] * n + gram)] - 1
    here = np.searchsorted(contexts, texts.group[owner] * n_contexts + context_of[gram])
    mine = np.searchsorted(own_contexts, owner * n_contexts + context_of[gram])
    total = usual_sum[context_of[gram]] + sums[here] - own_sums[mine]
    n_kinds = usual_kinds[context_of[gram]] + kinds[here] - own_kinds[mine]
    found: np.ndarray = np.where(
        total + n_kinds > 0, (count + n_kinds * lower) / np.maximum(total + n_kinds, 1), lower
    )
    return found


def has_own(held: np.ndarray, others: np.ndarray, wordlike: np.ndarray, texts: Texts) -> np.ndarray:
    """Whether an item has a word of its own: one of letters that few of the others hold."""
    few = held <= np.maximum(_OTHERS, _SHARE * others[texts.owner])
    return np.bincount(texts.owner[few & wordlike], minlength=len(texts.group)) > 0
