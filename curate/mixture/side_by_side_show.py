"""An audit of several data sets as people read it: what they share, and what each step has to tell."""

from __future__ import annotations

import shlex

from rich.markup import escape
from rich.table import Table

from curate.audit.face import face
from curate.mixture.show import console_of
from curate.mixture.side_by_side import Audit


def show_audit(found: Audit) -> None:
    """Print it."""
    console = console_of()
    console.print(_data(found))
    for name, figures in found.told.items():
        shown = face(name)
        if shown is not None and shown.show is not None:
            for part in shown.show({**figures, "audited": True}, found.folder):
                console.print(part)
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    for text in found.warnings:
        console.print(f"warning: {text}", markup=False)
    folder = shlex.quote(str(found.folder))
    for line in (
        f"\n{found.folder}: audited in {found.seconds:.1f} s; no data was written",
        f"  look     {found.folder / 'report.html'}",
        f"  ask      curate sql {folder} --list",
        f"  judge    curate review {folder}",
    ):
        console.print(line, markup=False)


def _data(found: Audit) -> Table:
    """The data sets, and of each the rows that ask what a row of each asks."""
    title = "data sets: their rows, and how many of them ask what a row of each data set asks"
    table = Table("data set", "kind", title=title, title_justify="left")
    for head in ("rows", "quarantined", *(one["name"] for one in found.data)):
        table.add_column(escape(head), justify="right", overflow="fold")
    for one in found.data:
        shared = [f"{n:,}" if n else "" for n in one["shared"].values()]
        rows = f"{one['rows']:,}", f"{one['quarantined']:,}"
        table.add_row(escape(one["name"]), one["kind"], *rows, *shared)
    return table
