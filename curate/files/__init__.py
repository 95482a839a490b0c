"""Files as blocks of raw rows: which kinds are read, and by what.

    .jsonl .ndjson .json .csv .tsv   plain or packed with .gz, .bz2, .xz, .zst
    .parquet .pq .arrow .feather     columns

Every reader streams: memory is bounded by a block and the longest row. Errors name the file; a
bad row is no error but a `BadInput` in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, MutableMapping, Sequence

from curate.errors import UserError
from curate.files.block import BLOCK_BYTES, RAW_CHARACTERS, BadInput, Block, Row
from curate.files.columnar import ArrowBlock, read_arrow, read_dataset, read_parquet
from curate.files.file import SourceFile
from curate.files.kind import EXTENSIONS, kind_of
from curate.files.stream import chunks, with_newlines

__all__ = [
    "BLOCK_BYTES",
    "EXTENSIONS",
    "RAW_CHARACTERS",
    "ArrowBlock",
    "BadInput",
    "Block",
    "Row",
    "SourceFile",
    "hint",
    "kind_of",
    "read_dataset",
    "read_file",
]

_Given = tuple[Sequence[str] | None, str | None, str | None]  # columns, encoding, field


def hint(block: Block) -> str:
    """What to try where the columns of a block are not those that were looked for."""
    if getattr(block, "named_by_header", False):
        return (
            " (taken from the first row; if that is not a header, name the columns in a recipe: "
            "columns: [...])"
        )
    return ""


def read_file(
    file: SourceFile,
    *,
    first_row: int = 0,
    columns: Sequence[str] | None = None,
    encoding: str | None = None,
    field: str | None = None,
    block_bytes: int = BLOCK_BYTES,
    hashes: MutableMapping[str, str] | None = None,
) -> Iterator[Block]:
    """The blocks of one file.

    Of text, `columns` names the columns of CSV and TSV without a header, `encoding` says what is no
    UTF-8, and `field` names the list that holds the rows where a JSON file is one object.

    A file that is no longer the one that was opened is a UserError, after its last block at the
    latest. Text is hashed as it streams past where `hashes` is given, and the SHA-256 of the file
    put in under its name after the last block.
    """
    try:
        yield from _blocks(file, first_row, (columns, encoding, field), block_bytes, hashes)
    except UserError:
        file.verify()  # damage is no wonder then
        raise
    file.verify()


def _blocks(
    file: SourceFile,
    first_row: int,
    given: _Given,
    block_bytes: int,
    hashes: MutableMapping[str, str] | None,
) -> Iterator[Block]:
    kind = kind_of(file.path.name)
    if kind == "parquet":
        yield from read_parquet(file, first_row, block_bytes)
    elif kind == "arrow":
        yield from read_arrow(file, first_row, block_bytes)
    else:
        digest = hashlib.sha256()
        hear = None if hashes is None else digest.update
        pieces = chunks(file.path, block_bytes, hear, given[1])
        yield from _text(kind, file, first_row, given, with_newlines(pieces))
        for _ in pieces:  # what a reader has no use for is a part of the file all the same
            pass
        if hashes is not None:
            hashes[file.name] = digest.hexdigest()


def _text(
    kind: str | None,
    file: SourceFile,
    first_row: int,
    given: _Given,
    pieces: Iterator[bytes],
) -> Iterator[Block]:
    columns, _, field = given
    if kind in ("csv", "tsv"):
        from curate.files.delimited import read_delimited

        return read_delimited(file, first_row, pieces, columns)
    from curate.files.json_rows import (
        read_json,
    )  # compiled scanners: half a second that Parquet need not pay

    return read_json(file, first_row, pieces, field)
