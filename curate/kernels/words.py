"""Words and their hashes straight from UTF-8 buffers: the rule of `tokenise.words`, compiled.

ASCII letters and digits are found 64 bytes at a time, as one bit each; the edges of words are the
places where neighbouring bits differ, and a word is hashed eight bytes at a time. What is not
ASCII, a word that 64 bytes do not hold, and the end of the buffer are looked at one code point
after the other. Both give the same offsets and hashes. Text must be valid UTF-8. Hashes only
propose: whoever compares texts must confirm with `tokens.same_token`."""

from __future__ import annotations

from typing import Any
from unicodedata import category

import numpy as np

from curate.kernels.jit import byte_bits, inner, jit, lowest_bit, table
from curate.kernels.texts import Tokens
from curate.kernels.tokens import code_point, encode, hash_token, lower_point, mix, not_ascii
from curate.text.tokenise import ALONE, DIGIT, LETTER, MARK, NO_SPACES, SEPARATOR, sort_of

_LAST = 0x32400
"""From here on only marks are left among letters, digits and marks: variation selectors, up to the
next constant.
"""
_SELECTORS = range(0xE0100, 0xE01F0)


def _sorts() -> np.ndarray:
    """`sort_of` of every code point up to `_LAST`, five times as fast."""
    of_category = {"L": LETTER, "N": DIGIT, "M": MARK}
    firsts = (category(chr(code))[0] for code in range(_LAST))
    sorts = np.fromiter((of_category.get(first, SEPARATOR) for first in firsts), np.uint8, _LAST)
    for low, high in NO_SPACES:
        part = sorts[low:high]
        part[part == LETTER] = ALONE
    return sorts


PLAIN, NUMBER, CAPITALISED = 0, 1, 2
"""What a word of an item is to the label of a pair."""

_sort_below = table(_sorts)
_PLAIN = np.array([code < 128 and sort_of(chr(code)) != SEPARATOR for code in range(256)], np.bool_)
_FIRST_SELECTOR, _AFTER_SELECTORS = _SELECTORS.start, _SELECTORS.stop
_U1, _U7, _U8 = np.uint64(1), np.uint64(7), np.uint64(8)


def _is_plain(builder: Any, text: Any, constant: Any) -> Any:
    """Which bytes are ASCII letters or digits: those that `_PLAIN` holds."""
    letter = builder.icmp_unsigned(
        "<", builder.sub(builder.or_(text, constant(32)), constant(ord("a"))), constant(26)
    )
    return builder.or_(
        letter, builder.icmp_unsigned("<", builder.sub(text, constant(ord("0"))), constant(10))
    )


_plain_bits = byte_bits(_is_plain)


@inner
def sort_of_point(code: int) -> int:
    """What a code point is to a word: `tokenise.sort_of`."""
    if code < _LAST:
        return np.int64(_sort_below(code))
    return MARK if _FIRST_SELECTOR <= code < _AFTER_SELECTORS else SEPARATOR


@inner
def _hash_points(data: np.ndarray, begin: int, end: int, utf8: np.ndarray) -> np.uint64:
    """Hash a word in lower case, one code point after the other: the same value as `hash_token`."""
    word, h, length = np.uint64(0), np.uint64(0), np.uint64(0)
    while begin < end:
        code, size = code_point(data, begin)
        for j in range(encode(lower_point(code), utf8)):
            word |= np.uint64(utf8[j]) << ((length & _U7) * _U8)
            length += np.uint64(1)
            if length & _U7 == 0:
                h, word = mix(h, word), np.uint64(0)
        begin += size
    return mix(h ^ length, word)


@inner
def _word_end(data: np.ndarray, at: int, stop: int, sort: int) -> int:
    """Where the word ends whose first code point, of this sort, ends at `at`."""
    while at < stop:
        if sort != ALONE and _PLAIN[data[at]]:
            at += 1
            continue
        code, size = code_point(data, at)
        other = sort_of_point(code)
        if other != MARK and (sort == ALONE or (other != LETTER and other != DIGIT)):
            return at
        at += size
    return at


@inner
def _plain_words(
    data: np.ndarray,
    at: int,
    stop: int,
    begins: np.ndarray,
    ends: np.ndarray,
    hashes: np.ndarray,
    k: int,
) -> tuple[int, int]:
    """Write the words that end within the next 64 bytes and before the first byte that is not
    ASCII.

    `at` must not lie inside a word. Returns the index after the last word and the byte to go on
    from: `at` itself if the first word is not such a one."""
    bits, other, limit = _plain_bits(data, at), not_ascii(data, at), np.int64(64)
    if at + 64 > stop:
        within = (_U1 << np.uint64(stop - at)) - _U1
        bits, other, limit = bits & within, other & within, stop - at
    ends_inside = at + 64 > stop  # the end of the text ends a word too
    if other != 0:
        limit, ends_inside = np.int64(lowest_bit(other)), False
        bits &= (_U1 << np.uint64(limit)) - _U1
    differ = bits ^ (bits << _U1)
    while differ != 0:
        begin = np.int64(lowest_bit(differ))
        differ &= differ - _U1
        end = np.int64(lowest_bit(differ)) if differ != 0 else np.int64(64)
        if end == limit and not ends_inside:
            return k, at + begin
        begins[k], ends[k], hashes[k] = at + begin, at + end, hash_token(data, at + begin, at + end)
        k += 1
        differ &= differ - _U1
    return k, at + limit


@inner
def find_words(
    data: np.ndarray,
    at: int,
    stop: int,
    begins: np.ndarray,
    ends: np.ndarray,
    hashes: np.ndarray,
    k: int,
) -> int:
    """Write the byte offsets and hashes of the words of `data[at:stop]` from index `k` on.

    There must be room for (stop - at) // 2 + 1 of them. Returns the index after the last.
    """
    utf8 = np.empty(4, np.uint8)
    safe = (
        data.size - 72
    )  # from here on 64 bytes, and eight after a word that ends with them, cannot all be read
    while at < stop:
        if data[at] < 0x80 and at <= safe:
            before = at
            k, at = _plain_words(data, at, stop, begins, ends, hashes, k)
            if at > before:
                continue
        begin, (code, size) = at, code_point(data, at)
        sort = sort_of_point(code)
        at += size
        if sort in (SEPARATOR, MARK):
            continue
        at = _word_end(data, at, stop, sort)
        begins[k], ends[k], hashes[k] = begin, at, _hash_points(data, begin, at, utf8)
        k += 1
    return k


@jit
def words_of_all(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> Tokens:
    """The words of every text `data[starts[i]:stops[i]]`."""
    room = 0
    for i in range(starts.size):
        room += (stops[i] - starts[i]) // 2 + 1
    begins, ends, hashes = (
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.uint64),
    )
    first, k = np.zeros(starts.size + 1, np.int64), np.int64(0)
    for i in range(starts.size):
        k = find_words(data, starts[i], stops[i], begins, ends, hashes, k)
        first[i + 1] = k
    return Tokens(begins[:k].copy(), ends[:k].copy(), hashes[:k].copy(), first)


@jit
def word_kinds(data: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """What each word is to the label: by its first code point."""
    kinds = np.empty(begins.size, np.int8)
    for i in range(begins.size):
        code = code_point(data, begins[i])[0]
        kinds[i] = PLAIN
        if sort_of_point(code) == DIGIT:
            kinds[i] = NUMBER
        elif lower_point(code) != code:
            kinds[i] = CAPITALISED
    return kinds
