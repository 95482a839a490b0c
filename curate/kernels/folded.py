"""Texts with their blanks folded: the rule of `curate.text.blanks`, compiled."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner, jit
from curate.kernels.tokens import code_point
from curate.text.blanks import BLANKS

_OTHERS = np.array(sorted(ord(char) for char in BLANKS if ord(char) >= 128), np.int64)


def _sorts() -> np.ndarray:
    """Of every byte: 0 for a part of a word, 1 for a blank, 2 for the first byte of what may be one."""
    sorts = np.zeros(256, np.uint8)
    sorts[[ord(char) for char in BLANKS if ord(char) < 128]] = 1
    sorts[[chr(code).encode()[0] for code in _OTHERS.tolist()]] = 2
    return sorts


_SORTS = _sorts()


@inner
def _blank(data: np.ndarray, i: int) -> int:
    """How many bytes the blank takes that starts at byte `i`; 0 where none does."""
    if _SORTS[data[i]] < 2:
        return np.int64(_SORTS[data[i]])
    code, size = code_point(data, i)
    for other in _OTHERS:
        if code == other:
            return np.int64(size)
    return 0


@jit
def fold(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every text `data[starts[i]:stops[i]]` with its blanks folded: a new buffer, and where each one
    lies in it.

    Eight bytes behind the last one may be read."""
    room = np.int64(8)
    for i in range(starts.size):
        room += stops[i] - starts[i]
    out = np.zeros(room, np.uint8)
    begins, ends, k = np.empty(starts.size, np.int64), np.empty(starts.size, np.int64), np.int64(0)
    for i in range(starts.size):
        begins[i], at, stop = k, starts[i], stops[i]
        while at < stop:
            size = _blank(data, at)
            if size:
                at += size
                continue
            if k > begins[i]:
                out[k] = 32
                k += 1
            while at < stop and (_SORTS[data[at]] == 0 or not _blank(data, at)):
                out[k] = data[at]
                k += 1
                at += 1
        ends[i] = k
    return out, begins, ends
