"""An evaluation, from tasks and models to a finished folder.

    result = evaluate(models(["before", "after"]), tasks_of("tulu3-dev"), Options(against=[Path("my-sft")]))
    write(result, Path("out"))

Every answer is in the store before it is judged, so that a run that was killed goes on where it
was, and the same evaluation again asks nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.engines import Budget, Engine, Store, open_engine, open_store
from curate.evaluation.figures import Compared, TaskFigures, compared, figures_of, mean_over
from curate.evaluation.looks import ledger_of, look, require_final
from curate.evaluation.models import Model
from curate.evaluation.rows import TaskItems, given, read
from curate.evaluation.spec import TaskFile
from curate.evaluation.touched import Touch, touch_of, touches
from curate.intervals import Interval
from curate.progress import Report, silent


@dataclass(frozen=True)
class Options:
    """How an evaluation runs."""

    against: Sequence[Path] = ()
    """Built folders: what the models were trained on."""
    benchmarks_dir: Path | None = None
    items: int | None = None
    """Of each task so many items, a seeded sample; all of them without it."""
    seed: int = 42
    final: bool = False
    store: Path | None = None
    workers: int = 1
    """Processes in which answers are judged."""
    allow_weaker: bool = False
    """Whether programs may run within limits alone where no sandbox can be made."""
    max_requests: int | None = None
    max_cost: float | None = None
    progress: Report = silent


@dataclass(frozen=True)
class ModelResult:
    """What one model scored."""

    name: str
    identity: Mapping[str, Any]
    figures: Mapping[str, TaskFigures]
    mean: Interval | None
    """Over all tasks."""
    looks: Mapping[str, int]
    """At each unseen task, with this one."""


@dataclass(frozen=True)
class Comparison:
    """Two models, task by task: on all items, and on the clean ones where they are known."""

    first: str
    second: str
    tasks: Sequence[Compared]
    clean: Sequence[Compared]


@dataclass(frozen=True)
class Evaluation:
    """Everything that an evaluation found."""

    tasks: Sequence[TaskFile]
    of: Mapping[str, int]
    """Items that each task has, whether they were evaluated or not."""
    models: Sequence[ModelResult]
    comparisons: Sequence[Comparison]
    items: pa.Table
    """A row an item and model."""
    notes: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)


def evaluate(models: Sequence[Model], tasks: Sequence[TaskFile], options: Options) -> Evaluation:
    """Put every item of every task to every model, and say what they scored.

    Raises UserError for what cannot be read or asked; nothing is asked before all items are read,
    and all models and verifiers found."""
    from curate.evaluation import harness  # tells what is missing before anything else is done
    from curate.evaluation.judge import ready

    require_final(tasks, options.final)
    places = given(tasks, options.benchmarks_dir)
    items = [
        read(task, places.get(task.place().name), n=options.items, seed=options.seed)
        for task in tasks
    ]
    for one in items:
        ready(one, options.allow_weaker)
    met = touches(options.against) if options.against else None
    for model in models:
        with open_engine(model.spec) as engine:
            _ = engine.identity  # raises where there is no such model
    budget = Budget(max_requests=options.max_requests, max_cost=options.max_cost)
    tables: dict[str, dict[str, pa.Table]] = {}
    results = []
    with open_store(options.store) as store:
        for model in models:
            with open_engine(model.spec) as engine:
                looks = look(
                    ledger_of(model.folder, engine.identity, store.folder), tasks, engine.identity
                )
                put = harness.asked(items, _lm_of(engine, store, options, budget))
            tables[model.name] = _judged(items, put, met, options)
            results.append(_result(model, engine, tables[model.name], looks))
    return Evaluation(
        tasks=tasks,
        of={one.task.name: one.of for one in items},
        models=results,
        comparisons=_comparisons(tables),
        items=_together(tables),
        notes=[*(note for one in items for note in one.notes), *_unknown(results)],
        settings=_settings(options),
    )


def _lm_of(engine: Engine, store: Store, options: Options, budget: Budget) -> Any:
    from curate.evaluation.model import EngineLM

    return lambda chat: EngineLM(
        engine, store, chat=chat, seed=options.seed, budget=budget, progress=options.progress
    )


def _judged(
    items: Sequence[TaskItems],
    put: Mapping[str, Any],
    met: Mapping[str, Touch] | None,
    options: Options,
) -> dict[str, pa.Table]:
    from curate.evaluation.judge import judged

    tables = {}
    for one in items:
        table = judged(
            one.task,
            put[one.task.name],
            workers=options.workers,
            allow_weaker=options.allow_weaker,
        )
        found = [None if met is None else touch_of(item.texts, met) for item in one.items]
        states = pa.array([touch and touch.state for touch in found], pa.string())
        sources = pa.array([list(touch.sources) if touch else [] for touch in found], _SOURCES)
        tables[one.task.name] = table.append_column("touched", states).append_column(
            "sources", sources
        )
    return tables


_SOURCES = pa.list_(pa.string())


def _result(
    model: Model, engine: Engine, tables: Mapping[str, pa.Table], looks: Mapping[str, int]
) -> ModelResult:
    figures = {name: figures_of(name, table) for name, table in tables.items()}
    scores = [one.score for one in figures.values() if one.score is not None]
    known = engine.identity
    identity = {"engine": known.kind, "model": known.model, "revision": known.revision}
    return ModelResult(model.name, identity, figures, mean_over(scores), looks)


def _comparisons(tables: Mapping[str, Mapping[str, pa.Table]]) -> list[Comparison]:
    found = []
    for first, second in combinations(tables, 2):
        each = [(name, tables[first][name], tables[second][name]) for name in tables[first]]
        whole = [compared(*one) for one in each]
        clean = [compared(*one, "clean") for one in each]
        found.append(
            Comparison(first, second, [one for one in whole if one], [one for one in clean if one])
        )
    return found


def _together(tables: Mapping[str, Mapping[str, pa.Table]]) -> pa.Table:
    parts = [
        table.add_column(0, "model", pa.array([name] * table.num_rows, pa.string()))
        for name, own in tables.items()
        for table in own.values()
    ]
    return pa.concat_tables(parts)


def _unknown(results: Sequence[ModelResult]) -> list[str]:
    """What cannot be said of items that no audit looked for."""
    found = []
    for name, figures in results[0].figures.items() if results else ():
        n = figures.clean.n["unknown"] if figures.clean else 0
        if n:
            found.append(
                f"task {name}: {n} items are unknown: the builds did not look for them, or could not have "
                "found them; they are in no clean score"
            )
    return found


def _settings(options: Options) -> dict[str, Any]:
    return {
        "items": options.items,
        "seed": options.seed,
        "against": [str(path) for path in options.against],
        "benchmarks_dir": options.benchmarks_dir and str(options.benchmarks_dir),
        "lm_eval": _version(),
    }


def _version() -> str:
    from importlib.metadata import version

    return version("lm_eval")
