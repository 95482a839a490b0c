"""What an evaluation leaves: a folder that says everything, for people and for programs.

results.json         every figure, with its interval
items.parquet        a row an item and model: prompt, answers, verdicts, what the training data has of it
report.html          tables, the picture, and items on which models differ, side by side
scores.svg           the picture alone
MODEL/.eval_results/ scores as the Hub shows them on a model's page
MODEL/card.md        the scores, to be put into the model's card"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from curate.audit.markdown import table
from curate.audit.pictures import alone
from curate.errors import UserError, option
from curate.evaluation.figures import plain
from curate.evaluation.page import page, picture
from curate.evaluation.run import Evaluation, ModelResult
from curate.evaluation.spec import TaskFile
from curate.evaluation.words import points, range_of
from curate.mixture.folder import unfinished
from curate.shards import write_text

RESULTS = "results.json"
VERSION = 1
"""Of results.json."""


def check_out(out: Path, overwrite: bool) -> None:
    """Raise UserError where OUT must not be written: it holds something that no evaluation wrote."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise UserError(
            f"{out}: already exists; give another folder, or "
            f"{option('--overwrite', 'overwrite=True')} to replace it"
        )
    if not (out / RESULTS).is_file():
        raise UserError(f"{out}: holds no {RESULTS}, so curate does not overwrite it")


def write(found: Evaluation, out: Path, *, overwrite: bool = False) -> None:
    """Write an evaluation into a new folder, which is there once it is whole."""
    check_out(out, overwrite)
    with unfinished(out.absolute()) as folder:
        text = json.dumps(as_dict(found), ensure_ascii=False, indent=1)
        write_text(folder / RESULTS, text + "\n")
        pq.write_table(found.items, folder / "items.parquet", compression="zstd")
        write_text(folder / "scores.svg", alone(picture(found)))
        write_text(folder / "report.html", page(found))
        for model in found.models:
            _of_model(found, model, _unused(folder, _file_name(model.name)))


def as_dict(found: Evaluation) -> dict[str, Any]:
    """Every figure as plain data."""
    return {
        "version": VERSION,
        "settings": dict(found.settings),
        "tasks": {task.name: _told(task, found.of[task.name]) for task in found.tasks},
        "models": [
            {
                "name": model.name,
                **model.identity,
                "mean": plain(model.mean),
                "looks": dict(model.looks),
                "tasks": plain(model.figures),
            }
            for model in found.models
        ],
        "comparisons": [
            {
                "first": one.first,
                "second": one.second,
                "tasks": plain(one.tasks),
                "clean": plain(one.clean),
            }
            for one in found.comparisons
        ],
        "notes": list(found.notes),
    }


def _told(task: TaskFile, of: int) -> dict[str, Any]:
    return {
        "role": task.role,
        "metric": task.metric,
        "items": of,
        "paper": task.paper,
        "differs": task.differs,
    }


def _unused(folder: Path, name: str) -> Path:
    """A path that nothing has: names of models may differ in what no file name holds."""
    names = chain([name], (f"{name}-{n}" for n in count(2)))
    return next(folder / one for one in names if not (folder / one).exists())


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "model"


def _of_model(found: Evaluation, model: ModelResult, folder: Path) -> None:
    folder.mkdir()
    write_text(folder / "card.md", card(found, model))
    entries = eval_results(found, model)
    if entries:
        (folder / ".eval_results").mkdir()
        text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)
        write_text(folder / ".eval_results" / "curate.yaml", text)


def eval_results(found: Evaluation, model: ModelResult) -> list[dict[str, Any]]:
    """Scores as the Hub's `.eval_results/*.yaml` has them, those of benchmarks that lie on the Hub."""
    entries = []
    for task in found.tasks:
        place, figures = task.place(), model.figures[task.name]
        if figures.score is None or "/" not in place.from_:
            continue
        entries.append(
            {
                "dataset": {"id": re.split("[:@]", place.from_)[0], "task_id": task.name},
                "value": round(100 * figures.score.value, 2),
                "notes": _notes(found, task.name, figures),
            }
        )
    return entries


def _notes(found: Evaluation, task: str, figures: Any) -> str:
    parts = [f"{figures.n} of {found.of[task]} items, 95 % interval {range_of(figures.score)}"]
    if figures.clean and figures.clean.clean:
        n = figures.clean.n["clean"]
        parts.append(
            f"on the {n} items that no training row touches: {points(figures.clean.clean)}"
        )
    return "; ".join(parts)


def card(found: Evaluation, model: ModelResult) -> str:
    """The scores of a model in Markdown, for its card."""
    head = ["task", "items", "score", "95 % interval"]
    touched = any(one.clean for one in model.figures.values())
    head += ["clean items", "clean score", "95 % interval"] if touched else []
    rows = [_card_row(one, touched) for one in model.figures.values()]
    text = f"## Evaluation\n\n{table(head, rows, len(head) - 1)}\n"
    if touched:
        text += "Clean items are those that no row of the training data touches.\n"
    for name, n in model.looks.items():
        text += f"{name} was looked at {n} times, this one included.\n"
    return text


def _card_row(figures: Any, touched: bool) -> list[str]:
    row = [figures.task, f"{figures.n:,}", points(figures.score), range_of(figures.score)]
    if not touched:
        return row
    clean: Mapping[str, Any] = vars(figures.clean) if figures.clean else {}
    n = f"{clean['n']['clean']:,}" if clean else ""
    return [*row, n, points(clean.get("clean")), range_of(clean.get("clean"))]
