"""Texts as they are compared, straight from UTF-8: the rule of `curate.text.normalise`, compiled.

    kinds = screen(data, starts, stops)        # of each text: nothing to do, to fold, to read
    fold(data, starts, stops, accents)         # a new buffer: `normalise.folded`

Most text has nothing to do, which 64 bytes at a time tell: no byte outside printable ASCII and line
feeds, and none of `&`, `%`, `<` and `-`. Where such a byte stands, it is looked at what it begins.
Text must be valid UTF-8."""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import Any
from unicodedata import category, combining

import numpy as np

from curate.kernels.jit import byte_bits, inner, jit, lowest_bit, table
from curate.kernels.tokens import code_point
from curate.text.escapes import ALONE
from curate.text.lookalikes import LOOKALIKES, steady
from curate.text.normalise import MARKS, STROKE, is_latin, is_negated, raised_as, replaced

TO_FOLD, TO_READ = 1, 2
"""Bits of `screen`: a code point may be replaced; something may be encoded."""

_LAST = 0x32400
"""From here on nothing is replaced but for what is not seen, and nothing is a letter."""
_PLANE, _AFTER_PLANE = 0xE0000, 0xE1000

_LETTER, _MARK, _DIGIT, _LATIN, _LOWER = 1, 2, 4, 8, 16
_LOOKALIKE, _STEADY, _SUPER, _FRACTION, _REPLACED = 32, 64, 128, 256, 512
_SUB, _NEGATED = 1024, 2048
_RAISED = _SUPER | _FRACTION | _SUB
_WORD = _LETTER | _MARK | _DIGIT
_ORDER = 12
"""From this bit on: the combining class of a mark, which puts marks in order."""


def _facts_of(code: int) -> int:
    char = chr(code)
    kind = category(char)
    found = {"L": _LETTER, "M": _MARK, "N": _DIGIT}.get(kind[0], 0)
    if kind[0] == "L" and is_latin(char):
        found |= _LATIN
    if kind == "Ll":
        found |= _LOWER
    if char in LOOKALIKES:
        found |= _LOOKALIKE | (_STEADY if steady(char) else 0)
    found |= {"<super>": _SUPER, "<fraction>": _FRACTION, "<sub>": _SUB}.get(raised_as(char), 0)
    if is_negated(char):
        found |= _NEGATED
    if replaced(char) != char:
        found |= _REPLACED
    return found | combining(char) << _ORDER


@cache
def _facts() -> np.ndarray:
    return np.array([_facts_of(code) for code in range(_LAST)], np.int32)


@cache
def _replacements() -> list[str]:
    """All that stands for something, each once."""
    found = {replaced(chr(code)): None for code in range(_LAST) if replaced(chr(code)) != chr(code)}
    return list(found)


def _which() -> np.ndarray:
    """Which of them stands for each code point."""
    number = {text: place for place, text in enumerate(_replacements())}
    return np.array([number.get(replaced(chr(code)), 0) for code in range(_LAST)], np.int32)


def _firsts() -> np.ndarray:
    """Where each of them begins among their code points, and the end."""
    firsts = [0, *accumulate(map(len, _replacements()))]
    return np.array(firsts + firsts[-1:] * (-len(firsts) % 256), np.int32)


def _codes() -> np.ndarray:
    codes = [ord(char) for text in _replacements() for char in text]
    return np.array(codes + [0] * (-len(codes) % 256), np.int32)


def _letters() -> np.ndarray:
    return np.array([ord(LOOKALIKES.get(chr(code), "\0")) for code in range(_LAST)], np.uint8)


_facts_below, _which_of, _first_of = table(_facts), table(_which), table(_firsts)
_code_of, _letter_of = table(_codes), table(_letters)


def _is_suspicious(builder: Any, text: Any, constant: Any) -> Any:
    """Which bytes are none of printable ASCII and line feeds, or one of `&%<-`."""
    low = builder.icmp_signed("<", text, constant(32))  # and all from 0x80 on
    found = builder.and_(low, builder.icmp_signed("!=", text, constant(10)))
    for byte in (0x7F, *b"&%<-"):
        found = builder.or_(found, builder.icmp_signed("==", text, constant(byte)))
    return found


_suspicious = byte_bits(_is_suspicious)


@inner
def _facts_at(code: int) -> int:
    if code < _LAST:
        return np.int64(_facts_below(code))
    if _PLANE <= code < _AFTER_PLANE:
        low = code - _PLANE
        if low == 1 or 0x20 <= low < 0x80 or 0x100 <= low < 0x1F0:
            return _REPLACED
    return 0


@inner
def _extent(code: int, facts: int) -> tuple[int, int]:
    """Where what stands for a code point that is replaced begins and ends among the codes."""
    if code >= _LAST:
        return 0, 0
    number = np.int64(_which_of(code))
    return np.int64(_first_of(number)), np.int64(_first_of(number + 1))


@inner
def _is_alnum(byte: int) -> bool:
    return 48 <= byte < 58 or 65 <= byte < 91 or 97 <= byte < 123


# ---- is there anything to do?


@inner
def _kind_at(data: np.ndarray, at: int, start: int, stop: int) -> int:
    """What the suspicious byte at `at` may begin."""
    byte = np.int64(data[at])
    if byte >= 0x80:
        if byte & 0xC0 == 0x80:
            return 0
        code, _ = code_point(data, at)
        facts = _facts_at(code)
        syllable = 0x1161 <= code < 0x1176 or 0x11A8 <= code < 0x11C3
        return TO_FOLD if facts & (_REPLACED | _MARK | _LOOKALIKE) or syllable else 0
    if byte == 38:  # &
        return TO_READ if _is_entity(data, at, stop) else 0
    if byte == 37:  # %
        again = at + 2 < stop and data[at + 1] == 50 and (data[at + 2] == 48 or data[at + 2] == 53)
        return TO_READ if again else 0
    if byte == 60:  # <
        return TO_READ if _is_tag(data, at, stop) else 0
    if byte == 45:  # -
        return TO_FOLD if at > start and _ends_line(data, at, stop) else 0
    return TO_FOLD


@inner
def _is_entity(data: np.ndarray, at: int, stop: int) -> bool:
    at += 1
    end = min(at + 33, stop)
    if at < end and data[at] == 35:  # a hash
        at += 1
    while at < end and _is_alnum(data[at]):
        at += 1
    return at < end and data[at] == 59


_ALONE = np.array([[ord(name[0]), ord(name[1])] for name in ALONE], np.uint8)


@inner
def _is_tag(data: np.ndarray, at: int, stop: int) -> bool:
    """Whether it may be a closing tag, or one that needs none."""
    if at + 2 >= stop:
        return False
    if data[at + 1] == 47:  # /
        return _is_alnum(data[at + 2])
    for pair in range(_ALONE.shape[0]):
        if data[at + 1] | 32 == _ALONE[pair, 0] and data[at + 2] | 32 == _ALONE[pair, 1]:
            return True
    return False


@inner
def _ends_line(data: np.ndarray, at: int, stop: int) -> bool:
    """Whether nothing but blanks, or what is not ASCII, stands between a hyphen and the line's end."""
    if data[at - 1] <= 32:
        return False
    at += 1
    while at < stop and data[at] != 10 and (data[at] <= 32 or data[at] >= 0x7F):
        at += 1
    return at < stop and data[at] == 10


@jit
def screen(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """What there may be to do with each text: uint8, bits of TO_FOLD and TO_READ."""
    kinds = np.zeros(starts.size, np.uint8)
    for i in range(starts.size):
        at, stop, kind = starts[i], stops[i], 0
        while at < stop and kind != TO_FOLD | TO_READ:
            if at + 64 > data.size:
                kind |= _kind_at(data, at, starts[i], stop) if _alone(data[at]) else 0
                at += 1
                continue
            bits = _suspicious(data, at)
            if at + 64 > stop:
                bits &= (np.uint64(1) << np.uint64(stop - at)) - np.uint64(1)
            while bits != 0:
                kind |= _kind_at(data, at + np.int64(lowest_bit(bits)), starts[i], stop)
                bits &= bits - np.uint64(1)
            at += 64
        kinds[i] = kind
    return kinds


@inner
def _alone(byte: int) -> bool:
    """The same as `_is_suspicious`, of one byte."""
    return (byte < 32 and byte != 10) or byte > 126 or byte in (37, 38, 45, 60)


# ---- folding


@inner
def _put(out: np.ndarray, k: int, code: int) -> int:
    """Write a code point; give where the next one goes."""
    if code < 0x80:
        out[k] = code
        return k + 1
    if code < 0x800:
        out[k] = 0xC0 | (code >> 6)
    elif code < 0x10000:
        out[k] = 0xE0 | (code >> 12)
    else:
        out[k] = 0xF0 | (code >> 18)
        k += 1
        out[k] = 0x80 | ((code >> 12) & 0x3F)
    if code >= 0x800:
        k += 1
        out[k] = 0x80 | ((code >> 6) & 0x3F)
    out[k + 1] = 0x80 | (code & 0x3F)
    return k + 2


@inner
def _before(out: np.ndarray, k: int) -> int:
    """Where the code point begins that ends at `k`."""
    k -= 1
    while out[k] & 0xC0 == 0x80:
        k -= 1
    return k


@inner
def _facts_before(out: np.ndarray, first: int, k: int) -> int:
    """The facts of the last code point of a text that is being written; 0 where there is none."""
    return _facts_at(code_point(out, _before(out, k))[0]) if k > first else 0


_STROKE = ord(STROKE)


@inner
def _put_mark(out: np.ndarray, first: int, k: int, code: int, facts: int, accents: bool) -> int:
    """Write a mark in its place among those of its letter, if it is kept."""
    base, n = k, 0
    while base > first and n <= MARKS:
        at = _before(out, base)
        if not _facts_at(code_point(out, at)[0]) & _MARK:
            break
        base, n = at, n + 1
    under = _facts_before(out, first, base)
    kept = accents or under & (_LETTER | _LATIN) == _LETTER
    kept = kept or (code == _STROKE and under & _NEGATED != 0)
    if n >= MARKS or base == first or not kept:
        return k
    order, at = facts >> _ORDER, k
    while order > 0 and at > base:
        before = _before(out, at)
        if _facts_at(code_point(out, before)[0]) >> _ORDER <= order:
            break
        at = before
    end = _put(out, k, code)
    for _ in range(end - k if at < k else 0):  # its bytes, one after the other, to the place
        last = out[end - 1]
        for j in range(end - 1, at, -1):
            out[j] = out[j - 1]
        out[at] = last
    return end


@inner
def _add(out: np.ndarray, first: int, k: int, code: int, facts: int, accents: bool) -> int:
    """Write a code point behind what was written."""
    if facts & _MARK:
        return _put_mark(out, first, k, code, facts, accents)
    vowel, coda = 0x1161 <= code < 0x1176, 0x11A8 <= code < 0x11C3
    if (vowel or coda) and k > first:
        at = _before(out, k)
        last = code_point(out, at)[0]
        if vowel and 0x1100 <= last < 0x1113:
            return _put(out, at, 0xAC00 + ((last - 0x1100) * 21 + code - 0x1161) * 28)
        if coda and 0xAC00 <= last < 0xD7A4 and (last - 0xAC00) % 28 == 0:
            return _put(out, at, last + code - 0x11A7)
    return _put(out, k, code)


@inner
def _unmask(out: np.ndarray, first: int, k: int, accents: bool) -> int:
    """Write the Latin letters of the last word, if it becomes all Latin by them; give its new end."""
    begin, others, latin, unsteady = k, 0, 0, 0
    while begin > first:
        at = _before(out, begin)
        facts = _facts_at(code_point(out, at)[0])
        if not facts & _WORD:
            break
        begin = at
        if facts & _LOOKALIKE:
            others += 1
            unsteady += not facts & _STEADY
        elif facts & _LATIN:
            latin += 1
        elif facts & _LETTER:
            return k
    if others == 0 or (latin == 0 and (others == 1 or unsteady > 0)):
        return k
    at, end = begin, k
    k, begun = begin, False
    while at < end:
        code, size = code_point(out, at)
        facts = _facts_at(code)
        begun = begun or not facts & _MARK  # before that they are those of a sign
        if facts & _LOOKALIKE:
            out[k] = _letter_of(code)
            k += 1
        elif accents or not facts & _MARK or not begun:
            for j in range(size):
                out[k + j] = out[at + j]
            k += size
        at += size
    return k


@inner
def _same_word(data: np.ndarray, at: int, stop: int, out: np.ndarray, first: int, k: int) -> int:
    """Where a word goes on that the hyphen that ends at `at` divides; 0 where none does."""
    if not _facts_before(out, first, k) & (_LETTER | _MARK):
        return 0
    lines = 0
    while at < stop:
        code, size = code_point(data, at)
        facts = _facts_at(code)
        begin, end = _extent(code, facts) if facts & _REPLACED else (0, 1)
        for place in range(begin, end):
            if facts & _REPLACED:
                code = np.int64(_code_of(place))
            own = _facts_at(code)
            if code not in (10, 32) and not own & _MARK:
                return at if own & _LOWER and lines == 1 else 0
            lines += code == 10
        at += size
    return 0


@inner
def _fold(data: np.ndarray, at: int, stop: int, out: np.ndarray, first: int, accents: bool) -> int:
    """Write a folded text from `first` on; give its end."""
    k, raised, masked = first, 0, False
    while at < stop:
        byte = np.int64(data[at])
        if (32 <= byte < 127 and byte != 45) or byte == 10:
            if masked and not _is_alnum(byte):
                k, masked = _unmask(out, first, k, accents), False
            out[k] = byte
            at, k, raised = at + 1, k + 1, 0
            continue
        code, size = code_point(data, at)
        facts = _facts_at(code)
        begin, end = _extent(code, facts) if facts & _REPLACED else (0, 0)
        if byte == 45 or (end == begin + 1 and _code_of(begin) == 45):
            after = _same_word(data, at + size, stop, out, first, k)
            if after:
                at = after
                continue
        at += size
        if facts & _REPLACED and begin == end:
            continue
        how = facts & _RAISED
        divided = how != 0 and (how != raised or how == _FRACTION)
        if divided and _facts_before(out, first, k) & (_DIGIT if how == _SUB else _WORD):
            k, masked = _unmask(out, first, k, accents) if masked else k, False
            out[k] = 32
            k += 1
        raised = how
        for place in range(begin, max(end, begin + 1)):
            if facts & _REPLACED:
                code = np.int64(_code_of(place))
            own = _facts_at(code)
            if masked and not own & _WORD:
                k, masked = _unmask(out, first, k, accents), False
            masked = masked or own & _LOOKALIKE != 0
            k = _add(out, first, k, code, own, accents)
    return _unmask(out, first, k, accents) if masked else k


@jit
def fold(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, accents: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every text `data[starts[i]:stops[i]]` folded: a new buffer, and where each one lies in it.

    `accents`: whether marks on Latin letters are kept. Eight bytes behind the last text may be read."""
    room = np.int64(8)
    for i in range(starts.size):
        at = starts[i]
        while at < stops[i]:
            code, size = code_point(data, at)
            facts = _facts_at(code) if code > 127 else 0
            begin, end = _extent(code, facts) if facts & _REPLACED else (0, 0)
            room += max(size, 4 * (end - begin))
            room += facts & _RAISED != 0
            at += size
    out = np.zeros(room, np.uint8)
    begins, ends, k = np.empty(starts.size, np.int64), np.empty(starts.size, np.int64), np.int64(0)
    for i in range(starts.size):
        begins[i] = k
        k = _fold(data, starts[i], stops[i], out, k, accents)
        ends[i] = k
    return out[: k + 8].copy(), begins, ends
