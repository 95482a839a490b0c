"""The rows of two data sets, compared by what they say.

Where both make records of one kind, they are compared as such: columns and formats may have
other names. Columns beside the record are compared where both have them. Else the columns are
compared as they are. A row that cannot be read is compared by its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curate.compare.hashes import Hashes, Ints, hash_dicts, hash_table, hash_unread
from curate.compare.matching import in_other_part, match, moved
from curate.errors import UserError
from curate.files import BadInput, Block
from curate.formats import detect, parse
from curate.formats.kinds import guess_kind
from curate.lock import LOCK
from curate.records import body_schema
from curate.sources import Source, open_bare, open_rows
from curate.sources.built import is_held_out

SHOWN = 5
_CUT = 200
_SAMPLE = 200
_OWN = frozenset({"id", "source"})


@dataclass(frozen=True)
class Example:
    """A row of one side alone: its position in the whole set, its id if it has one, its text."""

    file: str
    row: int
    id: str | None
    text: str


@dataclass(frozen=True)
class Rows:
    """How the rows of A and B differ.

    `compared` says as what, `beside` with which other columns, `passed_over` without which.
    """

    compared: str
    beside: list[str]
    passed_over: list[str]
    a: int
    b: int
    distinct_a: int
    distinct_b: int
    both: int
    only_a: int
    only_b: int
    fewer_copies: int
    """Rows of `only_a` whose content B has too, less often."""
    more_copies: int
    """Rows of `only_b` whose content A has too, less often."""
    moved: int
    """Rows of `both` that stand in another order."""
    other_split: int
    """Rows of `both` that stand in `validation` on one side and in `train` on the other."""
    examples_a: list[Example]
    examples_b: list[Example]

    @property
    def same(self) -> bool:
        """Whether both hold the same rows, in whatever order."""
        return not (self.only_a or self.only_b or self.other_split)


@dataclass(frozen=True)
class _Reading:
    """How a side is read: as records of a kind with columns beside; without a kind, as it is."""

    kind: str | None = None
    fmt: str | dict[str, Any] = ""
    beside: tuple[str, ...] = ()


def open_side(path: str | Path) -> Source:
    """The rows of a built folder, files or a Hub set; UserError where they can't be opened."""
    if (Path(path) / LOCK).is_file():
        return open_rows(Path(path))
    return open_bare(str(path))


def compare_rows(a: Source, b: Source, *, splits: bool = False) -> Rows:
    """Compare the rows of two sources; `splits` if some files are a validation split.

    Raises UserError where a source holds no rows or cannot be read.
    """
    one, other, passed_over = _readings(a, b)
    hashes_a, train_a = _read(a, one)
    hashes_b, train_b = _read(b, other)
    matched = match(hashes_a, hashes_b)
    return Rows(
        f"{one.kind} records" if one.kind else "columns as they are",
        list(one.beside),
        passed_over,
        len(hashes_a),
        len(hashes_b),
        *matched.distinct,
        len(matched.pairs[0]),
        len(matched.only_a),
        len(matched.only_b),
        *matched.spare,
        moved(matched.pairs[1]),
        in_other_part(matched.pairs, (train_a, train_b)) if splits else 0,
        list(_examples(a, matched.only_a[:SHOWN])),
        list(_examples(b, matched.only_b[:SHOWN])),
    )


def _readings(a: Source, b: Source) -> tuple[_Reading, _Reading, list[str]]:
    """How each side is read, and the columns that only one of them has beside its records."""
    first = [next(iter(source.blocks())) for source in (a, b)]
    first = [block.head(min(block.n_rows, _SAMPLE)) for block in first]
    kinds = [_kind(block) for block in first]
    if kinds[0] is None or kinds[0] != kinds[1]:
        return _Reading(), _Reading(), []
    kind = kinds[0]
    formats = [detect(block, kind) for block in first]
    others = [_others(block, fmt, kind) for block, fmt in zip(first, formats, strict=True)]
    beside = tuple(sorted(others[0] & others[1]))
    one, other = (_Reading(kind, fmt, beside) for fmt in formats)
    return one, other, sorted(others[0] ^ others[1])


def _kind(block: Block) -> str | None:
    try:
        return guess_kind(block)
    except UserError:
        return None


def _others(block: Block, fmt: str | dict[str, Any], kind: str) -> frozenset[str]:
    """The columns beside the records; a row's id and source are its place, not its content."""
    dropped = parse(block, fmt, kind).dropped_columns
    columns = frozenset(name for name in dropped if "[]." not in name)
    return columns - _OWN - set(body_schema(kind).names)


def _read(source: Source, reading: _Reading) -> tuple[Hashes, int]:
    """The hash of every row, and how many rows come before those of a validation split."""
    hashes, train = [], 0
    for block in source.blocks():
        hashes.append(_of_block(block, reading))
        train += 0 if is_held_out(block.file) else block.n_rows
    return np.concatenate(hashes), train


def _of_block(block: Block, reading: _Reading) -> Hashes:
    if reading.kind is None:
        return _as_it_is(block)
    parsed = parse(block, reading.fmt, reading.kind, reading.beside)
    hashes = np.empty((block.n_rows, 2), np.uint64)
    hashes[parsed.rows - block.first_row] = hash_table(parsed.records)
    bad = np.array([one.row for one in parsed.quarantine], np.int64)
    hashes[bad - block.first_row] = hash_unread([one.raw for one in parsed.quarantine])
    return hashes


def _as_it_is(block: Block) -> Hashes:
    table = block.table()
    if table is not None:
        return hash_table(table)
    rows = [row for _, row in block.rows()]
    unread = np.array([isinstance(row, BadInput) for row in rows], np.bool_)
    hashes = np.empty((block.n_rows, 2), np.uint64)
    hashes[~unread] = hash_dicts([row for row in rows if not isinstance(row, BadInput)])
    hashes[unread] = hash_unread([row.raw for row in rows if isinstance(row, BadInput)])
    return hashes


def _examples(source: Source, rows: Ints) -> Iterator[Example]:
    """The rows at some positions, which ascend; reading ends with the last of them."""
    wanted = rows.tolist()
    for block in source.blocks() if wanted else ():
        here = [row - block.first_row for row in wanted if row < block.first_row + block.n_rows]
        yield from _shown(block, here)
        wanted = wanted[len(here) :]
        if not wanted:
            return


def _shown(block: Block, places: Iterable[int]) -> Iterator[Example]:
    places = list(places)
    for place, (position, row) in zip(places, block.rows(places), strict=True):
        text = block.raw(place)
        own = None if isinstance(row, BadInput) else row.get("id")
        shown = text if len(text) <= _CUT else text[: _CUT - 2] + " …"
        yield Example(block.file, position, None if own is None else str(own), shown)
