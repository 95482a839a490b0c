"""What is done about overlap: which rows go, given which items each source hits.

    report       nothing goes
    drop-rows    every row that hits an item
    drop-source  every row of a source that is flagged on any benchmark
    tulu3        a source flagged on an unseen benchmark goes whole; on a development benchmark its matching rows go
    (paper §3.2)

A source is flagged on a benchmark iff it hits more than 2 % of all the benchmark's items, those
that can never be hit included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.steps.step import Removal

VARIANTS = ("keep", "report", "drop")
POLICIES = ("report", "drop-rows", "drop-source", "tulu3")
FLAGGED_OVER = 0.02


@dataclass(frozen=True)
class BenchmarkItems:
    """A benchmark's place in the list of all items: `first:first + n_items`."""

    name: str
    role: str
    first: int
    n_items: int


@dataclass(frozen=True)
class Overlap:
    """One cell of the source × benchmark table."""

    benchmark: BenchmarkItems
    hit: int

    @property
    def rate(self) -> float:
        """Share of the benchmark's items that the source hits."""
        return self.hit / self.benchmark.n_items

    @property
    def flagged(self) -> bool:
        """Whether the rate is over 2 % (in whole numbers: 2 of 100 are not)."""
        return self.over(FLAGGED_OVER)

    def over(self, limit: float) -> bool:
        """Whether more than `limit` of the items are hit, without rounding the share."""
        return self.hit > round(limit * self.benchmark.n_items, 9)


@dataclass(frozen=True)
class Hits:
    """The record × item pairs of one source that count: rows by ordinal in the source, items by
    index; a pair stands once for every matcher that found it.
    """

    rows: np.ndarray
    items: np.ndarray
    scores: np.ndarray


def overlaps_of(hits: Hits, n_items: int, benchmarks: Sequence[BenchmarkItems]) -> list[Overlap]:
    """The row of the source × benchmark table that the hits of one source make."""
    hit = np.zeros(n_items, np.bool_)
    hit[hits.items] = True
    return [
        Overlap(b, int(np.count_nonzero(hit[b.first : b.first + b.n_items]))) for b in benchmarks
    ]


def removal(
    policy: str, n_rows: int, hits: Hits, table: Sequence[Overlap], item_names: Sequence[str]
) -> Removal:
    """Decide which of a source's `n_rows` rows go under `policy`."""
    flagged = [overlap for overlap in table if overlap.flagged]
    grounds = [
        o
        for o in flagged
        if policy == "drop-source" or (policy == "tulu3" and o.benchmark.role == "unseen")
    ]
    if grounds:
        named = ", ".join(overlap.benchmark.name for overlap in grounds)
        return Removal(
            np.arange(n_rows), np.zeros(n_rows, np.int64), [_source_reason(grounds)], [named]
        )
    if policy == "drop-rows":
        return _matching_rows(hits, np.ones(len(hits.rows), np.bool_), table, item_names)
    if policy == "tulu3":
        inside = np.zeros(len(hits.rows), np.bool_)
        for overlap in flagged:
            benchmark = overlap.benchmark
            inside |= (hits.items >= benchmark.first) & (
                hits.items < benchmark.first + benchmark.n_items
            )
        return _matching_rows(hits, inside, table, item_names)
    return Removal.none()


def _source_reason(grounds: Sequence[Overlap]) -> str:
    named = ", ".join(
        f"{100 * o.rate:.1f} % of {o.benchmark.name} ({o.benchmark.role})" for o in grounds
    )
    return f"the whole source goes: it hits {named}; the limit is {100 * FLAGGED_OVER:g} %"


def _matching_rows(
    hits: Hits, wanted: np.ndarray, table: Sequence[Overlap], item_names: Sequence[str]
) -> Removal:
    """The rows of the wanted hits, each with its best-scoring item (the first one on a tie) as the
    reason.
    """
    rows, items, scores = hits.rows[wanted], hits.items[wanted], hits.scores[wanted]
    order = np.lexsort(
        (-scores, items, rows)
    )  # of a pair that several matchers found, the best score comes first
    rows, items, scores = rows[order], items[order], scores[order]
    first = np.ones(len(rows), np.bool_)
    first[1:] = (rows[1:] != rows[:-1]) | (items[1:] != items[:-1])
    rows, items, scores = rows[first], items[first], scores[first]
    order = np.lexsort((items, -scores, rows))
    rows, items, scores = rows[order], items[order], scores[order]
    unique, best, counts = np.unique(rows, return_index=True, return_counts=True)
    reasons = [
        f"covers {100 * score:.1f} % of {item_names[item]}"
        + (f" and hits {more} more" if more else "")
        for item, score, more in zip(items[best], scores[best], counts - 1, strict=True)
    ]
    places = (
        np.searchsorted([overlap.benchmark.first for overlap in table], items[best], side="right")
        - 1
    )
    about = [table[place].benchmark.name for place in places]
    return Removal(unique, np.arange(len(unique)), reasons, about)
