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

from curate.steps.decontaminate.rewriting import REWRITING

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

Mutation = Callable[[str, str | None, Filler, random.Random], list[str]]
"""From a question, its answer and the filler to the turns of a row."""

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
    return [_replace(question, _a_quarter(question.split(), rng), filler, rng)]


def _a_quarter(words: Sequence[str], rng: random.Random) -> set[int]:
    """The places of a quarter of the words."""
    return set(rng.sample(range(len(words)), round(len(words) / 4)))


def _deleted(question: str, rng: random.Random) -> list[str]:
    words = question.split()
    gone = _a_quarter(words, rng)
    return [" ".join(word for place, word in enumerate(words) if place not in gone)]


def _inserted(question: str, filler: Filler, rng: random.Random) -> list[str]:
    words = question.split()
    before = _a_quarter(words, rng)
    both = ([rng.choice(filler), word] if at in before else [word] for at, word in enumerate(words))
    return [" ".join(word for own in both for word in own)]


def _swapped(question: str, rng: random.Random) -> list[str]:
    """An eighth of the words change places with the next one: a quarter has moved."""
    words = question.split()
    free = set(range(len(words) - 1))
    for _ in range(round(len(words) / 8)):
        if not free:
            break
        at = rng.choice(sorted(free))
        words[at], words[at + 1] = words[at + 1], words[at]
        free -= {at - 1, at, at + 1}
    return [" ".join(words)]


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


def _rewriting(name: str) -> Mutation:
    def rewritten(
        question: str, answer: str | None, filler: Filler, rng: random.Random
    ) -> list[str]:
        new = REWRITING[name](question, rng)
        return [] if new is None else [new]

    return rewritten


MUTATIONS: dict[str, Mutation] = {
    "verbatim": lambda question, answer, filler, rng: [question],
    "embedded": lambda question, answer, filler, rng: _embedded(question, filler, rng),
    "rewrapped": lambda question, answer, filler, rng: _rewrapped(question),
    "stripped": lambda question, answer, filler, rng: _stripped(question),
    "every-10th": lambda question, answer, filler, rng: _every(10, question, filler, rng),
    "every-6th": lambda question, answer, filler, rng: _every(6, question, filler, rng),
    "every-4th": lambda question, answer, filler, rng: _every(4, question, filler, rng),
    "random-25": lambda question, answer, filler, rng: _random_25(question, filler, rng),
    "deleted-25": lambda question, answer, filler, rng: _deleted(question, rng),
    "inserted-25": lambda question, answer, filler, rng: _inserted(question, filler, rng),
    "swapped-25": lambda question, answer, filler, rng: _swapped(question, rng),
    "reordered": lambda question, answer, filler, rng: _reordered(question, rng),
    "with-answer": lambda question, answer, filler, rng: (
        [f"{question}\n{answer}"] if answer else []
    ),
    "two-turns": lambda question, answer, filler, rng: _halves(question),
    "templated": lambda question, answer, filler, rng: [
        rng.choice(TEMPLATES).replace("{}", question)
    ],
} | {name: _rewriting(name) for name in REWRITING}
"""All mutations by name. embedded: within 400 words of the corpus; stripped: lower case without
punctuation and symbols; random-25, deleted-25, inserted-25, swapped-25: a quarter of the words
replaced, deleted, in places where one is inserted, or out of place; two-turns: one half in each of
two user turns; the others: `rewriting`.
"""


def mutate(
    name: str, question: str, answer: str | None, filler: Filler, rng: random.Random
) -> list[str]:
    """The user turns of a training row that holds a mutated item; none where the item has nothing to
    change in this way: no number, no options, no answer.

    `filler` is some running text of the corpus, word by word; `rng` decides everything that is
    random. Raises KeyError for a name that is not in
    `MUTATIONS`."""
    return MUTATIONS[name](question, answer, filler, rng)
