"""The verb synthesize: a build whose rows a language model writes."""

from __future__ import annotations

from typing import Any

from curate.arguments import (
    BenchmarksDir,
    Json,
    MaxCost,
    MaxRequests,
    Out,
    RecipePath,
    SourcesDir,
    StoreDir,
    runs,
)
from curate.verbs.run import from_file, run


@runs
def synthesize(
    recipe: RecipePath,
    out: Out,
    max_cost: MaxCost = None,
    max_requests: MaxRequests = None,
    store: StoreDir = None,
    sources_dir: SourcesDir = None,
    benchmarks_dir: BenchmarksDir = None,
    *,
    options: dict[str, Any],
    as_json: Json = False,
) -> None:
    """Build the mixture of a recipe that has language models write rows.

    Prompts and answers are asked of the recipe's engines, and pass its gates,
    filters, dedup and decontamination like rows from anywhere. Every answer is
    kept: what is interrupted goes on where it was, and --locked OUT rebuilds
    OUT without asking anybody.

    \bExample: curate synthesize mixtures/quickstart/personas.yaml -o personas

    \bWhat it would take, before anything is asked:
      curate plan my-recipe.yaml

    \bNo more than twenty dollars; the same command goes on with a larger limit:
      curate synthesize my-recipe.yaml -o out --max-cost 20

    Read on: docs/synthesis.md and docs/engines.md
    """
    from curate.engines import Budget
    from curate.mixture.options import Asked

    asked = Asked(store, Budget(max_cost=max_cost, max_requests=max_requests))
    options |= {"sources_dir": sources_dir, "ask": asked}
    run(from_file(recipe, benchmarks_dir), out, recipe.parent, options, as_json)
