"""What is worth saying about how the text of a file will be read, before it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from curate.files import SourceFile, kind_of
from curate.files.encoding import by_mark
from curate.files.stream import COMPRESSIONS, chunks, decompressed, has_returns, packed_as, peek

_BYTES = 1 << 20
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
    if encoding is None and (name := by_mark(next(decompressed(file.path, _BYTES), b""))):
        yield f"{name}, by its byte order mark"
    head, pieces = peek(chunks(file.path, _BYTES, encoding=encoding), 1 << 16)
    if has_returns(head):
        yield "lines end with CR alone"
        pieces = (piece.replace(b"\r", b"\n") for piece in pieces)
    if kind in ("csv", "tsv"):
        from curate.files.delimited import SAMPLE_BYTES
        from curate.files.dialect import find_dialect

        sample, _ = peek(pieces, SAMPLE_BYTES)
        part = find_dialect(kind, sample, len(columns) if columns else None).delimiter
        if part != ("\t" if kind == "tsv" else ","):
            yield f"fields are parted by {_PARTED_BY[part]}"
    else:
        from curate.files.json_rows import said_of

        if said := said_of(file, pieces, field):
            yield said
