"""The verb plan: what a recipe would build, before it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    RUN,
    Json,
    Limit,
    NoStages,
    RecipePath,
    SourcesDir,
    Stages,
    Workers,
    run_options,
)
from curate.errors import UserError
from curate.progress import shown

Measure = Annotated[
    bool,
    typer.Option(
        "--measure",
        metavar="",
        help="Look at every row, as a build does, and say what each step would take.",
        rich_help_panel=RUN,
    ),
]


def plan(
    recipe: RecipePath,
    measure: Measure = False,
    sources_dir: SourcesDir = None,
    limit: Limit = None,
    workers: Workers = None,
    stages: Stages = None,
    no_stages: NoStages = False,
    as_json: Json = False,
) -> None:
    """Say what a recipe would build, and everything that is in its way.

    Sources with their licences, rows and shares, steps with their settings, and
    benchmarks. Sources are opened and counted, nothing is fetched from the Hub,
    and all that cannot be read or found is told at once, with code 2.

    With --measure rows are read and looked at as a build would, and nothing is
    written: what each filter, dedup and decontamination would take, with
    examples, and how many rows other thresholds would leave. The build that
    follows looks at nothing again.

    \bExample: curate plan my-sft.yaml
      curate plan my-sft.yaml --measure --limit 10000
      curate plan mixtures/tulu3/sft.yaml

    Read on: docs/plan.md
    """
    from curate.recipe import load_recipe

    loaded = load_recipe(recipe)
    if measure:
        given = run_options(limit=limit, workers=workers, stages=stages, no_stages=no_stages)
        measured(lambda: (loaded, ()), recipe.parent, given | {"sources_dir": sources_dir}, as_json)
        return
    if limit or workers or stages or no_stages:
        raise UserError("plan: --limit, --workers, --stages and --no-stages go with --measure")
    from curate.mixture.preview import preview
    from curate.mixture.preview_show import show_preview

    found = preview(loaded, base=recipe.parent, sources_dir=sources_dir)
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        show_preview(found)
    if found.problems:
        raise UserError("\n".join(found.problems))


def measured(
    made: Callable[[], tuple[Any, tuple[str, ...]]],
    base: Path,
    options: dict[str, Any],
    as_json: bool,
) -> None:
    """Do a dry run of what is `made`, a recipe and notes on it, and print it."""
    with shown() as progress:
        progress("prepare", 0, 0, 0.0)
        from curate.mixture.measure import measure
        from curate.mixture.options import Options

        recipe, notes = made()
        own = Options(**options, notes=notes, progress=progress)
        found = measure(recipe, base=base, options=own)
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
        return
    from curate.mixture.measure_show import show_measured

    show_measured(found)
