"""Bytes of a file as chunks, plain or compressed, and chunks cut into whole rows.

Memory is bounded by the chunk and by the longest row. Refused, with the file's name: a compressed
file that is cut off or damaged, and UTF-16 text.
"""

from __future__ import annotations

import io
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from isal import igzip, isal_zlib

from curate.errors import UserError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
_CODECS = {".bz2": "bz2", ".zst": "zstd"}
_REST_BYTES = 1 << 20

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


def chunks(path: Path, size: int, hear: Hear | None = None) -> Iterator[bytes]:
    """The decompressed bytes of `path` in chunks of about `size`, without a UTF-8 byte order mark.

    `hear` is told of the file's own bytes, before decompression; of all of them, if the chunks
    are read to the end.
    """
    first = True
    for chunk in decompressed(path, size, hear):
        if first:
            if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise UserError(f"{path}: the file is UTF-16 text; convert it to UTF-8")
            chunk = chunk.removeprefix(BYTE_ORDER_MARK)
        first = False
        yield chunk


def decompressed(path: Path, size: int, hear: Hear | None = None) -> Iterator[bytes]:
    """The decompressed bytes of `path` as they are, in chunks of about `size`; `hear` as above."""
    try:
        with _Heard(path, hear) if hear else open(path, "rb", buffering=0) as raw:
            stream = _unpacked(raw, path.suffix.lower())
            # A first chunk shorter than the byte order mark would hide it.
            while chunk := stream.read(max(size, 4)):
                yield chunk
            while raw.read(_REST_BYTES):  # what a decompressor leaves behind the end
                pass
    except _DAMAGED as error:
        packed = path.suffix.lower() in COMPRESSIONS
        what = "the compressed file is cut off or damaged" if packed else "cannot be read"
        raise UserError(f"{path}: {what} ({_one_line(error)})") from error


def _unpacked(raw: io.FileIO, suffix: str) -> IO[bytes] | pa.NativeFile:
    if suffix == ".gz":
        return cast(IO[bytes], igzip.open(raw, "rb"))  # type: ignore[no-untyped-call]
    if suffix == ".xz":
        return lzma.open(cast(IO[bytes], raw))
    if suffix in _CODECS:
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
    """Put chunks together so that no row is cut in two.

    `cut` gets every chunk once and names the bytes that end a row.
    """
    pending: list[bytes] = []
    for chunk in pieces:
        ends = cut(np.frombuffer(chunk, np.uint8))
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
