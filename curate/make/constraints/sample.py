"""Constraints drawn for a prompt, with a seed: only such as a witness was found for."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from curate.engines.request import seed_of
from curate.errors import UserError, unknown
from curate.make.constraints.conflicts import conflict
from curate.make.constraints.constraint import Constraint, ground_truth
from curate.make.constraints.kind import KINDS
from curate.make.constraints.witness import witness
from curate.verify.constraints import CONSTRAINTS
from curate.verify.constraints.registry import IFBENCH, IFEVAL, IFTRAIN

_TRIES = 40


@dataclass(frozen=True)
class Combination:
    """Constraints that can be kept together, and a text that keeps them."""

    constraints: tuple[Constraint, ...]
    witness: str

    @property
    def ground_truth(self) -> str:
        """Their label for the verifier `ifeval`."""
        return ground_truth(self.constraints)

    @property
    def records(self) -> list[dict[str, str]]:
        """As the column `constraints` of a prompt has them, arguments as JSON."""
        return [
            {"id": one.id, "kwargs": json.dumps(one.kwargs, ensure_ascii=False, sort_keys=True)}
            for one in self.constraints
        ]


def sample(
    seed: int,
    most: int,
    *,
    least: int = 1,
    prompt: str = "",
    types: Collection[str] | None = None,
) -> Combination | None:
    """From `least` to `most` constraints of different types for a prompt, the same ones for the same
    arguments.

    A combination without a witness is never given: others of the same size are tried. None is given
    where none of them has one either, or where the prompt fits fewer than `least` types. `types`
    are the ids to draw from, or `ifeval` and `iftrain` for all of a set: by default both. Raises
    UserError for one that is never asked for.
    """
    chosen = checked(types)
    rng = Random(seed_of(seed, "constraints", prompt))
    size = min(rng.randint(least, most), len(chosen))
    for _ in range(_TRIES):
        constraints = draw(rng, size, prompt, chosen)
        hopeless = len(constraints) < least or clash(constraints)
        text = None if hopeless else witness(constraints, rng)
        if text is not None:
            return Combination(constraints, text)
    return None


def draw(rng: Random, size: int, prompt: str, types: Collection[str]) -> tuple[Constraint, ...]:
    """So many constraints of different types, whether they go together or not; fewer where the
    prompt fits fewer types.
    """
    ids = rng.sample(sorted(types), len(types))
    drawn = ((id, KINDS[id].draw(rng, prompt)) for id in ids)
    fitting = (Constraint(id, kwargs) for id, kwargs in drawn if kwargs is not None)
    return tuple(one for one, _ in zip(fitting, range(size), strict=False))


def clash(constraints: tuple[Constraint, ...]) -> bool:
    """Whether two of them are known to exclude each other: then no witness is looked for."""
    return any(
        conflict(one, other)
        for place, one in enumerate(constraints)
        for other in constraints[:place]
    )


def checked(types: Collection[str] | None, least: int = 1) -> list[str]:
    """The ids to draw from, in order, sets of them by name; raises UserError for one that is never
    asked for, and where there are fewer than `least`.
    """
    named = (IFEVAL, IFTRAIN) if types is None else types
    for name in named:
        if name == IFBENCH or (name in CONSTRAINTS and CONSTRAINTS[name].origin == IFBENCH):
            raise UserError(f"'{name}' is of IFBench's test set, which is never trained on")
        if name not in KINDS and name not in (IFEVAL, IFTRAIN):
            raise UserError(unknown("constraint", name, {*KINDS, IFEVAL, IFTRAIN}))
    found = sorted(id for id in KINDS if id in named or CONSTRAINTS[id].origin in named)
    if len(found) < least:
        raise UserError(f"least is {least}, but the types to draw from are {len(found)}")
    return found
