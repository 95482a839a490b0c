"""Rows written as JSON: one to a line, or the elements of one array.

A `.json` file may hold either; the first byte tells. Its array is cut into elements by a scanner,
so that it streams like lines do. A row is an object, or a bare string, which is a row with the
one column `text`. Refused, with the file's name: an array that is never closed or is followed by
something, and a file that is one single object.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from curate.errors import UserError
from curate.files.block import BadInput, Row, raw_text
from curate.files.file import SourceFile
from curate.files.kind import kind_of
from curate.files.stream import Places, WholeRows, ended, whole_rows
from curate.kernels.lines import array_cuts, is_tame, newlines, strip

_SPACE = b" \t\r\n"
_DEPTH = 64  # Arrow's reader recurses and brings the process down some ten thousand levels deep


@dataclass(frozen=True)
class JsonBlock:
    """Rows of JSON text; row i is `data[starts[i]:ends[i]]`, with only white space between rows."""

    file: str
    first_row: int
    data: bytes
    starts: Places
    ends: Places

    @property
    def n_rows(self) -> int:
        """Rows in the block."""
        return len(self.starts)

    @property
    def nbytes(self) -> int:
        """Bytes of text."""
        return len(self.data)

    def head(self, n: int) -> JsonBlock:
        """The first `n` rows."""
        ends = self.ends[:n]
        return JsonBlock(
            self.file, self.first_row, self.data[: int(ends[-1])], self.starts[:n], ends
        )

    def table(self) -> pa.Table | None:
        """All rows through Arrow's reader, or None where it would not agree with `rows`."""
        return _table(self.data, self.starts, self.ends)

    def rows(self, only: Iterable[int] | None = None) -> Iterator[tuple[int, Row | BadInput]]:
        """Rows through `json`, one at a time."""
        starts, ends = self.starts.tolist(), self.ends.tolist()
        for place in range(self.n_rows) if only is None else only:
            yield self.first_row + place, _row(self.data[starts[place] : ends[place]])

    def raw(self, place: int) -> str:
        """The row's own text."""
        return raw_text(self.data[self.starts[place] : self.ends[place]])


def _row(line: bytes) -> Row | BadInput:
    try:
        row = json.loads(line.decode("utf-8"))
        if b"\\ud" in line or b"\\uD" in line:
            json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        return BadInput(
            f"not UTF-8: byte 0x{line[error.start]:02x} at byte {error.start} of the row",
            raw_text(line),
        )
    except UnicodeEncodeError:
        return BadInput("not Unicode: one half of a surrogate pair stands alone", raw_text(line))
    except json.JSONDecodeError as error:
        return BadInput(
            f"not JSON: {error.msg} at character {error.pos}{_cut_off(error)}", raw_text(line)
        )
    except (
        RecursionError,
        ValueError,
    ) as error:  # nested too deep; a number with more digits than Python converts
        return BadInput(f"not readable JSON: {error}", raw_text(line))
    if isinstance(row, str):
        return {"text": row}
    return (
        row
        if isinstance(row, dict)
        else BadInput(f"a row must be a JSON object, not {_kind(row)}", raw_text(line))
    )


def _cut_off(error: json.JSONDecodeError) -> str:
    ended = error.pos >= len(error.doc) or error.msg.startswith("Unterminated string")
    return "; the row is cut off" if ended and error.doc else ""


def _kind(value: object) -> str:
    return {list: "an array", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )


def _table(data: bytes, starts: Places, ends: Places) -> pa.Table | None:
    view = np.frombuffer(data, np.uint8)
    # With rows that all open with { and close with }, and as many objects as rows, each row is
    # exactly one object: inside an object or an array no { can follow a }.
    if not (
        (view[ends - 1] == ord("}")).all() and (view[starts] == ord("{")).all() and _is_utf8(data)
    ):
        return None
    if not is_tame(view, starts, ends, _DEPTH):
        return None
    try:
        table = _read(data, None)
        schema = _without_times(table.schema)
        if schema != table.schema:
            table = _read(data, schema)
        # pyarrow 26 builds lists that begin with nulls too short (`[null, "x"]`): this finds them.
        table.validate(full=True)
    except (pa.ArrowException, NotImplementedError):
        return None
    return table if table.num_rows == len(starts) else None


def _read(data: bytes, schema: pa.Schema | None) -> pa.Table:
    reading = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
    parsing = pj.ParseOptions(explicit_schema=schema) if schema is not None else pj.ParseOptions()
    return pj.read_json(pa.BufferReader(data), read_options=reading, parse_options=parsing)


def _is_utf8(data: bytes) -> bool:
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64).tobytes())
    whole = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _without_times(schema: pa.Schema) -> pa.Schema:
    """The schema with text that Arrow takes for a date made text again."""
    return pa.schema([field.with_type(_as_text(field.type)) for field in schema])


def _as_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_as_text(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_as_text(field.type)) for field in kind])
    return kind


def read_json(file: SourceFile, first_row: int, pieces: Iterator[bytes]) -> Iterator[JsonBlock]:
    """The blocks of a file of JSON lines, or of one array, whose text comes in pieces."""
    opening = b""
    for chunk in pieces:
        opening = (opening + chunk).lstrip(_SPACE)
        if opening:
            break
    if opening.startswith(b"["):
        yield from _array(file, first_row, chain([opening[1:]], pieces))
    elif kind_of(file.path.name) == "json":
        lines = _lines(file.name, first_row, chain([opening], pieces))
        yield from _not_one_object(file.path, lines)
    else:
        yield from _lines(file.name, first_row, chain([opening], pieces))


def _lines(name: str, first_row: int, pieces: Iterator[bytes]) -> Iterator[JsonBlock]:
    for lines in whole_rows(ended(pieces), newlines):
        strip(np.frombuffer(lines.data, np.uint8), lines.starts, lines.ends)
        filled = lines.ends > lines.starts  # blank lines are no rows
        block = JsonBlock(name, first_row, lines.data, lines.starts[filled], lines.ends[filled])
        if block.n_rows:
            yield block
        first_row += block.n_rows


def _not_one_object(path: Path, blocks: Iterator[JsonBlock]) -> Iterator[JsonBlock]:
    """Refuse a `.json` file that is one object, on one line or on many: its lines are no rows."""
    first = next(blocks, None)
    if first is None:
        return
    second = next(blocks, None) if first.n_rows == 1 else None
    opens = first.data[first.starts[0] : first.ends[0]]
    alone = first.n_rows == 1 and second is None
    if opens.startswith(b"{") and (alone or isinstance(_row(opens), BadInput)):
        raise UserError(
            f"{path}: the file is one JSON object; rows are an array of objects, or one object to a line"
        )
    yield from chain([first], [second] if second else [], blocks)


def _array(file: SourceFile, first_row: int, pieces: Iterator[bytes]) -> Iterator[JsonBlock]:
    state = np.array([1, 0, 0, 0], np.int64)
    closed, n_rows = False, 0
    for part in whole_rows(pieces, lambda chunk: array_cuts(chunk, state)):
        if closed and part.data.strip(_SPACE):
            raise UserError(
                f"{file.path}: something follows the end of the array, after row {n_rows - 1}"
            )
        if closed:
            continue
        if part.tail:
            break
        closed = bool(state[3])
        block = _elements(part, file.name, first_row + n_rows)
        if closed and n_rows == 0 and block.n_rows == 1 and block.starts[0] == block.ends[0]:
            continue  # an empty array
        n_rows += block.n_rows
        yield block
    if not closed:
        raise UserError(
            f"{file.path}: the array is never closed; the file is cut off after {n_rows} complete rows"
        )


def _elements(part: WholeRows, name: str, first_row: int) -> JsonBlock:
    view = np.frombuffer(part.data, np.uint8).copy()
    view[part.ends[:-1]] = ord("\n")  # the commas between elements
    view.flags.writeable = False  # as elsewhere: numba compiles for each of the two
    strip(view, part.starts, part.ends)
    return JsonBlock(name, first_row, view.tobytes(), part.starts, part.ends)
