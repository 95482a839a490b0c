"""Text files as they stand on disk, less some rows: every other byte stays what it is.

    with packed(out) as write:
        written = copy_rows(files, kept, write)     # kept[i]: is row i of all files written?

What goes is a row with the end of its line, or with its comma in a JSON array. Header, blank lines,
byte order mark, CRLF, and a last line without an end stay: where no row goes, the copy is the file.
Several files become one: later ones without mark and header, and each begins on a line of its own.
Rows are those that `read_file` counts.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.errors import UserError
from curate.files import kind_of
from curate.files.block import BLOCK_BYTES
from curate.files.delimited import delimited_lines
from curate.files.encoding import BYTE_ORDER_MARK
from curate.files.file import SourceFile
from curate.files.stream import WholeRows, decompressed, ended, whole_rows
from curate.kernels.lines import array_cuts, newlines, strip
from curate.shards import staging

_SPACE = b" \t\r\n"
Mask = npt.NDArray[np.bool_]
Write = Callable[[bytes], Any]


@dataclass
class _Copy:
    """Where rows go, and how far the copy has come."""

    kept: Mask
    write: Write
    row: int = 0
    written: int = 0
    between: bytes = b""
    """What stands before the next bytes, if any follow: the end of a line, or a comma."""

    def put(self, data: bytes, between: bytes) -> None:
        """Write bytes, and `between` once others follow."""
        if data or between:
            self.write(self.between + data)
            self.between = between

    def end(self) -> None:
        """Write what was kept back, though nothing follows."""
        self.write(self.between)
        self.between = b""

    def take(self, n: int) -> Mask:
        """Which of the next `n` rows are kept; those beyond the mask are not."""
        own = self.kept[self.row : self.row + n]
        self.row += n
        self.written += int(np.count_nonzero(own))
        return np.concatenate([own, np.zeros(n - len(own), np.bool_)])


def copy_rows(
    files: Sequence[SourceFile],
    kept: Mask,
    write: Write,
    *,
    block_bytes: int = BLOCK_BYTES,
    hashes: MutableMapping[str, str] | None = None,
) -> int:
    """Write the rows of a mask as they stand in text files of one kind; gives how many.

    Rows beyond the mask are left out. `hashes` as in `read_file`. Raises UserError where a file
    can't be read or is no longer the one that was opened, and where only some hold an array.
    """
    copy = _Copy(kept, write)
    closing: list[bytes] = []
    for file in files:
        digest = hashlib.sha256()
        pieces = decompressed(file.path, block_bytes, digest.update)
        closing.append(_copy_file(copy, file, pieces, first=not closing))
        for _ in pieces:  # what nobody has a use for is a part of the file all the same
            pass
        if hashes is not None:
            hashes[file.name] = digest.hexdigest()
        file.verify()
        if bool(closing[0]) != bool(closing[-1]):
            told = f"one of {files[0].path} and {file.path} is a JSON array, the other is not"
            raise UserError(f"{told}; they can't be copied into one file")
    write(closing[-1])
    return copy.written


def _copy_file(copy: _Copy, file: SourceFile, pieces: Iterator[bytes], *, first: bool) -> bytes:
    """Copy what stands in one file; gives what closes an array."""
    opening = b""
    while not opening.removeprefix(BYTE_ORDER_MARK).strip(_SPACE) and (more := next(pieces, b"")):
        opening += more
    text = opening.removeprefix(BYTE_ORDER_MARK)
    if first:
        copy.put(opening[: len(opening) - len(text)], b"")
    is_table = kind_of(file.path.name) in ("csv", "tsv")
    if not is_table and text.lstrip(_SPACE).startswith(b"["):
        before, _, rest = text.partition(b"[")
        if first:
            copy.put(before + b"[", b"")
        return _copy_array(copy, chain([rest], pieces))
    whole = _Ending(chain([text], pieces))
    lines = delimited_lines(file, iter(whole)) if is_table else _json_lines(iter(whole))
    _copy_lines(copy, lines, header=is_table, first=first)
    if whole.last == b"\n":
        copy.end()
    return b""


@dataclass
class _Ending:
    """Pieces of text, and their last byte once they have gone past."""

    pieces: Iterator[bytes]
    last: bytes = b""

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.last = piece[-1:] or self.last
            if piece:
                yield piece


def _json_lines(pieces: Iterator[bytes]) -> Iterator[tuple[WholeRows, Mask]]:
    for part in whole_rows(ended(pieces), newlines):
        starts, ends = part.starts.copy(), part.ends.copy()
        strip(np.frombuffer(part.data, np.uint8), starts, ends)
        yield part, ends > starts


def _copy_lines(
    copy: _Copy, lines: Iterator[tuple[WholeRows, Mask]], *, header: bool, first: bool
) -> None:
    """Copy lines: those that are no row always, but the header of the first file only."""
    for number, (part, filled) in enumerate(lines):
        if number:
            copy.end()  # of the line before, which was not the file's last
        kept = np.ones(len(filled), np.bool_)
        rows = np.flatnonzero(filled)
        if header and len(rows):
            kept[rows[0]], rows, header = first, rows[1:], False
        kept[rows] = copy.take(len(rows))
        text, starts = memoryview(part.data), part.starts
        for begin, end in _runs(kept):
            whole = end < len(kept)  # the newline of the last line is not in the text
            span = text[starts[begin] : starts[end] if whole else None]
            copy.put(bytes(span), b"" if whole else b"\n")


def _runs(kept: Mask) -> Iterator[tuple[int, int]]:
    """The stretches of a mask that are true."""
    edges = np.flatnonzero(np.diff(kept.astype(np.int8), prepend=0, append=0)).tolist()
    return zip(edges[::2], edges[1::2], strict=True)


def _copy_array(copy: _Copy, pieces: Iterator[bytes]) -> bytes:
    """Copy the elements of an array that is open; gives what stands from its closing bracket on."""
    state = np.array([1, 0, 0, 0], np.int64)
    closing, empty = b"", not copy.row
    for part in whole_rows(pieces, lambda chunk: array_cuts(chunk, state)):
        if closing:
            closing += part.data
            continue
        closing = b"]" if state[3] else b""
        if empty and closing and len(part.ends) == 1 and not part.data.strip(_SPACE):
            continue
        empty = False
        kept = copy.take(len(part.starts))
        for begin, end in zip(part.starts[kept].tolist(), part.ends[kept].tolist(), strict=True):
            copy.put(part.data[begin:end], b",")
    return closing


@contextmanager
def packed(path: Path) -> Iterator[Write]:
    """Write a file that is compressed as its name says, which it gets when it is whole; the same
    bytes make the same file.
    """
    with staging(path) as temporary, ExitStack() as held:
        raw = held.enter_context(temporary.open("wb"))
        suffix = path.suffix.lower()
        if suffix == ".zst":
            sink: Any = pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd")
        elif suffix == ".gz":
            sink = gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0)
        elif suffix in (".bz2", ".xz"):
            sink = (bz2.BZ2File if suffix == ".bz2" else lzma.LZMAFile)(raw, "wb")
        else:
            sink = raw
        yield held.enter_context(sink).write if sink is not raw else raw.write
