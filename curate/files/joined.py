"""Small blocks put together, so that thousands of small files cost no more than one of their size."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from curate.files.block import BadInput, Block, Row

_SMALL = 16
"""A block of less than this share of the usual size is small."""
_MOST_PARTS = 1024


@dataclass(frozen=True)
class JoinedBlock:
    """Consecutive blocks as one; `file` is that of its first row: see `file_at`."""

    parts: tuple[Block, ...]

    @property
    def file(self) -> str:
        """The file of the first row."""
        return self.parts[0].file

    @property
    def first_row(self) -> int:
        """Position in the source of the first row."""
        return self.parts[0].first_row

    @property
    def n_rows(self) -> int:
        """Rows of all parts."""
        return sum(part.n_rows for part in self.parts)

    @property
    def nbytes(self) -> int:
        """Bytes of all parts."""
        return sum(part.nbytes for part in self.parts)

    @cached_property
    def _starts(self) -> list[int]:
        return [part.first_row - self.first_row for part in self.parts]

    def part_of(self, place: int) -> tuple[Block, int]:
        """The block that the row at a place comes from, and its place there."""
        number = bisect_right(self._starts, place) - 1
        return self.parts[number], place - self._starts[number]

    def table(self) -> pa.Table | None:
        """All rows, where the columns of all parts are the same."""
        tables: list[pa.Table] = []
        for part in self.parts:
            table = part.table()
            if table is None or (tables and not table.schema.equals(tables[0].schema)):
                return None
            tables.append(table)
        return pa.concat_tables(tables).combine_chunks()

    def rows(self, only: Iterable[int] | None = None) -> Iterator[tuple[int, Row | BadInput]]:
        """Rows of one part after the other."""
        if only is None:
            for part in self.parts:
                yield from part.rows()
            return
        for place in only:
            part, own = self.part_of(place)
            yield from part.rows([own])

    def raw(self, place: int) -> str:
        """The row's own text."""
        part, own = self.part_of(place)
        return part.raw(own)

    def head(self, n: int) -> Block:
        """The first `n` rows."""
        whole = bisect_right(self._starts, n - 1)
        last = self.parts[whole - 1]
        return JoinedBlock((*self.parts[: whole - 1], last.head(n - self._starts[whole - 1])))


def file_at(block: Block, place: int) -> str:
    """The file that the row at a place of a block comes from."""
    return block.part_of(place)[0].file if isinstance(block, JoinedBlock) else block.file


def files_in(block: Block) -> list[tuple[str, int]]:
    """The files that a block's rows come from, each with the position in the source of its first
    row there; a file may stand there twice.
    """
    parts = block.parts if isinstance(block, JoinedBlock) else (block,)
    return [(part.file, part.first_row) for part in parts]


def together(blocks: Iterable[Block], block_bytes: int) -> Iterator[Block]:
    """The blocks, small ones put together."""
    held: list[Block] = []
    size = 0
    for block in blocks:
        small = block.nbytes * _SMALL < block_bytes
        if held and (not small or size + block.nbytes > block_bytes or len(held) == _MOST_PARTS):
            yield _one(held)
            held, size = [], 0
        if small:
            held.append(block)
            size += block.nbytes
        else:
            yield block
    if held:
        yield _one(held)


def _one(blocks: list[Block]) -> Block:
    return blocks[0] if len(blocks) == 1 else JoinedBlock(tuple(blocks))
