"""Rows written as JSON: one to a line, or the elements of one array.

`json_layout` tells which, and finds the rows of a document. An array is cut into elements by a
scanner, so that it streams like lines do; a document is held whole. A row is an object, or a bare
string, which is a row with the one column `text`. Refused, with the file's name: an array or a
document that is never closed, an array that is followed by something, and a document in which it
is not plain which list holds the rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from curate.errors import UserError
from curate.files.block import BLOCK_BYTES, BadInput, Row, not_utf8, raw_text
from curate.files.file import SourceFile
from curate.files.json_layout import (
    HEAD_BYTES,
    SPACE,
    Layout,
    first_value,
    is_document,
    layout_of,
    list_in,
)
from curate.files.kind import kind_of
from curate.files.stream import Places, WholeRows, ended, peek, whole_rows
from curate.kernels.lines import array_cuts, is_tame, newlines, strip

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
        return not_utf8(line, error)
    except UnicodeEncodeError:
        return BadInput(
            "not Unicode: half of a surrogate pair without the other half", raw_text(line)
        )
    except json.JSONDecodeError as error:
        return BadInput(
            f"not JSON: {_what(error)} at character {error.pos}{_cut_off(error)}", raw_text(line)
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


def _what(error: json.JSONDecodeError) -> str:
    return error.msg.removesuffix(" at").removesuffix(" starting")  # the place follows


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


def read_json(
    file: SourceFile, first_row: int, pieces: Iterator[bytes], field: str | None = None
) -> Iterator[JsonBlock]:
    """The blocks of a JSON file, whose text comes in pieces; `field` names the list of a document."""
    layout, pieces = _layout(file, pieces, field)
    if layout == "array":
        opening = next(piece for piece in (one.lstrip(SPACE) for one in pieces) if piece)
        yield from _array(file, first_row, chain([opening[1:]], pieces))
    elif layout == "one or several":
        yield from _one_or_several(file, first_row, pieces, field)
    else:
        yield from _lines(file.name, first_row, pieces, commas=layout == "comma lines")


def said_of(file: SourceFile, pieces: Iterator[bytes], field: str | None) -> str | None:
    """What is worth saying about the layout of a JSON file."""
    layout, pieces = _layout(file, pieces, field)
    if layout == "comma lines":
        return "each line ends with a comma, which is no part of its row"
    if layout != "one or several":
        return None
    first, rest, pieces = first_value(file.path, pieces)
    document, _ = is_document(rest, pieces)
    if document and field is None:
        return f"one JSON object; its rows are the list under '{list_in(str(file.path), first, None)[0]}'"
    return "an object spans several lines" if not document and b"\n" in first else None


def _layout(
    file: SourceFile, pieces: Iterator[bytes], field: str | None
) -> tuple[Layout, Iterator[bytes]]:
    """The layout, and the pieces again; raises UserError where the file is no JSON."""
    head, pieces = peek(pieces, HEAD_BYTES)
    json_file = kind_of(file.path.name) == "json"
    layout = layout_of(head, whole=len(head) < HEAD_BYTES, json_file=json_file)
    if field is not None and head.lstrip(SPACE).startswith(b"{"):
        return "one or several", pieces
    if field is not None:
        raise UserError(
            f"{file.name}: no list of rows under '{field}' (found: no object at the top)"
        )
    if layout == "neither":
        try:
            json.loads(head)
        except ValueError as error:
            raise UserError(
                f"{file.path}: neither one JSON document nor an object to a line: {error}"
            ) from error
    return layout, pieces


def _one_or_several(
    file: SourceFile, first_row: int, pieces: Iterator[bytes], field: str | None
) -> Iterator[JsonBlock]:
    """The rows in the list of a document, or objects one behind the other."""
    first, rest, pieces = first_value(file.path, pieces)
    document, pieces = is_document(rest, pieces)
    if document:
        _, text = list_in(str(file.path), first, field)
        starts = range(0, len(text), BLOCK_BYTES)
        yield from _array(file, first_row, (text[at : at + BLOCK_BYTES] for at in starts))
    elif field is not None:
        raise UserError(
            f"{file.path}: '{field}' names a list in one JSON object; these are several"
        )
    elif b"\n" in first:
        yield from _objects(file.name, first_row, first, pieces)
    else:
        yield from _lines(file.name, first_row, chain([first], pieces))


def _lines(
    name: str, first_row: int, pieces: Iterator[bytes], *, commas: bool = False
) -> Iterator[JsonBlock]:
    for lines in whole_rows(ended(pieces), newlines):
        block = _stripped(name, first_row, lines.data, lines.starts, lines.ends, commas)
        if block.n_rows:
            yield block
        first_row += block.n_rows


def _objects(
    name: str, first_row: int, first: bytes, pieces: Iterator[bytes]
) -> Iterator[JsonBlock]:
    """Objects over several lines: behind the first, one begins where a line begins with a bracket
    as far to the right as the one that closes the first.

    So one that is not closed costs no other. Memory is bounded by a chunk and the longest object.
    """
    margin = first.rpartition(b"\n")[2][:-1]
    opens = re.compile(rb"^%s\{" % (b"" if margin.strip(SPACE) else margin), re.MULTILINE)
    held, pieces = b"", chain([first], pieces)
    for lines in chain(_whole_lines(ended(pieces)), [None]):
        text = held + lines if lines else held
        begin = [0, *(match.start() for match in opens.finditer(text, 1))]
        bounds = np.array(begin if lines else [*begin, len(text)], np.int64)
        held = text[begin[-1] :]
        block = _stripped(name, first_row, text, bounds[:-1].copy(), bounds[1:].copy(), True)
        if block.n_rows:
            yield block
        first_row += block.n_rows


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a text that ends with a newline, each made to end with one."""
    pending: list[bytes] = []
    for piece in pieces:
        lines, newline, rest = piece.rpartition(b"\n")
        if newline:
            yield b"".join([*pending, lines, newline])
            pending = []
        pending.append(rest)


def _stripped(
    name: str, first_row: int, data: bytes, starts: Places, ends: Places, commas: bool
) -> JsonBlock:
    """Rows without the white space around them, nor the comma behind them; blank ones are none."""
    strip(np.frombuffer(data, np.uint8), starts, ends)
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    if commas:
        view = np.frombuffer(data, np.uint8).copy()
        behind = ends[view[ends - 1] == ord(",")] - 1
        view[behind] = ord(" ")
        view.flags.writeable = False  # as elsewhere: numba compiles for each of the two
        strip(view, starts, ends)
        data, filled = view.tobytes(), ends > starts
        starts, ends = starts[filled], ends[filled]
    return JsonBlock(name, first_row, data, starts, ends)


def _array(file: SourceFile, first_row: int, pieces: Iterator[bytes]) -> Iterator[JsonBlock]:
    state = np.array([1, 0, 0, 0], np.int64)
    closed, n_rows = False, 0
    for part in whole_rows(pieces, lambda chunk: array_cuts(chunk, state)):
        if closed and part.data.strip(SPACE):
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
