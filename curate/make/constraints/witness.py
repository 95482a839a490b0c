"""The witness rule: constraints are asked for together only if a text was found that holds them all,
by the verifier's word.

Prose of the stock is edited where a constraint does not hold, and finished in the order of stages;
then the verifier judges. That is repeated a few times, since one edit may undo another."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from curate.make.constraints.constraint import Constraint, ground_truth
from curate.make.constraints.kind import KINDS, Text
from curate.make.constraints.prose import prose
from curate.verify.constraints import followed

_ROUNDS, _STARTS = 6, 3


def witness(constraints: Sequence[Constraint], rng: Random) -> str | None:
    """A text that holds all of them; None where none was found, which is no proof that there is
    none.
    """
    label = ground_truth(constraints)
    for start in range(_STARTS):
        made = prose(rng, (6, 3, 12)[start])
        for _ in range(_ROUNDS):
            text = _finished(made, constraints, rng)
            held = followed(text, label)
            if all(held):
                return text
            before = made
            for one, holds in zip(constraints, held, strict=True):
                made = made if holds else _edited(made, text, one, rng)
            if made == before and not _by_chance(constraints):
                break
    return None


def _edited(made: str, text: str, one: Constraint, rng: Random) -> str:
    edit = KINDS[one.id].edit
    return made if edit is None else edit(Text(made, text), one.kwargs, rng)


def _by_chance(constraints: Sequence[Constraint]) -> bool:
    """Whether another try with the same prose may end otherwise: a finish draws."""
    return any(KINDS[one.id].finish is not None for one in constraints)


def _finished(made: str, constraints: Sequence[Constraint], rng: Random) -> str:
    """The prose in its form."""
    for one in sorted(constraints, key=lambda one: KINDS[one.id].stage):
        finish = KINDS[one.id].finish
        made = made if finish is None else finish(made, one.kwargs, rng)
    return made
