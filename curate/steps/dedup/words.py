"""Sentences that several faces of the step share, and which words of two texts differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from curate.audit.words import counted, percent
from curate.text.normalise import folded

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
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
    return f"variants (like another row, but with other numbers or another answer): {n}, {what}"


def differing(a: str, b: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, those that the other one lacks marked. What is compared is folded: a soft
    hyphen makes no difference.
    """
    (ours, our_cuts), (theirs, their_cuts) = _cut(a), _cut(b)
    blocks = SequenceMatcher(None, ours, theirs, autojunk=len(ours) > 2000).get_matching_blocks()
    return (
        list(_marked(a, our_cuts, [(block.a, block.size) for block in blocks])),
        list(_marked(b, their_cuts, [(block.b, block.size) for block in blocks])),
    )


def _cut(text: str) -> tuple[list[str], list[int]]:
    """The pieces of a folded text, and where those of the text itself begin, and the last ends."""
    own = folded(text, accents=True)
    found = list(_PIECES.finditer(own.text))
    cuts = [0, *(own.begins[piece.start()] for piece in found[1:]), len(text)]
    return [piece.group() for piece in found], cuts


def _marked(text: str, cuts: list[int], shared: list[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, size in shared:
        if start > at:
            yield text[cuts[at] : cuts[start]], True
        if size:
            yield text[cuts[start] : cuts[start + size]], False
        at = start + size
