"""Words and symbols: what is left to tell items apart that have no words of their own, such as
`not ( True ) and ( True ) is` or a formula.

Every code point that is neither part of a word nor blank is a sign of its own."""

from __future__ import annotations

import numpy as np

from curate.kernels.align import Scratch, Words, best_chain, confirm, take
from curate.kernels.evidence import gain
from curate.kernels.items import Rule, Signs
from curate.kernels.jit import inner, jit
from curate.kernels.texts import Tokens
from curate.kernels.tokens import K, code_point, mix
from curate.kernels.words import find_words

_ROOM = 1 << 16
"""Signs of a stretch that are looked at."""
SignRoom = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
_BLANKS = (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@inner
def _is_blank(code: int) -> bool:
    """Whether a code point is white space or a control character."""
    if code <= 0x20 or 0x7F <= code <= 0xA0:
        return True
    return 0x2000 <= code <= 0x200F or code in _BLANKS


@inner
def _add_symbols(
    data: np.ndarray, at: int, stop: int, begins: np.ndarray, ends: np.ndarray,
    hashes: np.ndarray, k: int, room: int,
) -> int:  # fmt: skip
    """Write the symbols of a stretch that holds no word."""
    while at < stop and k < room:
        code, size = code_point(data, at)
        if not _is_blank(code):
            begins[k], ends[k], hashes[k] = at, at + size, mix(K, np.uint64(code))
            k += 1
        at += size
    return k


@inner
def find_signs(
    data: np.ndarray, start: int, stop: int, word_begins: np.ndarray, word_ends: np.ndarray,
    word_hashes: np.ndarray, low: int, high: int, begins: np.ndarray, ends: np.ndarray,
    hashes: np.ndarray, k: int, room: int,
) -> int:  # fmt: skip
    """Write the signs of `data[start:stop]`, whose words are `low:high`, from index `k` on, and no
    more than there is room for; returns the index after the last.
    """
    at = start
    for word in range(low, high):
        k = _add_symbols(data, at, word_begins[word], begins, ends, hashes, k, room)
        if k >= room:
            return k
        begins[k], ends[k], hashes[k] = word_begins[word], word_ends[word], word_hashes[word]
        k, at = k + 1, word_ends[word]
    return _add_symbols(data, at, stop, begins, ends, hashes, k, room)


@jit
def signs_of_all(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> Tokens:
    """The words and symbols of every text `data[starts[i]:stops[i]]`."""
    room, most = np.int64(0), np.int64(1)
    for i in range(starts.size):
        room += stops[i] - starts[i]
        most = max(most, stops[i] - starts[i])
    begins, ends, hashes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64)  # fmt: skip
    own, own_ends, own_hashes = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint64)  # fmt: skip  # noqa: E501
    first, k = np.zeros(starts.size + 1, np.int64), np.int64(0)
    for i in range(starts.size):
        size = find_words(data, starts[i], stops[i], own, own_ends, own_hashes, np.int64(0))
        k = find_signs(
            data, starts[i], stops[i], own, own_ends, own_hashes, np.int64(0), size,
            begins, ends, hashes, k, room,
        )  # fmt: skip
        first[i + 1] = k
    return Tokens(begins[:k].copy(), ends[:k].copy(), hashes[:k].copy(), first)


@inner
def make_sign_room() -> SignRoom:
    """Room for the signs of a stretch: where they begin and end, their hashes, and which are taken."""
    return (
        np.empty(_ROOM, np.int64),
        np.empty(_ROOM, np.int64),
        np.empty(_ROOM, np.uint64),
        np.zeros(_ROOM, np.int64),
    )


@inner
def _signs_of_stretch(
    words: Words, low: int, high: int, begins: np.ndarray, ends: np.ndarray, hashes: np.ndarray
) -> int:
    """Write the signs around the words `low:high` of a record, from the word before to the one
    behind; returns their number.
    """
    k, a = np.int64(0), 0
    for turn in range(words.n_turns):
        b = int(words.turn_ends[turn])
        from_, to = max(a, low), min(b, high)
        if from_ < to or (words.size == 0):
            start = words.turn_starts[turn] if from_ == a else words.ends[from_ - 1]
            stop = words.turn_stops[turn] if to == b else words.begins[to]
            k = find_signs(
                words.data, start, stop, words.begins, words.ends, words.hashes, from_, to,
                begins, ends, hashes, k, np.int64(_ROOM),
            )  # fmt: skip
        a = b
    return k


@inner
def sign_gain(
    item: int, data: np.ndarray, low: int, high: int, signs: Signs, words: Words,
    room: SignRoom, rule: Rule, scratch: Scratch,
) -> tuple[int, float, bool]:  # fmt: skip
    """What the words and symbols of an item gain in the words `low:high` of a record, which share
    of them is there, in one chain, and whether all places of all of them were looked at.
    """
    begins, ends, hashes, taken = room
    first, length = signs.first[item], signs.first[item + 1] - signs.first[item]
    size = _signs_of_stretch(words, low, high, begins, ends, hashes)
    partners = scratch.partners
    for i in range(length):
        partners[i] = -1
    _, last, whole = best_chain(
        first, length, signs.hashes, signs.weights, hashes, np.int64(0), size, taken, np.int64(-1),
        rule.sign_gap, partners, scratch.heads, scratch.before, scratch.sums, scratch.ways,
        scratch.cells,
    )  # fmt: skip
    take(scratch.cells, last, partners, taken, np.int64(0))
    confirm(
        first, length, data, signs.begins, signs.ends, words.data, begins, ends, partners
    )  # fmt: skip
    n = np.int64(0)
    for i in range(length):
        n += np.int64(partners[i] >= 0)
    bits = gain(signs.weights, first, length, partners, rule.lost, rule.run)
    return bits, n / max(1, length), whole
