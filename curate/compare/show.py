"""What a person sees of `curate diff`: a line that says it all, then a table for each sort."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.audit.words import printable
from curate.compare import Diff
from curate.compare.rows import Example, Rows
from curate.compare.settings import SECTIONS

_SHOWN_CHANGES = 40
_WIDTH = 60
Lines = Sequence[Sequence[str]]


def show(changed: Diff) -> None:
    """Print what differs between A and B."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(f"A {changed.a}\nB {changed.b}\n{_headline(changed.rows)}", markup=False)
    for note in changed.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    for section in SECTIONS:
        lines = (changed.changes or {}).get(section, [])
        cells = [(one.path, _value(one.a), _value(one.b)) for one in lines[:_SHOWN_CHANGES]]
        many = len(lines) > _SHOWN_CHANGES
        more = f"; the first {_SHOWN_CHANGES} of {len(lines)}, --json has all" if many else ""
        _table(console, f"{section} that differ{more}", ("where", "A", "B"), cells)
    rows = changed.rows
    _table(console, f"rows, compared as {rows.compared}", ("", "A", "B"), list(_figures(rows)))
    fates = [
        (
            one.source or "(by content)",
            one.a,
            one.b,
            f"{one.rows:,}",
            _ids(one.examples),
            _reasons(one.examples[0]),
        )
        for one in changed.fates or []
    ]
    titles = ("source", "fate in A", "fate in B", "rows", "first rows", "why the first")
    _table(console, "rows that met another fate", titles, fates)
    examples = [*_examples("A", rows.examples_a), *_examples("B", rows.examples_b)]
    _table(
        console,
        "rows in one side alone, the first of each",
        ("only in", "file", "row", "id", "text"),
        examples,
    )


def _headline(rows: Rows) -> str:
    if not rows.same:
        split = f" ({rows.other_split:,} of them in another split)" if rows.other_split else ""
        alone = f"{rows.only_a:,} rows only in A, {rows.only_b:,} only in B"
        return f"{alone}, {rows.both:,} in both{split}"
    if rows.moved:
        return f"same rows, other order: {rows.a:,} rows, {rows.moved:,} moved"
    return f"same rows, same order: {rows.a:,} rows"


def _figures(rows: Rows) -> Iterator[tuple[str, ...]]:
    if rows.same and not rows.moved:
        return
    lines = [
        ("rows", rows.a, rows.b),
        ("distinct contents", rows.distinct_a, rows.distinct_b),
        ("in both", rows.both, rows.both),
        ("in one alone", rows.only_a, rows.only_b),
    ]
    more = [
        ("  more copies of what the other has", rows.fewer_copies, rows.more_copies),
        ("in both, moved", rows.moved, rows.moved),
        ("in both, in another split", rows.other_split, rows.other_split),
    ]
    for name, a, b in lines + [line for line in more if any(line[1:])]:
        yield name, f"{a:,}", f"{b:,}"
    if rows.beside:
        yield "compared beside the record", *[", ".join(rows.beside)] * 2
    if rows.passed_over:
        yield "in one alone, not compared", *[", ".join(rows.passed_over)] * 2


def _ids(examples: Sequence[Any]) -> str:
    return ", ".join(one.id_b or one.id_a for one in examples)


def _reasons(one: Any) -> str:
    said = {"A": one.reason_a, "B": one.reason_b}
    return "; ".join(f"{side}: {reason}" for side, reason in said.items() if reason)


def _examples(side: str, examples: Sequence[Example]) -> list[tuple[str, ...]]:
    return [(side, one.file, f"{one.row:,}", one.id or "", one.text) for one in examples]


def _value(value: Any) -> str:
    text = "–" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 2] + " …"


def _table(console: Console, title: str, columns: Sequence[str], lines: Lines) -> None:
    if not lines:
        return
    table = Table(title=title, title_justify="left")
    for column in columns:  # what is cut off may be all that tells two lines apart
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*(escape(printable(cell)) for cell in line))
    console.print()
    console.print(table)
