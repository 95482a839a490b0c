"""The only place where rows leave: each step decides in its turn, and the first that takes a row
owns it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curate.errors import CurateError
from curate.steps.step import FATES, Decision, Removal, Seen, Step

SeenBy = Callable[[str, Sequence[np.ndarray]], list[Seen]]
"""Gives what a step has seen of every source, by the step's name and the masks of the rows that are
left.
"""


@dataclass(frozen=True)
class Settled:
    """What became of the rows of every source, in the order of the recipe."""

    alive: list[np.ndarray]
    """bool a row: those that are left."""
    removals: list[list[tuple[str, Removal]]]
    """The rows that went, by the step that took them."""
    decisions: Mapping[str, Decision]
    """What each step decided, in the order in which they ran."""

    def gone(self, source: int) -> int:
        """How many rows of a source went."""
        return sum(len(removal.rows) for _, removal in self.removals[source])


def settle(steps: Sequence[Step], sizes: Sequence[int], seen: SeenBy) -> Settled:
    """Let every step decide, one after the other; `sizes` are the numbers of records of the
    sources.

    Raises CurateError where a step gives removals that can't be: not one a source, rows that are
    not there, a fate that there is not."""
    alive = [np.ones(n, np.bool_) for n in sizes]
    removals: list[list[tuple[str, Removal]]] = [[] for _ in sizes]
    decisions: dict[str, Decision] = {}
    for step in steps:
        decision = step.decide(seen(step.name, [mask.copy() for mask in alive]))
        if len(decision.removals) != len(sizes):
            raise CurateError(
                f"step '{step.name}': {len(decision.removals)} removals for {len(sizes)} sources"
            )
        for own, mask, removal in zip(removals, alive, decision.removals, strict=True):
            _check(step.name, removal, len(mask))
            taken = removal.only(mask)
            mask[taken.rows] = False
            if len(taken.rows):
                own.append((step.name, taken))
        decisions[step.name] = decision
    return Settled(alive, removals, decisions)


def _check(step: str, removal: Removal, n: int) -> None:
    rows = removal.rows
    if removal.fate not in FATES:
        raise CurateError(
            f"step '{step}': a removed row is one of {', '.join(FATES)}, not '{removal.fate}'"
        )
    if len(rows) and (rows[0] < 0 or rows[-1] >= n or (np.diff(rows) <= 0).any()):
        raise CurateError(
            f"step '{step}': the rows it takes must be ascending and among the {n} of the source"
        )
    if len(removal.reason_of) != len(rows) or (
        len(rows) and removal.reason_of.max() >= len(removal.reasons)
    ):
        raise CurateError(f"step '{step}': every row it takes must have a reason")
