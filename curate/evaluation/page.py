"""The page of an evaluation, and its picture: scores with their intervals, task by task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from curate.audit.html import template
from curate.audit.words import short
from curate.evaluation.run import Evaluation
from curate.evaluation.words import chance, points, range_of, signed, whole
from curate.intervals import Interval

WIDTH, LINE, LEFT = 420, 16, 130
"""Of the picture: the axis from 0 to 100, a line, and room for names."""
SHOWN = 100
"""Items on which models differ that the page shows."""
TEXT = 1500
"""Code points of an answer that it shows."""


def page(found: Evaluation) -> str:
    """The page as one file that loads nothing."""
    style = (files("curate.audit") / "picture.css").read_text("utf-8")
    words = {"points": points, "range_of": range_of, "signed": signed, "whole": whole}
    return template(__package__, "report.html.j2").render(
        found=found,
        picture=picture(found),
        style=Markup(style),
        contested=contested(found),
        chance=chance,
        **words,
    )


def picture(found: Evaluation) -> Markup:
    """Every task with a line a model: the score, its interval, and the clean score where it is known."""
    groups, y = [], 0.0
    for task in found.tasks:
        lines = []
        for model in found.models:
            y += LINE
            figures = model.figures[task.name]
            clean = figures.clean.clean if figures.clean else None
            lines.append(
                {
                    "name": short(model.name, 24),
                    "y": y,
                    "score": _bar(figures.score),
                    "clean": _bar(clean),
                    "said": points(figures.score),
                }
            )
        groups.append({"name": task.name, "y": y - LINE * len(lines) + 2, "lines": lines})
        y += 2 * LINE
    module: Any = template(__package__, "picture.html.j2").module
    return Markup(str(module.scores(groups, y, WIDTH, LEFT)).strip())


def _bar(figure: Interval | None) -> dict[str, float] | None:
    if figure is None:
        return None
    return {name: LEFT + WIDTH * getattr(figure, name) for name in ("value", "low", "high")}


def contested(found: Evaluation) -> list[dict[str, Any]]:
    """Items that models score differently, with what each said: the first ones of every task."""
    if len(found.models) < 2:
        return []
    by_item: dict[tuple[str, str], list[dict[str, Any]]] = {}
    columns = ["model", "task", "item", "score", "prompt", "target", "answers", "touched"]
    for row in found.items.select(columns).to_pylist():
        by_item.setdefault((row["task"], row["item"]), []).append(row)
    differ = [rows for rows in by_item.values() if len({row["score"] for row in rows}) > 1]
    each = max(1, SHOWN // len(found.tasks))
    taken: dict[str, int] = {}
    shown = []
    for rows in differ:
        task = rows[0]["task"]
        taken[task] = taken.get(task, 0) + 1
        if taken[task] <= each:
            shown.append(_side_by_side(rows))
    return shown


def _side_by_side(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = rows[0]
    return {
        "task": first["task"],
        "item": first["item"],
        "touched": first["touched"],
        "prompt": short(_last(first["prompt"]), TEXT),
        "target": short(first["target"], 200),
        "said": [
            {
                "model": row["model"],
                "score": row["score"],
                "text": short((row["answers"] or [""])[0] or "", TEXT),
            }
            for row in rows
        ],
    }


def _last(prompt: str) -> str:
    """The question itself: of messages, the last one."""
    try:
        read = json.loads(prompt)
    except ValueError:
        return prompt[-TEXT:]
    is_chat = isinstance(read, list) and read and isinstance(read[-1], dict)
    return str(read[-1].get("content", prompt)) if is_chat else prompt[-TEXT:]
