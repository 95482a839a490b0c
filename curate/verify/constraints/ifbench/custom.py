"""Types that belong to one prompt each: whoever knows the type knows the whole question."""

from __future__ import annotations

import re
import string
import unicodedata
from datetime import date
from itertools import pairwise

from curate.verify.constraints.registry import IFBENCH, constraint
from curate.verify.constraints.text import sentences, words

_CAPITALS = (
    "reykjavik helsinki oslo tallinn stockholm riga moscow copenhagen vilnius minsk dublin berlin"
    " amsterdam warsaw london brussels kyiv prague luxembourg paris vienna bratislava budapest"
    " vaduz chisinau bern ljubljana zagreb"
).split()
"""North of 45 degrees, from north to south. The published list lacks Kyiv: it may be left out."""
_COUNTRIES = 52
_QUESTION = re.compile(r"^Question[ \t]*\d+[.):;]?", re.MULTILINE)
_OPTION = re.compile(r"\s*[A-Ea-e][.)]\s*\S")


def _without_marks(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


@constraint("custom:multiples", IFBENCH)
def multiples(answer: str) -> bool:
    """The numbers are the multiples of 7 from 10 to 50, in order."""
    return re.findall(r"\d+", answer) == [str(n) for n in range(14, 50, 7)]


@constraint("custom:date_format_list", IFBENCH)
def dates(answer: str) -> bool:
    """The answer is a list of dates from 1769 to 1821 as YYYY-MM-DD, which commas divide."""
    return all(_of_napoleon(one.strip()) for one in answer.split(","))


def _of_napoleon(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return False
    try:
        return 1769 <= date.fromisoformat(text).year <= 1821
    except ValueError:
        return False


@constraint("custom:european_capitals_sort", IFBENCH)
def capitals(answer: str) -> bool:
    """The answer lists Europe's capitals north of 45 degrees from north to south, which commas
    divide; accents and case do not count.
    """
    found = [one.strip() for one in _without_marks(answer).lower().strip(" .,\n").split(",")]
    return found in (_CAPITALS, [one for one in _CAPITALS if one != "kyiv"])


@constraint("custom:reverse_newline", IFBENCH)
def countries(answer: str) -> bool:
    """From Zimbabwe on there are 52 lines or more, in reverse order of the alphabet."""
    blank = string.punctuation + string.whitespace + string.digits
    lines = [_without_marks(line).strip(blank) for line in answer.split("\n")]
    filled = [line.lower() for line in lines if line]
    start = next((at for at, line in enumerate(filled) if "zimbabwe" in line), len(filled))
    found = filled[start:]
    return len(found) >= _COUNTRIES and found == sorted(found, reverse=True)


@constraint("custom:sentence_alphabet", IFBENCH)
def story(answer: str) -> bool:
    """There are 26 sentences, whose first words begin with the letters of the alphabet in order."""
    first = [words(one)[:1] for one in sentences(answer.lower())]
    return [word[0][0] for word in first if word] == list(string.ascii_lowercase) and all(first)


@constraint("custom:word_reverse", IFBENCH)
def word_reverse(answer: str) -> bool:
    """Read backwards word by word, the answer speaks of the bald eagle."""
    return "bald eagle" in " ".join(reversed(words(answer.lower())))


@constraint("custom:character_reverse", IFBENCH)
def character_reverse(answer: str) -> bool:
    """Read backwards letter by letter, the answer speaks of the bald eagle."""
    return "bald eagle" in answer.lower()[::-1]


@constraint("custom:mcq_count_length", IFBENCH)
def questions(answer: str) -> bool:
    """There are four questions, each labelled `Question` and longer than the one before, with five
    options; nothing comes before them.
    """
    before, *found = _QUESTION.split(answer)
    parts = [_question(one) for one in found]
    longer = all(one < other for (one, _), (other, _) in pairwise(parts))
    return not before.strip() and [options for _, options in parts] == [5] * 4 and longer


def _question(part: str) -> tuple[int, int]:
    """How long a question is, and how many options it has."""
    lines = part.strip().split("\n")
    first = next((at for at, line in enumerate(lines) if _OPTION.match(line)), len(lines))
    asked = " ".join(line.strip() for line in lines[:first])
    return len(asked), sum(_OPTION.match(line) is not None for line in lines)
