"""Rows of CSV and TSV files: every column is text.

CSV is read by the rules of Python's `csv` module: quoted fields may hold delimiters, doubled quotes and newlines. TSV
has two dialects in the wild: quotes as in CSV, or quotes that are plain characters. Quotes count as CSV's only where
the first MiB of the file proves it: every field that opens with a quote is a well-formed quoted field, and at least
one of them holds a tab, a newline or a doubled quote, which nothing but quoting explains.

The first row names the columns unless names are given. A row with more or fewer fields than names is a bad row. Blank
lines are no rows. Refused, with the file's name: a header with the same name twice, or that is no UTF-8, and a quote
that is not closed within 64 MiB or by the end of the file, which would make one row of all that follows it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path

import numpy as np
import pyarrow as pa

from curate.errors import UserError
from curate.files import kind_of
from curate.files.block import BadInput, Row, raw_text
from curate.files.stream import Places, Run, chunks, ended, runs
from curate.kernels.lines import newlines, quoted_cuts

QUOTED_BYTES = 64 << 20
"""The longest quoted field; a longer one is taken for a quote that is never closed."""

_SAMPLE_BYTES = 1 << 20
_QUOTED = re.compile(r'(?:^|(?<=[\t\n]))"((?:[^"]|"")*)"(?=\t|\r?\n|$)')
_OPENING = re.compile(r'(?:^|(?<=[\t\n]))"')


@dataclass(frozen=True)
class Dialect:
    """What parts the fields of a row, and whether quotes mean anything."""

    delimiter: str
    quotes: bool


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
        return DelimitedBlock(self.file, self.first_row, data, self.starts[:n], ends, self.names, self.dialect)

    def table(self) -> pa.Table | None:
        """All rows as columns of text, or None where one of them is bad."""
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
            row = fields if isinstance(fields, BadInput) else dict(zip(self.names, fields, strict=True))
            yield self.first_row + place, row

    def raw(self, place: int) -> str:
        """The row's own text."""
        return raw_text(self.data[self.starts[place] : self.ends[place]])

    def _lines(self, places: Sequence[int]) -> Iterator[bytes]:
        starts, ends = self.starts.tolist(), self.ends.tolist()
        for place in places:
            yield self.data[starts[place] : ends[place]]


def _fields(line: bytes, names: tuple[str, ...], dialect: Dialect) -> list[str] | BadInput:
    try:
        fields = split(line.decode("utf-8"), dialect)
    except UnicodeDecodeError as error:
        return BadInput(f"not UTF-8: byte 0x{line[error.start]:02x} at byte {error.start} of the row", raw_text(line))
    except csv.Error as error:
        return BadInput(f"not a row of CSV: {error}", raw_text(line))
    if len(fields) != len(names):
        return BadInput(f"{len(fields)} fields where there are {len(names)} columns", raw_text(line))
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
    path: Path, name: str, first_row: int, block_bytes: int, columns: Sequence[str] | None
) -> Iterator[DelimitedBlock]:
    """The blocks of a CSV or TSV file."""
    delimiter = "\t" if kind_of(path.name) == "tsv" else ","
    pieces = chunks(path, block_bytes)
    sample = b""
    while len(sample) < _SAMPLE_BYTES and (chunk := next(pieces, b"")):
        sample += chunk
    dialect = Dialect(delimiter, delimiter == "," or quotes_count(sample[:_SAMPLE_BYTES]))
    names = _unique(path, columns) if columns else None
    start = first_row
    for run in _runs(ended(chain([sample], pieces)), dialect):
        if run.tail:
            raise _unclosed(path, run.data, None if names is None else first_row - start)
        starts, ends = _filled(run)
        if names is None and len(starts):
            names = _header(path, run.data[starts[0] : ends[0]], dialect)
            starts, ends = starts[1:], ends[1:]
        if len(starts):
            assert names is not None
            yield DelimitedBlock(name, first_row, run.data, starts, ends, names, dialect)
        first_row += len(starts)


def quotes_count(sample: bytes) -> bool:
    """Whether quotes in a TSV are CSV's: see the module's rule."""
    text = sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8", "replace")
    if '"' not in text:
        return False
    fields = _QUOTED.findall(text)
    needed = any(mark in field for field in fields for mark in ("\t", "\n", '""'))
    return needed and not _OPENING.search(_QUOTED.sub("", text))


def _runs(pieces: Iterator[bytes], dialect: Dialect) -> Iterator[Run]:
    """The runs of whole rows; a tail is a row with a quote that is not closed, and the file is read no further."""
    if not dialect.quotes:
        return runs(pieces, newlines)
    state = np.array([0, 0, QUOTED_BYTES, 0], np.int64)
    cut: Callable[..., Places] = quoted_cuts
    return runs(takewhile(lambda _: not state[3], pieces), lambda chunk: cut(chunk, state, ord(dialect.delimiter)))


def _unclosed(path: Path, data: bytes, row: int | None) -> UserError:
    where = "the header" if row is None else f"row {row}"
    size = f"{QUOTED_BYTES >> 20} MiB" if QUOTED_BYTES >> 20 else f"{QUOTED_BYTES} bytes"
    begins = " ".join(raw_text(data[:200]).split())[:60]
    return UserError(
        f"{path}: a quote opens in {where} ({begins}) and is not closed within {size} or by the end of the file; close "
        f"it, or write a quote that is text as two quotes inside a quoted field"
    )


def _filled(run: Run) -> tuple[Places, Places]:
    """The bounds of the rows that are not blank: nothing, or a carriage return alone."""
    lengths = run.ends - run.starts
    blank = lengths == 0
    one = np.flatnonzero(lengths == 1)
    view = np.frombuffer(run.data, np.uint8)
    blank[one[view[run.starts[one]] == ord("\r")]] = True
    return run.starts[~blank], run.ends[~blank]


def _header(path: Path, line: bytes, dialect: Dialect) -> tuple[str, ...]:
    try:
        return _unique(path, split(line.decode("utf-8"), dialect))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: the header cannot be read: {error}") from error


def _unique(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise UserError(f"{path}: two columns are named '{twice[0]}'; name the columns with `columns: [...]`")
    return tuple(names)
