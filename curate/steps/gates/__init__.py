"""Gates: what was made must be right, agreed upon and new before it counts.

    gates: {verify: true, agree: {at_least: 0.6}, novel: {against: [seeds.jsonl]}}

They judge rows of any source, whoever wrote them: docs/synthesis.md says how."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Spec", "make"]

_WHERE = {"Spec": ("spec", "GatesSpec"), "make": ("step", "make")}


def __getattr__(name: str) -> Any:
    """Find each when it is first used: whoever reads an audit alone loads no kernel."""
    if name not in _WHERE:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
