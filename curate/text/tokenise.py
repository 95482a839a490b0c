"""The specification of tokens, n-grams and their order, in plain Python.

This is the rule a person can check by hand; `curate.text.kernels` gives the same results at the speed of the machine,
and the tests hold the two together. Profile `tulu3` follows the analyser of the published Tülu 3 decontamination code:
lower-case, split on thirteen separators, drop empties (so `+ * / =` and apostrophes stay inside tokens, hyphens and
minus signs do not).

    >>> [t.text for t in tokens("What's 3-4, Ada?")]
    ["what's", '3', '4', 'ada']
"""

from __future__ import annotations

from typing import NamedTuple

SEPARATORS = ' ,.?!:;()"-\n\\'


class Token(NamedTuple):
    """A lower-cased token and where it stands: code points, 0-based, half-open."""

    text: str
    start: int
    stop: int


def lower(char: str) -> str:
    """Lower-case one code point; where that would be several code points (as for `İ`), leave it as it is."""
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


def ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    """Every window of `n` consecutive tokens of `text`, in order; empty when it holds fewer than `n`."""
    words = [token.text for token in tokens(text)]
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
