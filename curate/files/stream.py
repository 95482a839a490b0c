"""Bytes of a file as chunks, plain or compressed, and chunks as runs of whole rows.

Memory is bounded by the chunk and by the longest row. Refused, with the file's name: a compressed file that is cut
off or damaged, and UTF-16 text.
"""

from __future__ import annotations

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

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
_CODECS = {".bz2": "bz2", ".zst": "zstd"}

_DAMAGED: tuple[Any, ...] = (
    EOFError,
    lzma.LZMAError,
    isal_zlib.error,
    pa.ArrowException,
    OSError,
)
Places = npt.NDArray[np.int64]
Cutter = Callable[[npt.NDArray[np.uint8]], Places]


def chunks(path: Path, size: int) -> Iterator[bytes]:
    """The decompressed bytes of `path` in chunks of about `size`, without a UTF-8 byte order mark."""
    first = True
    for chunk in _decompressed(path, size):
        if first:
            if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise UserError(f"{path}: the file is UTF-16 text; convert it to UTF-8")
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        first = False
        yield chunk


def _decompressed(path: Path, size: int) -> Iterator[bytes]:
    try:
        with _open(path) as stream:
            # A first chunk shorter than the byte order mark would hide it.
            while chunk := stream.read(max(size, 4)):
                yield chunk
    except _DAMAGED as error:
        what = "the compressed file is cut off or damaged" if path.suffix.lower() in COMPRESSIONS else "cannot be read"
        raise UserError(f"{path}: {what} ({_one_line(error)})") from error


def _open(path: Path) -> IO[bytes] | pa.NativeFile:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast(IO[bytes], igzip.open(path, "rb"))  # type: ignore[no-untyped-call]
    if suffix == ".xz":
        return lzma.open(path)
    plain = pa.OSFile(str(path))
    codec = _CODECS.get(suffix)
    return pa.CompressedInputStream(plain, codec) if codec else plain


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
class Run:
    """Consecutive whole rows: row i is `data[starts[i]:ends[i]]`; `tail` marks what follows the last row end."""

    data: bytes
    starts: Places
    ends: Places
    tail: bool = False


def runs(pieces: Iterator[bytes], cut: Cutter) -> Iterator[Run]:
    """Put chunks together into runs of whole rows; `cut` gets every chunk once and names the bytes that end a row."""
    pending: list[bytes] = []
    for chunk in pieces:
        ends = cut(np.frombuffer(chunk, np.uint8))
        if not ends.size:
            pending.append(chunk)
            continue
        last = int(ends[-1])
        ends = ends + sum(map(len, pending))
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
        yield Run(b"".join([*pending, chunk[:last]]), starts, ends)
        pending = [chunk[last + 1 :]]
    tail = b"".join(pending)
    if tail:
        yield Run(tail, np.zeros(1, np.int64), np.array([len(tail)], np.int64), tail=True)
