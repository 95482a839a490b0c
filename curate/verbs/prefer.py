"""The verbs about preferences: prefer, and judge, which measures judges beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.arguments import (
    ASKED,
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
from curate.errors import UserError
from curate.verbs.run import from_file, run

if TYPE_CHECKING:
    from curate.make.prefer.calibrate import Calibration
    from curate.recipe import Recipe

Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        metavar="",
        help="Ask nobody: every answer must be in the store.",
        rich_help_panel=ASKED,
    ),
]


@runs
def prefer(
    recipe: RecipePath,
    out: Out,
    max_cost: MaxCost = None,
    max_requests: MaxRequests = None,
    store: StoreDir = None,
    offline: Offline = False,
    sources_dir: SourcesDir = None,
    benchmarks_dir: BenchmarksDir = None,
    *,
    options: dict[str, Any],
    as_json: Json = False,
) -> None:
    """Build pairs of answers: a pool of models answers, judges rate, ratings decide.

    Prompts pass filters, dedup and decontamination before the first of them is
    answered. Every answer and every judgement is kept, so another rule for pairs
    asks nobody: --offline proves it. The report says how far each judge can be
    believed.

    \bExample: curate prefer mixtures/quickstart/preference.yaml -o pairs

    \bAnother margin, from what was asked before:
      curate prefer my-pairs.yaml -o again --offline

    \bWhat the judges are worth, before money is spent:
      curate judge my-pairs.yaml --calibrate --gold gold.json

    Read on: docs/preferences.md and docs/engines.md
    """
    from curate.engines import Budget
    from curate.mixture.options import Asked

    asked = Asked(store, Budget(max_cost=max_cost, max_requests=max_requests), offline)
    options |= {"sources_dir": sources_dir, "ask": asked}
    run(from_file(recipe, benchmarks_dir), out, recipe.parent, options, as_json)


def judge(
    recipe: RecipePath,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", metavar="", help="Measure the judges on gold pairs.")
    ] = False,
    gold: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A file of gold pairs; those of the recipe by default."),
    ] = None,
    pairs: Annotated[
        int | None, typer.Option(min=20, metavar="N", help="At most so many pairs, drawn.")
    ] = None,
    max_cost: MaxCost = None,
    max_requests: MaxRequests = None,
    store: StoreDir = None,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Measure the judges of a recipe on pairs of which people say what is better.

    Says of each how often it is right, how often its verdict flips when the
    two change places, and how far place, length and its own answers move it,
    each with an interval. Ends with code 1 if one is no better than a coin and
    the recipe does not allow that. LLMBar, PandaLM and any file of pairs will do.

    \bExample: curate judge my-pairs.yaml --calibrate --gold LLMBar_Natural.json

    Read on: docs/preferences.md
    """
    if not calibrate:
        raise UserError("judge: say what is to be done with the judges: --calibrate")
    from curate.engines import Budget
    from curate.progress import shown
    from curate.recipe import load_recipe

    with shown() as progress:
        budget = Budget(max_cost=max_cost, max_requests=max_requests)
        found, failing = _measured(
            load_recipe(recipe), recipe.parent, gold or (), pairs, store, budget, offline, progress
        )
    if as_json:
        print(json.dumps([one.plain() for one in found], ensure_ascii=False))
    else:
        _show(found)
    if failing:
        print(f"no better than a coin: {', '.join(failing)}")
        raise typer.Exit(1)


def _measured(
    recipe: Recipe,
    base: Path,
    gold: Sequence[Path],
    pairs: int | None,
    store: Path | None,
    budget: Any,
    offline: bool,
    progress: Any,
) -> tuple[list[Calibration], list[str]]:
    """Every judge of the recipe that is a model, and those that are no better than a coin."""
    from curate.engines import named
    from curate.make.asking import open_asking
    from curate.make.prefer.calibrate import calibrate
    from curate.make.prefer.gold import read_gold

    specs = [source.making for source in recipe.sources if source.maker == "prefer"]
    if not specs:
        raise UserError(f"{recipe.name}: has no source that is made by `prefer`, so no judges")
    found, failing = [], []
    with open_asking(recipe.models, store, budget, progress, offline) as ask:
        for spec in specs:
            own = [str(path.absolute()) for path in gold] or list(spec.gold)  # type: ignore[union-attr]
            if not own:
                raise UserError(f"{recipe.name}: no gold pairs; name a file: --gold FILE")
            known = read_gold(own, base=base, n=pairs or spec.gold_pairs, seed=recipe.seed)  # type: ignore[union-attr]
            for one in spec.judges:  # type: ignore[union-attr]
                if one.verifier:
                    continue
                model = named(recipe.models, str(one.engine)).model
                found.append(calibrate(one, known, ask, recipe.seed, model))
                if not found[-1].sound and one.uncalibrated != "allow":
                    failing.append(one.name)
    return found, failing


def _show(found: Sequence[Calibration]) -> None:
    from rich.console import Console
    from rich.table import Table

    for one in found:
        table = Table("figure", "value", "95 % interval", "of", title=one.judge)
        for name, figure in one.figures.items():
            if figure.known:
                interval = f"{figure.low:.3f} to {figure.high:.3f}"
                table.add_row(name, f"{figure.value:.3f}", interval, f"{figure.n:,}")
        Console().print(table)
        missing = ", ".join(f"{reason} {n:,}" for reason, n in one.missing.items()) or "nothing"
        print(f"missing of {one.said:,} judgements: {missing}")
