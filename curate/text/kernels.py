"""Tokens and their hashes straight from UTF-8 buffers, compiled by numba: the rule of `curate.text.tokenise`, at the
speed of memory.

A text is read in pieces that end at a separator. A piece is classified and lower-cased by loops that the compiler turns
into vector instructions, token edges are gathered without a branch per byte, and a token is hashed eight bytes at a
time. Only a piece that holds an upper-case letter outside ASCII, or a token longer than a piece, takes the byte-by-byte
path. Both give the same offsets and hashes.

Everything works on the buffers of Arrow string arrays in place, holds no Python object and releases the GIL. Text must
be valid UTF-8. Hashes only propose: whoever compares texts must confirm with `same_token`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from curate.text.tokenise import SEPARATORS, lower

PIECE = 2048
"""Bytes looked at in one go; the scratch arrays of a caller are sized by it."""
MAX_TOKENS = PIECE // 2 + 2
"""The most tokens one piece can yield."""

_F = TypeVar("_F", bound=Callable[..., Any])


def jit(function: _F) -> _F:
    """Compile with numba: no GIL, cached on disk, integer wrap-around as in C."""
    return numba.njit(nogil=True, cache=True)(function)


@intrinsic
def _load8(typing_context: Any, array: Any, offset: Any) -> Any:
    """Eight bytes of a uint8 array from any offset, as one little-endian uint64."""
    signature = types.uint64(array, types.intp)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        pointer = builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.intp)])
        word = builder.bitcast(pointer, ir.IntType(64).as_pointer())
        return builder.load(word, align=1)

    return signature, codegen


load8: Callable[[np.ndarray, int], np.uint64] = _load8


def _byte_table() -> np.ndarray:
    """For each ASCII byte its lower-case byte, and 256 for a separator; other bytes stand for themselves."""
    table = np.arange(256, dtype=np.uint16)
    for code in range(128):
        table[code] = ord(lower(chr(code)))
    for char in SEPARATORS:
        table[ord(char)] = 256
    return table


def _lower_table() -> np.ndarray:
    """The lower-case code point of every code point up to the last one that has a case (U+1E943)."""
    return np.array([ord(lower(chr(code))) for code in range(0x1E944)], dtype=np.int32)


BYTES = _byte_table()
LOWER = _lower_table()
K = np.uint64(0x9E3779B97F4A7C15)
_U8 = np.uint64(8)


@jit
def mix(h: np.uint64, word: np.uint64) -> np.uint64:
    """Fold eight more bytes into a hash."""
    h = (h ^ word) * K
    return h ^ (h >> np.uint64(29))


@jit
def code_point(data: np.ndarray, i: int) -> tuple[int, int]:
    """The code point that starts at byte `i` of valid UTF-8, and its length in bytes."""
    c = np.int64(data[i])
    if c < 0x80:
        return c, 1
    if c < 0xE0:
        return ((c & 0x1F) << 6) | (data[i + 1] & 0x3F), 2
    if c < 0xF0:
        return ((c & 0x0F) << 12) | (np.int64(data[i + 1] & 0x3F) << 6) | (data[i + 2] & 0x3F), 3
    high = ((c & 0x07) << 18) | (np.int64(data[i + 1] & 0x3F) << 12)
    return high | (np.int64(data[i + 2] & 0x3F) << 6) | (data[i + 3] & 0x3F), 4


@jit
def lower_point(code: int) -> int:
    """Lower-case one code point by the rule of `tokenise.lower`."""
    return np.int64(LOWER[code]) if code < LOWER.size else code


@jit
def _has_upper(data: np.ndarray, start: int, stop: int) -> bool:
    """Whether a letter outside ASCII in the text changes when lower-cased."""
    i = start
    while i < stop:
        if data[i] < 0xC3:
            i += 1
            continue
        code, size = code_point(data, i)
        if lower_point(code) != code:
            return True
        i += size
    return False


@jit
def _encode(code: int, out: np.ndarray) -> int:
    """Write a code point as UTF-8 into `out`; return its length."""
    if code < 0x80:
        out[0] = code
        return 1
    if code < 0x800:
        out[0] = 0xC0 | (code >> 6)
        out[1] = 0x80 | (code & 0x3F)
        return 2
    if code < 0x10000:
        out[0] = 0xE0 | (code >> 12)
        out[1] = 0x80 | ((code >> 6) & 0x3F)
        out[2] = 0x80 | (code & 0x3F)
        return 3
    out[0] = 0xF0 | (code >> 18)
    out[1] = 0x80 | ((code >> 12) & 0x3F)
    out[2] = 0x80 | ((code >> 6) & 0x3F)
    out[3] = 0x80 | (code & 0x3F)
    return 4


@jit
def _tokens_by_byte(
    data: np.ndarray, start: int, stop: int, begins: np.ndarray, ends: np.ndarray, hashes: np.ndarray, k: int
) -> int:
    """Tokenise a stretch one code point after the other; the general path."""
    utf8 = np.empty(4, dtype=np.uint8)
    word, h, length, begin = np.uint64(0), np.uint64(0), np.uint64(0), start
    i = start
    while i <= stop:
        byte = BYTES[data[i]] if i < stop else np.uint16(256)
        if byte == 256:
            if i > begin:
                begins[k], ends[k], hashes[k] = begin, i, mix(h ^ length, word)
                k += 1
            word, h, length, begin = np.uint64(0), np.uint64(0), np.uint64(0), i + 1
            i += 1
            continue
        size, written = 1, 1
        utf8[0] = byte
        if byte >= 0x80:
            code, size = code_point(data, i)
            written = _encode(lower_point(code), utf8)
        for j in range(written):
            word |= np.uint64(utf8[j]) << ((length & np.uint64(7)) * _U8)
            length += np.uint64(1)
            if length & np.uint64(7) == 0:
                h, word = mix(h, word), np.uint64(0)
        i += size
    return k


@jit
def _classify(data: np.ndarray, low: np.ndarray, separator: np.ndarray) -> bool:
    """Lower-case ASCII into `low`, mark separators from `separator[1]` on; return whether a byte outside ASCII
    occurs."""
    high = np.uint8(0)
    for i in range(data.size):
        c = data[i]
        mark = np.uint8(c == 32) | np.uint8(c == 44) | np.uint8(c == 46) | np.uint8(c == 63) | np.uint8(c == 33)
        mark |= np.uint8(c == 58) | np.uint8(c == 59) | np.uint8(c == 40) | np.uint8(c == 41) | np.uint8(c == 34)
        mark |= np.uint8(c == 45) | np.uint8(c == 10) | np.uint8(c == 92)
        separator[i + 1] = mark
        low[i] = c + (np.uint8((c >= 65) & (c <= 90)) << np.uint8(5))
        high |= c
    return high >= 128


@jit
def _hash(low: np.ndarray, begin: int, size: int) -> np.uint64:
    """Hash `size` bytes of the lower-cased scratch, which is padded by eight bytes."""
    h = np.uint64(0)
    left = size
    while left >= 8:
        h = mix(h, load8(low, begin))
        begin += 8
        left -= 8
    keep = (np.uint64(1) << (np.uint64(left) * _U8)) - np.uint64(1)
    return mix(h ^ np.uint64(size), load8(low, begin) & keep)


@jit
def _end_of_piece(data: np.ndarray, start: int, stop: int, size: int, separator: np.ndarray) -> tuple[int, bool]:
    """Where the piece may end without cutting a token, and whether it is one token longer than a piece."""
    if start + size == stop:
        return stop, False
    cut = size
    while cut > 0 and separator[cut] == 0:
        cut -= 1
    if cut > 0:
        return start + cut, False
    end = start + size
    while end < stop and BYTES[data[end]] != 256:
        end += 1
    return end, True


@jit
def next_tokens(
    data: np.ndarray, start: int, stop: int, scratch: tuple[np.ndarray, np.ndarray, np.ndarray],
    begins: np.ndarray, ends: np.ndarray, hashes: np.ndarray, k: int,
) -> tuple[int, int]:  # fmt: skip
    """Tokenise the next piece of the text `data[start:stop]`; `start` must not lie inside a token.

    Writes byte offsets and hashes of its tokens from index `k` on, at most `MAX_TOKENS` of them; returns the index
    after the last and the byte to go on from.
    """
    low, separator, edges = scratch
    size = min(stop - start, PIECE)
    # Whole vectors: the loop over what is left of a vector would take longer than the rest of a short text.
    high = _classify(data[start : min(start + ((size + 31) & ~31), data.size)], low, separator)
    end, long = _end_of_piece(data, start, stop, size, separator)
    if long or (high and _has_upper(data, start, end)):
        return _tokens_by_byte(data, start, end, begins, ends, hashes, k), end
    size = end - start
    separator[0] = 1
    n_edges = 0
    for i in range(size):
        edges[n_edges] = i
        n_edges += np.int64(separator[i + 1] ^ separator[i])
    edges[n_edges] = size
    for token in range((n_edges + 1) // 2):
        begin, finish = np.int64(edges[2 * token]), np.int64(edges[2 * token + 1])
        begins[k], ends[k], hashes[k] = start + begin, start + finish, _hash(low, begin, finish - begin)
        k += 1
    return k, end


@jit
def make_scratch() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scratch arrays of `next_tokens`: lower-cased bytes, separator marks, edges. One set per thread and call."""
    return np.zeros(PIECE + 8, np.uint8), np.zeros(PIECE + 1, np.uint8), np.zeros(PIECE + 2, np.int32)


@jit
def same_token(a: np.ndarray, a_start: int, a_stop: int, b: np.ndarray, b_start: int, b_stop: int) -> bool:
    """Whether two stretches of UTF-8 are the same token after lower-casing."""
    i, j = a_start, b_start
    while i < a_stop and j < b_stop:
        if a[i] == b[j]:  # by far the commonest; a code point that differs later is looked at from its first byte
            i += 1
            j += 1
            continue
        while a[i] & 0xC0 == 0x80:
            i -= 1
            j -= 1
        left, left_size = code_point(a, i)
        right, right_size = code_point(b, j)
        if lower_point(left) != lower_point(right):
            return False
        i += left_size
        j += right_size
    return i == a_stop and j == b_stop


@jit
def count_points(data: np.ndarray, start: int, stop: int) -> int:
    """The number of code points in a stretch of UTF-8: bytes that are no continuation bytes."""
    n = 0
    for i in range(start, stop):
        n += np.int64((data[i] & 0xC0) != 0x80)
    return n
