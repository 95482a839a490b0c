"""The step that removes rows by a value of theirs: a length, a share, a language, what was found.

`spec` is its part of a recipe, `filter` the shape of a filter, `registry` the list of them; the
filters themselves are small functions in `phrases`, `sizes`, `repetition`, `language`, `pii`,
`toxicity` and `columns`. `step` looks and decides, `counts` keeps what retention curves are drawn
from, `face` shows it all."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.steps.filters.spec import FilterSpec as Spec
    from curate.steps.filters.step import make as make

__all__ = ["Spec", "make"]

_WHERE = {"Spec": ("spec", "FilterSpec"), "make": ("step", "make")}


def __getattr__(name: str) -> Any:
    """Find the two when they are first used: whoever reads an audit alone loads no filter."""
    if name not in _WHERE:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
