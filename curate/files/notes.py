"""What is worth saying about how the text of a file will be read, before it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from curate.files import SourceFile, kind_of
from curate.files.encoding import by_mark
from curate.files.stream import (
    COMPRESSIONS,
    chunks,
    decompressed,
    has_returns,
    packed_as,
    peek,
    with_newlines,
)

_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_PARTED_BY = {",": "commas", ";": "semicolons", "\t": "tabs"}


def notes_of(
    file: SourceFile,
    *,
    columns: Sequence[str] | None = None,
    encoding: str | None = None,
    field: str | None = None,
) -> Iterator[str]:
    """Notes on one file, as `read_file` would read it; raises UserError where it cannot be."""
    kind = kind_of(file.path.name)
    if kind in ("parquet", "arrow"):
        return
    packed = packed_as(file.path)
    if packed and Path(file.path).suffix.lower() not in COMPRESSIONS:
        yield f"packed as {packed}, which its name does not say"
    if reason := not_in_lines(file, encoding=encoding, field=field):
        yield reason
    if kind in ("csv", "tsv"):
        from curate.files.delimited import SAMPLE_BYTES
        from curate.files.dialect import find_dialect

        pieces = with_newlines(chunks(file.path, _BYTES, encoding=encoding))
        sample, _ = peek(pieces, SAMPLE_BYTES)
        part = find_dialect(kind, sample, len(columns) if columns else None).delimiter
        if part != ("\t" if kind == "tsv" else ","):
            yield f"fields are separated by {_PARTED_BY[part]}"


def not_in_lines(
    file: SourceFile, *, encoding: str | None = None, field: str | None = None
) -> str | None:
    """Why the rows of a file of text are no lines of UTF-8, or elements of one array; None if they
    are. Raises UserError where the file cannot be read.
    """
    if encoding is None and (name := by_mark(next(decompressed(file.path, _BYTES), b""))):
        return f"{name}, by its byte order mark"
    head, pieces = peek(chunks(file.path, _BYTES, encoding=encoding), _HEAD_BYTES)
    if has_returns(head):
        return "lines end with CR only"
    if kind_of(file.path.name) in ("csv", "tsv"):
        return None
    from curate.files.json_rows import said_of

    return said_of(file, pieces, field)
