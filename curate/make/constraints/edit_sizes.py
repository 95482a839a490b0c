"""Edits for types on how long a text is, and in which language."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from curate.make.constraints.draw import bounded
from curate.make.constraints.kind import Text, edited
from curate.make.constraints.prose import joined, longer, more_sentences, put_in, shorter
from curate.make.constraints.stock import stock
from curate.verify.constraints.punkt import count_sentences
from curate.verify.constraints.text import RUN, count, words

Kwargs = Mapping[str, Any]


@edited(
    "length_constraints:number_words",
    bounded("num_words", "relation", range(20, 201, 10), range(20, 201, 10)),
)
def number_words(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Add sentences, or drop words of the stock."""
    have, n = count(RUN, text.finished), kwargs["num_words"]
    if kwargs["relation"] == "at least":
        return longer(text.prose, n - have, rng)
    return shorter(text.prose, have - n + 1, rng)


@edited(
    "length_constraints:number_sentences",
    bounded("num_sentences", "relation", range(2, 13), range(2, 13)),
)
def number_sentences(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Add sentences, or join some."""
    have, n = count_sentences(text.finished, 1000), kwargs["num_sentences"]
    if kwargs["relation"] == "at least":
        return more_sentences(text.prose, n - have, rng)
    return joined(text.prose, have - n + 1, rng)


@edited("letters:letter_counting", bounded("N", "relation", range(50, 801, 50), range(50, 801, 50)))
def number_letters(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Add sentences, or drop words of the stock."""
    have = sum(char.isalpha() for char in text.finished)
    if kwargs["relation"] == "at least":
        return longer(text.prose, -(-(kwargs["N"] - have) // 4), rng)
    return shorter(text.prose, -(-(have - kwargs["N"] + 1) // 3), rng)


@edited(
    "language:response_language",
    lambda rng, prompt: {"language": rng.choice(sorted(stock().languages))},
)
def response_language(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Prose of the stock in that language, with the words of the text that are not of the stock."""
    known = stock().vocabulary
    kept = [word for word in text.prose.split() if not set(words(word.lower())) <= known]
    return put_in(" ".join(stock().languages[kwargs["language"]]), kept, rng)
