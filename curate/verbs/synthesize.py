"""The verb synthesize: a build whose rows a language model writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    BenchmarksDir,
    Json,
    Limit,
    Locked,
    NoStages,
    Out,
    Overwrite,
    SourcesDir,
    Stages,
    Workers,
)

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


def verb(
    options_of: Callable[..., dict[str, Any]], run: Callable[..., None]
) -> Callable[..., None]:
    """The verb, given what the command line makes of the options of a build, and how it runs one."""

    def synthesize(
        recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
        out: Out,
        max_cost: MaxCost = None,
        max_requests: MaxRequests = None,
        store: Store = None,
        sources_dir: SourcesDir = None,
        benchmarks_dir: BenchmarksDir = None,
        overwrite: Overwrite = False,
        limit: Limit = None,
        locked: Locked = None,
        workers: Workers = None,
        stages: Stages = None,
        no_stages: NoStages = False,
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

        options = options_of(overwrite, limit, locked, workers, stages, no_stages, sources_dir)
        budget = Budget(max_cost=max_cost, max_requests=max_requests)
        options["ask"] = Asked(store, budget)
        run(made, out, recipe.parent, options, as_json)

    return synthesize
