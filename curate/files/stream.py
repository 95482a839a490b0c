"""Bytes of a file as chunks, plain or compressed, and chunks cut into whole rows.

Memory is bounded by the chunk and by the longest row. Content that is compressed under a plain name
is known by its first bytes. Refused, with the file's name: a compressed file that is cut off or
damaged.
"""

from __future__ import annotations

import io
import lzma
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from isal import igzip, isal_zlib

from curate.errors import UserError
from curate.files.encoding import as_utf8

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
_CODECS = {".bz2": "bz2", ".zst": "zstd"}
_MAGIC = {
    ".gz": re.compile(rb"\x1f\x8b\x08"),
    ".bz2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P)"),
    ".xz": re.compile(rb"\xfd7zXZ\0"),
    ".zst": re.compile(rb"\x28\xb5\x2f\xfd"),
}
_HEAD_BYTES = 1 << 16
_REST_BYTES = 1 << 20
_CUT_BYTES = 1 << 18
_MOST_ROWS = 1 << 17

_DAMAGED: tuple[Any, ...] = (
    EOFError,
    lzma.LZMAError,
    isal_zlib.error,
    pa.ArrowException,
    OSError,
)
Places = npt.NDArray[np.int64]
Cutter = Callable[[npt.NDArray[np.uint8]], Places]
Hear = Callable[[bytes | memoryview], object]
"""Told of bytes as they come from the disk, in order."""


class _Heard(io.FileIO):
    """A file that tells of every byte as it is read; nothing seeks in it."""

    def __init__(self, path: Path, hear: Hear) -> None:
        super().__init__(path)
        self._hear = hear

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._hear(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        n = super().readinto(buffer)
        self._hear(memoryview(buffer).cast("B")[:n])
        return n


def chunks(
    path: Path, size: int, hear: Hear | None = None, encoding: str | None = None
) -> Iterator[bytes]:
    """The decompressed text of `path` as UTF-8, in chunks of about `size`: see `as_utf8`.

    `hear` is told of the file's own bytes, before decompression; of all of them, if the chunks
    are read to the end.
    """
    return as_utf8(path, decompressed(path, size, hear), encoding)


def peek(pieces: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes, fewer where there are no more, and all pieces again, those included."""
    held: list[bytes] = []
    n = 0
    while n < size and (piece := next(pieces, None)) is not None:
        held.append(piece)
        n += len(piece)
    return b"".join(held)[:size], chain(held, pieces)


def with_newlines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a text whose lines end with a newline, be it that they end with CR alone."""
    head, pieces = peek(pieces, _HEAD_BYTES)
    if has_returns(head):
        return (piece.replace(b"\r", b"\n") for piece in pieces)
    return pieces


def has_returns(head: bytes) -> bool:
    """Whether the lines of a text that begins so end with CR alone."""
    return b"\r" in head[:-1] and b"\n" not in head


def packed_as(path: Path) -> str | None:
    """How a file is compressed, as the extension that says so: by its first bytes, or its name."""
    try:
        with path.open("rb") as file:
            first = file.read(10)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    named = path.suffix.lower()
    return next(
        (suffix for suffix, magic in _MAGIC.items() if magic.match(first)),
        named if named in COMPRESSIONS else None,
    )


def decompressed(path: Path, size: int, hear: Hear | None = None) -> Iterator[bytes]:
    """The bytes of `path`, decompressed, in chunks of about `size`."""
    packed = packed_as(path)
    try:
        with _Heard(path, hear) if hear else open(path, "rb", buffering=0) as raw:
            stream = _unpacked(raw, packed)
            # A first chunk shorter than the byte order mark would hide it.
            while chunk := stream.read(max(size, 4)):
                yield chunk
            while raw.read(_REST_BYTES):  # what a decompressor leaves behind the end
                pass
    except _DAMAGED as error:
        what = "the compressed file is cut off or damaged" if packed else "cannot be read"
        raise UserError(f"{path}: {what} ({_one_line(error)})") from error


def _unpacked(raw: io.FileIO, suffix: str | None) -> IO[bytes] | pa.NativeFile:
    if suffix == ".gz":
        return cast(IO[bytes], igzip.open(raw, "rb"))  # type: ignore[no-untyped-call]
    if suffix == ".xz":
        return lzma.open(cast(IO[bytes], raw))
    if suffix in (".bz2", ".zst"):
        return pa.CompressedInputStream(pa.PythonFile(raw, "r"), _CODECS[suffix])
    return cast(IO[bytes], raw)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks with a newline at the very end, where the file has none."""
    last = b""
    for chunk in pieces:
        if last:
            yield last
        last = chunk
    if last:
        yield last if last.endswith(b"\n") else last + b"\n"


@dataclass(frozen=True)
class WholeRows:
    """Consecutive whole rows, row i `data[starts[i]:ends[i]]`; `tail`: no end of a row was found."""

    data: bytes
    starts: Places
    ends: Places
    tail: bool = False


def whole_rows(pieces: Iterator[bytes], cut: Cutter) -> Iterator[WholeRows]:
    """Put chunks together so that no row is cut in two, and give no more than a few hundred
    thousand rows at once: of what is held a row, short ones would take many times their bytes.

    `cut` gets every byte once, in order, and names those that end a row.
    """
    pending: list[bytes] = []
    for chunk, ends in (one for piece in pieces for one in _portions(piece, cut)):
        if not ends.size:
            pending.append(chunk)
            continue
        last = int(ends[-1])
        ends = ends + sum(map(len, pending))
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
        yield WholeRows(b"".join([*pending, chunk[:last]]), starts, ends)
        pending = [chunk[last + 1 :]]
    tail = b"".join(pending)
    if tail:
        yield WholeRows(tail, np.zeros(1, np.int64), np.array([len(tail)], np.int64), tail=True)


def _portions(chunk: bytes, cut: Cutter) -> Iterator[tuple[bytes, Places]]:
    """A chunk, in portions where it has many rows, and the places that end one in each."""
    view = np.frombuffer(chunk, np.uint8)
    begin, n, found = 0, 0, []
    for at in range(0, len(chunk), _CUT_BYTES):
        ends = cut(view[at : at + _CUT_BYTES])
        found.append(ends + (at - begin))
        n += len(ends)
        stop = at + _CUT_BYTES
        if n >= _MOST_ROWS or stop >= len(chunk):
            yield chunk[begin:stop], np.concatenate(found)
            begin, n, found = stop, 0, []
