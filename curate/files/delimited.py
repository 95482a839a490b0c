"""Rows of CSV and TSV files: every column is text.

CSV is read by the rules of Python's `csv` module: quoted fields may hold delimiters, doubled quotes
and newlines. What parts the fields, and whether quotes mean anything, `dialect` finds out.

The first row names the columns unless names are given. A row with more or fewer fields than names
is a bad row. Blank lines are no rows. Refused, with the file's name: a header with the same name
twice, or that is no UTF-8, and a quote that is not closed within 64 MiB or by the end of the
file, which would make one row of all that follows it.

Where the rows of a block begin and end is found first. Its fields are then parted by Arrow's
reader where its rules are those of `csv`, else by `csv` row by row: see `_by_arrow`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pv

from curate.errors import UserError
from curate.files.block import BadInput, Row, not_utf8, raw_text
from curate.files.dialect import Dialect, find_dialect
from curate.files.encoding import BYTE_ORDER_MARK
from curate.files.file import SourceFile
from curate.files.kind import kind_of
from curate.files.stream import Places, WholeRows, ended, peek, whole_rows
from curate.kernels.lines import newlines, quoted_cuts

QUOTED_BYTES = 64 << 20
"""The longest quoted field; a longer one is taken for a quote that is never closed."""

SAMPLE_BYTES = 1 << 20
"""How much of a file its dialect is found in."""

Lines = npt.NDArray[np.bool_]
"""A truth value for each line."""


@dataclass(frozen=True)
class DelimitedBlock:
    """Rows of delimited text; row i is `data[starts[i]:ends[i]]`."""

    file: str
    first_row: int
    data: bytes
    starts: Places
    ends: Places
    names: tuple[str, ...]
    dialect: Dialect
    named_by_header: bool = True

    @property
    def n_rows(self) -> int:
        """Rows in the block."""
        return len(self.starts)

    @property
    def nbytes(self) -> int:
        """Bytes of text."""
        return len(self.data)

    def head(self, n: int) -> DelimitedBlock:
        """The first `n` rows."""
        ends = self.ends[:n]
        data = self.data[: int(ends[-1])]
        return replace(self, data=data, starts=self.starts[:n], ends=ends)

    def table(self) -> pa.Table | None:
        """All rows as columns of text, or None where one of them is bad."""
        table = _by_arrow(self)
        return table if table is not None else self._by_csv()

    def _by_csv(self) -> pa.Table | None:
        rows = []
        for line in self._lines(range(self.n_rows)):
            fields = _fields(line, self.names, self.dialect)
            if isinstance(fields, BadInput):
                return None
            rows.append(fields)
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        return pa.table(columns, names=list(self.names))

    def rows(self, only: Iterable[int] | None = None) -> Iterator[tuple[int, Row | BadInput]]:
        """Rows one at a time."""
        places = range(self.n_rows) if only is None else list(only)
        for place, line in zip(places, self._lines(places), strict=True):
            fields = _fields(line, self.names, self.dialect)
            row = (
                fields
                if isinstance(fields, BadInput)
                else dict(zip(self.names, fields, strict=True))
            )
            yield self.first_row + place, row

    def raw(self, place: int) -> str:
        """The row's own text."""
        return raw_text(self.data[self.starts[place] : self.ends[place]])

    def _lines(self, places: Sequence[int]) -> Iterator[bytes]:
        starts, ends = self.starts.tolist(), self.ends.tolist()
        for place in places:
            yield self.data[starts[place] : ends[place]]


def _by_arrow(block: DelimitedBlock) -> pa.Table | None:
    """All rows by Arrow's reader; None where it may not say what `csv` says, or where a row is bad.

    Both take a quote for more than a character only where a field begins, and what follows the
    closing one for text. Three things they see differently: a bare CR (the end of a row to
    Arrow), a byte order mark at the start of the block (nothing to Arrow), and a row with too
    many or too few fields (an error of the whole block to Arrow).
    """
    start, stop = int(block.starts[0]), int(block.ends[-1])
    text = pa.py_buffer(block.data).slice(start, stop - start)
    if _bare_return(block.data, start, stop) or block.data.startswith(BYTE_ORDER_MARK, start):
        return None
    part, quotes = block.dialect.delimiter, block.dialect.quotes
    types = dict.fromkeys(block.names, pa.string())
    try:
        table = pv.read_csv(
            pa.BufferReader(text),
            pv.ReadOptions(use_threads=False, block_size=text.size + 1, column_names=list(types)),
            pv.ParseOptions(
                delimiter=part, quote_char='"' if quotes else False, newlines_in_values=quotes
            ),
            pv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except (pa.ArrowException, OverflowError):
        return None
    return table if table.num_rows == block.n_rows else None


def _bare_return(data: bytes, start: int, stop: int) -> bool:
    """Whether a CR stands anywhere but at the end of a line; `stop` is the end of one."""
    returns = data.count(b"\r", start, stop)
    at_ends = data.count(b"\r\n", start, stop) + data.endswith(b"\r", start, stop) if returns else 0
    return returns != at_ends


def _fields(line: bytes, names: tuple[str, ...], dialect: Dialect) -> list[str] | BadInput:
    try:
        fields = split(line.decode("utf-8"), dialect)
    except UnicodeDecodeError as error:
        return not_utf8(line, error)
    except csv.Error as error:
        return BadInput(f"not a row of CSV: {error}", raw_text(line))
    if len(fields) != len(names):
        return BadInput(
            f"{len(fields)} fields where there are {len(names)} columns", raw_text(line)
        )
    return fields


def split(line: str, dialect: Dialect) -> list[str]:
    """The fields of one row; raises csv.Error where the row holds a bare CR."""
    line = line.removesuffix("\r")
    if not dialect.quotes:
        return line.split(dialect.delimiter)
    if '"' not in line and "\r" not in line:
        return line.split(dialect.delimiter)
    csv.field_size_limit(2**31 - 1)
    return next(csv.reader([line], delimiter=dialect.delimiter))


def read_delimited(
    file: SourceFile, first_row: int, pieces: Iterator[bytes], columns: Sequence[str] | None
) -> Iterator[DelimitedBlock]:
    """The blocks of a CSV or TSV file, whose text comes in pieces."""
    sample, pieces = peek(pieces, SAMPLE_BYTES)
    dialect = find_dialect(kind_of(file.path.name), sample, len(columns) if columns else None)
    names = _unique(file.path, columns) if columns else None
    start = first_row
    for part in _parts(ended(pieces), dialect):
        if part.tail:
            raise _unclosed(file.path, part.data, None if names is None else first_row - start)
        starts, ends = _filled(part)
        if names is None and len(starts):
            names = _header(file.path, part.data[starts[0] : ends[0]], dialect)
            starts, ends = starts[1:], ends[1:]
        if len(starts):
            assert names is not None
            yield DelimitedBlock(
                file.name, first_row, part.data, starts, ends, names, dialect, columns is None
            )
        first_row += len(starts)


def delimited_lines(file: SourceFile, pieces: Iterator[bytes]) -> Iterator[tuple[WholeRows, Lines]]:
    """The text in whole rows, header and blank lines among them, and which of them are filled."""
    sample, pieces = peek(pieces, SAMPLE_BYTES)
    dialect = find_dialect(kind_of(file.path.name), sample, None)
    for part in _parts(ended(pieces), dialect):
        yield part, ~_blank(part)


def _parts(pieces: Iterator[bytes], dialect: Dialect) -> Iterator[WholeRows]:
    """The text in whole rows; a tail is a row whose quote is not closed, and the end of reading."""
    if not dialect.quotes:
        return whole_rows(pieces, newlines)
    state = np.array([0, 0, QUOTED_BYTES, 0], np.int64)
    cut: Callable[..., Places] = quoted_cuts
    none = np.empty(0, np.int64)
    sound = takewhile(lambda _: not state[3], pieces)
    part = ord(dialect.delimiter)
    return whole_rows(sound, lambda chunk: none if state[3] else cut(chunk, state, part))


def _unclosed(path: Path, data: bytes, row: int | None) -> UserError:
    where = "the header" if row is None else f"row {row}"
    size = f"{QUOTED_BYTES >> 20} MiB" if QUOTED_BYTES >> 20 else f"{QUOTED_BYTES} bytes"
    begins = " ".join(raw_text(data[:200]).split())[:60]
    return UserError(
        f"{path}: a quote opens in {where} ({begins}) and is not closed within {size} or by the end of the file; close "
        f"it, or write a quote that is text as two quotes inside a quoted field"
    )


def _filled(part: WholeRows) -> tuple[Places, Places]:
    """The bounds of the rows that are not blank."""
    blank = _blank(part)
    return part.starts[~blank], part.ends[~blank]


def _blank(part: WholeRows) -> Lines:
    """Which rows are blank: nothing, or a carriage return alone."""
    lengths = part.ends - part.starts
    blank: Lines = lengths == 0
    one = np.flatnonzero(lengths == 1)
    view = np.frombuffer(part.data, np.uint8)
    blank[one[view[part.starts[one]] == ord("\r")]] = True
    return blank


def _header(path: Path, line: bytes, dialect: Dialect) -> tuple[str, ...]:
    try:
        return _unique(path, split(line.decode("utf-8"), dialect))
    except (UnicodeDecodeError, csv.Error) as error:
        hint = (
            "; name its `encoding` in a recipe, or, if there is no header, its `columns: [...]`"
            if isinstance(error, UnicodeDecodeError)
            else ""
        )
        raise UserError(f"{path}: the header cannot be read: {error}{hint}") from error


def _unique(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    twice = sorted(name for name, n in Counter(names).items() if n > 1)
    if twice:
        raise UserError(
            f"{path}: two columns are named '{twice[0]}'; name the columns with `columns: [...]`"
        )
    return tuple(names)
