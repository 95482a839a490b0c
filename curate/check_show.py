"""What a person sees of `curate check` and `curate verifiers`: one table each."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from curate.check import FINDINGS, Checked

_SHOWN_ROWS = 3


def show(checked: Checked) -> None:
    """Print a line for each name of a finding, with its first rows, and a line for each file."""
    console = _console()
    title = f"{checked.path} ({checked.kind}, {checked.rows:,} rows)"
    if not checked.findings:
        said = "as its lock says" if checked.held else "nothing found"
        console.print(f"{title}: {said}", markup=False)
    elif any(one.row is not None for one in checked.findings):
        console.print(_findings(checked, title))
    else:
        console.print(title, markup=False)
    for one in checked.findings:
        if one.row is None:
            console.print(f"  {one.finding}: {one.detail}", markup=False, soft_wrap=True)
    for note in checked.notes:
        console.print(f"  note: {note}", markup=False, soft_wrap=True)
    for held in checked.held:
        console.print(f"  held: {held}", markup=False)
    if checked.weaker:
        said = "tests run in the process of the program, which could cheat them"
        console.print(f"{said}: {checked.weaker:,} rows", markup=False)
    if checked.only_read:
        rows = ", ".join(f"{n:,} of {name}" for name, n in checked.only_read.items())
        console.print(
            f"labels that state no answer were read, but could not be tried: {rows}", markup=False
        )


def _findings(checked: Checked, title: str) -> Table:
    table = Table("finding", title=title, title_justify="left")
    table.add_column("rows", justify="right")
    table.add_column("what it means")
    table.add_column("first rows")
    table.add_column("the first one in detail")
    for name in checked.counts:
        found = [one for one in checked.findings if one.finding == name and one.row is not None]
        if found:
            first = [one.row or "" for one in found[:_SHOWN_ROWS]]
            ids = ", ".join(first) + (" …" if len(found) > len(first) else "")
            cells = (f"{len(found):,}", FINDINGS[name], ids, found[0].detail)
            table.add_row(name, *map(_plain, cells))
    return table


def show_verifiers(listed: Mapping[str, Mapping[str, Any]]) -> None:
    """Print every verifier with what it does and its measured rates."""
    table = Table("verifier", "passes if")
    table.add_column("false accepts", justify="right")
    table.add_column("false rejects", justify="right")
    for name, one in listed.items():
        rates = (
            _rate(one.get("false_accepts"), one.get("wrong")),
            _rate(one.get("false_rejects"), one.get("right")),
        )
        table.add_row(name, _plain(one["summary"]), *rates)
    _console().print(table)


def _rate(faults: int | None, cases: int | None) -> str:
    return "not measured" if not cases or faults is None else f"{faults:,} of {cases:,}"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _console() -> Console:
    return Console(soft_wrap=False, highlight=False, width=None if sys.stdout.isatty() else 200)
