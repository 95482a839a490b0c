"""What a terminal shows of the step below the summary of a build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from curate.audit.words import counted, sized
from curate.steps.decontaminate.page_more import CONTROLS

_ALIKE = {
    "variants": "a variant of an item (the same wording, other numbers)",
    "other_questions": "another question about an item's text",
}


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """Whether what was written is clean, the overlaps, the self-test, what people said, the items that
    can never be hit, and the variants.
    """
    where = "these data sets" if figures.get("audited") else "what was written"
    yield _clean(figures["written"], where)
    yield _overlaps(figures["contamination"], figures["pairs"])
    if figures.get("audited"):
        yield from _thresholds(figures["thresholds"])
    if figures.get("self_test"):
        yield _recall(figures["self_test"])
    if rows := figures["quarantined"]["rows"]:
        items = counted(figures["quarantined"]["items"], "benchmark item")
        yield f"note: rows in quarantine that hold a benchmark item: {rows:,}, of {items}"
    for matcher, said in figures["false_alarms"].items():
        yield escape(f"note: verdicts on hits of {matcher}: {said}")
    never = figures["unmatchable_items"]
    if never:
        parts = ", ".join(f"{name} {n:,}" for name, n in never.items())
        told = f"items that can never be matched: {sum(never.values()):,} ({parts}): curate sql {out} never-matchable"
        yield escape(f"note: {told}")
    undecided = sum(one["items"] for one in figures.get("undecided_items", []))
    if undecided:
        told = f"items that are found only as a turn or line of their own: {undecided:,}"
        yield escape(f"note: {told}: curate sql {out} never-matchable")
    for key, what in _ALIKE.items():
        found = figures.get(key) or {"rows": 0}
        if found["rows"]:
            yield f"note: rows with {what}: {found['rows']:,}; {found['kept']:,} kept"
    tokens, size = figures["scanned"]
    yield f"note: searched {sized(size)} of turns, {tokens:,} tokens"


def _clean(written: Mapping[str, int], where: str) -> str:
    """What is left in the rows that were written."""
    rows, items = written["rows"], written["items"]
    if not rows:
        return f"benchmark items in {where}: none that these settings find"
    return f"benchmark items in {where}: {items:,}, in {counted(rows, 'row')}"


def _overlaps(cells: Sequence[Mapping[str, Any]], pairs: int) -> Table | str:
    if not cells:
        return (
            f"overlap with benchmarks: none ({counted(pairs, 'pair')} of a source and a benchmark)"
        )
    title = f"overlap with benchmarks: {len(cells)} of {counted(pairs, 'pair')} of a source and a benchmark"
    table = Table("source", "benchmark", title=title, title_justify="left")
    for column in ("items hit", "of", "rate"):
        table.add_column(column, justify="right")
    table.add_column("over 2 %")
    for cell in sorted(cells, key=lambda cell: -cell["rate"]):
        numbers = (f"{cell['hit']:,}", f"{cell['items']:,}", f"{100 * cell['rate']:.2f} %")
        table.add_row(
            cell["source"], cell["benchmark"], *numbers, "flagged" if cell["flagged"] else ""
        )
    return table


def _thresholds(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterable[Table]:
    """How many rows would go at other thresholds of every matcher, by tenths."""
    own = {
        matcher: {round(10 * point["over"], 6): point for point in points}
        for matcher, points in curves.items()
    }
    shown = sorted({at for points in own.values() for at in points if at == round(at)})
    if not shown:
        return
    title = "rows that would go at other thresholds, the other matchers as they are"
    table = Table("score over", title=title, title_justify="left")
    for at in shown:
        table.add_column(f"{at / 10:.1f}", justify="right")
    for matcher, points in own.items():
        table.add_row(escape(matcher), *(_going(points.get(at)) for at in shown))
    yield table


def _going(point: Mapping[str, Any] | None) -> str:
    if point is None:
        return ""
    return f"{'≥ ' if point['at_least'] else ''}{point['rows']:,}"


def _recall(lines: Sequence[Mapping[str, Any]]) -> Table:
    """What the build's own settings find of changed copies of its items."""
    title = "self-test: of changed copies of the items, planted in a sample of the text, would go"
    table = Table("copy", title=title, title_justify="left")
    for column in ("planted", "would go", "%", "95 % interval", "noticed"):
        table.add_column(column, justify="right")
    controls = False
    for line in lines:
        if line["mutation"] in CONTROLS and not controls:
            table.add_section()
            controls = True
        interval = f"{100 * line['low']:.1f} to {100 * line['high']:.1f}"
        figures = (
            f"{line['planted']:,}",
            f"{line['found']:,}",
            f"{100 * line['recall']:.1f}",
            interval,
            f"{line['noticed']:,}",
        )
        table.add_row(CONTROLS.get(line["mutation"], line["mutation"]), *figures)
    return table
