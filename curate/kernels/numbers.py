"""The numbers that a run of words names: `12`, `twelve` and `twenty-five`, `1,000` and `one thousand`.

A label asks whether another number has taken the place of an item's. What is compared is a sum over
the values in order, and one over their digits: words end at a comma, so `80,000` is the words 80 and
000, whoever leaves the comma out writes 80000, and whoever writes each as a word eighty, zero."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner
from curate.kernels.tokens import code_point
from curate.kernels.words import sort_of_point, words_of_all
from curate.text.buffer import lay_out
from curate.text.numbers import SMALL, TENS
from curate.text.tokenise import DIGIT

AND = -1
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_NO, _SMALL, _TENS, _HUNDRED, _SCALE = 0, 1, 2, 3, 4
_STEP, _DIGITS = np.uint64(0x9E3779B97F4A7C15), np.uint64(31)
_ZERO = np.uint64(ord("0") - 1)


def number_words() -> tuple[np.ndarray, np.ndarray]:
    """The words that name numbers: their hashes (uint64, ascending) and values (int64); `and`,
    which may join two of them, has the value AND.
    """
    values = {word: value for value, word in enumerate(SMALL)}
    values |= {word: 20 + 10 * i for i, word in enumerate(TENS)} | _SCALES | {"and": AND}
    hashes = words_of_all(*lay_out(values)).hashes
    order = np.argsort(hashes)
    return hashes[order], np.array(list(values.values()), np.int64)[order]


@inner
def named(hash_: int, known: np.ndarray, values: np.ndarray) -> int:
    """The value of a word that names a number, AND, or -2."""
    at = np.searchsorted(known, hash_)
    return values[at] if at < known.size and known[at] == hash_ else np.int64(-2)


@inner
def is_numeral(data: np.ndarray, begin: int) -> bool:
    """Whether a word begins with a digit."""
    return bool(sort_of_point(code_point(data, begin)[0]) == DIGIT)


@inner
def _digits(data: np.ndarray, begin: int, end: int) -> int:
    """Where the ASCII digits end with which a word begins: `400meter` is 400."""
    at = begin
    while at < end and 48 <= data[at] <= 57:
        at += 1
    return at


@inner
def _written(data: np.ndarray, begin: int, end: int, hash_: int) -> int:
    """The value of those digits; the hash of the word where there are none (digits of another
    script), or too many.
    """
    if end == begin or end - begin > 18:
        return np.int64(np.uint64(hash_) >> np.uint64(1))
    value = np.int64(0)
    for i in range(begin, end):
        value = value * 10 + np.int64(data[i]) - 48
    return value


@inner
def _with_value(total: int, value: int) -> int:
    """The sum over values with one more."""
    return (np.uint64(total) + np.uint64(value) + np.uint64(1)) * _STEP


@inner
def _with_digits(total: int, value: int) -> int:
    """The sum over digits with those of a value more."""
    size = np.int64(1)
    while size <= value // 10:
        size *= 10
    while size > 0:
        total = np.uint64(total) * _DIGITS + np.uint64(value // size % 10 + 1)
        size //= 10
    return total


@inner
def _goes_on(value: int, last: int) -> bool:
    """Whether a word in letters belongs to the number before it, by what the word before it was."""
    if last == _NO or value < 0:
        return False
    if value >= 100:
        return True
    return last >= _HUNDRED or (last == _TENS and 0 < value < 10)


@inner
def _joined(total: int, part: int, value: int) -> tuple[int, int, int]:
    """A number with a word more: the thousands that are complete, what is below, the word's sort."""
    if value >= 100:
        times = part if part > 0 else np.int64(1)
        if value == 100:
            return total, times * value, _HUNDRED
        return total + times * value, np.int64(0), _SCALE
    return total, part + value, _TENS if value >= 20 else _SMALL


@inner
def numbers_of(
    low: int, high: int, data: np.ndarray, begins: np.ndarray, ends: np.ndarray,
    hashes: np.ndarray, known: np.ndarray, values: np.ndarray,
) -> tuple[int, int, int]:  # fmt: skip
    """How many words `low:high` are part of a number, and the sums over values and over digits.

    Where `one` is all there is it counts as none: it is a pronoun as often as a number."""
    n, by_value, by_digits, one = np.int64(0), np.uint64(0), np.uint64(0), False
    total, part, last = np.int64(0), np.int64(0), _NO
    for i in range(low, high + 1):  # one more, which ends the last number
        numeral = i < high and is_numeral(data, begins[i])
        value = np.int64(-2)
        if i < high and not numeral:
            value = named(hashes[i], known, values)
        if value == AND and last != _NO:
            continue
        if last != _NO and not _goes_on(value, last):
            by_value = _with_value(by_value, total + part)
            by_digits = _with_digits(by_digits, total + part)
            total, part, last = np.int64(0), np.int64(0), _NO
        if numeral:
            end = _digits(data, begins[i], ends[i])
            by_value = _with_value(by_value, _written(data, begins[i], end, hashes[i]))
            for k in range(begins[i], end):
                by_digits = np.uint64(by_digits) * _DIGITS + np.uint64(data[k]) - _ZERO
        elif value >= 0:
            total, part, last = _joined(total, part, value)
        if numeral or value >= 0:
            n, one = n + 1, value == 1
    return np.int64(0) if n == 1 and one else n, by_value, by_digits
