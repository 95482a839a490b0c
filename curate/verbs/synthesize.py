"""The verb synthesize: a build whose rows a language model writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    BenchmarksDir,
    Json,
    Out,
    SourcesDir,
    runs,
)
from curate.verbs.run import run

ASKED = "What may be asked"

MaxCost = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="DOLLARS",
        help="Stop before answers cost more than this.",
        rich_help_panel=ASKED,
    ),
]
MaxRequests = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Stop after so many requests.", rich_help_panel=ASKED),
]
Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        help="Where answers are kept; in the user's cache by default.",
        rich_help_panel=ASKED,
    ),
]


@runs
def synthesize(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    out: Out,
    max_cost: MaxCost = None,
    max_requests: MaxRequests = None,
    store: Store = None,
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

    def made() -> Any:
        from curate.recipe import load_recipe, override

        given = None if benchmarks_dir is None else str(benchmarks_dir.absolute())
        return override(load_recipe(recipe), {"benchmarks_dir": given}), ()

    from curate.engines import Budget
    from curate.mixture.options import Asked

    asked = Asked(store, Budget(max_cost=max_cost, max_requests=max_requests))
    options |= {"sources_dir": sources_dir, "ask": asked}
    run(made, out, recipe.parent, options, as_json)
