"""Makers by their name: what is asked of language models, and how answers become rows of a source.

    package = load("synthesize")
    maker = package.make(package.Spec(...), given)

A maker is a module with `Spec` (a `make.maker.MakerSpec`) and `make(spec, given)`, which gives a
`make.maker.Maker`, and a line in `HOUSE`. Its name is its key in a source of a recipe. The list
stands below those who show what makers add to an audit, and imports none of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from types import ModuleType

from curate.errors import UserError, unknown

HOUSE: Mapping[str, str] = {
    "measure": "curate.make.measure",
    "synthesize": "curate.make.synthesize",
    "augment": "curate.make.augment",
    "prefer": "curate.make.prefer",
    "respond": "curate.make.respond",
}
"""The makers, by their key in a source."""

TOGETHER = "make"
"""What all of them show together: a face of its own, beside `curate.make`."""


def shown(names: Collection[str]) -> list[str]:
    """Whose tables and pages an audit has whose rows some makers made."""
    return [TOGETHER, *names] if names else []


def load(name: str) -> ModuleType:
    """The module of a maker; raises UserError with the nearest name where there is none."""
    if name not in HOUSE:
        raise UserError(unknown("maker", name, HOUSE))
    return import_module(HOUSE[name])
