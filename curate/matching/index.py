"""The n-grams of every benchmark item, ready to be looked up from training text.

An index holds the items' texts, where their tokens stand, every distinct n-gram once, and for each n-gram the token
positions where it begins (its postings). Look-ups go through a small blocked Bloom filter, then an open-addressing
table of 64-bit hashes, then the tokens themselves: two n-grams are one only if their tokens are equal, so a hash
collision costs time, never a wrong answer.

Bound: an index takes about 60 bytes a benchmark token and lies in memory whole (a million tokens: 60 MB).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from curate.text.buffer import lay_out
from curate.text.kernels import MAX_TOKENS, K, count_points, jit, make_edges, next_tokens, same_token

P = np.uint64(0xD6E8FEB86659FD93)
"""Base of the polynomial hash over the token hashes of a window."""
_NGRAM_BITS, _PIECE_BITS = 16, 8
"""Bits of each filter an entry has. The filter of pieces is asked every few tokens: it has to stay in the cache."""


class Tokens(NamedTuple):
    """Tokens of many texts that lie in one buffer: byte offsets, hashes, and `first[i]:first[i+1]` are those of text
    i."""

    begins: np.ndarray
    ends: np.ndarray
    hashes: np.ndarray
    first: np.ndarray


class Table(NamedTuple):
    """What the kernels read: flat arrays only, so that numba passes them as one tuple."""

    n: int
    data: np.ndarray  # uint8: the fields' texts, one after the other
    begins: np.ndarray  # int64 [tokens]: byte offsets into data
    ends: np.ndarray
    points: np.ndarray  # int32 [tokens, 2]: code points of each token within its item's text
    field_first: np.ndarray  # int64 [fields + 1]: first token of each field
    item_first: np.ndarray  # int64 [items + 1]: first field of each item
    token_item: np.ndarray  # int32 [tokens]: the item a token belongs to
    pieces: np.ndarray  # uint64 words: Bloom filter of the runs of (n + 1) // 2 tokens
    bloom: np.ndarray  # uint64 words: Bloom filter of the n-grams
    slots: (
        np.ndarray
    )  # uint64 [slots, 2]: window hash; n-gram id + 1 (0: free) above, one token position where it begins below
    postings_first: np.ndarray  # int64 [n-grams + 1]
    postings: np.ndarray  # int32: token positions where the n-gram begins, ascending


@dataclass(frozen=True)
class Index:
    """A built index: `table` for the kernels, `n_tokens` and `matchable` per item for people."""

    table: Table
    n_tokens: np.ndarray  # int32 [items]
    matchable: np.ndarray  # bool [items]: the best possible score exceeds the threshold

    @property
    def n_items(self) -> int:
        """How many items the index holds."""
        return len(self.n_tokens)


@jit
def tokenise_all(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> Tokens:
    """Tokenise every text `data[starts[i]:stops[i]]`."""
    capacity = 0
    for i in range(starts.size):
        capacity += (stops[i] - starts[i]) // 2 + 1
    begins, ends = np.empty(capacity + MAX_TOKENS, np.int64), np.empty(capacity + MAX_TOKENS, np.int64)
    hashes = np.empty(capacity + MAX_TOKENS, np.uint64)
    first = np.zeros(starts.size + 1, np.int64)
    edges, k = make_edges(), np.int64(0)
    for i in range(starts.size):
        at = starts[i]
        while at < stops[i]:
            k, at = next_tokens(data, at, stops[i], edges, begins, ends, hashes, k)
        first[i + 1] = k
    return Tokens(begins[:k].copy(), ends[:k].copy(), hashes[:k].copy(), first)


@jit
def window_hash(hashes: np.ndarray, first: int, n: int) -> np.uint64:
    """The hash of the n tokens from `first` on: a polynomial of their hashes."""
    h, weight = np.uint64(0), P
    for j in range(first, first + n):
        h += hashes[j] * weight  # a product of its own for each token, so that they overlap
        weight *= P
    return h


@jit
def _window_hashes(hashes: np.ndarray, first: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The hash of each n-token window of each text, and the token position where it begins."""
    windows, positions = np.empty(hashes.size, np.uint64), np.empty(hashes.size, np.int64)
    k = 0
    for text in range(first.size - 1):
        for begin in range(first[text], first[text + 1] - n + 1):
            windows[k], positions[k] = window_hash(hashes, begin, n), begin
            k += 1
    return windows[:k].copy(), positions[:k].copy()


@jit
def same_window(a: np.ndarray, a0: int, begins: np.ndarray, ends: np.ndarray, b: np.ndarray, b0: int, b_begins: np.ndarray, b_ends: np.ndarray, n: int) -> bool:  # fmt: skip  # noqa: E501
    """Whether the n tokens from `a0` on are those from `b0` on."""
    for i in range(n):  # noqa: SIM110 - compiled
        if not same_token(a, begins[a0 + i], ends[a0 + i], b, b_begins[b0 + i], b_ends[b0 + i]):
            return False
    return True


@jit
def _number_windows(windows: np.ndarray, positions: np.ndarray, data: np.ndarray, begins: np.ndarray, ends: np.ndarray, n: int) -> tuple[np.ndarray, int]:  # fmt: skip  # noqa: E501
    """Give equal windows one id; `windows` is sorted. Windows of one hash are compared token by token."""
    ids = np.empty(windows.size, np.int64)
    representative = np.empty(windows.size, np.int64)
    n_ids, run = 0, 0
    for k in range(windows.size):
        if k > 0 and windows[k] != windows[k - 1]:
            run = n_ids
        ids[k] = -1
        for candidate in range(run, n_ids):
            if same_window(data, positions[k], begins, ends, data, representative[candidate], begins, ends, n):
                ids[k] = candidate
                break
        if ids[k] < 0:
            ids[k], representative[n_ids] = n_ids, positions[k]
            n_ids += 1
    return ids, n_ids


@jit
def bloom_word(window: np.uint64, size: int) -> tuple[int, np.uint64]:
    """Which word of the filter a window falls in, and the three bits it sets there."""
    h = window * K
    h ^= h >> np.uint64(32)
    six = np.uint64(63)
    bits = np.uint64(1) << (h & six)
    bits |= np.uint64(1) << ((h >> np.uint64(6)) & six)
    bits |= np.uint64(1) << ((h >> np.uint64(12)) & six)
    return np.int64((h >> np.uint64(18)) & np.uint64(size - 1)), bits


@jit
def first_slot(window: np.uint64, size: int) -> int:
    """Where the search for a window begins in the open-addressing table."""
    h = window * K
    return np.int64((h ^ (h >> np.uint64(31))) & np.uint64(size - 1))


@jit
def may_hold(bloom: np.ndarray, window: np.uint64) -> bool:
    """Whether a filter may hold a window; False is certain."""
    word, bits = bloom_word(window, bloom.size)
    return bloom[word] & bits == bits


@jit
def _fill_bloom(bloom: np.ndarray, windows: np.ndarray) -> None:
    for window in windows:
        word, bits = bloom_word(window, bloom.size)
        bloom[word] |= bits


def make_bloom(windows: np.ndarray, bits: int) -> np.ndarray:
    """A filter of distinct windows; with 16 bits each, about one stranger in a hundred gets through."""
    bloom = np.zeros(power_of_two(len(windows) * bits) // 64, np.uint64)
    _fill_bloom(bloom, windows)
    return bloom


@jit
def fill_slots(slots: np.ndarray, windows: np.ndarray, positions: np.ndarray) -> None:
    """Enter each distinct n-gram, of hash `windows[id]` and beginning at `positions[id]`, into the table."""
    for ngram in range(windows.size):
        slot = first_slot(windows[ngram], slots.shape[0])
        while slots[slot, 1] != 0:
            slot = (slot + 1) & (slots.shape[0] - 1)
        slots[slot, 0] = windows[ngram]
        slots[slot, 1] = (np.uint64(ngram + 1) << np.uint64(32)) | np.uint64(positions[ngram])


@jit
def token_points(data: np.ndarray, starts: np.ndarray, tokens: Tokens, offsets: np.ndarray) -> np.ndarray:
    """Code-point offsets of every token within its item; `offsets[f]` is where field f begins in its item's text."""
    points = np.empty((tokens.begins.size, 2), np.int32)
    for field in range(starts.size):
        at, count = starts[field], offsets[field]
        for j in range(tokens.first[field], tokens.first[field + 1]):
            count += count_points(data, at, tokens.begins[j])
            points[j, 0] = count
            count += count_points(data, tokens.begins[j], tokens.ends[j])
            points[j, 1] = count
            at = tokens.ends[j]
    return points


def power_of_two(at_least: int) -> int:
    """The next power of two, and at least 64."""
    return 1 << max(6, (at_least - 1).bit_length())


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values of an array, ascending: `np.unique`, which takes twenty times as long for many hashes."""
    values = np.sort(values)
    return values[np.append(True, values[1:] != values[:-1])[: len(values)]]


@dataclass(frozen=True)
class LeftOut:
    """N-grams that do not count: those of templates, and those of symbols.

    A template n-gram stands in more than the share `common` of the items of one benchmark, `group` of each item saying
    which that is, and in at least `_FEW` of them. With `singles`, an n-gram does not count if more than half of its
    tokens have one character (Olmo 3 report, arXiv 2512.13961, §4.2.1 has both rules, with templates listed by hand).
    """

    common: float | None = None
    singles: bool = False
    group: np.ndarray | None = None  # int [items]


_FEW = 5


def _counted(
    ids: np.ndarray, positions: np.ndarray, points: np.ndarray, token_item: np.ndarray, n: int, rule: LeftOut
) -> np.ndarray:
    """Of the n-grams, whether each one counts; `ids[k]` is the one that begins at `positions[k]`."""
    counted = np.ones(int(ids.max(initial=-1)) + 1, np.bool_)
    if rule.singles:
        single = np.concatenate([[0], np.cumsum(points[:, 1] - points[:, 0] == 1)])
        counted[ids[2 * (single[positions + n] - single[positions]) > n]] = False
    if rule.common is not None and rule.group is not None and len(ids):
        group = np.asarray(rule.group, np.int64)
        sizes = np.bincount(group)
        holders = distinct(ids * len(group) + token_item[positions])  # an n-gram and an item that holds it
        at, holding = np.unique(holders // len(group) * len(sizes) + group[holders % len(group)], return_counts=True)
        template = (holding > rule.common * sizes[at % len(sizes)]) & (holding >= _FEW)
        counted[at[template] // len(sizes)] = False
    return counted


def build_index(items: Sequence[Sequence[str]], n: int, threshold: float, left_out: LeftOut | None = None) -> Index:
    """Index items, each given as the texts of its fields; an item's text is its fields joined by one newline.

    `threshold` only decides which items are called matchable: those whose score would exceed it if every window that
    counts matched.
    """
    data, starts, stops = lay_out(field for item in items for field in item)
    tokens = tokenise_all(data, starts, stops)
    item_first = np.concatenate([[0], np.cumsum([len(item) for item in items], dtype=np.int64)]).astype(np.int64)
    field_item = np.repeat(np.arange(len(items), dtype=np.int32), np.diff(item_first))
    points = token_points(data, starts, tokens, field_offsets(items))
    windows, positions = _window_hashes(tokens.hashes, tokens.first, n)
    order = np.argsort(windows, kind="stable")
    ids, n_ids = _number_windows(windows[order], positions[order], data, tokens.begins, tokens.ends, n)
    token_item = np.repeat(field_item, np.diff(tokens.first))
    if left_out is not None:
        counted = _counted(ids, positions[order], points, token_item, n, left_out)
        order, ids = order[counted[ids]], (np.cumsum(counted) - 1)[ids[counted[ids]]]
        n_ids = int(np.count_nonzero(counted))
    by_id = np.argsort(ids, kind="stable")
    postings_first = np.concatenate([[0], np.cumsum(np.bincount(ids, minlength=n_ids))]).astype(np.int64)
    postings = positions[order][by_id].astype(np.int32)
    slots = np.zeros((power_of_two(2 * n_ids), 2), np.uint64)
    firsts = postings_first[:-1]
    ngrams = windows[order][by_id][firsts]
    fill_slots(slots, ngrams, postings[firsts])
    pieces = distinct(_window_hashes(tokens.hashes, tokens.first, (n + 1) // 2)[0])
    lengths = np.diff(tokens.first)
    table = Table(
        n=n,
        data=data,
        begins=tokens.begins,
        ends=tokens.ends,
        points=points,
        field_first=tokens.first,
        item_first=item_first,
        token_item=token_item,
        pieces=make_bloom(pieces, _PIECE_BITS),
        bloom=make_bloom(ngrams, _NGRAM_BITS),
        slots=slots,
        postings_first=postings_first,
        postings=postings,
    )
    n_tokens = np.bincount(field_item, weights=lengths, minlength=len(items)).astype(np.int32)
    reach = np.zeros(len(tokens.begins) + 1, np.int64)  # of each token, in how many windows that count it lies
    np.add.at(reach, postings, 1)
    np.add.at(reach, postings + n, -1)
    covered = np.concatenate([[0], np.cumsum(np.cumsum(reach)[:-1] > 0)])
    share = np.diff(covered[tokens.first]) / np.maximum(lengths, 1)
    best = np.bincount(field_item, weights=share, minlength=len(items)) / np.maximum(np.diff(item_first), 1)
    return Index(table, n_tokens, best.round(12) > threshold)


def field_offsets(items: Sequence[Sequence[str]]) -> np.ndarray:
    """Where each field begins in its item's text, in code points."""
    offsets: list[int] = []
    for item in items:
        at = 0
        for field in item:
            offsets.append(at)
            at += len(field) + 1
    return np.array(offsets, dtype=np.int64)
