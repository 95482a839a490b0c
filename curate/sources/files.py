"""Files as a source: one, a glob, a folder, one of `save_to_disk`, or what `built` finds.

Files are read in the order of their relative paths, and rows are counted through all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from curate.errors import UserError
from curate.files import BLOCK_BYTES, Block, SourceFile, kind_of, read_file
from curate.files.footer import groups_of
from curate.files.notes import notes_of
from curate.files.stream import packed_as
from curate.sources.built import splits
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
    encoding: str | None = None
    """Of text that is no UTF-8."""
    field: str | None = None
    """The key of the list that holds the rows of JSON files that are one object."""
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
                encoding=self.encoding,
                field=self.field,
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
            return sum(group.size for group in groups_of(file.path))
        except (OSError, ValueError, LookupError):  # whoever reads it says what is wrong
            return file.stamp.size
    return 4 * file.stamp.size if packed_as(file.path) else file.stamp.size


def open_files(
    name: str,
    from_: str,
    base: Path,
    split: str | None,
    *,
    columns: tuple[str, ...] | None = None,
    encoding: str | None = None,
    field: str | None = None,
    subset: str | None = None,
    exact: bool = True,
) -> FileSource:
    """Find the files that a path, glob or folder means; raises UserError where there is none.

    `subset` is a configuration that the README.md of a folder may name. Where the files need not be
    `exact` what is asked for, those of one split stand for any, and keys that do not fit count not.
    """
    found = find_files(from_, base, Wish(split, subset, exact))
    kinds = {kind_of(file.path.name) for file in found.files}
    if not exact:  # the keys speak of other files, in whose place these stand
        encoding = None if kinds & {"parquet", "arrow"} else encoding
        field = field if kinds == {"json"} else None
    for file in found.files:
        _check_utf8(file.path)
        refuse_keys(file.name, kind_of(file.path.name), columns, encoding, field)
        if file.stamp.size == 0:
            raise UserError(f"{file.path}: the file is empty; remove it or leave it out")
    notes = [*found.notes, *_on_files(found.files, columns, encoding, field)]
    return FileSource(
        name, from_, found.files, columns, encoding, field, found.origin, tuple(notes)
    )


def open_rows(folder: Path) -> FileSource:
    """All rows of a folder that curate built, as one source; its files are called as below data/."""
    found = [path for own in splits(folder).values() for path in own]
    if not found:
        raise UserError(f"{folder}: data/ holds no file that is read")
    data = folder / "data"
    files = tuple(SourceFile.of(path, path.relative_to(data).as_posix()) for path in found)
    return FileSource("data", str(data), files)


def refuse_keys(
    what: str,
    kind: str | None,
    columns: tuple[str, ...] | None,
    encoding: str | None,
    field: str | None,
) -> None:
    """Refuse what says how text is read where there is no such text; the Hub has no `kind`."""
    if columns and kind not in ("csv", "tsv"):
        raise UserError(
            f"{what}: `columns` names the columns of CSV and TSV files; this is neither"
        )
    if encoding is not None and kind in ("parquet", "arrow", None):
        raise UserError(f"{what}: `encoding` is that of files of text; this is none")
    if field is not None and kind not in ("json", "json lines"):
        raise UserError(f"{what}: `field` names a list in a JSON file; this is none")


def _on_files(
    files: Iterable[SourceFile],
    columns: tuple[str, ...] | None,
    encoding: str | None,
    field: str | None,
) -> Iterator[str]:
    """What is worth saying about how files will be read, each note once."""
    by_note: dict[str, list[str]] = {}
    for file in files:
        for note in notes_of(file, columns=columns, encoding=encoding, field=field):
            by_note.setdefault(note, []).append(file.name)
    for note, names in by_note.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{names[0]}{more}: {note}"


def _check_utf8(path: Path) -> None:
    name = os.fsencode(path)
    try:
        name.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = name.decode("utf-8", "backslashreplace")
        raise UserError(f"{shown}: the file's name is not UTF-8; rename it") from error
