"""The filter of texts that repeat themselves: n-grams, lines, sentences and paragraphs.

A row has the value of its worst turn. Words are those of `curate.text.tokenise.words`, so that case
and punctuation make no difference, and characters are those of words alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from curate.kernels import repetition as kernels
from curate.kernels.texts import Tokens, point_lengths
from curate.steps.filters.filter import SHARE, Bounds, Filter, Values, amount
from curate.steps.filters.roles import OfTurns
from curate.steps.filters.view import Picked, View, quoted

Measure = Literal[
    "consecutive",
    "top_ngram",
    "duplicate_ngrams",
    "duplicate_lines",
    "duplicate_line_characters",
    "duplicate_paragraphs",
    "duplicate_paragraph_characters",
    "paragraphs",
    "sentences",
    "consecutive_sentences",
]
GOPHER = {("top_ngram", n): most for n, most in ((2, 0.20), (3, 0.18), (4, 0.16))} | {
    ("duplicate_ngrams", n): round(0.20 - n / 100, 2) for n in range(5, 11)
}
"""Shares of characters, by the words of an n-gram: table A1 of arXiv 2112.11446."""
USUAL: Mapping[str, float] = {
    "consecutive": 31,
    "duplicate_lines": 0.30,
    "duplicate_line_characters": 0.20,
    "duplicate_paragraphs": 0.30,
    "duplicate_paragraph_characters": 0.20,
    "paragraphs": 24,
    "sentences": 39,
    "consecutive_sentences": 19,
}
WORDS = {"consecutive": 13, "top_ngram": 3, "duplicate_ngrams": 5}
"""Words of an n-gram where a recipe names no number; of a unit that follows itself, at most."""
_COUNTS = ("consecutive", "paragraphs", "sentences", "consecutive_sentences")
_PIECES = {
    "duplicate_lines": (kernels.LINES, kernels.AGAIN, kernels.PIECES),
    "duplicate_line_characters": (kernels.LINES, kernels.POINTS_AGAIN, kernels.POINTS),
    "duplicate_paragraphs": (kernels.PARAGRAPHS, kernels.AGAIN, kernels.PIECES),
    "duplicate_paragraph_characters": (kernels.PARAGRAPHS, kernels.POINTS_AGAIN, kernels.POINTS),
    "paragraphs": (kernels.PARAGRAPHS, kernels.TIMES, None),
    "sentences": (kernels.SENTENCES, kernels.TIMES, None),
    "consecutive_sentences": (kernels.SENTENCES, kernels.RUN, None),
}
_NAMED_FROM = 3
_SHARE_FROM = 0.05
"""From here on what is repeated is kept beside the value: a reason quotes it."""


class Repetition(Bounds, OfTurns):
    """What is repeated, and how much of it is too much."""

    measure: Measure = "consecutive"
    n: int | None = Field(default=None, ge=1, le=64)
    """Words of an n-gram; of `consecutive`, at most so many in the unit."""
    shortest: int = Field(default=0, ge=0)
    """A turn of fewer words than this repeats nothing: short ones do so by chance."""

    @classmethod
    def usual_for(cls, given: Mapping[str, Any]) -> float | None:
        """The published number for a measure and the words of an n-gram."""
        measure = str(given.get("measure", "consecutive"))
        n = given.get("n") or WORDS.get(measure)
        return USUAL.get(measure, GOPHER.get((measure, n or 0)))

    @property
    def words(self) -> int:
        """Words of an n-gram."""
        return self.n or WORDS.get(self.measure, 0)

    @property
    def part(self) -> str:
        """The measure, and the words of its n-grams."""
        if self.measure == "consecutive":
            return ""
        return {
            "top_ngram": f"top_{self.words}_gram",
            "duplicate_ngrams": f"duplicate_{self.words}_grams",
        }.get(self.measure, self.measure)

    @property
    def measured_in(self) -> str:
        """Times, or a share."""
        return "time" if self.measure in _COUNTS else SHARE

    def told(self, value: float, what: str | None) -> str:
        """What is repeated, and how often, or how much that is."""
        if self.measure in _COUNTS:
            shown = amount("time", value) + (" in a row" if "consecutive_" in self.measure else "")
            return f"{what} {shown}" if what else shown
        of = "characters" if "character" in self.measure or "ngram" in self.measure else "pieces"
        kind = self.part.replace("_", " ")
        return f"{kind} are {amount(SHARE, value)} of the {of}{f', such as {what}' if what else ''}"


def repetition(view: View, args: Repetition) -> Values:
    """How much the worst turn of a row repeats itself, by one measure.

    `consecutive` is how often one and the same unit of at most `n` words follows itself: OLMo 2 took
    out documents where a span of 1 to 13 tokens does so 32 times (arXiv 2501.00656). `top_ngram`,
    `duplicate_ngrams` and the four shares of lines and paragraphs are those of Gopher (arXiv
    2112.11446, table A1). Preset `gopher` has all thirteen, and like Gopher passes over texts of
    fewer than 50 words; but an n-gram that occurs once is no repetition here. `paragraphs`,
    `sentences` and `consecutive_sentences` count the most frequent one: preset `olmo3` has the
    numbers of open-instruct's script for Olmo 3, without its exceptions for mathematics and code.
    """
    picked = view.turns(args)
    long_enough = np.diff(view.words(args).first) >= args.shortest if args.shortest else True
    if args.measure in _PIECES:
        return _of_pieces(picked, args.measure, long_enough)
    words = view.words(args)
    if args.measure == "consecutive":
        found = kernels.runs(words.hashes, words.first, args.words)
        value, turn = picked.worst(found[:, 0] * long_enough)
        first, size = found[:, 1], found[:, 2]
    else:
        sizes = point_lengths(picked.stretches.data, words.begins, words.ends)
        distinct = args.measure == "duplicate_ngrams"
        shares, first = kernels.ngrams(words.hashes, sizes, words.first, args.words, distinct)
        value, turn = picked.worst(shares * long_enough)
        size = np.full(len(first), args.words)
    return Values(value, _units(picked, words, args.measure, value, turn, first, size))


def _units(
    picked: Picked,
    words: Tokens,
    measure: str,
    value: np.ndarray,
    turn: np.ndarray,
    first: np.ndarray,
    size: np.ndarray,
) -> pa.Array:
    """The words that are repeated, as they are written the first time."""
    what = np.full(picked.n, None, np.object_)
    for row in np.flatnonzero(value >= (_NAMED_FROM if measure in _COUNTS else _SHARE_FROM)):
        at = first[turn[row]]
        end = words.ends[at + size[turn[row]] - 1]
        what[row] = quoted(picked.stretches.data, words.begins[at], end)
    return pa.array(what, pa.string())


def _of_pieces(picked: Picked, measure: str, long_enough: Any) -> Values:
    kind, column, whole = _PIECES[measure]
    found = kernels.pieces(*picked.stretches[:3], kind)
    each = found[:, column].astype(np.float64)
    if whole is not None:
        each /= np.maximum(1, found[:, whole])
    value, turn = picked.worst(each * long_enough)
    place = kernels.RUN_BEGIN if column == kernels.RUN else kernels.BEGIN
    what = np.full(picked.n, None, np.object_)
    for row in np.flatnonzero(value >= (_NAMED_FROM if whole is None else _SHARE_FROM)):
        begin, end = found[turn[row], place : place + 2]
        what[row] = quoted(picked.stretches.data, begin, end)
    return Values(value, pa.array(what, pa.string()))


_GOPHER = [
    *({"measure": measure, "n": n, "shortest": 50} for measure, n in GOPHER),
    *({"measure": one, "shortest": 50} for one in USUAL if one.startswith("duplicate_")),
]
_OLMO3 = [
    {"measure": measure, "last": True}
    for measure in ("paragraphs", "sentences", "consecutive_sentences")
]
REPETITION = Filter(
    Repetition, repetition, presets={"gopher": _GOPHER, "olmo2": [{}], "olmo3": _OLMO3}
)
