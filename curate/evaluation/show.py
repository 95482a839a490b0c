"""An evaluation on the terminal: scores, clean scores, and what changed from model to model."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from curate.evaluation.run import Comparison, Evaluation, ModelResult
from curate.evaluation.words import chance, points, signed, whole
from curate.mixture.show import console_of


def show(found: Evaluation, out: Path) -> None:
    """Print what was found, and where the rest is."""
    console = console_of()
    console.print(scores(found))
    for model in found.models:
        if any(one.clean for one in model.figures.values()):
            console.print(clean(model))
        for name, n in model.looks.items():
            console.print(f"{model.name}: look {n} at the unseen task {name}", markup=False)
    for one in found.comparisons:
        console.print(differences(one))
    for note in found.notes:
        console.print(note, markup=False)
    console.print(f"{out}: report.html, results.json, items.parquet", markup=False)


def scores(found: Evaluation) -> Table:
    """Every task with the score of every model."""
    table = Table("task", "items")
    for model in found.models:
        table.add_column(escape(model.name), justify="right")
    for task in found.tasks:
        n = found.models[0].figures[task.name].n
        each = [whole(model.figures[task.name].score) for model in found.models]
        table.add_row(task.name, f"{n:,}", *each)
    if len(found.tasks) > 1:
        table.add_row("mean", "", *(whole(model.mean) for model in found.models))
    return table


def clean(model: ModelResult) -> Table:
    """A model's scores on items that its training data touches, and on those that it does not."""
    table = Table("task", title=f"{escape(model.name)}: what the training data touches")
    for name in ("all", "clean", "touched", "touched − clean", "unknown"):
        table.add_column(name, justify="right")
    for one in model.figures.values():
        if one.clean is None:
            continue
        parts = one.clean
        table.add_row(
            one.task,
            points(one.score),
            f"{whole(parts.clean)} n={parts.n['clean']:,}",
            f"{whole(parts.touched)} n={parts.n['touched']:,}",
            signed(parts.difference),
            f"{parts.n['unknown']:,}",
        )
    return table


def differences(one: Comparison) -> Table:
    """What changed from one model to another."""
    table = Table("task", title=f"{escape(one.first)} → {escape(one.second)}")
    for name in ("items", "difference", "better", "worse", "sign test", "would show"):
        table.add_column(name, justify="right")
    for kind, tasks in (("", one.tasks), (" (clean)", one.clean)):
        for row in tasks:
            table.add_row(
                row.task + kind,
                f"{row.n:,}",
                signed(row.difference),
                f"{row.better:,}",
                f"{row.worse:,}",
                chance(row.chance),
                f"{100 * row.detectable:.1f}",
            )
    return table
