"""Measures what matchers find: mutated copies of this suite's items, planted in this corpus' text, at
these settings; and what they take that is no copy.

    tested = self_test(items, texts, find, matchable=index.matchable, seed=42)["all"]
    tested.recall             # mutation, planted, found, noticed, recall and its 95 % interval
    tested.controls           # the same of what was not planted: what is found is a false alarm

Found is what would go; noticed is what hits at all, variants and templates among it. Everything is
drawn from the seed and the items' ids: the same input gives the same table. Items that cannot be
matched are planted like the others, so they lower the recall as they do in the corpus. `find` is any
set of matchers: a function from rows, each a list of user turns, to what each of them says."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from curate.intervals import wilson
from curate.items import Item, item_text
from curate.steps.decontaminate.mutations import MUTATIONS, Filler, mutate
from curate.steps.decontaminate.policy import Hits
from curate.steps.decontaminate.rewriting import other_numbers
from curate.text.buffer import lay_out
from curate.turns import Stretches

PER_BENCHMARK, AT_MOST = 200, 2000
"""Items planted of one benchmark, and of all: seconds of work."""

Rows = Sequence[Sequence[str]]
"""The user turns of every row."""


CLEAN, SIBLING, OTHER_NUMBERS = "clean", "sibling", "other-numbers"
CONTROLS = (CLEAN, SIBLING, OTHER_NUMBERS)
"""Texts of the corpus with nothing planted in them; items, looked for among the others of their
benchmark; and items with other numbers, which are other items."""


class Told(NamedTuple):
    """What a matcher says of some rows: the pairs whose rows would go, and all hits."""

    goes: Hits
    noticed: Hits


Find = Callable[[Rows], Mapping[str, Told]]
"""From rows to what each matcher says."""


@dataclass(frozen=True)
class Share:
    """`found` of `of`, as a rate with Wilson's 95 % interval; `noticed` are hits of any label."""

    found: int
    of: int
    noticed: int = 0

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

    `recall` has a row a mutation: mutation, planted, found, noticed, recall, low, high;
    `by_benchmark` the same for each benchmark. `controls` are false alarms: a real leak of the
    corpus, or a benchmark that has an item twice, counts, so it is an upper bound."""

    recall: pa.Table
    by_benchmark: pa.Table
    controls: pa.Table
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
    find: Find,
    *,
    matchable: Sequence[bool] | np.ndarray,
    seed: int,
    answers: Mapping[str, str] | None = None,
) -> dict[str, SelfTest]:
    """Plant mutated copies of a sample of `items` among the words of `texts` and count what `find`
    finds of them, by matcher.

    `texts` are user turns of the corpus, a sample of them, and the clean control; `find` must
    number items as `items` does. `answers` are gold answers by item id."""
    filler = [word for text in texts for word in text.split()] or ["word"]
    chosen = sample_items(items, seed)
    counts = defaultdict[str, dict[tuple[str, str], Share]](dict)
    controls = defaultdict[str, dict[tuple[str, str], Share]](dict)
    for mutation in MUTATIONS:
        own, rows = _planted(mutation, items, chosen, answers or {}, filler, seed)
        told = find(rows) if rows else {}
        for matcher, said in told.items():
            hit = [hit_own(hits, own) for hits in said]
            counts[matcher] |= _by_benchmark(mutation, items, own, *hit)
            if mutation == "verbatim":
                alarms = [_hit_sibling(hits, items, own) for hits in said]
                controls[matcher][SIBLING, ""] = _share(*alarms)
    own, rows = _changed(items, chosen, seed)
    for matcher, said in (find(rows) if rows else {}).items():
        controls[matcher][OTHER_NUMBERS, ""] = _share(*(hit_own(hits, own) for hits in said))
    for matcher, said in find([[text] for text in texts]).items():
        goes, noticed = (np.unique(hits.rows).size for hits in said)
        controls[matcher][CLEAN, ""] = Share(goes, len(texts), noticed)
    unmatchable = [item.instance_id for item, can in zip(items, matchable, strict=True) if not can]
    return {
        matcher: SelfTest(
            _over_benchmarks(counts[matcher]),
            _table(counts[matcher]),
            _table(dict(sorted(own.items(), key=_in_order))).drop_columns(["benchmark"]),
            unmatchable,
        )
        for matcher, own in controls.items()
    }


def _in_order(control: tuple[tuple[str, str], Share]) -> int:
    return CONTROLS.index(control[0][0])


def _planted(
    mutation: str,
    items: Sequence[Item],
    chosen: Sequence[int],
    answers: Mapping[str, str],
    filler: Filler,
    seed: int,
) -> tuple[list[int], list[list[str]]]:
    """The items that have something to change, and a row for each."""
    rows = {
        i: plant(mutation, items[i], answers.get(items[i].instance_id), filler, seed)
        for i in chosen
    }
    rows = {i: row for i, row in rows.items() if row}
    return list(rows), list(rows.values())


def _changed(
    items: Sequence[Item], chosen: Sequence[int], seed: int
) -> tuple[list[int], list[list[str]]]:
    """Items with other numbers, a row for each that has any."""
    rng = {i: random.Random(f"{seed}/{OTHER_NUMBERS}/{items[i].instance_id}") for i in chosen}
    rows = {i: other_numbers(item_text(items[i]), rng[i]) for i in chosen}
    said = {i: [text] for i, text in rows.items() if text is not None}
    return list(said), list(said.values())


def _by_benchmark(
    mutation: str, items: Sequence[Item], own: Sequence[int], goes: np.ndarray, noticed: np.ndarray
) -> dict[tuple[str, str], Share]:
    names = np.array([items[i].benchmark for i in own])
    return {
        (mutation, name): _share(goes[names == name], noticed[names == name])
        for name in dict.fromkeys(names.tolist())
    }


def _share(goes: np.ndarray, noticed: np.ndarray) -> Share:
    return Share(int(goes.sum()), len(goes), int(noticed.sum()))


def _hit_sibling(hits: Hits, items: Sequence[Item], own: Sequence[int]) -> np.ndarray:
    """Whether each row, an item as it is, hits another item of its benchmark that says something
    else.
    """
    found = np.zeros(len(own), np.bool_)
    for row, item in zip(hits.rows.tolist(), hits.items.tolist(), strict=True):
        one, other = items[own[row]], items[item]
        found[row] |= one.benchmark == other.benchmark and _words(one) != _words(other)
    return found


def _words(item: Item) -> list[str]:
    return item_text(item).lower().split()


def _over_benchmarks(counts: Mapping[tuple[str, str], Share]) -> pa.Table:
    sums: dict[tuple[str, str], Share] = {}
    for (mutation, _), share in counts.items():
        so_far = sums.get((mutation, ""), Share(0, 0))
        sums[mutation, ""] = Share(
            so_far.found + share.found, so_far.of + share.of, so_far.noticed + share.noticed
        )
    return _table(sums).drop_columns(["benchmark"])


def _table(counts: Mapping[tuple[str, str], Share]) -> pa.Table:
    shares = list(counts.values())
    columns = {
        "mutation": pa.array([mutation for mutation, _ in counts], pa.string()),
        "benchmark": pa.array([benchmark for _, benchmark in counts], pa.string()),
        "planted": pa.array([share.of for share in shares], pa.int64()),
        "found": pa.array([share.found for share in shares], pa.int64()),
        "noticed": pa.array([share.noticed for share in shares], pa.int64()),
        "recall": pa.array([share.rate for share in shares], pa.float64()),
        "low": pa.array([share.interval[0] for share in shares], pa.float64()),
        "high": pa.array([share.interval[1] for share in shares], pa.float64()),
    }
    return pa.table(columns)
