"""The n-grams of every benchmark item, ready to be looked up from training text.

An index holds the items' texts, where their tokens stand, every distinct n-gram once, and for each
n-gram the token positions where it begins (its postings). Look-ups go through a small blocked Bloom
filter, then an open-addressing table of 64-bit hashes, then the tokens themselves: two n-grams are
one only if their tokens are equal, so a hash collision costs time, never a wrong answer.

Bound: an index takes about 60 bytes a benchmark token and lies in memory whole (a million tokens:
60 MB)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.kernels.ngram import Table
from curate.kernels.texts import Tokens, tokenise_all
from curate.kernels.windows import P, bloom_word, fill_slots, number_windows
from curate.text.buffer import lay_out

_NGRAM_BITS, _PIECE_BITS = 16, 8
"""Bits of each filter an entry has. The filter of pieces is asked every few tokens: it has to stay
in the cache.
"""


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


def window_hashes(hashes: np.ndarray, owner: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The hash of every window of n tokens of one owner, as `windows.window_hash` has it, and where
    it begins.
    """
    size = max(0, len(hashes) - n + 1)
    windows, weight = np.zeros(size, np.uint64), np.array([P])
    for j in range(n):
        windows += hashes[j : j + size] * weight
        weight = weight * P
    inside = owner[:size] == owner[n - 1 : n - 1 + size]
    return windows[inside], np.flatnonzero(inside)


def token_points(
    data: np.ndarray, starts: np.ndarray, tokens: Tokens, offsets: np.ndarray
) -> np.ndarray:
    """Code-point offsets of every token within its item; `offsets[f]` is where field f begins in
    its item's text.
    """
    before = np.zeros(len(data) + 1, np.int32)  # of each byte, the code points that begin before it
    np.cumsum((data & 0xC0) != 0x80, out=before[1:])
    base = np.repeat(offsets - before[starts], np.diff(tokens.first))
    return np.stack([before[tokens.begins] + base, before[tokens.ends] + base], axis=1).astype(
        np.int32
    )


def make_bloom(windows: np.ndarray, bits_each: int) -> np.ndarray:
    """A filter of distinct windows; with 16 bits each, about one stranger in a hundred gets
    through.
    """
    bloom = np.zeros(power_of_two(len(windows) * bits_each) // 64, np.uint64)
    words, bits = bloom_word(windows, bloom.size)
    np.bitwise_or.at(bloom, words, bits)
    return bloom


def power_of_two(at_least: int) -> int:
    """The next power of two, and at least 64."""
    return 1 << max(6, (at_least - 1).bit_length())


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values of an array, ascending: `np.unique`, which takes twenty times as long for
    many hashes.
    """
    values = np.sort(values)
    found: np.ndarray = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return found


@dataclass(frozen=True)
class LeftOut:
    """N-grams that do not count: those of templates, and those of symbols.

    A template n-gram stands in more than the share `common` of the items of one benchmark, `group`
    of each item saying which that is, and in at least `_FEW` of them. With `singles`, an n-gram
    does not count if more than half of its tokens have one character (Olmo 3 report, arXiv
    2512.13961, §4.2.1 has both rules, with templates listed by hand)."""

    common: float | None = None
    singles: bool = False
    group: np.ndarray | None = None  # int [items]


_FEW = 5


def _counted(
    ids: np.ndarray,
    positions: np.ndarray,
    points: np.ndarray,
    token_item: np.ndarray,
    n: int,
    rule: LeftOut,
) -> np.ndarray:
    """Of the n-grams, whether each one counts; `ids[k]` is the one that begins at `positions[k]`."""
    counted = np.ones(int(ids.max(initial=-1)) + 1, np.bool_)
    if rule.singles:
        single = np.concatenate([[0], np.cumsum(points[:, 1] - points[:, 0] == 1)])
        counted[ids[2 * (single[positions + n] - single[positions]) > n]] = False
    if rule.common is not None and rule.group is not None and len(ids):
        group = np.asarray(rule.group, np.int64)
        sizes = np.bincount(group)
        holders = distinct(
            ids * len(group) + token_item[positions]
        )  # an n-gram and an item that holds it
        at, holding = np.unique(
            holders // len(group) * len(sizes) + group[holders % len(group)], return_counts=True
        )
        template = (holding > rule.common * sizes[at % len(sizes)]) & (holding >= _FEW)
        counted[at[template] // len(sizes)] = False
    return counted


def build_index(
    items: Sequence[Sequence[str]], n: int, threshold: float, left_out: LeftOut | None = None
) -> Index:
    """Index items, each given as the texts of its fields; an item's text is its fields joined by
    one newline.

    `threshold` only decides which items are called matchable: those whose score would exceed it if
    every window that counts matched."""
    data, starts, stops = lay_out(field for item in items for field in item)
    tokens = tokenise_all(data, starts, stops)
    item_first = np.concatenate(
        [[0], np.cumsum([len(item) for item in items], dtype=np.int64)]
    ).astype(np.int64)
    field_item = np.repeat(np.arange(len(items), dtype=np.int32), np.diff(item_first))
    points = token_points(data, starts, tokens, field_offsets(items))
    token_field = np.repeat(np.arange(len(starts), dtype=np.int32), np.diff(tokens.first))
    windows, positions = window_hashes(tokens.hashes, token_field, n)
    order = np.argsort(windows, kind="stable")
    ids, n_ids = number_windows(
        windows[order], positions[order], data, tokens.begins, tokens.ends, n
    )
    token_item = np.repeat(field_item, np.diff(tokens.first))
    if left_out is not None:
        counted = _counted(ids, positions[order], points, token_item, n, left_out)
        order, ids = order[counted[ids]], (np.cumsum(counted) - 1)[ids[counted[ids]]]
        n_ids = int(np.count_nonzero(counted))
    by_id = np.argsort(ids, kind="stable")
    postings_first = np.concatenate([[0], np.cumsum(np.bincount(ids, minlength=n_ids))]).astype(
        np.int64
    )
    postings = positions[order][by_id].astype(np.int32)
    slots = np.zeros((power_of_two(2 * n_ids), 2), np.uint64)
    firsts = postings_first[:-1]
    ngrams = windows[order][by_id][firsts]
    fill_slots(slots, ngrams, postings[firsts])
    pieces = distinct(window_hashes(tokens.hashes, token_field, (n + 1) // 2)[0])
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
    reach = np.zeros(
        len(tokens.begins) + 1, np.int64
    )  # of each token, in how many windows that count it lies
    np.add.at(reach, postings, 1)
    np.add.at(reach, postings + n, -1)
    covered = np.concatenate([[0], np.cumsum(np.cumsum(reach)[:-1] > 0)])
    share = np.diff(covered[tokens.first]) / np.maximum(lengths, 1)
    best = np.bincount(field_item, weights=share, minlength=len(items)) / np.maximum(
        np.diff(item_first), 1
    )
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
