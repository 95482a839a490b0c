"""The verb measure: how often a model solves the prompts of a data set, or the best of its answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    Json,
    MaxCost,
    MaxRequests,
    Out,
    Overwrite,
    Split,
    StoreDir,
    Workers,
    run_options,
)
from curate.errors import UserError
from curate.verbs.evaluate import Seed
from curate.verbs.run import run

SELECT = "What is kept"

Prompts = Annotated[
    str,
    typer.Argument(metavar="DATA", help="Prompts with a verifier and a ground truth each."),
]
EngineOf = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="MODEL",
        help="A folder, a name on the Hub, embedded, or a YAML file of an engine.",
    ),
]
Samples = Annotated[int, typer.Option(min=1, metavar="N", help="Answers to each prompt, at most.")]
Temperature = Annotated[
    float, typer.Option(min=0, max=2, metavar="T", help="At which they are drawn.")
]
MaxTokens = Annotated[int, typer.Option(min=1, metavar="N", help="Of an answer.")]
Between = Annotated[
    tuple[float, float] | None,
    typer.Option(
        metavar="LOW HIGH",
        help="Keep prompts whose pass rate lies between these, and ask no more than settles it.",
        rich_help_panel=SELECT,
    ),
]
Control = Annotated[
    bool,
    typer.Option(
        "--control",
        metavar="",
        help="Also write as many prompts, drawn from all that were measured, into OUT-control.",
        rich_help_panel=SELECT,
    ),
]
BestOf = Annotated[
    str | None,
    typer.Option(
        "--best",
        metavar="HOW",
        help="Keep one answer that passes: first, shortest or diverse (least like the others).",
        rich_help_panel=SELECT,
    ),
]
COUNTS = ("total_rollouts", "total_correct_rollouts", "passrate", "passrate_low", "passrate_high")


def measure(
    data: Prompts,
    out: Out,
    engine: EngineOf,
    samples: Samples = 8,
    temperature: Temperature = 1.0,
    max_tokens: MaxTokens = 1024,
    between: Between = None,
    control: Control = False,
    best: BestOf = None,
    split: Split = None,
    seed: Seed = 42,
    store: StoreDir = None,
    max_requests: MaxRequests = None,
    max_cost: MaxCost = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Measure how often a model solves each prompt; or keep the best of its answers.

    Every prompt comes back with how many of its answers pass its verifier:
    total_rollouts, total_correct_rollouts, and passrate with its interval. With
    --between OUT holds prompts that are neither too easy nor too hard, OUT-all
    the others too, and asking ends once that is settled. With --best prompts
    come back as conversations with an answer that passes.

    \bExample: curate measure rl.jsonl --engine my-model --samples 8 -o measured
      curate measure rl.jsonl --engine my-model --between 0 0.625 -o medium
      curate measure rl.jsonl --engine my-model --best shortest -o sft

    Read on: docs/pass-rates.md
    """
    from curate.engines import Budget
    from curate.mixture.folder import target
    from curate.mixture.options import Asked

    if control and between is None:
        raise UserError("--control is a sample to set beside those that --between keeps; give it")
    sampling = {"temperature": temperature, "max_tokens": max_tokens}
    spec = {"samples": samples, "between": between, "best": best, "sampling": sampling}
    options = run_options(overwrite, workers=workers, no_stages=True)
    budget = Budget(max_requests=max_requests, max_cost=max_cost)
    whole = out if between is None else beside(out, "all")
    for folder in {out, whole, beside(out, "control") if control else out}:
        target(folder, overwrite)  # before anything is asked

    def build(recipe: Any, folder: Path, **more: Any) -> None:
        run(lambda: (recipe, ()), folder, Path.cwd(), options | more, as_json)

    build(measured(data, whole, engine, spec, split, seed), whole, ask=Asked(store, budget))
    if between is None:
        print(told(whole, samples, best), file=sys.stderr)
    else:
        build(chosen(whole, out, seed), out)
    rows = rows_in(out) if control else 0
    if rows:
        build(drawn(whole, beside(out, "control"), rows, seed), beside(out, "control"))
    elif control:
        print(f"no prompt lies between, so there is no {beside(out, 'control')}", file=sys.stderr)


def beside(out: Path, word: str) -> Path:
    """The folder beside OUT that bears its name and a word."""
    return out.with_name(f"{out.name}-{word}")


def measured(
    data: str, out: Path, engine: str, spec: dict[str, Any], split: str | None, seed: int
) -> Any:
    """The recipe whose one source is the measured prompts, or the best answers to them."""
    from curate.evaluation.models import models
    from curate.sources import source_names

    given = {key: value for key, value in spec.items() if value is not None}
    of = {"from": data} | ({"split": split} if split else {})
    counts = [*COUNTS, *(("decided",) if spec["between"] is not None else ())]
    source = {"name": source_names([data])[0], "measure": {"of": of, **given}, "keep": counts}
    kind = "sft" if spec["best"] else "rlvr"
    return _made(out, kind, seed, source, engine=models([engine])[0].spec.model_dump())


def chosen(whole: Path, out: Path, seed: int) -> Any:
    """The recipe of those measured prompts whose rate lies where it is wanted."""
    source = {"name": "measured", "from": str(whole), "keep": [*COUNTS, "decided"]}
    gate = {"column": {"name": "decided", "is": "between"}}
    return _made(out, "rlvr", seed, source, filters=[gate])


def drawn(whole: Path, out: Path, rows: int, seed: int) -> Any:
    """The recipe of so many of the measured prompts, whatever their rate."""
    source = {"name": "measured", "from": str(whole), "keep": [*COUNTS, "decided"], "rows": rows}
    return _made(out, "rlvr", seed, source)


def _made(out: Path, kind: str, seed: int, source: dict[str, Any], **more: Any) -> Any:
    from curate.recipe import make_recipe

    whole = {"name": _name(out), "kind": kind, "seed": seed, "sources": [source]}
    return make_recipe(whole | more, "measure")


def _name(out: Path) -> str:
    name = out.absolute().name
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-") or "data"


def rows_in(out: Path) -> int:
    """How many rows a built folder holds."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in (out / "data").glob("*.parquet"))


def told(out: Path, k: int, best: str | None = None) -> str:
    """What the model solves: with one answer, with `k`, and never. Where asking ends with the first
    answer that passes, the rate of what was asked is no measure of one answer; the first alone is.
    """
    import duckdb

    files = [str(path) for part in ("data", "removed") for path in (out / part).glob("*.parquet")]
    with duckdb.connect() as con:
        found = con.execute(_COUNTS, [best == "first", files]).fetchone() if files else None
        lost = [str(path) for path in (out / "quarantine").glob("*.parquet")]
        none = con.execute(_NONE, [lost]).fetchone() if lost else None
    n, rates, once, asked = found or (0, 0.0, 0, 0)
    more, lost_answers = none or (0, 0)
    whole = max(1, n + more)
    return (
        f"{n + more:,} prompts, {(asked or 0) + lost_answers:,} answers: "
        f"pass@1 {100 * (rates or 0) / whole:.1f}, pass@{k} {100 * once / whole:.1f}; "
        f"{n + more - once:,} prompts were never solved"
    )


_COUNTS = """
SELECT count(*), sum(CASE WHEN ? THEN (total_rollouts = 1)::INTEGER ELSE passrate END),
  count(*) FILTER (total_correct_rollouts > 0), sum(total_rollouts)::BIGINT
FROM read_parquet(?, union_by_name = true) WHERE total_rollouts IS NOT NULL
"""
_NONE = r"""
SELECT count(*), coalesce(sum(regexp_extract(reason, 'none of (\d+) answers', 1)::BIGINT), 0)
FROM read_parquet(?, union_by_name = true) WHERE reason LIKE 'none of % answers passes'
"""
