"""Files as blocks of raw rows: which kinds are read, and by what.

    .jsonl .ndjson .json .csv .tsv   plain or with .gz, .bz2, .xz, .zst
    .parquet .pq .arrow .feather     columns

Every reader streams: memory is bounded by a block and the longest row. Errors name the file; a bad row is no error
but a `BadInput` in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from curate.files.block import BLOCK_BYTES, RAW_CHARACTERS, BadInput, Block, Row
from curate.files.columnar import ArrowBlock, read_arrow, read_dataset, read_parquet
from curate.files.stream import COMPRESSIONS

__all__ = [
    "BLOCK_BYTES",
    "EXTENSIONS",
    "RAW_CHARACTERS",
    "ArrowBlock",
    "BadInput",
    "Block",
    "Row",
    "kind_of",
    "read_dataset",
    "read_file",
]

_TEXT = {".jsonl": "json lines", ".ndjson": "json lines", ".json": "json", ".csv": "csv", ".tsv": "tsv"}
_COLUMNS = {".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow"}
EXTENSIONS = (*_TEXT, *_COLUMNS)


def kind_of(name: str) -> str | None:
    """The kind of file by its name: json lines, json, csv, tsv, parquet, arrow; None where it is not read."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        return _TEXT.get(suffixes[-2]) if len(suffixes) > 1 else None
    return (_TEXT | _COLUMNS).get(suffixes[-1]) if suffixes else None


def read_file(
    path: Path, name: str, *, first_row: int = 0, columns: Sequence[str] | None = None, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """The blocks of one file, which they call `name`; `columns` is for CSV and TSV files without a header."""
    kind = kind_of(path.name)
    if kind == "parquet":
        return read_parquet(path, name, first_row, block_bytes)
    if kind == "arrow":
        return read_arrow(path, name, first_row, block_bytes)
    if kind in ("csv", "tsv"):
        from curate.files.delimited import read_delimited

        return read_delimited(path, name, first_row, block_bytes, columns)
    from curate.files.json_rows import read_json  # compiled scanners: half a second that Parquet need not pay

    return read_json(path, name, first_row, block_bytes)
