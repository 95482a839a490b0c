"""The numbers a text names, and how far those of two texts agree.

A paraphrase of a question keeps its numbers; another question of the same kind has others. Read are
numerals (`1,000`, `2.50`, any script's decimal digits; the sign is not) and English number words up
to ninety-nine, so that `two` and `2` are one number. Fractions in words, ordinals and multiples
(`half`, `third`, `dozen`, `hundred`) are not read: with them paraphrases are told apart as well as
without (benchmarks/recall/SEMANTIC.md)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate(SMALL)} | {
    word: 20 + 10 * i for i, word in enumerate(TENS)
}
_NUMBER = re.compile(
    r"(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<part>\.\d+)?"
    rf"|\b(?:(?P<tens>{'|'.join(TENS)})(?:[ -](?P<ones>{'|'.join(SMALL[1:10])}))?|(?P<small>{'|'.join(SMALL)}))\b",
    re.IGNORECASE,
)
NEITHER = 0.5
"""The agreement of two texts without numbers: nothing speaks for or against."""


def numbers(text: str) -> Counter[str]:
    """The numbers of a text in plain decimal notation, without needless zeros, each with how often
    it occurs.
    """
    return Counter(number for _, _, number in located(text))


def located(text: str) -> Iterator[tuple[int, int, str]]:
    """The numbers of a text in their order: where each begins and stops, and what it is."""
    return ((*found.span(), _plain(found)) for found in _NUMBER.finditer(text))


def _plain(found: re.Match[str]) -> str:
    if found["whole"]:
        whole = _ascii(found["whole"].replace(",", "")).lstrip("0") or "0"
        part = _ascii((found["part"] or "")[1:]).rstrip("0")
        return f"{whole}.{part}" if part else whole
    words = [found[name] for name in ("tens", "ones", "small") if found[name]]
    return str(sum(_WORDS[word.lower()] for word in words))


def _ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def agreement(a: Counter[str], b: Counter[str]) -> float:
    """Numbers in both over numbers in either, each counted as often as it occurs; NEITHER where
    there are none.
    """
    either = (a | b).total()
    return (a & b).total() / either if either else NEITHER
