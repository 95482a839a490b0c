"""Files as a source: one, a glob, a folder, one of `save_to_disk`, or what `built` finds.

Files are read in the order of their relative paths, and rows are counted through all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import UserError
from curate.files import BLOCK_BYTES, Block, SourceFile, kind_of, read_file
from curate.files.stream import COMPRESSIONS
from curate.sources.find import Wish, find_files
from curate.sources.source import some


@dataclass(frozen=True)
class FileSource:
    """Rows of files; see `Source`."""

    name: str
    from_: str
    files: tuple[SourceFile, ...]
    columns: tuple[str, ...] | None = None
    """Names of the columns of CSV and TSV files without a header."""
    origin: str = "files"
    notes: tuple[str, ...] = ()
    revision: None = None

    def blocks(
        self,
        limit: int | None = None,
        *,
        block_bytes: int = BLOCK_BYTES,
        hashes: MutableMapping[str, str] | None = None,
    ) -> Iterator[Block]:
        """The blocks of all files."""
        return some(self, self._all(block_bytes, hashes), limit)

    def _all(self, block_bytes: int, hashes: MutableMapping[str, str] | None) -> Iterator[Block]:
        first_row = 0
        for file in self.files:
            for block in read_file(
                file,
                first_row=first_row,
                columns=self.columns,
                block_bytes=block_bytes,
                hashes=hashes,
            ):
                first_row = block.first_row + block.n_rows
                yield block

    def estimated_bytes(self) -> int:
        """Bytes of text or columns; compressed text is taken for a quarter of what it holds."""
        return sum(_estimated(file) for file in self.files)


def _estimated(file: SourceFile) -> int:
    if kind_of(file.path.name) == "parquet":
        try:
            meta = pq.read_metadata(file.path)
            return sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        except (pa.ArrowException, OSError):  # whoever reads it says what is wrong
            return file.stamp.size
    return 4 * file.stamp.size if file.path.suffix.lower() in COMPRESSIONS else file.stamp.size


def open_files(
    name: str,
    from_: str,
    base: Path,
    split: str | None,
    columns: tuple[str, ...] | None,
    *,
    subset: str | None = None,
    exact: bool = True,
) -> FileSource:
    """Find the files that a path, glob or folder means; raises UserError where there is none.

    `subset` is a configuration that the README.md of a folder may name; where the split need not be
    `exact`, a file or a folder of one split stands for whatever split is asked for.
    """
    found = find_files(from_, base, Wish(split, subset, exact))
    for file in found.files:
        _check_utf8(file.path)
        if kind_of(file.path.name) not in ("csv", "tsv"):
            no_columns(file.name, columns)
        if file.stamp.size == 0:
            raise UserError(f"{file.path}: the file is empty; remove it or leave it out")
    return FileSource(name, from_, found.files, columns, found.origin, tuple(found.notes))


def no_columns(what: str, columns: tuple[str, ...] | None) -> None:
    """Refuse `columns` where there is neither CSV nor TSV."""
    if columns:
        raise UserError(
            f"{what}: `columns` names the columns of CSV and TSV files; this is neither"
        )


def _check_utf8(path: Path) -> None:
    name = os.fsencode(path)
    try:
        name.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = name.decode("utf-8", "backslashreplace")
        raise UserError(f"{shown}: the file's name is not UTF-8; rename it") from error
