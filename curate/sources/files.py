"""Files as a source: one, a glob, a folder, one of `save_to_disk`, or what `built` finds.

Files are read in the order of their relative paths, and rows are counted through all of them.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import UserError
from curate.files import BLOCK_BYTES, EXTENSIONS, Block, SourceFile, kind_of, read_file
from curate.files.stream import COMPRESSIONS
from curate.sources.built import built_files
from curate.sources.paths import GLOB, expand
from curate.sources.source import some

# Written beside the data by `datasets`; never rows.
_METADATA = frozenset(
    {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}
)


@dataclass(frozen=True)
class FileSource:
    """Rows of files; see `Source`."""

    name: str
    from_: str
    files: tuple[SourceFile, ...]
    columns: tuple[str, ...] | None = None
    """Names of the columns of CSV and TSV files without a header."""
    origin: str = "files"
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
    name: str, from_: str, base: Path, split: str | None, columns: tuple[str, ...] | None
) -> FileSource:
    """Find the files that a path, glob or folder means; raises UserError where there is none."""
    path = base / expand(from_)
    built = built_files(path, split) if path.is_dir() else None
    files = built if built is not None else _find(path, base, from_, split)
    for file in files:
        _check_utf8(file.path)
        if kind_of(file.path.name) not in ("csv", "tsv"):
            no_columns(file.name, columns)
        if file.stamp.size == 0:
            raise UserError(f"{file.path}: the file is empty; remove it or leave it out")
    return FileSource(name, from_, files, columns, "files" if built is None else "built")


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


def _find(path: Path, base: Path, from_: str, split: str | None) -> tuple[SourceFile, ...]:
    if path.is_dir():
        saved = _saved(path, split)
        return saved if saved is not None else _folder(path, from_)
    if path.is_file():
        if kind_of(path.name) is None:
            known = ", ".join(EXTENSIONS)
            raise UserError(
                f"{from_}: files named like this are not read (known: {known}){_txt(path)}"
            )
        return (SourceFile.of(path, path.name),)
    if GLOB & set(from_):
        return _glob(base, from_)
    if path.exists():
        raise UserError(f"{from_}: not a regular file; write its rows to a file first")
    raise UserError(
        f"{from_}: no such file or folder{_looked(path, from_)}; a Hub name would look like org/name"
    )


def _looked(path: Path, from_: str) -> str:
    return "" if str(path) == from_ else f" (looked for {path})"


def _txt(path: Path) -> str:
    known = "text files may be compressed with .gz, .bz2, .xz or .zst"
    return f"; {known}" if len(path.suffixes) > 1 else ""


def _folder(path: Path, from_: str) -> tuple[SourceFile, ...]:
    found = [
        (entry.relative_to(path).as_posix(), entry) for entry in path.rglob("*") if entry.is_file()
    ]
    files = _readable(found)
    kinds = {str(kind_of(file.path.name)) for file in files}
    if not files:
        raise UserError(
            f"{from_}: the folder holds no file that is read (known: {', '.join(EXTENSIONS)})"
        )
    if len(kinds) > 1:
        raise UserError(
            f"{from_}: the folder holds files of several kinds ({', '.join(sorted(kinds))}); give a glob"
        )
    return files


def _glob(base: Path, from_: str) -> tuple[SourceFile, ...]:
    parts = Path(from_).parts
    fixed = 0
    while not GLOB & set(parts[fixed]):
        fixed += 1
    # Only what is written in `from` is a pattern: the folder of the recipe, or a home, may be
    # called `x[1]`.
    root = base / expand(Path(*parts[:fixed]))
    names = glob.glob(str(Path(*parts[fixed:])), root_dir=root, recursive=True)
    files = _readable(
        [(Path(name).as_posix(), root / name) for name in names if (root / name).is_file()]
    )
    if not files:
        raise UserError(f"{from_}: no file that is read matches (known: {', '.join(EXTENSIONS)})")
    return files


def _readable(found: list[tuple[str, Path]]) -> tuple[SourceFile, ...]:
    """The files that are read, by name; neither hidden ones nor the metadata of `datasets`."""
    kept = [
        (name, path)
        for name, path in found
        if kind_of(name)
        and path.name not in _METADATA
        and not any(part.startswith(".") for part in name.split("/"))
    ]
    return tuple(SourceFile.of(path, name) for name, path in sorted(kept))


def _saved(path: Path, split: str | None) -> tuple[SourceFile, ...] | None:
    """The Arrow files of a `save_to_disk` folder in their order; None where `path` is none."""
    if (path / "dataset_dict.json").is_file():
        splits = json.loads((path / "dataset_dict.json").read_text("utf-8"))["splits"]
        wanted = split or "train"
        if wanted not in splits:
            raise UserError(f"{path}: no split '{wanted}' (splits: {', '.join(splits)})")
        path = path / wanted
    if not (path / "state.json").is_file():
        return None
    state = json.loads((path / "state.json").read_text("utf-8"))
    return tuple(
        SourceFile.of(path / file["filename"], file["filename"]) for file in state["_data_files"]
    )
