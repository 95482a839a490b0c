"""Texts with their blanks folded: the rule of `curate.text.blanks`, compiled.

Sixty-four bytes at a time are looked at for what is rare: a blank behind a blank, and a byte with
which a blank outside ASCII may begin. Where there is none they are copied as they stand, with a
space for each blank."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from curate.kernels.jit import byte_bits, inner, jit
from curate.kernels.tokens import code_point
from curate.text.blanks import BLANKS

_SPACE = np.uint8(32)
_OTHERS = np.array(sorted(ord(char) for char in BLANKS if ord(char) >= 128), np.int64)
_LEADS = sorted({chr(code).encode()[0] for code in _OTHERS.tolist()})


def _sorts() -> np.ndarray:
    """Of every byte: 0 for a part of a word, 1 for a blank, 2 for the first byte of what may be one."""
    sorts = np.zeros(256, np.uint8)
    sorts[[ord(char) for char in BLANKS if ord(char) < 128]] = 1
    sorts[_LEADS] = 2
    return sorts


_SORTS = _sorts()


def _one_of(codes: list[int]) -> Callable[[np.ndarray, int], np.uint64]:
    """The bits of the bytes that are among some."""
    signed = [code - 256 if code > 127 else code for code in codes]
    return byte_bits(
        lambda builder, text, constant: reduce(
            builder.or_, [builder.icmp_signed("==", text, constant(code)) for code in signed]
        )
    )


_blanks = _one_of(np.flatnonzero(_SORTS == 1).tolist())
_leads = _one_of(_LEADS)


@inner
def _other_blank(data: np.ndarray, i: int) -> int:
    """How many bytes the blank outside ASCII takes that starts at byte `i`; 0 where none does."""
    code, size = code_point(data, i)
    for other in _OTHERS:
        if code == other:
            return np.int64(size)
    return 0


@inner
def _copy_by_byte(
    data: np.ndarray, at: int, end: int, out: np.ndarray, k: int, before: int
) -> tuple[int, int, int]:
    """Copy up to `end`: where to go on in both, and whether a blank was last."""
    while at < end:
        blank = np.int64(_SORTS[data[at]])
        if blank == 2:
            size = _other_blank(data, at)
            blank = np.int64(size > 0)
            at += max(size, 1) - 1  # a blank stands for its last byte, too
        out[k] = _SPACE if blank else data[at]
        k += 1 - (before & blank)
        before = blank
        at += 1
    return at, k, before


@inner
def _copy64(data: np.ndarray, at: int, out: np.ndarray, k: int) -> None:
    """Copy 64 bytes, each blank of ASCII as a space."""
    source, target = data[at : at + 64], out[k : k + 64]
    for i in range(64):
        byte = source[i]
        blank = (np.uint8(byte - 9) < 5) | (np.uint8(byte - 28) < 5)
        target[i] = _SPACE if blank else byte


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
        begins[i], at, stop, before = k, np.int64(starts[i]), np.int64(stops[i]), np.int64(1)
        while at < stop:
            end = min(at + 64, stop)
            if end - at == 64:
                blanks = _blanks(data, at)
                behind = (blanks << np.uint64(1)) | np.uint64(before)
                if not blanks & behind and not _leads(data, at):
                    _copy64(data, at, out, k)
                    before = np.int64(blanks >> np.uint64(63))
                    at, k = end, k + 64
                    continue
            at, k, before = _copy_by_byte(data, at, end, out, k, before)
        k -= before & np.int64(k > begins[i])  # the one at the end
        ends[i] = k
    return out, begins, ends
