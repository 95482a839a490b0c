"""The lock of a build: what it was given, what it counted, and what it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate import lock as locks
from curate.make.source import MadeSource
from curate.mixture.plan import Plan, portable
from curate.mixture.shares import as_plain
from curate.mixture.summary import Summary
from curate.recipe import paths_in, resolved


def lock_of(
    plan: Plan, limit: int | None, summary: Summary | None, outputs: Mapping[str, str]
) -> dict[str, Any]:
    """The lock of a build; without a summary only what it is given, to be compared before work
    starts.
    """
    inputs: dict[str, Any] = {
        spec.name: {
            "revision": source.revision,
            "files": {name: {"sha256": digest, "bytes": size} for name, digest, size in digests},
        }
        | ({"made": source.made} if isinstance(source, MadeSource) else {})
        for spec, source, digests in zip(
            plan.recipe.sources, plan.sources, plan.digests, strict=True
        )
    }
    lock = {
        "lock_version": locks.LOCK_VERSION,
        "recipe": resolved(plan.recipe, lambda path: portable(path, plan.base)),
        "paths": [f"recipe.{place}" for place in paths_in(plan.recipe) if not _on_hub(plan, place)],
        "limit": limit,
        "inputs": {"sources": inputs}
        | ({"tokenizer": plan.tokenizer.digest} if plan.tokenizer else {}),
        "steps": {step.name: dict(step.inputs) for step in plan.steps},
    }
    if summary is None:
        return lock
    return lock | {
        "versions": locks.versions(),
        "counts": _counts(plan, summary),
        "outputs": dict(outputs),
    }


def _on_hub(plan: Plan, place: str) -> bool:
    """Whether what stands at a place of the recipe is an id on the Hub, which says what is read,
    not where it lies.
    """
    return any(
        source.origin == "hub" and place == f"sources[{n}].from"
        for n, source in enumerate(plan.sources)
    )


def _counts(plan: Plan, summary: Summary) -> dict[str, Any]:
    licences = {spec.name: spec.licence for spec in plan.recipe.sources}
    return {
        "sources": {s.name: s.counts | {"licence": licences[s.name]} for s in summary.sources},
        "funnel": list(summary.steps),
        "steps": dict(summary.figures),
        "shares": as_plain(summary.shares),
        "validation_shortfall": summary.validation_shortfall,
        "warnings": list(summary.warnings),
    }
