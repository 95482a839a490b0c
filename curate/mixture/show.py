"""What a person sees of a finished build: a summary, and where to look on."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from curate.audit.face import face
from curate.mixture.summary import Summary


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
    columns = ("read", "quarantined", "removed", "not sampled", "kept", "written")
    table = Table("source", title=f"{summary.name} ({summary.kind})", title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    rows = [
        (s.read, s.quarantined, s.removed, s.not_sampled, s.kept, s.written)
        for s in summary.sources
    ]
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
    yield f"  load     datasets.load_dataset({str(out)!r})"
    yield f"  look     {out / 'report.html'}"
    yield f"  ask      curate sql {folder} --list"
    yield f"  one row  curate why {folder} {summary.sources[0].name}/0"
