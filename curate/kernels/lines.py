"""Byte scanners that find where rows begin and end: compiled, without the GIL, at about the speed
of memory.

They decide nothing about what a row says; that is left to `json`, `csv` and Arrow. The state of
each lives in a small integer array that the caller keeps, so that a file can be fed in chunks of
any size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.kernels.jit import any_of, byte_bits, inner, jit, lowest_bit

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


_openers = any_of("{[")
_big_n, _small_a, _big_i, _small_n = any_of("N"), any_of("a"), any_of("I"), any_of("n")
# What can stand before a number: white space, a comma, a minus sign (and more below "0"), a colon,
# a bracket.
_before = byte_bits(
    lambda builder, text, constant: builder.or_(
        builder.icmp_unsigned("<", text, constant(48)),
        builder.or_(
            builder.icmp_unsigned("==", text, constant(58)),
            builder.icmp_unsigned("==", text, constant(91)),
        ),
    )
)
_newlines = any_of("\n")


@jit
def newlines(data: Bytes) -> Places:
    """Places of the newlines, ascending."""
    places, n = np.empty(max(64, data.size // 64), np.int64), 0
    for at in range(0, data.size, 64):
        if n + 64 > places.size:
            larger = np.empty(2 * places.size, np.int64)
            for i in range(n):
                larger[i] = places[i]
            places = larger
        if at + 64 <= data.size:
            bits = _newlines(data, at)
            while bits != 0:
                places[n] = at + np.int64(lowest_bit(bits))
                bits &= bits - np.uint64(1)
                n += 1
        else:
            for i in range(at, data.size):
                if data[i] == 10:
                    places[n] = i
                    n += 1
    return places[:n].copy()


@jit
def is_tame(data: Bytes, starts: Places, ends: Places, depth: int) -> bool:
    """Whether no row of JSON nests deeper than `depth` or spells a number with letters (NaN,
    Infinity, Inf).

    A first look at 64 bytes at a time counts what could open a level or begin such a number, in
    strings or out; only rows where that leaves a doubt are read byte by byte. " Nancy" and "
    Information" raise one too, most words do not."""
    for row in range(starts.size):
        start, end = starts[row], ends[row]
        openers, letters = 0, np.uint64(0)
        at = start
        while at + 65 < data.size and at < end:
            rest = (
                ~np.uint64(0)
                if at + 64 <= end
                else (np.uint64(1) << np.uint64(end - at)) - np.uint64(1)
            )
            bits = _openers(data, at) & rest
            while bits != 0:
                bits &= bits - np.uint64(1)
                openers += 1
            if at > 0:
                named = (_big_n(data, at) & _small_a(data, at + 1)) | (
                    _big_i(data, at) & _small_n(data, at + 1)
                )
                letters |= named & _before(data, at - 1) & rest
            at += 64
        doubt = at < end or start == 0 or openers > depth or letters != 0
        if doubt and not _is_tame(data[start:end], depth):
            return False
    return True


@inner
def _is_tame(line: Bytes, depth: int) -> bool:
    level = 0
    i = 0
    while i < line.size:
        c = line[i]
        if c == 34:  # "
            i += 1
            while i < line.size and line[i] != 34:
                i += 2 if line[i] == 92 else 1
        elif c == 123 or c == 91:  # { [
            level += 1
        elif c == 125 or c == 93:  # } ]
            level -= 1
        if level > depth or c == 78 or c == 73:  # N I
            return False
        i += 1
    return True


@jit
def array_cuts(data: Bytes, state: Places) -> Places:
    """Places of the commas between the elements of a JSON array, and of the bracket that closes it.

    `state` is [depth, in a string, after a backslash, array closed]; start with [1, 0, 0, 0] just
    after the opening bracket. Once the array is closed nothing more is found."""
    cuts = np.empty(data.size, np.int64)
    n = 0
    depth, text, escape = state[0], state[1], state[2]
    for i in range(data.size):
        if state[3]:
            break
        c = data[i]
        if escape:
            escape = 0
        elif text:
            if c == 92:
                escape = 1
            elif c == 34:
                text = 0
        elif c == 34:
            text = 1
        elif c == 123 or c == 91:
            depth += 1
        elif c == 125 or c == 93:
            depth -= 1
            if depth == 0:
                cuts[n] = i
                n += 1
                state[3] = 1
        elif c == 44 and depth == 1:
            cuts[n] = i
            n += 1
    state[0], state[1], state[2] = depth, text, escape
    return cuts[:n].copy()


@jit
def quoted_cuts(data: Bytes, state: Places, delimiter: int) -> Places:
    """Places of the newlines that end a row of CSV, by the very rules of Python's `csv` reader.

    `state` is [where in a field, place of the quote that opened it, longest quoted field, found a
    longer one], with the place counted from the start of the next chunk; start with [0, 0, limit,
    0]. Where in a field: 0 at its start, 1 inside a bare one, 2 inside quotes, 3 after a quote
    inside quotes. After a longer field nothing more is found."""
    cuts = np.empty(data.size, np.int64)
    n = 0
    at, opened, limit = state[0], state[1], state[2]
    for i in range(data.size):
        c = data[i]
        if at == 2:
            if c == 34:
                at = 3
                if i - opened > limit:
                    state[3] = 1
                    break
        elif c == 10:
            cuts[n] = i
            n += 1
            at = 0
        elif c == delimiter:
            at = 0
        elif c == 34 and (at == 0 or at == 3):
            if at == 0:
                opened = np.int64(i)
            at = 2
        else:
            at = 1
    if at == 2 and data.size - opened > limit:
        state[3] = 1
    state[0], state[1] = at, opened - data.size
    return cuts[:n].copy()


@jit
def strip(data: Bytes, starts: Places, ends: Places) -> None:
    """Move the bounds of every row inwards, in place, over JSON white space."""
    for i in range(starts.size):
        start, end = starts[i], ends[i]
        while start < end and (data[start] == 32 or 9 <= data[start] <= 10 or data[start] == 13):
            start += 1
        while end > start and (
            data[end - 1] == 32 or 9 <= data[end - 1] <= 10 or data[end - 1] == 13
        ):
            end -= 1
        starts[i], ends[i] = start, end
