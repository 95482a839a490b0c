"""Scores with intervals: on all items, on those that the training data does not touch, and on those
that it does; and two models on the same items.

Every figure is made from the rows of `judge.SCHEMA`, so that it can be made again from the file of
items. Where a task is scored by groups, an item weighs as much as its group has few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curate.intervals import Interval, apart, detectable, mean, paired, sign_test

FEW = 2
"""Fewer scored items than this have no figure of their own."""


@dataclass(frozen=True)
class Scored:
    """An item with its score and what the training data has of it."""

    item: str
    group: str
    score: float
    touched: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Clean:
    """A task's score on items by what the training data has of them."""

    n: Mapping[str, int]
    """Items by state: clean, touched, variant, unknown."""
    clean: Interval | None
    touched: Interval | None
    variant: Interval | None
    difference: Interval | None
    """Touched minus clean."""
    gained: Interval | None
    """All items minus clean: what the touched items add to the score that is reported."""
    by_source: Mapping[str, tuple[int, Interval, Interval]]
    """Of a source the items that its rows hit, their score, and that minus the clean score."""


@dataclass(frozen=True)
class TaskFigures:
    """What a model scored on a task."""

    task: str
    n: int
    unscored: int
    """Items that could not be judged, and are in no mean."""
    failed: int
    """Items with an answer that never came or was refused: they count as wrong."""
    truncated: int
    score: Interval | None
    clean: Clean | None


@dataclass(frozen=True)
class Compared:
    """Two models on the same items of a task: the second minus the first."""

    task: str
    n: int
    difference: Interval
    better: int
    """Items on which the second scores higher."""
    worse: int
    chance: float
    """Of so uneven a division of these, were both equally good (sign test)."""
    detectable: float
    """The smallest difference that so many items would show in four of five cases."""


def scored(table: pa.Table) -> list[Scored]:
    """The items of a table that have a score."""
    rows = table.select(["item", "group", "score", "touched", "sources"]).to_pylist()
    return [
        Scored(**{**row, "sources": tuple(row["sources"] or ())})
        for row in rows
        if row["score"] is not None
    ]


def weights(items: Sequence[Scored]) -> list[float] | None:
    """What each item weighs where the score is a mean over groups; None where all weigh the same."""
    sizes = Counter(item.group for item in items)
    if len(set(sizes.values())) < 2:
        return None
    return [1 / len(sizes) / sizes[item.group] for item in items]


def score_of(items: Sequence[Scored]) -> Interval | None:
    """The score of items; None of too few."""
    return mean([item.score for item in items], weights(items)) if len(items) >= FEW else None


def figures_of(task: str, table: pa.Table) -> TaskFigures:
    """What a model scored on a task, from the rows of its items."""
    items, outcomes = scored(table), table["outcomes"].to_pylist()
    return TaskFigures(
        task=task,
        n=table.num_rows,
        unscored=table.num_rows - len(items),
        failed=sum(any(one in ("failed", "refused") for one in own) for own in outcomes),
        truncated=sum("truncated" in own for own in outcomes),
        score=score_of(items),
        clean=clean_of(items) if any(item.touched for item in items) else None,
    )


def clean_of(items: Sequence[Scored]) -> Clean:
    """The score by what the training data has of the items."""
    by = {
        state: [item for item in items if item.touched == state]
        for state in ("clean", "touched", "variant", "unknown")
    }
    clean, touched = score_of(by["clean"]), score_of(by["touched"])
    difference = apart(touched, clean) if clean and touched else None
    return Clean(
        n={state: len(own) for state, own in by.items()},
        clean=clean,
        touched=touched,
        variant=score_of(by["variant"]),
        difference=difference,
        gained=_gained(by["clean"], by["touched"], difference),
        by_source=_by_source(by["touched"], clean) if clean else {},
    )


def _gained(
    clean: Sequence[Scored], touched: Sequence[Scored], difference: Interval | None
) -> Interval | None:
    """What touched items add to the score of both together: the difference times their weight."""
    both = [*clean, *touched]
    if difference is None:
        return None
    shares = weights(both) or [1 / len(both)] * len(both)
    share = sum(shares[len(clean) :])
    return Interval(*(share * bound for bound in difference))


def _by_source(
    touched: Sequence[Scored], clean: Interval
) -> dict[str, tuple[int, Interval, Interval]]:
    names = sorted({name for item in touched for name in item.sources})
    found = {}
    for name in names:
        own = [item for item in touched if name in item.sources]
        score = mean([item.score for item in own], weights(own))
        found[name] = (len(own), score, apart(score, clean))
    return found


def compared(task: str, first: pa.Table, second: pa.Table, state: str = "") -> Compared | None:
    """Two models on the items that both have a score for, all of them or those of one state.

    None where there are too few."""
    before = {item.item: item for item in scored(first)}
    pairs = [
        (before[item.item], item)
        for item in scored(second)
        if item.item in before and (not state or item.touched == state)
    ]
    if len(pairs) < FEW:
        return None
    differences = [after.score - own.score for own, after in pairs]
    difference = paired(differences, weights([own for own, _ in pairs]))
    better, worse = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    return Compared(
        task=task,
        n=len(pairs),
        difference=difference,
        better=better,
        worse=worse,
        chance=sign_test(better, worse),
        detectable=detectable(difference),
    )


def mean_over(scores: Sequence[Interval]) -> Interval | None:
    """The mean of the scores of several tasks; each weighs the same. None of none."""
    if not scores:
        return None
    value = sum(one.value for one in scores) / len(scores)
    half = sum(one.half**2 for one in scores) ** 0.5 / len(scores)
    return Interval(value, max(0.0, value - half), min(1.0, value + half))


def plain(figure: Any) -> Any:
    """A figure as plain data."""
    if isinstance(figure, Interval):
        return {name: round(getattr(figure, name), 6) for name in ("value", "low", "high")}
    if isinstance(figure, Clean | TaskFigures | Compared):
        return {name: plain(value) for name, value in vars(figure).items()}
    if isinstance(figure, Mapping):
        return {str(name): plain(value) for name, value in figure.items()}
    if isinstance(figure, tuple | list):
        return [plain(value) for value in figure]
    return round(figure, 6) if isinstance(figure, float) else figure
