"""Sentences that several faces of the step share, and which words of two texts differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any

from curate.audit.words import counted, percent
from curate.text.normalise import folded

_WORDS = re.compile(r"\w+|[^\w\s]")
_MANY = 400
"""From so many words on, none that makes up a hundredth of a text is where an alignment begins."""
Piece = tuple[str, bool]
"""A piece of a text, and whether the other text has it not."""


def found_sentence(figures: Mapping[str, Any]) -> str:
    """How many rows went, and for what."""
    kinds = [
        f"{figures['exact']:,} exact",
        f"{figures['near']:,} near",
    ]
    if figures["variants"] == "drop":
        kinds.append(counted(figures["variant"], "variant"))
    told = f"duplicates: {figures['dropped']:,} of {counted(figures['compared'], 'row')} removed"
    return f"{told} ({', '.join(kinds)})" if figures["dropped"] else told


def chance_sentence(figures: Mapping[str, Any]) -> str:
    """What is looked for, and how much of it is found."""
    if figures["threshold"] is None:
        return f"compared by {figures['by']}: equal texts only"
    return (
        f"compared by {figures['by']}; of all pairs with a Jaccard value of {figures['threshold']:g} "
        f"or more {percent(figures['found_at_threshold'])} are found"
    )


def variant_sentence(figures: Mapping[str, Any]) -> str:
    """What became of rows that are alike but for numbers, or for the answer."""
    n = counted(figures["variant"], "row")
    what = "removed too" if figures["variants"] == "drop" else "kept"
    return f"variants (like another row, but with other numbers, another question or another answer): {n}, {what}"


def differing(a: str, b: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, those that the other one lacks marked. What is compared is folded: a soft
    hyphen makes no difference, nor do blanks.
    """
    (ours, our_spans), (theirs, their_spans) = _words_of(a), _words_of(b)
    blocks = list(_shared(ours, theirs))
    return (
        list(_marked(a, our_spans, [(start, size) for start, _, size in blocks])),
        list(_marked(b, their_spans, [(start, size) for _, start, size in blocks])),
    )


def _shared(ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int]]:
    """Stretches that both have: where each begins in the one and in the other, and its size."""
    first = _alike(ours, theirs)
    last = _alike(ours[first:][::-1], theirs[first:][::-1])
    one, other = (own[first : len(own) - last] for own in (ours, theirs))
    yield 0, 0, first
    matcher = SequenceMatcher(None, one, other, autojunk=len(other) > _MANY)
    for block in matcher.get_matching_blocks():
        yield block.a + first, block.b + first, block.size
    yield len(ours) - last, len(theirs) - last, last


def _alike(one: list[str], other: list[str]) -> int:
    """How many words two lists begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _words_of(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The words and signs of a folded text, and where each stands in the text itself."""
    own = folded(text, accents=True)
    found = list(_WORDS.finditer(own.text))
    spans = [(own.begins[one.start()], own.ends[one.end() - 1]) for one in found]
    return [one.group() for one in found], spans


def _marked(
    text: str, spans: list[tuple[int, int]], shared: list[tuple[int, int]]
) -> Iterator[Piece]:
    """The text in pieces; blanks beside a word that the other text has belong to that."""
    at, reached = 0, 0
    for start, size in shared:
        if start > at:
            begin, end = spans[at][0], spans[start - 1][1]
            if begin > reached:
                yield text[reached:begin], False
            yield text[begin:end], True
            reached = end
        at = start + size
    if reached < len(text):
        yield text[reached:], False
