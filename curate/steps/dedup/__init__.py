"""The step that takes rows out that say what another row says: word for word, or nearly so.

`spec` is its part of a recipe, `step` the step itself, `face` what it shows in report, card,
summary and `curate why`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.steps.dedup.inputs import given as given
    from curate.steps.dedup.spec import DedupSpec as Spec
    from curate.steps.dedup.step import make as make

__all__ = ["Spec", "given", "make"]

_WHERE = {"Spec": ("spec", "DedupSpec"), "make": ("step", "make"), "given": ("inputs", "given")}


def __getattr__(name: str) -> Any:
    """Find each when it is first used: whoever reads an audit alone loads no kernel."""
    if name not in _WHERE:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
