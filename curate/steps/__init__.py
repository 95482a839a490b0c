"""The row of steps that rows pass between reading and sampling: their names, their order, and where
each is found.

    make = load("decontaminate").make         # the step's package
    in_order(["decontaminate", "phrase"])     # as a build runs them, whatever the order of the keys in a recipe

A step is a package with `Spec`, the pydantic model of its part of a recipe, and `make(spec, *,
base, kind, seed)`, which gives a `step.Step`. Its name is its key in a recipe. Steps of the house
are listed here; other people's come by the entry-point group `curate.steps`, are imported only
where their key occurs, and may say `AFTER = "<step>"`: without it they run before all steps of the
house. Refused: names that nobody knows, and two steps that want to follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from curate.errors import UserError, unknown

HOUSE: Mapping[str, str] = {
    "filters": "curate.steps.filters",
    "gates": "curate.steps.gates",
    "dedup": "curate.steps.dedup",
    "decontaminate": "curate.steps.decontaminate",
}
"""The steps of the house, in the order in which rows pass them."""

GROUP = "curate.steps"
FIRST, LAST = ("read", "validate"), ("sample", "write")
"""What every build does before and after its steps."""


@cache
def _others() -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in HOUSE}


def known() -> list[str]:
    """The names of all steps that are installed."""
    return [*HOUSE, *sorted(_others())]


def installed(names: Iterable[str]) -> list[str]:
    """Those of some names that are steps; entry points are looked through only for names that no
    build knows.
    """
    return [
        name
        for name in names
        if name in HOUSE or (name not in (*FIRST, *LAST) and name in _others())
    ]


@cache
def load(name: str) -> ModuleType:
    """Import the package of a step; raises UserError where there is none, or where it can't be
    imported.
    """
    if name in HOUSE:
        return import_module(HOUSE[name])
    if name not in _others():
        raise UserError(unknown("step", name, known()))
    try:
        module: ModuleType = _others()[name].load()
    except Exception as error:  # other people's code: whatever it raises, the message names it
        raise UserError(
            f"step '{name}': {_others()[name].value} can't be imported ({error})"
        ) from error
    missing = [part for part in ("Spec", "make") if not hasattr(module, part)]
    if missing:
        raise UserError(f"step '{name}': {module.__name__} has no {' and no '.join(missing)}")
    return module


def in_order(names: Iterable[str]) -> list[str]:
    """The steps of a build in the order in which they run: it depends on the set of names alone."""
    wanted = set(names)
    row: list[str] = []
    pending = sorted(wanted - set(HOUSE))
    placed = dict.fromkeys([*FIRST, *HOUSE])
    while pending:
        ready = [name for name in pending if _after(name) in placed]
        if not ready:
            raise UserError(
                f"step '{pending[0]}' must run after '{_after(pending[0])}', which is not in the recipe"
            )
        for name in reversed(ready):  # of several after one step, the first by name comes first
            row = list(placed)
            row.insert(row.index(_after(name)) + 1, name)
            placed = dict.fromkeys(row)
        pending = [name for name in pending if name not in ready]
    return [name for name in placed if name in wanted]


def _after(name: str) -> str:
    return str(getattr(load(name), "AFTER", FIRST[-1]))
