"""Another data set as a benchmark: what stands in a validation or test split must not stand in the
training data.

Each row is an item, each of its user turns a field; a source of any kind that is read will do. The
items lie in memory, as those of benchmarks do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from curate.errors import UserError
from curate.formats import Parsed, detect, parse
from curate.formats.kinds import guess_kind
from curate.items import Item
from curate.sources import Block, content_digests, open_source, source_names
from curate.suites import ReadBenchmark, ReadSuite
from curate.turns import all_turns


def with_data_sets(
    suite: ReadSuite | None,
    paths: Sequence[str],
    *,
    base: Path,
    roles: Collection[str],
    split: str | None = None,
) -> ReadSuite:
    """A suite (or none) and, as benchmarks behind its own, the data sets at `paths`, named by their
    file stems.

    Raises UserError where a name is one of the suite's, a data set cannot be read, or it has no
    text in these roles."""
    read = suite
    for name, path in zip(source_names(list(paths)), paths, strict=True):
        source = open_source(name, path, base=base, split=split)
        files = tuple((file, digest) for file, digest, _ in content_digests(source))
        read = with_rows(read, name, source.blocks(), roles, files=files, revision=source.revision)
        read.warnings.extend(f"{name}: {note}" for note in source.notes)
    return read or ReadSuite("against", [], [], [])


def with_rows(
    suite: ReadSuite | None,
    name: str,
    blocks: Iterable[Block],
    roles: Collection[str],
    *,
    files: tuple[tuple[str, str], ...] = (),
    revision: str | None = None,
) -> ReadSuite:
    """A suite (or none) and, as one benchmark behind its own, the rows of some blocks."""
    read = suite or ReadSuite("against", [], [], [])
    if name in {benchmark.name for benchmark in read.benchmarks}:
        raise UserError(
            f"{name}: the suite has a benchmark of this name already; give the data set another one"
        )
    items, n_rows, notes = _items(name, blocks, roles)
    said = f"text in turns of role {', '.join(roles)}"
    if not items:
        raise UserError(
            f"{name}: none of its {n_rows} rows has {said}, so there is nothing to look for"
        )
    left = n_rows - len(items)
    warnings = [
        *read.warnings,
        *notes,
        *([f"{name}: rows without {said}, not looked for: {left}"] if left else []),
    ]
    benchmark = ReadBenchmark(name, "development", None, len(items), files, revision, None)
    return ReadSuite(read.name, [*read.items, *items], [*read.benchmarks, benchmark], warnings)


def _items(
    name: str, blocks: Iterable[Block], roles: Collection[str]
) -> tuple[list[Item], int, list[str]]:
    """The rows that have text in these roles as items, how many rows there were, and what to say of
    how they were read.
    """
    items: list[Item] = []
    notes: list[str] = []
    n_rows, shape = 0, None
    for block in blocks:
        if shape is None:
            kind, notes = _kind(name, block, roles)
            shape = kind, detect(block, kind)
        items += _of_block(name, parse(block, shape[1], shape[0]), shape[0], roles)
        n_rows += block.n_rows
    return items, n_rows, notes


def _kind(name: str, block: Block, roles: Collection[str]) -> tuple[str, list[str]]:
    """What the rows hold; where answers are not looked for, the prompts alone will do."""
    try:
        return guess_kind(block), []
    except UserError as error:
        if "assistant" in roles:
            raise
        return "prompt", [f"{name}: only prompts are read, since {error}"]


def _of_block(name: str, parsed: Parsed, kind: str, roles: Collection[str]) -> Iterator[Item]:
    turns = all_turns(kind, parsed.records)
    texts = turns.texts.to_pylist()
    fields: list[list[str]] = [[] for _ in range(turns.n_docs)]
    for place in np.flatnonzero(turns.wanted(roles)).tolist():
        if texts[place].strip():
            fields[turns.stretches.docs[place]].append(texts[place])
    for row, own in zip(parsed.rows.tolist(), fields, strict=True):
        if own:
            yield Item(name, f"{name}/{row}", tuple(own))
