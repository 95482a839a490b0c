"""The verb audit: what several data sets hold of benchmarks and of each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    SUITE,
    Data,
    Json,
    Limit,
    NoStages,
    Out,
    Overwrite,
    Stages,
    Workers,
    looks,
    run_options,
)
from curate.errors import FailOver
from curate.progress import shown

Variants = Annotated[
    str,
    typer.Option(
        metavar="WHAT",
        help="Whether variants of items count: keep (they do not) or report (they do).",
        rich_help_panel=SUITE,
    ),
]


@looks
def audit(
    data: Data,
    out: Out,
    variants: Variants = "keep",
    *,
    spec: dict[str, Any],
    overwrite: Overwrite = False,
    limit: Limit = None,
    workers: Workers = None,
    stages: Stages = None,
    no_stages: NoStages = False,
    as_json: Json = False,
) -> None:
    """Say what data sets hold of benchmarks and of each other; write no data.

    DATA are data sets of any kind side by side: conversations, preference pairs,
    tasks with a verifier, in files, folders or on the Hub, built by curate or
    not. OUT holds the audit and its page alone; curate sql, why and review
    take it as they take a build.

    \bExample: curate audit sft.jsonl prefs.parquet my-rlvr --suite tulu3 -o audit

    \bA training and a test split, edited copies found too:
      curate audit train.jsonl --against test.jsonl -o audit

    Read on: docs/decontamination.md
    """
    given = run_options(overwrite, limit, workers=workers, stages=stages, no_stages=no_stages)
    with shown() as progress:
        progress("prepare", 0, 0, 0.0)
        from curate.mixture.options import Options
        from curate.mixture.side_by_side import audit as run
        from curate.mixture.side_by_side import data_sets

        options, base = Options(**given, progress=progress), Path.cwd()
        steps = {"decontaminate": {**spec, "policy": "report", "variants": variants}}
        found = run(data_sets(data, base), steps, out, base=base, options=options)
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        from curate.mixture.side_by_side_show import show_audit

        show_audit(found)
    if found.failures:
        raise FailOver("; ".join(found.failures), found)
