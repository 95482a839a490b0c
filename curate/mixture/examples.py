"""Rows that would go, to be looked at: of each step, or of each of its parts, a few that are evenly
spread over all that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curate.mixture.decided import Decided
from curate.records import ROLES
from curate.steps.step import Records, Removal

EACH = 5
WIDTH = 200
"""Code points of each turn that is shown."""


@dataclass(frozen=True)
class Example:
    """One row that goes."""

    id: str
    reason: str
    turns: tuple[tuple[str, str], ...]
    """Who speaks, and the beginning of what is said."""


@dataclass(frozen=True)
class Taken:
    """What one step, or one part of it, would take."""

    step: str
    part: str | None
    rows: dict[str, int]
    """By source."""
    examples: tuple[Example, ...]


def taken_by(decided: Decided) -> Iterator[Taken]:
    """What each step would take, in the order in which they run."""
    names = [result.rows.name for result in decided.results]
    for step, decision in decided.settled.decisions.items():
        own = [
            next((gone for name, gone in removals if name == step), Removal.none())
            for removals in decided.settled.removals
        ]
        for part in decision.parts or (None,):
            places = [_places(removal, part) for removal in own]
            yield Taken(
                step,
                part,
                {name: len(at) for name, at in zip(names, places, strict=True)},
                tuple(_examples(decided, step, own, places)),
            )


def _places(removal: Removal, part: str | None) -> np.ndarray:
    """Where in a removal the rows of one part are."""
    if part is None:
        return np.arange(len(removal.rows))
    ours = np.array([about == part for about in removal.about or ()], np.bool_)
    return np.flatnonzero(ours[removal.reason_of]) if len(ours) else np.empty(0, np.int64)


def _examples(
    decided: Decided, step: str, own: list[Removal], places: list[np.ndarray]
) -> Iterator[Example]:
    bounds = np.cumsum([0, *map(len, places)])
    n = int(bounds[-1])
    chosen = np.array([n * number // EACH for number in range(EACH)] if n > EACH else range(n))
    seen = decided.corpus.seen(step, decided.settled.alive)
    for number, (source, removal, at) in enumerate(zip(seen, own, places, strict=True)):
        few = chosen[(chosen >= bounds[number]) & (chosen < bounds[number + 1])] - bounds[number]
        if not len(few):
            continue
        picked = at[few.astype(np.int64)]
        mask = np.zeros(source.n, np.bool_)
        mask[removal.rows[picked]] = True
        positions = source.positions(removal.rows[picked]).tolist()
        reasons = [removal.reasons[why] for why in removal.reason_of[picked].tolist()]
        told = dict(zip(positions, reasons, strict=True))
        found = [one for records in source.rows(mask) for one in _read(records, told)]
        yield from (example for _, example in sorted(found, key=lambda one: one[0]))


def _read(records: Records, told: dict[int, str]) -> Iterator[tuple[int, Example]]:
    ids, turns = records.ids().to_pylist(), records.turns
    for doc, (row_id, row) in enumerate(zip(ids, records.rows.tolist(), strict=True)):
        said = [
            (ROLES[turns.roles[place]], _short(turns.texts[place].as_py()))
            for place in np.flatnonzero(turns.stretches.docs == doc).tolist()
        ]
        yield row, Example(row_id, told[row], tuple(said))


def _short(text: str) -> str:
    shown = " ".join(text[: 2 * WIDTH].split())
    return shown if len(shown) <= WIDTH and len(text) <= 2 * WIDTH else shown[:WIDTH] + "…"
