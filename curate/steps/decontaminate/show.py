"""What a terminal shows of the step below the summary of a build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

_ALIKE = {
    "variants": "a variant of an item (its wording, other numbers)",
    "other_questions": "another question about an item's text",
}


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """The overlaps, the self-test, the items that can never be hit, and the variants."""
    yield _overlaps(figures["contamination"], figures["pairs"])
    if figures.get("self_test"):
        yield _recall(figures["self_test"])
    never = figures["unmatchable_items"]
    if never:
        parts = ", ".join(f"{name} {n:,}" for name, n in never.items())
        told = f"items that can never be hit: {sum(never.values()):,} ({parts}): curate sql {out} never-matchable"
        yield escape(f"note: {told}")
    undecided = sum(one["items"] for one in figures.get("undecided_items", []))
    if undecided:
        told = f"items that only a turn of their own shows, their words being shared: {undecided:,}"
        yield escape(f"note: {told}: curate sql {out} never-matchable")
    for key, what in _ALIKE.items():
        found = figures.get(key) or {"rows": 0}
        if found["rows"]:
            yield f"note: rows with {what}: {found['rows']:,}, of which {found['kept']:,} are kept"
    tokens, size = figures["scanned"]
    yield f"note: searched {size / 1e6:,.1f} MB of turns, {tokens:,} tokens"


def _overlaps(cells: Sequence[Mapping[str, Any]], pairs: int) -> Table | str:
    if not cells:
        return f"overlap with benchmarks: none in {pairs} pairs of source and benchmark"
    title = f"overlap with benchmarks: {len(cells)} of {pairs} pairs of source and benchmark"
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


def _recall(lines: Sequence[Mapping[str, Any]]) -> Table:
    """What the build's own settings find of changed copies of its items."""
    title = "self-test: of changed copies of the items, planted in a sample of the text, these settings find"
    table = Table("copy", title=title, title_justify="left")
    for column in ("planted", "found", "%", "95 % interval"):
        table.add_column(column, justify="right")
    for line in lines:
        clean = line["mutation"] == "clean"
        if clean:
            table.add_section()
        interval = f"{100 * line['low']:.1f} to {100 * line['high']:.1f}"
        figures = (
            f"{line['planted']:,}",
            f"{line['found']:,}",
            f"{100 * line['recall']:.1f}",
            interval,
        )
        table.add_row("none: false alarms, at most" if clean else line["mutation"], *figures)
    return table
