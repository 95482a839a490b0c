"""A dry run as people read it: the summary of the build, what each step would take, and how many
rows other thresholds would leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.audit.face import Retention
from curate.mixture.examples import Taken
from curate.mixture.measure import Measured
from curate.mixture.show import console_of, show_figures

LEFT = (1.0, 0.99, 0.95, 0.9, 0.75, 0.5, 0.25)
"""Parts of the rows: thresholds that leave about so many are shown."""


def show_measured(measured: Measured) -> None:
    """Print it; OUT stands for the folder of the build to come."""
    console = console_of()
    show_figures(console, measured.summary, Path("OUT"))
    for one in measured.taken:
        _show_taken(console, one)
    for _, group in groupby(measured.retention, key=lambda one: (one.what, one.bound)):
        _show_curve(console, list(group))
    summary = measured.summary
    console.print(f"\ndry run: {summary.train:,} train rows; nothing was written", markup=False)
    if measured.staged:
        console.print("note: what was found out is kept: curate build looks at no block again")


def _show_taken(console: Console, one: Taken) -> None:
    n = sum(one.rows.values())
    name = one.step if one.part is None else f"{one.step}, {one.part}"
    by_source = ", ".join(f"{source} {rows:,}" for source, rows in one.rows.items() if rows)
    console.print(f"\n{name} would take {n:,}{f': {by_source}' if n else ''}", markup=False)
    for example in one.examples:
        console.print(f"  {example.id}: {example.reason}", markup=False)
        for role, text in example.turns[:2]:
            console.print(f"    {role}: {text}", markup=False)


def _show_curve(console: Console, curves: Sequence[Retention]) -> None:
    """Rows left at a few thresholds, for all sources and for each."""
    whole = curves[0]
    chosen = sorted({*_chosen(whole), whole.set_to})
    title = f"{whole.what}: rows left, in %, by {whole.bound} (the recipe: {_number(whole.set_to)})"
    console.print(f"\n{title}", markup=False)
    table = Table("source")
    for threshold in chosen:
        table.add_column(_number(threshold), justify="right")
    for curve in curves if len(curves) > 2 else curves[:1]:
        cells = [f"{100 * left_at(curve, at) / max(1, curve.rows):.1f}" for at in chosen]
        table.add_row("all" if curve.source is None else escape(curve.source), *cells)
    console.print(table)


def _chosen(curve: Retention) -> Iterator[float]:
    for part in LEFT:
        near = min(curve.points, key=lambda one: abs(one[1] - part * curve.rows), default=None)
        if near is not None:
            yield near[0]


def left_at(curve: Retention, threshold: float) -> int:
    """The rows that a threshold leaves: those of the nearest one on the curve that leaves the same."""
    if curve.bound == "at_most":
        return next((left for at, left in reversed(curve.points) if at <= threshold), 0)
    return next((left for at, left in curve.points if at >= threshold), 0)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3g}"
