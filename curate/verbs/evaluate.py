"""The verb evaluate: what models score, and what they score on items that they never trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import (
    RUN,
    BenchmarksDir,
    Json,
    MaxCost,
    MaxRequests,
    Out,
    Overwrite,
    StoreDir,
    Workers,
)
from curate.progress import shown

TASKS, DATA = "What is evaluated", "What the models were trained on"

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...",
        help="Folders, training runs, names on the Hub, embedded, or YAML files of an engine.",
    ),
]
SuiteOfTasks = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="tulu3-dev or tulu3-unseen.", rich_help_panel=TASKS),
]
Task = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TASK",
        help="A shipped task, or a file of one; beside the suite. May be repeated.",
        rich_help_panel=TASKS,
    ),
]
WithoutTask = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="TASK",
        help="Leave out a task. May be repeated.",
        rich_help_panel=TASKS,
    ),
]
Items = Annotated[
    int | None,
    typer.Option(
        min=2, metavar="N", help="Only N items of each task, drawn by seed.", rich_help_panel=TASKS
    ),
]
Final = Annotated[
    bool,
    typer.Option(
        "--final",
        metavar="",
        help="The models are finished: unseen tasks may be looked at, and the look is counted.",
        rich_help_panel=TASKS,
    ),
]
Built = Annotated[
    list[Path] | None,
    typer.Option(
        "--against",
        metavar="BUILT",
        help="A built folder that the models were trained on. May be repeated.",
        rich_help_panel=DATA,
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of samples.", rich_help_panel=RUN)]
WeakerSandbox = Annotated[
    bool,
    typer.Option(
        "--allow-weaker-sandbox",
        metavar="",
        help="Run programs within limits alone where no sandbox can be made.",
        rich_help_panel=RUN,
    ),
]


def evaluate(
    models: Models,
    out: Out,
    suite: SuiteOfTasks = None,
    task: Task = None,
    without: WithoutTask = None,
    items: Items = None,
    final: Final = False,
    against: Built = None,
    benchmarks_dir: BenchmarksDir = None,
    seed: Seed = 42,
    store: StoreDir = None,
    max_requests: MaxRequests = None,
    max_cost: MaxCost = None,
    allow_weaker_sandbox: WeakerSandbox = False,
    overwrite: Overwrite = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Score models on benchmarks, and on the items that their data does not touch.

    Every answer is kept, so that a run that was killed goes on, and the same
    evaluation again asks nothing. With --against the audits of built folders say
    which items a row that was kept touches: the clean score leaves them out.
    Several models are compared item by item.

    \bExample: curate evaluate embedded --suite tulu3-dev --items 200 -o scores
      curate evaluate base sft dpo --task gsm8k --against my-sft -o stages
      curate evaluate final --suite tulu3-unseen --final -o unseen

    Read on: docs/evaluation.md
    """
    import os

    with shown() as progress:
        progress("prepare", 0, 0, 0.0)
        from curate.evaluation.folder import as_dict, check_out, write
        from curate.evaluation.models import models as models_of
        from curate.evaluation.run import Options
        from curate.evaluation.run import evaluate as run
        from curate.evaluation.spec import tasks_of

        check_out(out, overwrite)
        tasks = tasks_of(suite, task or (), without or ())
        options = Options(
            against=against or (),
            benchmarks_dir=benchmarks_dir,
            items=items,
            seed=seed,
            final=final,
            store=store,
            workers=workers or os.cpu_count() or 1,
            allow_weaker=allow_weaker_sandbox,
            max_requests=max_requests,
            max_cost=max_cost,
            progress=progress,
        )
        found = run(models_of(models), tasks, options)
        write(found, out, overwrite=overwrite)
    if as_json:
        print(json.dumps(as_dict(found) | {"folder": str(out)}, ensure_ascii=False))
    else:
        from curate.evaluation.show import show

        show(found, out)
