"""What the checkers count: words, sentences, paragraphs, and how a count is compared.

Texts are compared in NFC, and a combining mark belongs to the letter on which it stands.
Sentences are found here by a rule of punctuation, for the types of IFBench-train, whose published
checkers do the same with another rule. IFEval's `number_sentences` counts with Punkt instead (see
`punkt`), as its reference does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import groupby

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "less than": lambda count, n: count < n,
    "at least": lambda count, n: count >= n,
    "at most": lambda count, n: count <= n,
    "more than": lambda count, n: count > n,
    "exactly": lambda count, n: count == n,
    "around": lambda count, n: abs(count - n) <= max(1, round(n / 10)),
}
"""IFEval knows the first two; labels of RLVR-IFeval also have `at most` and `around`, which is
within a tenth.
"""


# The blocks of Unicode that have some; Chinese, Korean and the like have none.
_WITH_MARKS = (
    (0x300, 0x3100),
    (0xA66F, 0xAC00),
    (0xFB1E, 0xFE30),
    (0x101FD, 0x12000),
    (0x16AF0, 0x1F000),
)


def _marks() -> str:
    """Combining marks and joiners, as ranges of a character class: `\\w` has none of them, and a
    vowel sign of Hindi or Thai ends no word.
    """
    places = [
        place
        for start, stop in _WITH_MARKS
        for place in range(start, stop)
        if unicodedata.category(chr(place))[0] == "M" or place in (0x200C, 0x200D)
    ]
    runs = groupby(enumerate(places), lambda pair: pair[1] - pair[0])
    ends = [[pair[1] for pair in run] for _, run in runs]
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in ends)


CHARACTER = rf"[\w{_marks()}]"
"""A letter or digit, or a mark on one."""
RUN = re.compile(rf"\w{CHARACTER}*")
"""Letters and digits without a break."""
_WORD = re.compile(rf"\w{CHARACTER}*(?:[-'’]\w{CHARACTER}*)*")
_DIVIDER = re.compile(r"\s?(?:\*\*\*|\* \* \*)\s?")
# A sentence ends at these, with the quotes and brackets that close after them, where white space or
# nothing follows. What stands before and the ++ keep a long row of stops from being tried from each
# of its places.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+(?=\s|$)|(?<![。！？])[。！？]++[」』”’）]*+")
# Titles, initials (I is a word), a few abbreviations that go on, and letters with stops between
# them.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|[A-HJ-Z]|vs|cf|[A-Za-z](?:\.[A-Za-z])+)\.$"
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")


def composed(text: str) -> str:
    """A text in NFC: é is one character, however it was typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def compare(count: int, relation: str, n: int) -> bool:
    """Whether a count stands in a relation to `n`."""
    return RELATIONS[relation](count, n)


def words(text: str) -> list[str]:
    """Runs of letters and digits; an apostrophe or hyphen between two of them joins them."""
    return _WORD.findall(text)


def whole_word(word: str, text: str) -> re.Pattern[str]:
    """A pattern for a word or phrase as it stands in this text, in any case, with no letter, digit
    or mark at either side.
    """
    return _between(word, r"\w" if text.isascii() else CHARACTER)


@lru_cache(maxsize=8192)
def _between(word: str, character: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!{character}){re.escape(word)}(?!{character})", re.IGNORECASE)


@lru_cache(maxsize=8192)
def part_of_word(word: str) -> re.Pattern[str]:
    """A pattern for a text as it stands, in any case, wherever it occurs."""
    return re.compile(re.escape(word), re.IGNORECASE)


def count(pattern: re.Pattern[str], text: str) -> int:
    """How often a pattern occurs, without overlaps."""
    return sum(1 for _ in pattern.finditer(text))


def sentences(text: str) -> list[str]:
    """Sentences in order, without blanks around them; a blank line ends one too.

    A full stop after a common abbreviation or a single letter ends none, unless nothing follows.
    """
    return [one for block in _BLANK_LINE.split(text) for one in _sentences_of_block(block)]


def _sentences_of_block(block: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(block):
        last = end.end() >= len(block.rstrip())
        if (
            end[0] == "."
            and not last
            and _ABBREVIATION.search(block, max(start, end.end() - 12), end.end())
        ):
            continue
        found.append(block[start : end.end()].strip())
        start = end.end()
    found.append(block[start:].strip())
    return [one for one in found if one]


def paragraphs(text: str) -> list[str]:
    """Paragraphs between blank lines."""
    return [one for one in _BLANK_LINE.split(text.strip()) if one]


def parts(text: str) -> list[str]:
    """What stands between dividers, `***` or `* * *`, without blanks; what is blank at either end
    is left out.
    """
    found = [one.strip() for one in _DIVIDER.split(text)]
    return found[(not found[0]) : len(found) - (len(found) > 1 and not found[-1])]
