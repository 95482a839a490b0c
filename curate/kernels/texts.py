"""Many texts that lie in one buffer: their tokens, and where these stand in code points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.jit import jit
from curate.kernels.tokens import MAX_TOKENS, count_points, make_edges, next_tokens


class Stretches(NamedTuple):
    """The scanned turns of a run of records: stretches of one UTF-8 buffer, those of a record
    standing together in order.
    """

    data: np.ndarray  # uint8
    starts: np.ndarray  # int64: byte offsets
    stops: np.ndarray  # int64
    docs: np.ndarray  # int32, ascending: the record a turn belongs to
    turns: np.ndarray  # int32: its position in the record's whole message list


class Tokens(NamedTuple):
    """Tokens of many texts that lie in one buffer: byte offsets, hashes, and `first[i]:first[i+1]`
    are those of text i.
    """

    begins: np.ndarray
    ends: np.ndarray
    hashes: np.ndarray
    first: np.ndarray


@jit
def tokenise_all(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> Tokens:
    """Tokenise every text `data[starts[i]:stops[i]]`."""
    capacity = 0
    for i in range(starts.size):
        capacity += (stops[i] - starts[i]) // 2 + 1
    begins, ends = (
        np.empty(capacity + MAX_TOKENS, np.int64),
        np.empty(capacity + MAX_TOKENS, np.int64),
    )
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
def point_lengths(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """The length of each stretch in code points."""
    lengths = np.empty(starts.size, np.int32)
    for i in range(starts.size):
        lengths[i] = count_points(data, starts[i], stops[i])
    return lengths


@jit
def extents(
    data: np.ndarray, starts: np.ndarray, begins: np.ndarray, stops: np.ndarray
) -> np.ndarray:
    """Where each part of a text stands in it, and its length, in code points: int32 [parts, 2].

    Of parts of one text next to each other, each is counted from the one before it."""
    out = np.zeros((starts.size, 2), np.int32)
    for i in range(starts.size):
        if i > 0 and starts[i] == starts[i - 1]:
            back = count_points(data, min(begins[i], begins[i - 1]), begins[i - 1])
            on = count_points(data, begins[i - 1], max(begins[i], begins[i - 1]))
            out[i, 0] = out[i - 1, 0] + on - back
        else:
            out[i, 0] = count_points(data, starts[i], begins[i])
        out[i, 1] = count_points(data, begins[i], stops[i])
    return out
