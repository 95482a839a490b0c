"""How much texts repeat themselves: units that follow each other, n-grams, and lines, sentences and
paragraphs.

Words come as hashes (`words.words_of_all`), pieces of text are hashed here. Nothing is compared but
hashes of 64 bits: two different ones in a billion texts are taken for equal once in a while, which
changes a share in its last places."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner, jit, load8
from curate.kernels.tokens import K, count_points, mix

LINES, PARAGRAPHS, SENTENCES = range(3)
"""Pieces that a text is cut into."""
PIECES, AGAIN, POINTS, POINTS_AGAIN, TIMES, RUN, BEGIN, END, RUN_BEGIN, RUN_END = range(10)
"""What `pieces` says of each text: how many pieces, how many of them had been there before, the code
points of both; how often the most frequent one occurs, and the longest run of one and the same;
where both lie.
"""
_BASE = np.uint64(0x9E3779B97F4A7C15)
_U8 = np.uint64(8)


@jit
def runs(hashes: np.ndarray, first: np.ndarray, longest: int) -> np.ndarray:
    """Of each text the unit of at most `longest` words that is repeated most often without a break:
    how often, where it first lies among all words, and its words; int64 [texts, 3].
    """
    found = np.zeros((first.size - 1, 3), np.int64)
    for text in range(first.size - 1):
        start, stop = first[text], first[text + 1]
        best, at, size = np.int64(min(1, stop - start)), start, np.int64(1)
        for period in range(1, longest + 1):
            if (stop - start) // period <= best:
                break
            same = np.int64(0)
            for i in range(start + period, stop + 1):
                if i < stop and hashes[i] == hashes[i - period]:
                    same += 1
                elif same:
                    if same >= period * best:
                        best, at, size = same // period + 1, i - same - period, np.int64(period)
                    same = np.int64(0)
        found[text, 0], found[text, 1], found[text, 2] = best, at, size
    return found


@inner
def _slot(keys: np.ndarray, used: np.ndarray, stamp: int, key: np.uint64, mask: int) -> int:
    """Where a key is in a table, or the free place where it belongs."""
    at = np.int64((key ^ (key >> np.uint64(32))) & np.uint64(mask))
    while used[at] == stamp and keys[at] != key:
        at = (at + 1) & mask
    return at


@inner
def _room(n: int) -> int:
    size = np.int64(16)
    while size < 2 * n:
        size *= 2
    return size


@inner
def _most(first: np.ndarray) -> int:
    most = np.int64(0)
    for text in range(first.size - 1):
        most = max(most, first[text + 1] - first[text])
    return most


@jit
def ngrams(
    hashes: np.ndarray, sizes: np.ndarray, first: np.ndarray, n: int, distinct: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Of each text a share of the characters of its words, and where the n-gram lies that it is told
    by (-1: nothing is repeated).

    Those of the most frequent n-gram, times how often it occurs, if `distinct` is false (of several
    the one with the most characters, then the first); else those of n-grams that had been there
    before, none counted twice: after one the walk goes on behind it. `sizes` are characters a word.
    """
    shares, places = np.zeros(first.size - 1), np.full(first.size - 1, -1, np.int64)
    room = _room(_most(first))
    keys, used = np.empty(room, np.uint64), np.zeros(room, np.int64)
    times, where = np.empty(room, np.int64), np.empty(room, np.int64)
    power = np.uint64(1)
    for _ in range(n - 1):
        power *= _BASE
    for text in range(first.size - 1):
        start, stop = first[text], first[text + 1]
        mask = _room(stop - start) - 1
        total, again, best, length = 0.0, 0.0, np.int64(1), np.int64(0)
        for i in range(start, stop):
            total += sizes[i]
        h, size, free = np.uint64(0), np.int64(0), start
        for i in range(start, stop):
            h = h * _BASE + hashes[i]
            size += sizes[i]
            begin = i - n + 1
            if begin < start:
                continue
            if begin >= free:
                key = mix(K, h)
                at = _slot(keys, used, text + 1, key, mask)
                if used[at] != text + 1:
                    keys[at], used[at], times[at], where[at] = key, text + 1, 1, begin
                else:
                    times[at] += 1
                    more = times[at] > best or (times[at] == best and size > length)
                    if more and not distinct:
                        best, length, places[text] = times[at], size, where[at]
                    if distinct:
                        again += size
                        free = i + 1
                        if times[at] > best:
                            best, places[text] = times[at], where[at]
            h -= hashes[begin] * power
            size -= sizes[begin]
        if total > 0 and places[text] >= 0:
            shares[text] = min(1.0, (again if distinct else best * length * 1.0) / total)
    return shares, places


@inner
def _is_blank(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13


@inner
def _hash(data: np.ndarray, begin: int, end: int) -> np.uint64:
    h, at = np.uint64(end - begin), begin
    while at + 8 <= end:
        h = mix(h, load8(data, at))
        at += 8
    word, shift = np.uint64(0), np.uint64(0)
    while at < end:
        word |= np.uint64(data[at]) << shift
        shift += _U8
        at += 1
    return mix(h, word)


@inner
def _piece_end(data: np.ndarray, at: int, stop: int, kind: int) -> int:
    """Where the piece that begins at `at` ends."""
    while at < stop:
        c = data[at]
        if kind == SENTENCES:
            if c == 46 or c == 33 or c == 63:  # . ! ?
                return at
        elif c == 10 and (kind == LINES or (at + 1 < stop and data[at + 1] == 10)):
            return at
        at += 1
    return stop


@jit
def pieces(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, kind: int) -> np.ndarray:
    """Cut each text into lines, paragraphs (at empty lines) or sentences (at `.`, `!` and `?`), and
    count those that are repeated: int64 [texts, 10], by the places above. White space around a piece
    is no part of it, and an empty one is none.
    """
    found = np.zeros((starts.size, 10), np.int64)
    room = np.int64(1024)
    keys, used = np.empty(room, np.uint64), np.zeros(room, np.int64)
    times, where = np.empty(room, np.int64), np.empty(room, np.int64)
    for text in range(starts.size):
        at, stop, last, run = starts[text], stops[text], np.uint64(0), np.int64(0)
        n = np.int64(0)
        begin = at
        while begin < stop:
            n += 1
            begin = _piece_end(data, begin, stop, kind) + 1
        if _room(n) > room:
            room = _room(n)
            keys, used = np.empty(room, np.uint64), np.zeros(room, np.int64)
            times, where = np.empty(room, np.int64), np.empty(room, np.int64)
        mask = _room(n) - 1
        while at < stop:
            begin, end = at, _piece_end(data, at, stop, kind)
            at = end + 1
            while begin < end and _is_blank(data[begin]):
                begin += 1
            while end > begin and _is_blank(data[end - 1]):
                end -= 1
            if begin == end:
                continue
            key, points = _hash(data, begin, end), count_points(data, begin, end)
            found[text, PIECES] += 1
            found[text, POINTS] += points
            slot = _slot(keys, used, text + 1, key, mask)
            if used[slot] != text + 1:
                keys[slot], used[slot], times[slot], where[slot] = key, text + 1, 0, begin
            else:
                found[text, AGAIN] += 1
                found[text, POINTS_AGAIN] += points
            times[slot] += 1
            if times[slot] > found[text, TIMES]:
                found[text, TIMES] = times[slot]
                found[text, BEGIN], found[text, END] = where[slot], where[slot] + end - begin
            run = run + 1 if key == last and run else np.int64(1)
            last = key
            if run > found[text, RUN]:
                found[text, RUN] = run
                found[text, RUN_BEGIN], found[text, RUN_END] = begin, end
    return found
