"""What a person sees of a build: a progress line while it runs, a summary when it is done."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from curate.mixture.run import Progress as Report
from curate.mixture.summary import Summary


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Progress with rate and time left on standard error while work goes on; silent where that is no terminal."""
    columns = (
        TextColumn("{task.description:15}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    console = Console(stderr=True)
    lock = Lock()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        steps: dict[str, tuple[TaskID, int, int]] = {}

        def report(step: str, rows: int, text: int, part: float) -> None:
            with lock:
                task, n, size = steps.get(step) or (bar.add_task(step, total=1.0, figures=""), 0, 0)
                steps[step] = task, n + rows, size + text
            rate = (size + text) / 1e6 / (bar.tasks[bar.task_ids.index(task)].elapsed or 1.0)
            figures = f"{n + rows:,} rows, {(size + text) / 1e6:,.0f} MB, {rate:,.0f} MB/s"
            bar.update(task, advance=part, figures=figures)

        yield report


def show(summary: Summary, out: Path) -> None:
    """Print the summary: sources, overlap with benchmarks, notes, and where things are."""
    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(_sources(summary))
    if summary.overlaps and any(summary.overlaps.values()):
        console.print(_overlaps(summary))
    if summary.recall:
        console.print(_recall(summary))
    for line in (*(f"note: {note}" for note in summary.notes), *(f"warning: {text}" for text in summary.warnings)):
        console.print(line, markup=False)
    for line in _ending(summary, out):
        console.print(line, markup=False)


def _sources(summary: Summary) -> Table:
    columns = ("read", "quarantined", "removed", "not sampled", "kept", "written")
    table = Table("source", title=f"{summary.name} ({summary.kind})", title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    rows = [(s.read, s.quarantined, s.removed, s.not_sampled, s.kept, s.written) for s in summary.sources]
    for source, figures in zip(summary.sources, rows, strict=True):
        table.add_row(source.name, *(f"{n:,}" for n in figures))
    if len(summary.sources) > 1:
        table.add_section()
        table.add_row("all", *(f"{sum(column):,}" for column in zip(*rows, strict=True)))
    return table


def _overlaps(summary: Summary) -> Table | str:
    cells = [(name, cell) for name, cells in summary.overlaps.items() for cell in cells if cell.hit]
    pairs = sum(len(cells) for cells in summary.overlaps.values())
    if not cells:
        return f"overlap with benchmarks: none in {pairs} pairs of source and benchmark"
    title = f"overlap with benchmarks: {len(cells)} of {pairs} pairs of source and benchmark"
    table = Table("source", "benchmark", title=title, title_justify="left")
    for column in ("items hit", "of", "rate"):
        table.add_column(column, justify="right")
    table.add_column("over 2 %")
    for name, cell in sorted(cells, key=lambda pair: -pair[1].rate):
        figures = (f"{cell.hit:,}", f"{cell.benchmark.n_items:,}", f"{100 * cell.rate:.2f} %")
        table.add_row(name, cell.benchmark.name, *figures, "flagged" if cell.flagged else "")
    return table


def _recall(summary: Summary) -> Table:
    """What the build's own settings find of changed copies of its items."""
    title = "self-test: of changed copies of the items, planted in a sample of the text, these settings find"
    table = Table("copy", title=title, title_justify="left")
    for column in ("planted", "found", "%", "95 % interval"):
        table.add_column(column, justify="right")
    for line in summary.recall:
        clean = line["mutation"] == "clean"
        if clean:
            table.add_section()
        interval = f"{100 * line['low']:.1f} to {100 * line['high']:.1f}"
        figures = (f"{line['planted']:,}", f"{line['found']:,}", f"{100 * line['recall']:.1f}", interval)
        table.add_row("none: false alarms, at most" if clean else line["mutation"], *figures)
    return table


def _ending(summary: Summary, out: Path) -> Iterator[str]:
    if summary.unmatchable:
        total = sum(summary.unmatchable.values())
        parts = ", ".join(f"{name} {n:,}" for name, n in summary.unmatchable.items())
        yield f"note: items that can never be hit: {total:,} ({parts}): curate sql {out} never-matchable"
    if summary.limit:
        yield f"note: a try on the first {summary.limit:,} rows of each source; the folder is marked so"
    if summary.validation_shortfall:
        yield f"warning: validation rows missing of those asked for: {summary.validation_shortfall:,}"
    split = f" and {summary.validation:,} validation" if summary.validation else ""
    size = f"{summary.scanned_bytes / 1e6:,.1f} MB scanned, {summary.seconds:.1f} s"
    yield f"\n{out}: rows: {summary.train:,} train{split} ({size})"
    folder = shlex.quote(str(out))
    yield f"  load     datasets.load_dataset({str(out)!r})"
    yield f"  look     {out / 'report.html'}"
    yield f"  ask      curate sql {folder} contamination"
    yield f"  one row  curate why {folder} {summary.sources[0].name}/0"
