"""The verb measure: how often a model solves the prompts of a data set, or the best of its answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import Json, Out, Overwrite, Split, Workers
from curate.verbs.evaluate import MaxCost, MaxRequests, Seed, StoreDir

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
        help="Also write as many prompts, drawn from all of them, into OUT-control.",
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


def verb(
    options_of: Callable[..., dict[str, Any]], run: Callable[..., None]
) -> Callable[..., None]:
    """The verb, given what the command line makes of the options of a build, and how it runs one."""

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

        Every prompt comes back with total_rollouts, total_correct_rollouts, passrate
        and the rate's interval. With --between only prompts that are neither too easy
        nor too hard are kept, and asking ends once that is settled. With --best
        prompts come back as conversations with an answer that passes.

        \bExample: curate measure rl.jsonl --engine my-model --samples 8 -o measured
          curate measure rl.jsonl --engine my-model --between 0 0.625 --control -o medium
          curate measure rl.jsonl --engine my-model --best shortest -o sft

        Read on: docs/synthesis.md
        """
        from curate.engines import Budget
        from curate.mixture.options import Asked

        sampling = {"temperature": temperature, "max_tokens": max_tokens}
        spec = {"samples": samples, "between": between, "best": best, "sampling": sampling}
        budget = Budget(max_requests=max_requests, max_cost=max_cost)
        options = options_of(overwrite, None, None, workers, None, True)
        asked = options | {"ask": Asked(store, budget)}
        run(
            lambda: (recipe(data, out, engine, spec, split, seed), ()),
            out,
            Path.cwd(),
            asked,
            as_json,
        )
        for line in told(out, samples):
            print(line, file=sys.stderr)
        if control:
            other = out.with_name(f"{out.name}-control")
            run(
                lambda: (sample(data, other, rows_in(out), split, seed), ()),
                other,
                Path.cwd(),
                options,
                as_json,
            )

    return measure


def recipe(
    data: str, out: Path, engine: str, spec: dict[str, Any], split: str | None, seed: int
) -> Any:
    """The recipe whose one source is the measured prompts."""
    from curate.evaluation.models import models
    from curate.recipe import make_recipe
    from curate.sources import source_names

    given = {key: value for key, value in spec.items() if value is not None}
    of = {"from": data} | ({"split": split} if split else {})
    counts = [*COUNTS, *(("decided",) if spec["between"] is not None else ())]
    source = {"name": source_names([data])[0], "measure": {"of": of, **given}, "keep": counts}
    whole = {
        "name": _name(out),
        "kind": "sft" if spec["best"] else "rlvr",
        "seed": seed,
        "engine": models([engine])[0].spec.model_dump(),
        "sources": [source],
    }
    if spec["between"] is not None:
        whole["filters"] = [{"column": {"name": "decided", "is": "between"}}]
    return make_recipe(whole, "measure")


def sample(data: str, out: Path, rows: int, split: str | None, seed: int) -> Any:
    """The recipe of so many prompts, drawn from all of them."""
    from curate.recipe import make_recipe
    from curate.sources import source_names

    source = {"name": source_names([data])[0], "from": data, "split": split, "rows": rows}
    whole = {"name": _name(out), "kind": "rlvr", "seed": seed, "sources": [source]}
    return make_recipe(whole, "measure --control")


def _name(out: Path) -> str:
    name = out.absolute().name
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-") or "data"


def rows_in(out: Path) -> int:
    """How many rows a built folder holds."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in (out / "data").glob("*.parquet"))


def told(out: Path, k: int) -> list[str]:
    """What the model solves: with one answer, with `k`, and never."""
    import duckdb

    files = [str(path) for part in ("data", "removed") for path in (out / part).glob("*.parquet")]
    with duckdb.connect() as con:
        found = con.execute(_COUNTS, [files]).fetchone() if files else None
        lost = [str(path) for path in (out / "quarantine").glob("*.parquet")]
        none = con.execute(_NONE, [lost]).fetchone() if lost else None
    n, rates, once, asked = found or (0, 0.0, 0, 0)
    more, drawn = none or (0, 0)
    whole = n + more
    if not whole:
        return []
    return [
        f"{whole:,} prompts, {asked + drawn:,} answers: pass@1 {100 * (rates or 0) / whole:.1f}, "
        f"pass@{k} {100 * once / whole:.1f}; {whole - once:,} prompts were never solved"
    ]


_COUNTS = """
SELECT count(*), sum(passrate), count(*) FILTER (total_correct_rollouts > 0), sum(total_rollouts)::BIGINT
FROM read_parquet(?, union_by_name = true) WHERE total_rollouts IS NOT NULL
"""
_NONE = r"""
SELECT count(*), coalesce(sum(regexp_extract(reason, 'none of (\d+) answers', 1)::BIGINT), 0)
FROM read_parquet(?, union_by_name = true) WHERE reason LIKE 'none of % answers passes'
"""
