"""Texts with their blanks folded: the rule of `curate.text.normalise`, compiled."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner, jit
from curate.kernels.tokens import code_point
from curate.text.normalise import BLANKS

_ASCII = np.array([chr(byte) in BLANKS for byte in range(128)] + [False] * 128, np.bool_)
_OTHERS = np.array(sorted(ord(char) for char in BLANKS if ord(char) >= 128), np.int64)
# The first bytes that a blank outside ASCII can have.
_LEADS = np.zeros(256, np.bool_)
_LEADS[[chr(code).encode()[0] for code in _OTHERS.tolist()]] = True


@inner
def _blank(data: np.ndarray, i: int) -> int:
    """How many bytes the blank takes that starts at byte `i`; 0 where none does."""
    byte = data[i]
    if byte < 128:
        return np.int64(_ASCII[byte])
    if _LEADS[byte]:
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
        begins[i], at, waiting = k, starts[i], False
        while at < stops[i]:
            size = _blank(data, at)
            if size:
                waiting = k > begins[i]
                at += size
                continue
            if waiting:
                out[k] = 32
                k += 1
                waiting = False
            out[k] = data[at]
            k += 1
            at += 1
        ends[i] = k
    return out, begins, ends
