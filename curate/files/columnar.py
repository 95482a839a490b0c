"""Rows that are columns already: Parquet, Arrow IPC (files and streams), `datasets.Dataset`.

Batches of about a block's size are decoded as they are asked for; what they will take is known
before (`decoded`), since a dictionary or a run of one value says a lot in a few bytes. Types that
say the same in another way (large strings, string views, dictionaries of text) become the plain
ones; what maps, structs and columns of JSON mean is said in `values`. Refused, with the file's
name: a file that does not decode, or whose offsets lead out of its buffers, before anything
follows them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import UserError
from curate.files.block import RAW_CHARACTERS, BadInput, Row, raw_text
from curate.files.decoded import check, most_bytes, pieces
from curate.files.file import SourceFile
from curate.files.footer import groups_of
from curate.files.values import Meaning, is_exact, meanings
from curate.shards import cut

_AT_ONCE = 256  # rows made to Python values in one go
_MUCH = 2
"""A row group of at most so many blocks is one block, decoded by the thread that works on it."""
_RARE = 4
"""How many times what is stored may be decoded before it counts: the most that it could be is
rarely what it is.
"""
_DAMAGED = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError)
"""What reading a damaged file raises: names that are no UTF-8 or of no column come as plain
errors of Python.
"""
Names = Collection[str] | None
"""Of columns; None: all."""


@dataclass(frozen=True)
class _Held:
    """A table at hand; its own rows are pickled, not those of a larger one it is a slice of."""

    table: pa.Table

    @property
    def names(self) -> Sequence[str]:
        return list(self.table.column_names)

    def __call__(self, only: Names = None) -> pa.Table:
        return self.table if only is None else self.table.select(list(only))

    def __reduce__(self) -> tuple[Any, ...]:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.table.schema) as writer:
            writer.write_table(self.table)
        return _held, (sink.getvalue(),)


def _held(stream: pa.Buffer) -> _Held:
    return _Held(pa.ipc.open_stream(stream).read_all())


@dataclass(frozen=True)
class _RowGroups:
    """Some row groups of a Parquet file; what is pickled is where they stand."""

    file: SourceFile
    groups: range
    n_rows: int
    names: Sequence[str]
    metadata: pq.FileMetaData | None = None

    def __call__(self, only: Names = None) -> pa.Table:
        """The rows; raises UserError where the file does not decode, or has changed."""
        columns = None if only is None else list(only)
        try:
            opened = _parquet(self.file.path, self.metadata)
            table = opened.read_row_groups(self.groups, columns, use_threads=False)
            table.validate()
        except _DAMAGED as error:
            self.file.verify()
            raise _broken(self.file.path, "Parquet", error) from error
        self.file.verify()
        if table.num_rows != self.n_rows:
            told = f"{table.num_rows} rows where its end promises {self.n_rows}"
            raise _broken(self.file.path, "Parquet", ValueError(told))
        return table if columns is None else table.select(columns)

    def __reduce__(self) -> tuple[Any, ...]:
        return _RowGroups, (self.file, self.groups, self.n_rows, self.names)


@dataclass(frozen=True)
class ArrowBlock:
    """Rows that came as Arrow columns; whichever thread asks for them first decodes them."""

    file: str
    first_row: int
    n_rows: int
    nbytes: int
    load: _Held | _RowGroups
    only: tuple[str, ...] | None = None
    """The columns that are decoded, where others are not asked for."""

    @classmethod
    def of(cls, file: str, first_row: int, columns: pa.Table) -> ArrowBlock:
        """A block of columns at hand."""
        return cls(file, first_row, columns.num_rows, columns.nbytes, _Held(columns))

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the rows that were decoded meanwhile."""
        own = (self.file, self.first_row, self.n_rows, self.nbytes, self.load, self.only)
        return ArrowBlock, own

    @cached_property
    def columns(self) -> pa.Table:
        """The rows; raises UserError where the file does not decode."""
        return self.load(self.only)

    @cached_property
    def _whole(self) -> ArrowBlock:
        return self if self.only is None else replace(self, only=None)

    def of_columns(self, names: Collection[str]) -> tuple[ArrowBlock, frozenset[str]]:
        """The same rows, of which only these columns are decoded, and the names of the others."""
        own = self.load.names
        only = tuple(name for name in own if name in names)
        if not only or len(only) == len(own) or len(set(own)) < len(own):
            return self, frozenset()
        return replace(self, only=only), frozenset(own) - set(only)

    def head(self, n: int) -> ArrowBlock:
        """The first `n` rows."""
        return ArrowBlock.of(self.file, self.first_row, self.columns.slice(0, n))

    def table(self) -> pa.Table | None:
        """The columns in plain types; None where text is no UTF-8, a name stands twice, or a column
        holds JSON or maps.
        """
        schema = self.columns.schema
        if len(set(schema.names)) < len(schema) or not is_exact(schema):
            return None
        try:
            self.columns.validate(full=True)
            plain = [field.with_type(_plain(field.type)) for field in self.columns.schema]
            return self.columns.cast(pa.schema(plain))
        except (pa.ArrowException, NotImplementedError):
            return None

    def rows(self, only: Iterable[int] | None = None) -> Iterator[tuple[int, Row | BadInput]]:
        """Rows as Python values, a few hundred at once where all are wanted."""
        if only is None:
            for start in range(0, self.n_rows, _AT_ONCE):
                rows = self._rows(start, min(_AT_ONCE, self.n_rows - start))
                yield from enumerate(rows, self.first_row + start)
            return
        for place in only:
            yield self.first_row + place, self._row(place)

    def raw(self, place: int) -> str:
        """The row as JSON, with all its columns."""
        row = self._whole._row(place)
        text = (
            row.raw
            if isinstance(row, BadInput)
            else json.dumps(row, ensure_ascii=False, default=str)
        )
        return text[:RAW_CHARACTERS]

    def _rows(self, start: int, n: int) -> Sequence[Row | BadInput]:
        try:
            return self._read(self.columns.slice(start, n))
        except (ValueError, OverflowError, RecursionError, pa.ArrowException):  # of some of them
            return [self._row(place) for place in range(start, start + n)]

    def _read(self, part: pa.Table) -> list[Row]:
        rows: list[Row] = part.to_pylist()
        for name, mean in self._meanings.items():
            for row in rows:
                row[name] = mean(row[name])
        return rows

    def _row(self, place: int) -> Row | BadInput:
        one = self.columns.slice(place, 1)
        try:
            return self._read(one)[0]
        except UnicodeDecodeError:
            return BadInput("not UTF-8: a text column holds other bytes", _escaped(one))
        except (json.JSONDecodeError, RecursionError) as error:
            return BadInput(f"not readable JSON in a column of JSON: {error}", _escaped(one))
        except (ValueError, OverflowError, pa.ArrowException) as error:
            return BadInput(f"a value that Python has no room for: {error}", _escaped(one))

    @cached_property
    def _meanings(self) -> dict[str, Meaning]:
        return meanings(self.columns.schema)


def _escaped(one: pa.Table) -> str:
    """The text columns of one row for people, bytes that are no UTF-8 as backslash escapes."""
    texts = {
        name: raw_text(column.cast(pa.large_binary(), safe=False)[0].as_py() or b"")
        for name, column in zip(one.column_names, one.columns, strict=True)
        if column.type in (pa.string(), pa.large_string())
    }
    return json.dumps(texts, ensure_ascii=False)[:RAW_CHARACTERS]


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    return kind


def read_parquet(file: SourceFile, first_row: int, block_bytes: int) -> Iterator[ArrowBlock]:
    """The blocks of a Parquet file: whole row groups, or pieces of one much larger than a block."""
    try:
        metadata = pq.read_metadata(file.path)
        names = metadata.schema.to_arrow_schema().names
        groups = groups_of(file.path)
        most = most_bytes(file.path, metadata, groups)
        stored = np.array([group.size for group in groups], np.int64)
        sizes = np.maximum(stored, np.array(most, np.int64) // _RARE)
        for first, stop in pairwise(cut(sizes, block_bytes)):
            rows = sum(group.n_rows for group in groups[first:stop])
            size = int(sizes[first:stop].sum())
            if size > _MUCH * block_bytes:
                at_once = max(1, rows * block_bytes // max(int(stored[first]), most[first]))
                opened = _parquet(file.path, metadata)
                batches = opened.iter_batches(at_once, [first], use_threads=False)
                yield from _blocks(batches, file.name, first_row, block_bytes)
            elif rows:
                load = _RowGroups(file, range(first, stop), rows, names, metadata)
                yield ArrowBlock(file.name, first_row, rows, size, load)
            first_row += rows
    except _DAMAGED as error:
        raise _broken(file.path, "Parquet", error) from error


def parquet_schema(file: SourceFile) -> pa.Schema:
    """The columns of a Parquet file; raises UserError where it can't be read."""
    try:
        return pq.read_schema(file.path)
    except _DAMAGED as error:
        raise _broken(file.path, "Parquet", error) from error


def arrow_schema(file: SourceFile) -> pa.Schema:
    """The columns of an Arrow IPC file or stream; raises UserError where it can't be read."""
    try:
        with pa.OSFile(str(file.path)) as source:
            return _opened(source).schema
    except _DAMAGED as error:
        raise _broken(file.path, "Arrow", error) from error


def _parquet(path: Path, metadata: pq.FileMetaData | None = None) -> pq.ParquetFile:
    # With pre_buffer the reader keeps what it has read ahead, and memory grows with the file.
    return pq.ParquetFile(path, metadata=metadata, pre_buffer=False)


def read_arrow(file: SourceFile, first_row: int, block_bytes: int) -> Iterator[ArrowBlock]:
    """The blocks of an Arrow IPC file or stream."""
    try:
        # Not mapped into memory: where a mapped file is cut off, touching what is gone kills the
        # process.
        with pa.OSFile(str(file.path)) as source:
            yield from _blocks(_batches(source), file.name, first_row, block_bytes)
    except _DAMAGED as error:
        raise _broken(file.path, "Arrow", error) from error


def _opened(source: pa.NativeFile) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def _batches(source: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    opened = _opened(source)
    if isinstance(opened, pa.RecordBatchStreamReader):
        yield from map(check, opened)
        return
    for place in range(opened.num_record_batches):
        yield check(opened.get_batch(place))


def read_dataset(dataset: Any, name: str, first_row: int, block_bytes: int) -> Iterator[ArrowBlock]:
    """The blocks of a `datasets.Dataset`."""
    size = max(1, int(dataset.data.nbytes))
    rows = max(1, min(1 << 20, block_bytes * len(dataset) // size))
    tables = dataset.with_format("arrow").iter(batch_size=rows)
    batches = (batch for table in tables for batch in table.to_batches())
    yield from _blocks(batches, name, first_row, block_bytes)


def _blocks(
    batches: Iterable[pa.RecordBatch], name: str, first_row: int, block_bytes: int
) -> Iterator[ArrowBlock]:
    """Batches as blocks; small ones are put together."""
    held: list[pa.RecordBatch] = []
    size = 0
    for piece, own in pieces(batches, block_bytes):
        if held and size + own > block_bytes:
            yield ArrowBlock.of(name, first_row, pa.Table.from_batches(held))
            first_row += sum(one.num_rows for one in held)
            held, size = [], 0
        held.append(piece)
        size += own
    if held:
        yield ArrowBlock.of(name, first_row, pa.Table.from_batches(held))


def _broken(path: Path, kind: str, error: BaseException) -> UserError:
    return UserError(
        f"{path}: not a readable {kind} file, or cut off ({' '.join(str(error).split())})"
    )
