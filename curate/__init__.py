"""curate builds post-training data: filtered, deduplicated, decontaminated, with a reason for every
row that is removed.

    import curate

    curate.build("recipe.yaml", "out")                          # a whole mixture
    result = curate.decontaminate(dataset, suite="evals.jsonl")  # data in memory
    result = curate.dedup(dataset, by="prompt")

    curate.sql("out", "contamination")                          # what the audit of a build says

Names are found when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.audit.sql import sql as sql
    from curate.audit.why import why as why
    from curate.compare import diff as diff
    from curate.errors import CurateError as CurateError
    from curate.errors import FailOver as FailOver
    from curate.errors import UserError as UserError
    from curate.mixture import build_recipe_file as build
    from curate.mixture.dedup_at_hand import dedup as dedup
    from curate.steps.decontaminate.in_memory import decontaminate as decontaminate

_WHERE = {
    "CurateError": ("curate.errors", "CurateError"),
    "FailOver": ("curate.errors", "FailOver"),
    "UserError": ("curate.errors", "UserError"),
    "build": ("curate.mixture", "build_recipe_file"),
    "decontaminate": ("curate.steps.decontaminate.in_memory", "decontaminate"),
    "dedup": ("curate.mixture.dedup_at_hand", "dedup"),
    "diff": ("curate.compare", "diff"),
    "sql": ("curate.audit.sql", "sql"),
    "why": ("curate.audit.why", "why"),
}

__all__ = [
    "CurateError",
    "FailOver",
    "UserError",
    "build",
    "decontaminate",
    "dedup",
    "diff",
    "sql",
    "why",
]


def __dir__() -> list[str]:
    """The public names, found yet or not."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


def __getattr__(name: str) -> Any:
    """Find a public name where it lives."""
    if name not in _WHERE:
        raise AttributeError(f"module 'curate' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
