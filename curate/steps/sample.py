"""Which rows of each source are written, how often, and which of them become the validation split.

Every row has a key (`hashing.sampling_keys`); the rows with the smallest keys are taken, so that
the choice depends on the seed and on the row alone. `rows: N` takes N rows; `share: s` takes every
row ⌊s⌋ times and ⌊(s - ⌊s⌋) · n⌋ rows once more; neither takes all.

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


@dataclass(frozen=True)
class Wanted:
    """What a recipe asks of one source: at most one of the two is set."""

    rows: int | None = None
    share: float | None = None

    @property
    def passes(self) -> int:
        """How many passes over the source may be needed."""
        return 1 if self.share is None else max(1, -floor(-Fraction(str(self.share))))


@dataclass(frozen=True)
class Candidates:
    """The `n` rows of one source that are left: `keys(p)` gives their keys in pass p, `groups` are
    hashes of what they ask, looked at only where validation rows are chosen.
    """

    n: int
    keys: Callable[[int], np.ndarray]
    groups: np.ndarray


@dataclass(frozen=True)
class Choice:
    """Of one source's candidates: `train[p]` says which are taken in pass p, `validation` which are
    held out.

    `shortfall` is how many training rows are missing from a `rows: N`.
    """

    train: list[np.ndarray]
    validation: np.ndarray
    shortfall: int

    @property
    def copies(self) -> np.ndarray:
        """How often each candidate is written."""
        total: np.ndarray = np.add.reduce([*self.train, self.validation], axis=0, dtype=np.int32)
        return total


def choose(
    candidates: Sequence[Candidates], wanted: Sequence[Wanted], n_validation: int
) -> list[Choice]:
    """Choose among the candidates of every source."""
    planned = [_planned(want, left.n) for want, left in zip(wanted, candidates, strict=True)]
    held_out = (
        _held_out(candidates, planned, n_validation)
        if n_validation
        else [np.zeros(left.n, np.bool_) for left in candidates]
    )
    return [
        _choose(left, want, plan, validation)
        for left, want, plan, validation in zip(candidates, wanted, planned, held_out, strict=True)
    ]


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`: whole numbers by largest remainder, earlier sources
    first on a tie.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


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
