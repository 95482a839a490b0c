"""Verdicts put to use: those of a verdict file, applied to the pairs of a build.

A verdict belongs to two texts. It applies to every pair of a record and an item that have exactly
these texts, whatever their ids; a verdict whose record or item has changed applies to nothing, and
`void` says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.items import Item, item_text
from curate.matching.ngram import Matches
from curate.steps.decontaminate.found import VERDICTS
from curate.verdicts import Ruling, item_hash


@dataclass(frozen=True)
class Given:
    """Verdicts, each once for every item of its text: its entry, the record's content hash, the
    item, the verdict.
    """

    entries: np.ndarray  # int64: place in the verdict file
    docs: np.ndarray  # uint64 [n, 2]
    items: np.ndarray  # int32; -1 where no item has the text
    codes: np.ndarray  # int8: place in VERDICTS
    n: int
    """Entries of the file."""


def ready(verdicts: Sequence[Ruling], items: Sequence[Item]) -> Given:
    """Look up the items of verdicts by their texts."""
    by_text = defaultdict[str, list[int]](list)
    if verdicts:
        for place, item in enumerate(items):
            by_text[item_hash(item_text(item))].append(place)
    rows = [
        (entry, v, item)
        for entry, v in enumerate(verdicts)
        for item in by_text.get(v.item_hash, [-1])
    ]
    halves = [[int(v.doc_hash[:16], 16), int(v.doc_hash[16:], 16)] for _, v, _ in rows]
    return Given(
        np.array([entry for entry, _, _ in rows], np.int64),
        np.array(halves, np.uint64).reshape(len(rows), 2),
        np.array([item for *_, item in rows], np.int32),
        np.array([VERDICTS.index(v.verdict) for _, v, _ in rows], np.int8),
        len(verdicts),
    )


def seen_by(hashes: np.ndarray, given: Given) -> np.ndarray:
    """Of every entry of the file, whether its record is among those of these content hashes (uint64
    [records, 2]).
    """
    found = np.zeros(given.n, np.bool_)
    _, lines = _meetings(hashes, given)
    found[given.entries[lines]] = True
    return found


def verdicts_of(pairs: Matches, hashes: np.ndarray, given: Given) -> tuple[np.ndarray, np.ndarray]:
    """The verdict on every pair (int8, places in VERDICTS), and to how many pairs each entry of the
    file applied.
    """
    codes = np.zeros(len(pairs.docs), np.int8)
    if not given.n:
        return codes, np.zeros(0, np.int64)
    at, lines = _meetings(hashes[pairs.docs], given)
    same = pairs.items[at] == given.items[lines]
    codes[at[same]] = given.codes[lines[same]]
    return codes, np.bincount(given.entries[lines[same]], minlength=given.n)


def _meetings(hashes: np.ndarray, given: Given) -> tuple[np.ndarray, np.ndarray]:
    """Places of content hashes and of lines of `given` that have the same, each pair once: they are
    looked up by their first halves, and compared by the second.
    """
    order = np.argsort(given.docs[:, 0], kind="stable")
    halves = given.docs[order, 0]
    first = np.searchsorted(halves, hashes[:, 0], "left")
    n = np.searchsorted(halves, hashes[:, 0], "right") - first
    at = np.repeat(np.arange(len(hashes)), n)
    within = np.arange(len(at)) - np.repeat(np.cumsum(n) - n, n)
    lines = order[np.repeat(first, n) + within]
    same = hashes[at, 1] == given.docs[lines, 1]
    return at[same], lines[same]


def void(given: Given, applied: np.ndarray, found: np.ndarray) -> list[str | None]:
    """Why each entry was applied to no pair; None where it was."""
    known = np.zeros(given.n, np.bool_)
    known[given.entries[given.items >= 0]] = True
    return [
        _reason(*of) for of in zip(applied.tolist(), known.tolist(), found.tolist(), strict=True)
    ]


def _reason(applied: int, item: bool, doc: bool) -> str | None:
    if applied:
        return None
    if not item:
        return "no item of the suite has this text any more"
    return "no matcher pairs the two any more" if doc else "no row has this text any more"
