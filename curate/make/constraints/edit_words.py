"""Edits for types on which words and letters occur, how often, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from typing import Any

from curate.make.constraints.draw import absent, bounded, keyword, letter, nothing, of_prompt
from curate.make.constraints.kind import Arguments, Text, edited
from curate.make.constraints.prose import put_in, shorter, taken_out, without
from curate.make.constraints.stock import stock
from curate.verify.constraints.format import OPTIONS
from curate.verify.constraints.text import (
    count,
    part_of_word,
    sentences,
    whole_word,
    words,
)

Kwargs = Mapping[str, Any]


def adjusted(prose: str, word: str, have: int, want: int, rng: Random) -> str:
    """The word as often as wanted, where it is there so often now."""
    if have < want:
        return put_in(prose, [word] * (want - have), rng)
    return without(prose, word, have - want)


def _target(n: int, relation: str) -> int:
    """A number in relation to `n`."""
    return n if relation == "at least" else n - 1


def _words_to_hold(rng: Random, prompt: str) -> Arguments | None:
    found = absent(rng, prompt, rng.randint(1, 3))
    return {"keywords": found} if found else None


@edited("keywords:existence", _words_to_hold)
def existence(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Put in those that are missing."""
    missing = [one for one in kwargs["keywords"] if not part_of_word(one).search(text.finished)]
    return put_in(text.prose, missing, rng)


def _how_often(rng: Random, prompt: str) -> Arguments | None:
    word = keyword("keyword")(rng, prompt)
    times = bounded("frequency", "relation", range(1, 5), range(2, 5))(rng, prompt)
    return None if word is None else word | times


@edited("keywords:frequency", _how_often)
def frequency(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Put the word in, or take it out."""
    have = count(part_of_word(kwargs["keyword"]), text.finished)
    want = _target(kwargs["frequency"], kwargs["relation"])
    return adjusted(text.prose, kwargs["keyword"], have, want, rng)


def _some(rng: Random, prompt: str) -> Arguments:
    known = [*stock().keywords, *(word for word in stock().vocabulary if len(word) > 3)]
    return {"forbidden_words": rng.sample(sorted(known), rng.randint(1, 4))}


@edited("keywords:forbidden_words", _some)
def forbidden(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Take them out."""
    prose = text.prose
    for word in kwargs["forbidden_words"]:
        prose = without(prose, word, len(prose))
    return prose


def _letters(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Put in words that hold the letter, or take such words out."""
    wanted, n = kwargs["letter"].lower(), kwargs["let_frequency"]
    have = text.finished.lower().count(wanted)
    known = sorted(stock().keywords, key=lambda word: word.count(wanted), reverse=True)
    if kwargs["let_relation"] == "at least":
        best = [word for word in known[:8] if wanted in word] or [wanted]
        word = rng.choice(best)
        return put_in(text.prose, [word] * -(-(n - have) // word.count(wanted)), rng)
    holding = re.compile(rf"\w*{re.escape(wanted)}\w*", re.IGNORECASE)
    return taken_out(text.prose, holding, have - n + 1)


for _id in ("keywords:letter_frequency", "letters:letter_counting2"):
    edited(_id, letter("let_frequency", "letter", "let_relation"))(_letters)


@edited("keywords:word_once", keyword("keyword"))
def once(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """The word once."""
    have = count(whole_word(kwargs["keyword"], text.finished), text.finished)
    return adjusted(text.prose, kwargs["keyword"], have, 1, rng)


@edited(
    "keywords:word_count_different_numbers",
    keyword("keyword", frequency=range(1, 6), relation=["exactly"]),
)
def exactly(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """The word so many times."""
    have = count(whole_word(kwargs["keyword"], text.finished), text.finished)
    return adjusted(text.prose, kwargs["keyword"], have, kwargs["frequency"], rng)


@edited("keywords:exclude_word_harder", of_prompt)
def excluded(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Take the word out."""
    return without(text.prose, kwargs["keyword"], len(text.prose))


def _two(rng: Random, prompt: str) -> Arguments | None:
    found = absent(rng, prompt, 2)
    return dict(zip(("keyword1", "keyword2"), found, strict=True)) if found else None


@edited("count:count_increment_word", _two)
def increment(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """The first word once, the second twice."""
    prose = text.prose
    for want, word in ((1, kwargs["keyword1"]), (2, kwargs["keyword2"])):
        have = count(whole_word(word, text.finished), text.finished)
        prose = adjusted(prose, word, have, want, rng)
    return prose


@edited("keywords:no_adjacent_consecutive", nothing)
def no_adjacent(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Leave out words of the stock that begin with the letter after that of the word before."""
    kept: list[str] = []
    for word in text.prose.split():
        first = re.search(r"\w", word.lower())
        before = re.search(r"\w", kept[-1].lower()) if kept else None
        follows = bool(first and before) and ord(first[0]) - ord(before[0]) == 1  # type: ignore[index]
        if not follows or word.strip(".").lower() not in stock().vocabulary:
            kept.append(word)
        elif word.endswith(".") and not kept[-1].endswith("."):
            kept[-1] += "."
    return " ".join(kept)


@edited("keywords:palindrome", nothing)
def palindrome(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Put one in."""
    return put_in(text.prose, [rng.choice(stock().palindromes)], rng)


@edited("keywords:keyword_specific_position", keyword("keyword", n=range(1, 5), m=range(2, 6)))
def position(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Make it word `m` of sentence `n`."""
    word, n, m = kwargs["keyword"], kwargs["n"], kwargs["m"]
    found = sentences(text.prose)
    if len(found) < n:
        return f"{text.prose} {rng.choice(stock().sentences)}"
    pieces = without(found[n - 1], word, len(found[n - 1])).split()
    found[n - 1] = " ".join([*pieces[: m - 1], word, *pieces[m - 1 :]])
    return " ".join(found)


@edited("count:count_unique", nothing)
def unique(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Leave out words of the stock that occurred before."""
    seen, prose = set(words(text.finished[: -len(text.prose)].lower())), []
    for piece in text.prose.split():
        found = words(piece.lower())
        again = bool(seen.intersection(found)) and set(found) <= stock().vocabulary
        if not again:
            prose.append(piece)
        elif piece.endswith(".") and prose and not prose[-1].endswith("."):
            prose[-1] += "."
        seen.update(found)
    return shorter(" ".join(prose), 1, rng)


@edited(
    "copy:repeat_phrase",
    lambda rng, prompt: {"phrase": rng.choice(stock().phrases), "small_n": rng.randint(1, 3)},
)
def phrase(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Put the phrase in, each time with one word between its ends replaced."""
    pieces = kwargs["phrase"].split()
    others = rng.sample(stock().keywords, kwargs["small_n"])
    places = [rng.randrange(1, len(pieces) - 1) for _ in others]
    changed = [
        " ".join([*pieces[:place], other, *pieces[place + 1 :]])
        for place, other in zip(places, others, strict=True)
    ]
    inner = rf"(?: \w+){{{len(pieces) - 2}}} "
    bare = re.sub(rf" ?\b{pieces[0]}{inner}{pieces[-1]}\b", "", text.prose)
    held = [f"held{place}" for place in range(len(changed))]  # none is put into another
    made = put_in(bare, held, rng)
    for place_held, one in zip(held, changed, strict=True):
        made = made.replace(place_held, one)
    return made


@edited("detectable_format:constrained_response", nothing)
def option(text: Text, kwargs: Kwargs, rng: Random) -> str:
    """Begin with an option."""
    return f"{rng.choice(OPTIONS)} {text.prose}"
