"""Which rows of each source are written, how often, and which of them become the validation split.

Every row has a key (`hashing.sampling_keys`); the rows with the smallest keys are taken, so that
the choice depends on the seed and on the row alone. `rows: N` takes N rows; `share: s` takes every
row ⌊s⌋ times and ⌊(s - ⌊s⌋) · n⌋ rows once more; neither takes all. Where sources are weighed
(`mix`), a source gives whole passes, and of the next pass the rows with the smallest keys, up to
what it is to give and never more.

Validation rows are shared out over the sources in proportion to what each puts into the mixture. A
source gives the rows with the next smallest keys after its training rows, and where none are left
over, training rows with the largest keys. Rows that ask the same (`Turns.groups`) are held out
together, in all sources, or not at all, and no more than were asked for: so no prompt appears in
both splits. Repeats are made of training rows alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np

from curate.steps.mix import Mix, Part, apportion, targets


@dataclass(frozen=True)
class Wanted:
    """What a recipe asks of one source: at most one of rows, share and weight is set."""

    rows: int | None = None
    share: float | None = None
    weight: float | None = None
    most: int = 1
    """How often a row may be written where sources are weighed."""

    @property
    def passes(self) -> int:
        """How many passes over the source may be needed."""
        return self.most if self.share is None else max(1, -floor(-Fraction(str(self.share))))


@dataclass(frozen=True)
class Candidates:
    """The `n` rows of one source that are left: `keys(p)` gives their keys in pass p, `groups` are
    hashes of what they ask, looked at only where validation rows are chosen, and `tokens` how long
    they are, where they are counted. Of sources with equal parts the first by `name` is rounded up.
    """

    n: int
    keys: Callable[[int], np.ndarray]
    groups: np.ndarray
    tokens: np.ndarray | None = None
    name: str = ""


@dataclass(frozen=True)
class Choice:
    """Of one source's candidates: `train[p]` says which are taken in pass p, `validation` which are
    held out.

    `shortfall` is how many training rows are missing from a `rows: N`, or rows or tokens from the
    `target` that the source has where sources are weighed.
    """

    train: list[np.ndarray]
    validation: np.ndarray
    shortfall: int
    target: int | None = None

    @property
    def copies(self) -> np.ndarray:
        """How often each candidate is written."""
        total: np.ndarray = np.add.reduce([*self.train, self.validation], axis=0, dtype=np.int32)
        return total


def choose(
    candidates: Sequence[Candidates],
    wanted: Sequence[Wanted],
    validation: int | float,
    mix: Mix | None = None,
) -> tuple[list[Choice], int]:
    """Choose among the candidates of every source; and how many rows were to be held out.

    `validation` is that number, or, as a fraction, the share of the rows that would be trained with.
    """
    nobody = [np.zeros(left.n, np.bool_) for left in candidates]
    if mix is None:
        planned = [_planned(want, left.n) for want, left in zip(wanted, candidates, strict=True)]
    else:
        whole = _mixed(candidates, wanted, nobody, mix)
        planned = [int(np.count_nonzero(choice.train[0])) for choice in whole]
    n_validation = _count(validation, planned)
    held_out = _held_out(candidates, planned, n_validation) if n_validation else nobody
    if mix is not None:
        return _mixed(candidates, wanted, held_out, mix) if n_validation else whole, n_validation
    choices = [
        _choose(left, want, plan, own)
        for left, want, plan, own in zip(candidates, wanted, planned, held_out, strict=True)
    ]
    return choices, n_validation


def _count(validation: int | float, planned: Sequence[int]) -> int:
    """How many rows are held out."""
    share = Fraction(str(validation)) if isinstance(validation, float) else None
    return int(validation) if share is None else floor(share * sum(planned))


def capped(keys: np.ndarray, values: np.ndarray, most: int) -> np.ndarray:
    """A mask of the rows that stay where of each value at most so many do: those with the smallest
    keys. The value 0 is none, and has no end.
    """
    order = np.lexsort((keys, values))
    ordered = values[order]
    nth = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    stays = np.zeros(len(order), np.bool_)
    stays[order] = (nth < most) | (ordered == 0)
    return stays


def _planned(want: Wanted, left: int) -> int:
    """How many different rows the first pass takes."""
    if want.rows is not None:
        return min(want.rows, left)
    return left if want.share is None else min(left, floor(Fraction(str(want.share)) * left))


def _held_out(
    candidates: Sequence[Candidates], planned: Sequence[int], n_validation: int
) -> list[np.ndarray]:
    """Which rows of every source are held out: of a group all rows in all sources, or none."""
    every = np.concatenate([left.groups for left in candidates])
    values, sizes = np.unique(every, return_counts=True)
    out = np.zeros(len(values), np.bool_)
    quotas = apportion(n_validation, planned)
    for left, plan, quota in zip(candidates, planned, quotas, strict=True):
        if not quota:
            continue
        by_key = np.argsort(left.keys(0), kind="stable")
        groups = np.searchsorted(values, left.groups)
        # First what lies beyond the training rows, then training rows from the largest key down.
        for group in groups[np.concatenate([by_key[plan:], by_key[:plan][::-1]])].tolist():
            if not quota:
                break
            if not out[group] and sizes[group] <= quota:
                out[group] = True
                quota -= int(sizes[group])
    return [out[np.searchsorted(values, left.groups)] for left in candidates]


def _choose(left: Candidates, want: Wanted, planned: int, validation: np.ndarray) -> Choice:
    """The training rows of a source whose validation rows are known: those with the smallest keys."""
    first = ~validation
    if planned < np.count_nonzero(first):
        by_key = np.argsort(left.keys(0), kind="stable")
        first = np.zeros(left.n, np.bool_)
        first[by_key[~validation[by_key]][:planned]] = True
    shortfall = 0 if want.rows is None else want.rows - int(np.count_nonzero(first))
    return Choice([first, *_repeats(left, want, validation)], validation, shortfall)


def _repeats(left: Candidates, want: Wanted, validation: np.ndarray) -> list[np.ndarray]:
    """The passes after the first, made of rows that are not held out."""
    share = Fraction(str(want.share)) if want.share is not None else Fraction(1)
    if share <= 1:
        return []
    pool = np.flatnonzero(~validation)
    passes = [~validation for _ in range(1, floor(share))]
    extra = floor((share - floor(share)) * len(pool))
    if share > floor(share):
        last = np.zeros(len(validation), np.bool_)
        last[pool[np.argsort(left.keys(floor(share))[pool], kind="stable")[:extra]]] = True
        passes.append(last)
    return passes


def _mixed(
    candidates: Sequence[Candidates],
    wanted: Sequence[Wanted],
    held_out: Sequence[np.ndarray],
    mix: Mix,
) -> list[Choice]:
    """What sources give that are weighed against each other, of the rows that are not held out."""
    costs = [
        np.ones(left.n, np.int64) if mix.by == "rows" else np.asarray(left.tokens, np.int64)
        for left in candidates
    ]
    parts = [
        Part(left.name, want.weight, int(cost[~out].sum()), want.most)
        for left, want, cost, out in zip(candidates, wanted, costs, held_out, strict=True)
    ]
    aims = targets(mix, parts)
    return [
        _up_to(left, want.most, aim, cost, out)
        for left, want, aim, cost, out in zip(
            candidates, wanted, aims, costs, held_out, strict=True
        )
    ]


def _up_to(
    left: Candidates, most: int, target: int, cost: np.ndarray, held_out: np.ndarray
) -> Choice:
    """Whole passes, and of the next one the rows with the smallest keys, which together cost no
    more than the target.
    """
    pool = np.flatnonzero(~held_out)
    size, open_ = int(cost[pool].sum()), target
    passes: list[np.ndarray] = []
    for turn in range(most):
        taken = np.zeros(left.n, np.bool_)
        if open_ >= size:
            taken[pool], open_ = size > 0, open_ - size
        elif open_:
            by_key = pool[np.argsort(left.keys(turn)[pool], kind="stable")]
            taken[by_key[np.cumsum(cost[by_key]) <= open_]] = True
            return Choice([*passes, taken], held_out, 0, target)
        passes.append(taken)
    return Choice(passes, held_out, open_, target)
