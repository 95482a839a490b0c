"""The ways in which a benchmark item is changed before it is planted in training data, to measure
what is found.

Each mutation has a name and gives the user turns of one training row; the same random state gives
the same turns. They change text only: nothing here knows a matcher. A word is what stands between
white space, with its punctuation.

    >>> import random
    >>> mutate("two-turns", "How many eggs are left?", None, ["word"], random.Random(0))
    ['How many', 'eggs are left?']
"""

from __future__ import annotations

import random
import re
import textwrap
import unicodedata
from collections.abc import Callable, Collection, Sequence

FILLER_WORDS = 400
"""Words around an item that is embedded."""
COLUMNS = 40
"""Width of text that is wrapped anew."""
TEMPLATES = (
    "Below is a task. Write a response that completes it.\n\n### Task\n{}\n\n### Response\n",
    "You are a careful assistant. Think step by step, then answer.\nQuestion: {}\nAnswer:",
    "I need help with the following, and please explain your reasoning: {} Thank you!",
)

Filler = Sequence[str]
"""Words of the corpus in the order of its text: replacements are drawn from them, stretches of them
surround items.
"""

_PIECES = re.compile(r"\s+|\S+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def _replace(question: str, chosen: Collection[int], filler: Filler, rng: random.Random) -> str:
    """Put another word of the corpus in the place of each chosen word; white space stays."""
    pieces = _PIECES.findall(question)
    places = [place for place, piece in enumerate(pieces) if not piece.isspace()]
    for number in sorted(chosen):
        place = places[number]
        others = (rng.choice(filler) for _ in range(20))
        pieces[place] = next(
            (word for word in others if word.lower() != pieces[place].lower()), "other"
        )
    return "".join(pieces)


def _every(step: int, question: str, filler: Filler, rng: random.Random) -> list[str]:
    return [_replace(question, range(step - 1, len(question.split()), step), filler, rng)]


def _random_25(question: str, filler: Filler, rng: random.Random) -> list[str]:
    n = len(question.split())
    return [_replace(question, rng.sample(range(n), round(n / 4)), filler, rng)]


def _embedded(question: str, filler: Filler, rng: random.Random) -> list[str]:
    start, before = (
        rng.randrange(max(1, len(filler) - FILLER_WORDS)),
        rng.randrange(FILLER_WORDS + 1),
    )
    words = filler[start : start + FILLER_WORDS]
    return [" ".join([*words[:before], question, *words[before:]])]


def _rewrapped(question: str) -> list[str]:
    return [textwrap.fill(question, COLUMNS, break_long_words=False, break_on_hyphens=False)]


def _stripped(question: str) -> list[str]:
    kept = (char for char in question.lower() if unicodedata.category(char)[0] not in "PS")
    return [" ".join("".join(kept).split())]


def _reordered(question: str, rng: random.Random) -> list[str]:
    """Shuffle the sentences; where there is only one, swap the halves of it."""
    sentences = [s for s in _SENTENCE_END.split(question.strip()) if s]
    if len(sentences) < 2:
        sentences = _halves(question)
    order = sentences[:]
    while len(set(sentences)) > 1 and order == sentences:
        rng.shuffle(order)
    return [" ".join(order)]


def _halves(question: str) -> list[str]:
    words = question.split()
    return [
        part
        for part in (" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :]))
        if part
    ]


MUTATIONS: dict[str, Callable[[str, str | None, Filler, random.Random], list[str]]] = {
    "verbatim": lambda question, answer, filler, rng: [question],
    "embedded": lambda question, answer, filler, rng: _embedded(question, filler, rng),
    "rewrapped": lambda question, answer, filler, rng: _rewrapped(question),
    "stripped": lambda question, answer, filler, rng: _stripped(question),
    "every-10th": lambda question, answer, filler, rng: _every(10, question, filler, rng),
    "every-6th": lambda question, answer, filler, rng: _every(6, question, filler, rng),
    "every-4th": lambda question, answer, filler, rng: _every(4, question, filler, rng),
    "random-25": lambda question, answer, filler, rng: _random_25(question, filler, rng),
    "reordered": lambda question, answer, filler, rng: _reordered(question, rng),
    "with-answer": lambda question, answer, filler, rng: [f"{question}\n{answer or ''}"],
    "two-turns": lambda question, answer, filler, rng: _halves(question),
    "templated": lambda question, answer, filler, rng: [
        rng.choice(TEMPLATES).replace("{}", question)
    ],
}
"""All mutations by name. embedded: within 400 words of the corpus; stripped: lower case without
punctuation and symbols; random-25: a quarter of the words replaced; two-turns: one half in each of
two user turns.
"""


def mutate(
    name: str, question: str, answer: str | None, filler: Filler, rng: random.Random
) -> list[str]:
    """The user turns of a training row that holds a mutated item.

    `filler` is some running text of the corpus, word by word; `rng` decides everything that is
    random. Only `with-answer` uses the answer. Raises KeyError for a name that is not in
    `MUTATIONS`."""
    return MUTATIONS[name](question, answer, filler, rng)
