"""What a person sees of a build: a progress line while it runs, a summary when it is done."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from curate.audit.face import face
from curate.mixture.options import Progress as Report
from curate.mixture.summary import Summary


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Progress with rate and time left on standard error while work goes on; silent where that is
    no terminal.
    """
    columns = (
        TextColumn("{task.description:15}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    console = Console(stderr=True)
    lock = Lock()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
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
    for name, figures in summary.told.items():
        shown = face(name)
        for part in (
            shown.show(figures, out) if shown is not None and shown.show is not None else ()
        ):
            console.print(part)
    for line in (
        *(f"note: {note}" for note in summary.notes),
        *(f"warning: {text}" for text in summary.warnings),
    ):
        console.print(line, markup=False)
    for line in _ending(summary, out):
        console.print(line, markup=False)


def _sources(summary: Summary) -> Table:
    names = ["read", "quarantined", "removed", "duplicate", "not_sampled", "kept", "written"]
    if not any(source.duplicate for source in summary.sources):
        names.remove("duplicate")
    table = Table("source", title=f"{summary.name} ({summary.kind})", title_justify="left")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    rows = [[getattr(source, name) for name in names] for source in summary.sources]
    for source, figures in zip(summary.sources, rows, strict=True):
        table.add_row(source.name, *(f"{n:,}" for n in figures))
    if len(summary.sources) > 1:
        table.add_section()
        table.add_row("all", *(f"{sum(column):,}" for column in zip(*rows, strict=True)))
    return table


def _ending(summary: Summary, out: Path) -> Iterator[str]:
    if summary.blocks[1]:
        yield f"note: of {sum(summary.blocks):,} blocks {summary.blocks[1]:,} had been looked at by an earlier build"
    if summary.limit:
        yield f"note: a try on the first {summary.limit:,} rows of each source; the folder is marked so"
    if summary.validation_shortfall:
        yield f"warning: validation rows missing of those asked for: {summary.validation_shortfall:,}"
    split = f" and {summary.validation:,} validation" if summary.validation else ""
    size = f"{summary.text_bytes / 1e6:,.1f} MB of text, {summary.seconds:.1f} s"
    yield f"\n{out}: rows: {summary.train:,} train{split} ({size})"
    folder = shlex.quote(str(out))
    which = f", {summary.config!r}" if summary.config else ""
    yield f"  load     datasets.load_dataset({str(out)!r}{which})"
    yield f"  look     {out / 'report.html'}"
    yield f"  ask      curate sql {folder} --list"
    yield f"  one row  curate why {folder} {summary.sources[0].name}/0"
