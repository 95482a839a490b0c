"""Windows of n tokens: their hashes, and the tables in which they are looked up.

A look-up goes through a small blocked Bloom filter, then an open-addressing table of 64-bit hashes,
then the tokens themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.kernels.jit import inner, jit
from curate.kernels.tokens import K, same_token

P = np.uint64(0xD6E8FEB86659FD93)
"""Base of the polynomial hash over the token hashes of a window."""


@inner
def window_hash(hashes: np.ndarray, first: int, n: int) -> np.uint64:
    """The hash of the n tokens from `first` on: a polynomial of their hashes."""
    h, weight = np.uint64(0), P
    for j in range(first, first + n):
        h += hashes[j] * weight  # a product of its own for each token, so that they overlap
        weight *= P
    return h


@inner
def same_window(
    a: np.ndarray, a0: int, begins: np.ndarray, ends: np.ndarray, b: np.ndarray, b0: int,
    b_begins: np.ndarray, b_ends: np.ndarray, n: int,
) -> bool:  # fmt: skip
    """Whether the n tokens from `a0` on are those from `b0` on."""
    for i in range(n):  # noqa: SIM110 - compiled
        if not same_token(a, begins[a0 + i], ends[a0 + i], b, b_begins[b0 + i], b_ends[b0 + i]):
            return False
    return True


@jit
def number_windows(
    windows: np.ndarray, positions: np.ndarray, data: np.ndarray, begins: np.ndarray,
    ends: np.ndarray, n: int,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Give equal windows one id; `windows` is sorted. Windows of one hash are compared token by
    token.
    """
    ids = np.empty(windows.size, np.int64)
    representative = np.empty(windows.size, np.int64)
    n_ids, run = 0, 0
    for k in range(windows.size):
        if k > 0 and windows[k] != windows[k - 1]:
            run = n_ids
        ids[k] = -1
        for candidate in range(run, n_ids):
            if same_window(
                data, positions[k], begins, ends, data, representative[candidate], begins, ends, n
            ):
                ids[k] = candidate
                break
        if ids[k] < 0:
            ids[k], representative[n_ids] = n_ids, positions[k]
            n_ids += 1
    return ids, n_ids


@inner
def bloom_word(window: Any, size: int) -> tuple[Any, Any]:
    """Which word of the filter a window falls in, and the three bits it sets there; numpy runs it
    on many at once.
    """
    h = window * K
    h ^= h >> np.uint64(32)
    six = np.uint64(63)
    bits = np.uint64(1) << (h & six)
    bits |= np.uint64(1) << ((h >> np.uint64(6)) & six)
    bits |= np.uint64(1) << ((h >> np.uint64(12)) & six)
    return np.int64((h >> np.uint64(18)) & np.uint64(size - 1)), bits


@inner
def first_slot(window: np.uint64, size: int) -> int:
    """Where the search for a window begins in the open-addressing table."""
    h = window * K
    return np.int64((h ^ (h >> np.uint64(31))) & np.uint64(size - 1))


@inner
def may_hold(bloom: np.ndarray, window: np.uint64) -> bool:
    """Whether a filter may hold a window; False is certain."""
    word, bits = bloom_word(window, bloom.size)
    return bloom[word] & bits == bits


@jit
def fill_slots(slots: np.ndarray, windows: np.ndarray, positions: np.ndarray) -> None:
    """Enter each distinct n-gram, of hash `windows[id]` and beginning at `positions[id]`, into the
    table.
    """
    for ngram in range(windows.size):
        slot = first_slot(windows[ngram], slots.shape[0])
        while slots[slot, 1] != 0:
            slot = (slot + 1) & (slots.shape[0] - 1)
        slots[slot, 0] = windows[ngram]
        slots[slot, 1] = (np.uint64(ngram + 1) << np.uint64(32)) | np.uint64(positions[ngram])
