"""The specification of tokens, n-grams and their order, in plain Python.

This is the rule a person can check by hand; `curate.kernels.tokens` gives the same results at the
speed of the machine, and the tests hold the two together. Profile `tulu3` follows the analyser of
the published Tülu 3 decontamination code: lower-case, split on thirteen separators, drop empties
(so `+ * / =` and apostrophes stay inside tokens, hyphens and minus signs do not).

    >>> [t.text for t in tokens("What's 3-4, Ada?")]
    ["what's", '3', '4', 'ada']

The matcher `robust` cuts by Unicode category instead (`words`): letters, digits and the marks on
them belong to words, everything else separates them, and in scripts that put no space between words
every letter is a word.

    >>> [t.text for t in words("What's 3-4, Ada? x_1 = 中文")]
    ['what', 's', '3', '4', 'ada', 'x', '1', '中', '文']
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

SEPARATORS = ' ,.?!:;()"-\n\\'

SEPARATOR, LETTER, DIGIT, MARK, ALONE = range(5)
"""What a code point is to `words`; ALONE: a letter that is a word by itself."""

NO_SPACES = (
    (0x0E00, 0x10A0),  # Thai, Lao, Tibetan, Myanmar
    (0x1780, 0x1800),  # Khmer
    (0x3005, 0x3100),  # Hiragana, Katakana
    (0x31F0, 0x3200),
    (0x3400, 0xA000),  # Chinese characters
    (0xF900, 0xFB00),
    (0xFF66, 0xFFA0),
    (0x20000, 0x323B0),
)
"""Scripts that put no space between words, as half-open ranges of code points."""


class Token(NamedTuple):
    """A lower-cased token and where it stands: code points, 0-based, half-open."""

    text: str
    start: int
    stop: int


def lower(char: str) -> str:
    """Lower-case one code point; where that would be several code points (as for `İ`), leave it as
    it is.
    """
    lowered = char.lower()
    return lowered if len(lowered) == 1 else char


def tokens(text: str) -> list[Token]:
    """Split `text` into lower-cased tokens with their code-point offsets."""
    found: list[Token] = []
    start = 0
    for stop in range(len(text) + 1):
        if stop == len(text) or text[stop] in SEPARATORS:
            if stop > start:
                found.append(Token("".join(map(lower, text[start:stop])), start, stop))
            start = stop + 1
    return found


def sort_of(char: str) -> int:
    """What one code point is to `words`, by its category in the Unicode version of this Python."""
    category = unicodedata.category(char)[0]
    if category == "L":
        return ALONE if any(low <= ord(char) < high for low, high in NO_SPACES) else LETTER
    return {"N": DIGIT, "M": MARK}.get(category, SEPARATOR)


def words(text: str) -> list[Token]:
    """Split `text` into lower-cased words with their code-point offsets; a mark that follows no
    word is dropped.
    """
    found: list[Token] = []
    start, alone = -1, False
    for stop, char in enumerate([*text, "\n"]):
        sort = sort_of(char)
        goes_on = start >= 0 and (sort == MARK or (sort in (LETTER, DIGIT) and not alone))
        if start >= 0 and not goes_on:
            found.append(Token("".join(map(lower, text[start:stop])), start, stop))
            start = -1
        if start < 0 and sort in (LETTER, DIGIT, ALONE):
            start, alone = stop, sort == ALONE
    return found


def ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    """Every window of `n` consecutive tokens of `text`, in order; empty when it holds fewer than
    `n`.
    """
    words = [token.text for token in tokens(text)]
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
