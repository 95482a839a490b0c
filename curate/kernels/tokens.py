"""Tokens and their hashes straight from UTF-8 buffers: the rule of `curate.text.tokenise`, at the
speed of memory.

A text is read in pieces that end at a separator. Separators are found 64 bytes at a time, as one
bit each; the edges of tokens are the places where neighbouring bits differ, and a token is
lower-cased and hashed eight bytes at a time. Only a piece that holds an upper-case letter outside
ASCII, a token longer than a piece, or the end of the buffer takes the byte-by-byte path. Both give
the same offsets and hashes.

Everything works on the buffers of Arrow string arrays in place, holds no Python object and releases
the GIL. Text must be valid UTF-8. Hashes only propose: whoever compares texts must confirm with
`same_token`."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import any_of, byte_bits, inner, load8, lowest_bit, table
from curate.text.tokenise import SEPARATORS, lower

PIECE = 2048
"""Bytes looked at in one go; the scratch arrays of a caller are sized by it."""
MAX_TOKENS = PIECE // 2 + 2
"""The most tokens one piece can yield."""

separators = any_of("".join(SEPARATORS))
not_ascii = byte_bits(lambda builder, text, constant: builder.icmp_signed("<", text, constant(0)))


_CASELESS = 0x1EA00
"""From here on no code point has a case."""


def _byte_table() -> np.ndarray:
    """For each ASCII byte its lower-case byte, and 256 for a separator; other bytes stand for
    themselves.
    """
    table = np.arange(256, dtype=np.uint16)
    for code in range(128):
        table[code] = ord(lower(chr(code)))
    for char in SEPARATORS:
        table[ord(char)] = 256
    return table


def _lower_table() -> np.ndarray:
    """How far the lower-case code point lies from every code point up to the last ones that have a
    case (U+1E943).
    """
    return np.array([ord(lower(chr(code))) - code for code in range(_CASELESS)], dtype=np.int32)


BYTES = _byte_table()
_to_lower = table(_lower_table)
K = np.uint64(0x9E3779B97F4A7C15)
_U8 = np.uint64(8)


@inner
def mix(h: np.uint64, word: np.uint64) -> np.uint64:
    """Fold eight more bytes into a hash."""
    h = (h ^ word) * K
    return h ^ (h >> np.uint64(29))


@inner
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


@inner
def lower_point(code: int) -> int:
    """Lower-case one code point by the rule of `tokenise.lower`."""
    return code + _to_lower(code) if code < _CASELESS else code


@inner
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


@inner
def encode(code: int, out: np.ndarray) -> int:
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


@inner
def _tokens_by_byte(
    data: np.ndarray,
    start: int,
    stop: int,
    begins: np.ndarray,
    ends: np.ndarray,
    hashes: np.ndarray,
    k: int,
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
            written = encode(lower_point(code), utf8)
        for j in range(written):
            word |= np.uint64(utf8[j]) << ((length & np.uint64(7)) * _U8)
            length += np.uint64(1)
            if length & np.uint64(7) == 0:
                h, word = mix(h, word), np.uint64(0)
        i += size
    return k


@inner
def _lower8(word: np.uint64) -> np.uint64:
    """Lower-case the ASCII letters of eight bytes at once: 32 is added to each byte from A to Z,
    and to no other.
    """
    seven = word & np.uint64(0x7F7F7F7F7F7F7F7F)
    from_a = seven + np.uint64(0x3F3F3F3F3F3F3F3F)  # its top bit: the byte is A or more
    past_z = seven + np.uint64(0x2525252525252525)  # its top bit: the byte is more than Z
    upper = ~word & (from_a ^ past_z) & np.uint64(0x8080808080808080)
    return word | (upper >> np.uint64(2))


@inner
def hash_token(data: np.ndarray, begin: int, end: int) -> np.uint64:
    """Hash a token of lower-case or ASCII bytes; eight bytes after its last one must be readable."""
    h, size, left = np.uint64(0), np.uint64(end - begin), end - begin
    while left >= 8:
        h = mix(h, _lower8(load8(data, begin)))
        begin += 8
        left -= 8
    keep = (np.uint64(1) << (np.uint64(left) * _U8)) - np.uint64(1)
    return mix(h ^ size, _lower8(load8(data, begin) & keep))


@inner
def _edges(data: np.ndarray, start: int, stop: int, edges: np.ndarray) -> tuple[int, bool]:
    """Write where tokens begin and end, in turn; return how many edges, and whether a byte outside
    ASCII occurs.
    """
    n, before, high = 0, np.uint64(1), np.uint64(0)
    for at in range(start, stop, 64):
        bits = separators(data, at)
        other = not_ascii(data, at)
        if at + 64 > stop:  # what follows the text counts as separators
            rest = ~np.uint64(0) << np.uint64(stop - at)
            bits |= rest
            other &= ~rest
        high |= other
        differ = bits ^ ((bits << np.uint64(1)) | before)
        before = bits >> np.uint64(63)
        while differ != 0:
            edges[n] = at + np.int64(lowest_bit(differ))
            differ &= differ - np.uint64(1)
            n += 1
    if n & 1:  # the text ends with a token at the end of 64 bytes
        edges[n] = stop
        n += 1
    return n, high != 0


@inner
def _next_separator(data: np.ndarray, start: int, stop: int) -> int:
    """Where the next separator stands, or `stop`."""
    while start < stop and BYTES[data[start]] != 256:
        start += 1
    return start


@inner
def next_tokens(
    data: np.ndarray, start: int, stop: int, edges: np.ndarray,
    begins: np.ndarray, ends: np.ndarray, hashes: np.ndarray, k: int,
) -> tuple[int, int]:  # fmt: skip
    """Tokenise the next piece of the text `data[start:stop]`; `start` must not lie inside a token.

    Writes byte offsets and hashes of its tokens from index `k` on, at most `MAX_TOKENS` of them;
    returns the index after the last and the byte to go on from. `edges` is scratch from
    `make_edges`."""
    end = min(start + PIECE, stop)
    if end + 64 > data.size:  # too near the end of the buffer to read 64 bytes at once
        end = _next_separator(data, end, stop)
        return _tokens_by_byte(data, start, end, begins, ends, hashes, k), end
    n, high = _edges(data, start, end, edges)
    if (
        end < stop and n > 0 and edges[n - 1] == end
    ):  # the last token may go on: leave it to the next piece
        if edges[n - 2] == start:
            end = _next_separator(data, end, stop)
            return _tokens_by_byte(data, start, end, begins, ends, hashes, k), end
        n -= 2
        end = np.int64(edges[n])
    if high and _has_upper(data, start, end):
        return _tokens_by_byte(data, start, end, begins, ends, hashes, k), end
    for edge in range(0, n, 2):
        begin, finish = edges[edge], edges[edge + 1]
        begins[k], ends[k], hashes[k] = begin, finish, hash_token(data, begin, finish)
        k += 1
    return k, end


@inner
def make_edges() -> np.ndarray:
    """The scratch array of `next_tokens`; one for each thread and call."""
    return np.empty(PIECE + 2, np.int64)


@inner
def same_token(
    a: np.ndarray, a_start: int, a_stop: int, b: np.ndarray, b_start: int, b_stop: int
) -> bool:
    """Whether two stretches of UTF-8 are the same token after lower-casing."""
    i, j = a_start, b_start
    while i < a_stop and j < b_stop:
        if (
            a[i] == b[j]
        ):  # by far the commonest; a code point that differs later is looked at from its first byte
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


@inner
def count_points(data: np.ndarray, start: int, stop: int) -> int:
    """The number of code points in a stretch of UTF-8: bytes that are no continuation bytes."""
    n = 0
    for i in range(start, stop):
        n += np.int64((data[i] & 0xC0) != 0x80)
    return n
