"""The rows of a task, and what identifies each: its id, its text, the group that it is scored in.

Rows come from the same places as those of decontamination, so that an item and the instance of an
audit have the same text. A seeded sample takes the items with the smallest keys, so that a larger
sample holds a smaller one; where a task is scored by groups, it takes as many of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from curate import sources
from curate.errors import UserError
from curate.evaluation.spec import ROWS, TaskFile
from curate.files.kind import stem_of
from curate.items import Item, Located, item_text, make_items
from curate.suites import Benchmark, Suite, given_in, load_suite, open_given
from curate.suites.rows import open_all, rows_of

SUBSET = "subset"
"""The key that a row gets: the configuration, or the file, that it comes from."""


@dataclass(frozen=True)
class TaskItem:
    """An item of a task: its row with `subset`, the texts that decontamination compares, its group."""

    id: str
    texts: tuple[str, ...]
    """Its own, then those of other benchmarks over the same rows, such as that with its options."""
    group: str
    row: Mapping[str, Any]


@dataclass(frozen=True)
class TaskItems:
    """The items of a task that are evaluated, and how many there are in all."""

    task: TaskFile
    items: Sequence[TaskItem]
    of: int
    notes: Sequence[str]


def given(tasks: Sequence[TaskFile], folder: Path | None) -> dict[str, Path]:
    """Which file or folder of the benchmarks' folder is which benchmark of the tasks."""
    if folder is None:
        return {}
    places = {place.name: place for place in (task.place() for task in tasks)}
    return given_in(folder, Suite("of tasks", tuple(places.values()), Path.cwd()))[0]


def read(task: TaskFile, place: Path | None, *, n: int | None, seed: int) -> TaskItems:
    """The items of a task, `n` of them where it is given; `place` is the file or folder at hand."""
    benchmark = task.place()
    opened = [open_given(benchmark, place)] if place else open_all(benchmark, Path.cwd())
    located = [
        (file, number, {**row, SUBSET: row.get(SUBSET, _subset(source, file))})
        for source in opened
        for file, number, row in rows_of(source, benchmark.cap)
    ]
    if not located:
        raise UserError(f"task {task.name}: {benchmark.from_} holds no items")
    made = _items(benchmark, located)
    texts = zip(
        *([item_text(item) for item in one] for one in (made, *_further(benchmark, located))),
        strict=True,
    )
    items = [
        TaskItem(item.instance_id, own, rendered(task.group or "", row, task), row)
        for item, own, (_, _, row) in zip(made, texts, located, strict=True)
    ]
    notes = [f"task {task.name}: {note}" for source in opened for note in source.notes]
    if benchmark.items not in (None, len(items)):
        notes.append(f"task {task.name}: {len(items)} items where {benchmark.items} are published")
    return TaskItems(task, sampled(items, n, seed), len(items), notes)


def _items(benchmark: Benchmark, located: Sequence[Located]) -> list[Item]:
    return list(
        make_items(located, benchmark.name, benchmark.fields, benchmark.optional, benchmark.id)
    )


def _further(benchmark: Benchmark, located: Sequence[Located]) -> list[list[Item]]:
    """The items of other benchmarks over the same rows, as far as the rows have their fields."""
    row, found = located[0][2], []
    for other in load_suite(ROWS, base=Path.cwd()).benchmarks:
        here = other.from_ == benchmark.from_ and other.name != benchmark.name
        if here and all(field in row for field in other.fields):
            found.append(_items(other, located))
    return found


def _subset(source: sources.Source, file: str) -> str:
    return source.from_.partition(":")[2] if source.origin == "hub" else stem_of(Path(file).name)


def sampled(items: Sequence[TaskItem], n: int | None, seed: int) -> list[TaskItem]:
    """At most `n` items, in their order: those with the smallest keys, group
    after group and subset after subset in turn."""
    if n is None or n >= len(items):
        return list(items)
    groups: dict[tuple[str, str], list[int]] = {}
    for place in sorted(range(len(items)), key=lambda place: _key(items[place], seed)):
        part = items[place].group, str(items[place].row[SUBSET])
        groups.setdefault(part, []).append(place)
    turns = chain.from_iterable(_in_turn([groups[name] for name in sorted(groups)]))
    chosen = {place for place, _ in zip(turns, range(n), strict=False)}
    return [item for place, item in enumerate(items) if place in chosen]


def _in_turn(lists: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    for turn in range(max(map(len, lists))):
        yield [one[turn] for one in lists if turn < len(one)]


def _key(item: TaskItem, seed: int) -> str:
    return hashlib.blake2b(f"{seed} {item.id}".encode(), digest_size=16).hexdigest()


def whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as templates see it: its columns by name, and `row`, for names that are no words."""
    return {**row, "row": row}


@cache
def _template(text: str) -> Template:
    return Environment(undefined=StrictUndefined, keep_trailing_newline=True).from_string(text)


def rendered(text: str, row: Mapping[str, Any], task: TaskFile) -> str:
    """A template of a task over a row; raises UserError where the row lacks what it names."""
    try:
        return _template(text).render(whole(row))
    except TemplateError as error:
        raise UserError(
            f"task {task.name}: {error} (the row has: {', '.join(row)}); is it another version of "
            f"{task.place().from_}?"
        ) from None
