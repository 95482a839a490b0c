"""Finishes that divide a text: paragraphs, sections, bullets, sentences that begin or end alike, and
those that replace it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import cycle, islice
from random import Random
from typing import Any

from curate.make.constraints.draw import MOST_WORDS, drawn, keyword, nothing, whole_prompt
from curate.make.constraints.kind import Arguments, Stage, finished
from curate.make.constraints.prose import divided, itemised
from curate.verify.constraints.text import sentences, words

Kwargs = Mapping[str, Any]


def _the_prompt(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The prompt instead of the text, as often as asked."""
    return "\n******\n".join([kwargs["prompt_to_repeat"]] * kwargs.get("N", 1))


for _id in ("copy:copy", "copy:copying_simple"):
    finished(_id, whole_prompt, Stage.REPLACE)(_the_prompt)


def _several(rng: Random, prompt: str) -> Arguments | None:
    found = whole_prompt(rng, prompt)
    return found and found | {"N": rng.randint(2, 4)}


finished("copy:copying_multiple", _several, Stage.REPLACE)(_the_prompt)


def _span(rng: Random, prompt: str) -> Arguments | None:
    """A span of whole words of the prompt, in characters."""
    found = [one.span() for one in re.finditer(r"\S+", prompt.strip())]
    if not 3 <= len(found) <= MOST_WORDS:
        return None
    first = rng.randrange(len(found) - 1)
    last = rng.randrange(first, len(found))
    span = {"n_start": found[first][0], "n_end": found[last][1] - 1}
    return {"prompt_to_repeat": prompt.strip(), **span}


@finished("new:copy_span_idx", _span, Stage.REPLACE)
def span(text: str, kwargs: Kwargs, rng: Random) -> str:
    """That part of the prompt instead of the text."""
    return str(kwargs["prompt_to_repeat"][kwargs["n_start"] : kwargs["n_end"] + 1])


@finished(
    "count:counting_composition", drawn(n_sent=range(1, 4), n_words=range(3, 8)), Stage.SENTENCES
)
def composition(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The words of the text in three paragraphs of equal sentences."""
    per_part = kwargs["n_sent"] * kwargs["n_words"]
    supply = list(islice(cycle([word.lower() for word in words(text)]), 3 * per_part))
    n = kwargs["n_words"]
    told = [" ".join(supply[at : at + n]).capitalize() + "." for at in range(0, len(supply), n)]
    parts = [told[at : at + kwargs["n_sent"]] for at in range(0, len(told), kwargs["n_sent"])]
    return "\n* * *\n".join(" ".join(part) for part in parts)


@finished("first_word:first_word_sent", keyword("first_word"), Stage.SENTENCES)
def first_of_sentences(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The word before each sentence."""
    word = kwargs["first_word"].capitalize()
    return " ".join(f"{word} {one[:1].lower()}{one[1:]}" for one in sentences(text))


@finished("last_word:last_word_sent", keyword("last_word"), Stage.SENTENCES)
def last_of_sentences(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The word at the end of each sentence."""
    told = (one.rstrip(".!?") for one in sentences(text))
    return " ".join(f"{one} {kwargs['last_word']}." for one in told)


@finished(
    "detectable_format:multiple_sections",
    drawn(section_spliter=["Section", "SECTION", "Part", "Day"], num_sections=range(2, 5)),
    Stage.PARTS,
)
def sections(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Sections with a heading each."""
    name, n = kwargs["section_spliter"], kwargs["num_sections"]
    parts = divided(text, n, "\x00").split("\x00")
    return "\n".join(f"{name} {place}\n{part}" for place, part in enumerate(parts, 1))


@finished("length_constraints:number_paragraphs", drawn(num_paragraphs=range(2, 6)), Stage.PARTS)
def paragraphs(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Paragraphs that asterisks divide."""
    return divided(text, kwargs["num_paragraphs"], "\n***\n")


@finished("paragraphs:paragraphs", nothing, Stage.PARTS)
def two_starred(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Two of them."""
    return divided(text, 2, "\n***\n")


@finished("paragraphs:paragraphs2", nothing, Stage.PARTS)
def two_blank(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Two paragraphs that a blank line divides."""
    return divided(text, 2, "\n\n")


def _nth(rng: Random, prompt: str) -> Arguments | None:
    n = rng.randint(2, 5)
    word = keyword("first_word")(rng, prompt)
    if word is None:
        return None
    return {"num_paragraphs": n, "nth_paragraph": rng.randint(1, n), **word}


@finished("length_constraints:nth_paragraph_first_word", _nth, Stage.PARTS)
def nth_paragraph(text: str, kwargs: Kwargs, rng: Random) -> str:
    """Paragraphs that blank lines divide, one with the word before it."""
    parts = divided(text, kwargs["num_paragraphs"], "\n\n").split("\n\n")
    at = kwargs["nth_paragraph"] - 1
    if at < len(parts):
        parts[at] = f"{kwargs['first_word'].capitalize()} {parts[at][:1].lower()}{parts[at][1:]}"
    return "\n\n".join(parts)


@finished("detectable_format:number_bullet_lists", drawn(num_bullets=range(2, 7)), Stage.PIECES)
def bullets(text: str, kwargs: Kwargs, rng: Random) -> str:
    """The last sentences as items of a list."""
    return itemised(text, kwargs["num_bullets"], "- ")
