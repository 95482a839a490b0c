"""Text that is not UTF-8: made UTF-8 as it streams past, or named with the key to give."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from difflib import get_close_matches
from encodings.aliases import aliases
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from curate.errors import UserError

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _known(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        near = get_close_matches(name.lower().replace("-", "_"), {*aliases, *aliases.values()}, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ValueError(
            f"unknown encoding '{name}'{hint} (known: those of Python, such as cp1252, latin-1, "
            "utf-16, shift_jis, gb18030)"
        ) from None
    return name


Encoding = Annotated[str, AfterValidator(_known)]
"""For a model: the name of an encoding that Python knows."""


def as_utf8(path: Path, pieces: Iterator[bytes], encoding: str | None) -> Iterator[bytes]:
    """The pieces of a text as UTF-8, without a byte order mark.

    Its encoding is the one given, or what a byte order mark says, else UTF-8. Raises UserError
    where the two differ, where bytes are none of the encoding, and for UTF-16 that nobody names.
    """
    first = next(pieces, b"")
    marked = by_mark(first)
    if marked is None and encoding is None:
        _no_zeros(path, first)
    if marked and encoding and not _same(encoding, marked):
        raise UserError(
            f"{path}: its byte order mark says {marked}, `encoding` says {encoding}; leave it out"
        )
    name = encoding or marked
    pieces = chain([first], pieces)
    del first  # else it stays in memory to the end of the file
    if name is not None and codecs.lookup(name).name != "utf-8":
        yield from _decoded(path, pieces, name)
        return
    if text := next(pieces).removeprefix(BYTE_ORDER_MARK):
        yield text
    yield from pieces


def by_mark(first: bytes) -> str | None:
    """The encoding, other than UTF-8, that the byte order mark of a text says."""
    return next((name for mark, name in _MARKS if first.startswith(mark)), None)


def _same(encoding: str, marked: str) -> bool:
    return codecs.lookup(encoding).name.startswith(marked)


def _no_zeros(path: Path, first: bytes) -> None:
    """Refuse what begins as UTF-16 text does: every second byte is zero."""
    for name, zeros in (("utf-16-le", (1, 3)), ("utf-16-be", (0, 2))):
        if len(first) > 3 and [place for place in range(4) if not first[place]] == list(zeros):
            raise UserError(
                f"{path}: the file looks like UTF-16 text, every second byte is zero; "
                f"say `encoding: {name}`, or convert it to UTF-8"
            )


def _decoded(path: Path, pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    read, first = 0, True
    for piece, last in chain(((piece, False) for piece in pieces), [(b"", True)]):
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, last)
        except UnicodeDecodeError as error:
            place = read - held + error.start
            raise UserError(
                f"{path}: byte 0x{error.object[error.start]:02x} at byte {place} of the file is no "
                f"{encoding} ({error.reason}); give another `encoding`"
            ) from error
        read += len(piece)
        if text and first:
            text, first = text.removeprefix("\ufeff"), False
        if text:
            yield text.encode("utf-8", "surrogatepass")
