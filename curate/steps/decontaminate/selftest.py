"""Measures what a matcher finds: mutated copies of this suite's items, planted in this corpus'
text, at these settings.

    tested = self_test(items, texts, hits, matchable=index.matchable, seed=42)
    tested.recall             # mutation, planted, found, recall and its 95 % interval
    tested.false_alarms       # rows of the corpus' own text that hit an item all the same
    tested.unmatchable        # ids of the items that no copy could hit

Everything is drawn from the seed and the items' ids: the same input gives the same table. Items
that cannot be matched are planted like the others, so they lower the recall as they do in the
corpus. `hits` is any matcher: a function from rows, each a list of user turns, to the pairs of row
and item that are hits."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curate.intervals import wilson
from curate.items import Item, item_text
from curate.steps.decontaminate.mutations import MUTATIONS, Filler, mutate
from curate.steps.decontaminate.policy import Hits
from curate.text.buffer import lay_out
from curate.turns import Stretches

PER_BENCHMARK, AT_MOST = 200, 2000
"""Items planted of one benchmark, and of all: seconds of work."""

Rows = Sequence[Sequence[str]]
"""The user turns of every row."""


@dataclass(frozen=True)
class Share:
    """`found` of `of`, as a rate with Wilson's 95 % interval."""

    found: int
    of: int

    @property
    def rate(self) -> float:
        """The share; 0 of nothing."""
        return self.found / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (Wilson 1927); (0, 1) of nothing."""
        return wilson(self.found, self.of)


@dataclass(frozen=True)
class SelfTest:
    """What a matcher found of what was planted.

    `recall` has a row a mutation: mutation, planted, found, recall, low, high; `by_benchmark` the
    same for each benchmark. `false_alarms` are rows of the corpus that hit an item, with nothing
    planted in them: a real leak among them counts, so it is an upper bound."""

    recall: pa.Table
    by_benchmark: pa.Table
    false_alarms: Share
    unmatchable: list[str]


def turns_of(rows: Rows) -> Stretches:
    """Lay out the turns of rows for a matcher."""
    docs = np.repeat(np.arange(len(rows), dtype=np.int32), [len(row) for row in rows])
    places = np.array([place for row in rows for place in range(len(row))], np.int32)
    return Stretches(*lay_out(turn for row in rows for turn in row), docs, places)


def sample_items(
    items: Sequence[Item], seed: int, per_benchmark: int = PER_BENCHMARK, most: int = AT_MOST
) -> list[int]:
    """Positions of the items to plant, ascending: so many a benchmark, or fewer, so that they are
    at most `most`.
    """
    places = defaultdict[str, list[int]](list)
    for place, item in enumerate(items):
        places[item.benchmark].append(place)
    quota = per_benchmark
    while quota > 1 and sum(min(quota, len(own)) for own in places.values()) > most:
        quota -= 1
    chosen = (
        own if len(own) <= quota else random.Random(f"{seed}/{name}").sample(own, quota)
        for name, own in places.items()
    )
    return sorted(place for own in chosen for place in own)


def plant(mutation: str, item: Item, answer: str | None, filler: Filler, seed: int) -> list[str]:
    """The user turns of a row that holds a mutated copy of an item; drawn from the seed and the
    item's id.
    """
    rng = random.Random(f"{seed}/{mutation}/{item.instance_id}")
    return mutate(mutation, item_text(item), answer, filler, rng)


def hit_own(hits: Hits, own: Sequence[int]) -> np.ndarray:
    """Whether each row hits the item that was planted in it."""
    found = np.zeros(len(own), np.bool_)
    rows = (
        hits.rows[np.asarray(own, np.int64)[hits.rows] == hits.items]
        if len(hits.rows)
        else hits.rows
    )
    found[rows] = True
    return found


def self_test(
    items: Sequence[Item],
    texts: Sequence[str],
    hits: Callable[[Rows], Hits],
    *,
    matchable: Sequence[bool] | np.ndarray,
    seed: int,
    answers: Mapping[str, str] | None = None,
) -> SelfTest:
    """Plant mutated copies of a sample of `items` among the words of `texts` and count what `hits`
    finds of them.

    `texts` are user turns of the corpus, a sample of them, and the clean control; `hits` must
    number items as `items` does. `answers` are gold answers by item id; where there is none,
    `with-answer` is not planted."""
    filler = [word for text in texts for word in text.split()] or ["word"]
    chosen = sample_items(items, seed)
    counts: dict[tuple[str, str], Share] = {}
    for mutation in MUTATIONS:
        own = [
            i
            for i in chosen
            if mutation != "with-answer" or (answers and items[i].instance_id in answers)
        ]
        rows = [
            plant(mutation, items[i], (answers or {}).get(items[i].instance_id), filler, seed)
            for i in own
        ]
        found = hit_own(hits(rows), own) if rows else np.zeros(0, np.bool_)
        for benchmark in dict.fromkeys(items[i].benchmark for i in own):
            mine = np.array([items[i].benchmark == benchmark for i in own])
            counts[mutation, benchmark] = Share(int(found[mine].sum()), int(mine.sum()))
    alarms = np.unique(hits([[text] for text in texts]).rows).size if texts else 0
    unmatchable = [item.instance_id for item, can in zip(items, matchable, strict=True) if not can]
    return SelfTest(
        _over_benchmarks(counts), _table(counts), Share(alarms, len(texts)), unmatchable
    )


def _over_benchmarks(counts: Mapping[tuple[str, str], Share]) -> pa.Table:
    sums: dict[tuple[str, str], Share] = {}
    for (mutation, _), share in counts.items():
        so_far = sums.get((mutation, ""), Share(0, 0))
        sums[mutation, ""] = Share(so_far.found + share.found, so_far.of + share.of)
    return _table(sums).drop_columns(["benchmark"])


def _table(counts: Mapping[tuple[str, str], Share]) -> pa.Table:
    columns = {
        "mutation": pa.array([mutation for mutation, _ in counts], pa.string()),
        "benchmark": pa.array([benchmark for _, benchmark in counts], pa.string()),
        "planted": pa.array([share.of for share in counts.values()], pa.int64()),
        "found": pa.array([share.found for share in counts.values()], pa.int64()),
        "recall": pa.array([share.rate for share in counts.values()], pa.float64()),
        "low": pa.array([share.interval[0] for share in counts.values()], pa.float64()),
        "high": pa.array([share.interval[1] for share in counts.values()], pa.float64()),
    }
    return pa.table(columns)
