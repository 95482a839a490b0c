"""Where rows come from: one file, a glob, a folder, a `save_to_disk` folder, or a data set of the Hugging Face Hub.

    source = open_source("gsm8k", "data/gsm8k/train.jsonl", base=recipe_folder)
    for block in source.blocks():
        table = block.table()

A `from` is a path if it starts with `.`, `/` or `~`, has a glob character or an extension that is read, or exists
relative to `base`; otherwise it is `org/name[:subset][@revision]` on the Hub. Files are read in the order of their
relative paths, and rows are counted through all of them. Opening refuses what cannot be read before any row is; a
file that turns out damaged on the way is a `UserError` that names it.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate.errors import UserError
from curate.files import BLOCK_BYTES, EXTENSIONS, BadInput, Block, Row, kind_of, read_dataset, read_file
from curate.files.stream import COMPRESSIONS
from curate.hub import open_hub, parse_hub_name

__all__ = ["BadInput", "Block", "Row", "Source", "SourceFile", "content_digests", "expand", "open_source", "read_rows"]

_GLOB = frozenset("*?[")
# Written beside the data by `datasets`; never rows.
_METADATA = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})


@dataclass(frozen=True)
class SourceFile:
    """A file of a source: where it is, and its name relative to the source's root."""

    path: Path
    name: str


@dataclass(frozen=True)
class Source:
    """Rows under one name; `blocks` reads them as a stream, as often as it is called."""

    name: str
    from_: str
    files: tuple[SourceFile, ...]
    revision: str | None = None
    columns: tuple[str, ...] | None = None
    dataset: Any = None

    @property
    def is_hub(self) -> bool:
        """Whether the rows come from the Hub."""
        return self.dataset is not None

    def blocks(self, limit: int | None = None, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """All blocks in order, or those of the first `limit` rows; raises UserError if there is no row at all."""
        n_rows = 0
        for block in self._all(block_bytes):
            if limit is not None and n_rows + block.n_rows >= limit:
                yield block.head(limit - n_rows)
                return
            n_rows += block.n_rows
            yield block
        if n_rows == 0:
            raise UserError(f"source '{self.name}' ({self.from_}) holds no rows")

    def _all(self, block_bytes: int) -> Iterator[Block]:
        if self.dataset is not None:
            yield from read_dataset(self.dataset, self.from_, 0, block_bytes)
        first_row = 0
        for file in self.files:
            for block in read_file(
                file.path, file.name, first_row=first_row, columns=self.columns, block_bytes=block_bytes
            ):
                first_row = block.first_row + block.n_rows
                yield block


def open_source(
    name: str, from_: str, *, base: Path, split: str | None = None, columns: Sequence[str] | None = None
) -> Source:
    """Find what `from_` means and check that it can be opened; raises UserError before a row is read.

    `base` is the folder that relative paths start from, `columns` names the columns of CSV or TSV without a header, and
    `split` is for the Hub and `save_to_disk` folders (default `train`).
    """
    names = tuple(columns) if columns else None
    if not is_path(from_, base):
        _no_columns(from_, names)
        hub = open_hub(parse_hub_name(from_), split)
        return Source(name, from_, (), hub.revision, None, hub.dataset)
    files = _find(from_, base, split)
    for file in files:
        _check_utf8(file.path)
        if kind_of(file.path.name) not in ("csv", "tsv"):
            _no_columns(file.name, names)
        if file.path.stat().st_size == 0:
            raise UserError(f"{file.path}: the file is empty; remove it or leave it out")
    return Source(name, from_, files, None, names)


def _no_columns(what: str, columns: tuple[str, ...] | None) -> None:
    if columns:
        raise UserError(f"{what}: `columns` names the columns of CSV and TSV files; this is neither")


def expand(path: str | Path) -> Path:
    """The path with a leading `~` or `~user` replaced; raises UserError where that user has no home folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"{path}: no home folder found for '{Path(path).parts[0]}'; write the path out") from error


def _check_utf8(path: Path) -> None:
    name = os.fsencode(path)
    try:
        name.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = name.decode("utf-8", "backslashreplace")
        raise UserError(f"{shown}: the file's name is not UTF-8; rename it") from error


def is_path(from_: str, base: Path) -> bool:
    if from_.startswith((".", "/", "~")) or _GLOB & set(from_):
        return True
    return kind_of(from_) is not None or (base / from_).exists()


def _find(from_: str, base: Path, split: str | None) -> tuple[SourceFile, ...]:
    path = base / expand(from_)
    if path.is_dir():
        saved = _saved(path, split)
        return saved if saved is not None else _folder(path, from_)
    if path.is_file():
        if kind_of(path.name) is None:
            raise UserError(f"{from_}: files named like this are not read (known: {', '.join(EXTENSIONS)}){_txt(path)}")
        return (SourceFile(path, path.name),)
    if _GLOB & set(from_):
        return _glob(base, from_)
    if path.exists():
        raise UserError(f"{from_}: not a regular file; write its rows to a file first")
    raise UserError(f"{from_}: no such file or folder (looked for {path})")


def _txt(path: Path) -> str:
    known = "text files may be compressed with .gz, .bz2, .xz or .zst"
    return f"; {known}" if len(path.suffixes) > 1 else ""


def _folder(path: Path, from_: str) -> tuple[SourceFile, ...]:
    found = [(entry.relative_to(path).as_posix(), entry) for entry in path.rglob("*") if entry.is_file()]
    files = _readable(found)
    kinds = {str(kind_of(file.path.name)) for file in files}
    if not files:
        raise UserError(f"{from_}: the folder holds no file that is read (known: {', '.join(EXTENSIONS)})")
    if len(kinds) > 1:
        raise UserError(f"{from_}: the folder holds files of several kinds ({', '.join(sorted(kinds))}); give a glob")
    return files


def _glob(base: Path, from_: str) -> tuple[SourceFile, ...]:
    parts = Path(from_).parts
    fixed = 0
    while not _GLOB & set(parts[fixed]):
        fixed += 1
    # Only what is written in `from` is a pattern: the folder of the recipe, or a home, may be called `x[1]`.
    root = base / expand(Path(*parts[:fixed]))
    names = glob.glob(str(Path(*parts[fixed:])), root_dir=root, recursive=True)
    files = _readable([(Path(name).as_posix(), root / name) for name in names if (root / name).is_file()])
    if not files:
        raise UserError(f"{from_}: no file that is read matches (known: {', '.join(EXTENSIONS)})")
    return files


def _readable(found: list[tuple[str, Path]]) -> tuple[SourceFile, ...]:
    """The files that are read, hidden ones and the metadata of `datasets` left out, in the order of their names."""
    kept = [
        SourceFile(path, name)
        for name, path in found
        if kind_of(name) and path.name not in _METADATA and not any(part.startswith(".") for part in name.split("/"))
    ]
    return tuple(sorted(kept, key=lambda file: file.name))


def _saved(path: Path, split: str | None) -> tuple[SourceFile, ...] | None:
    """The Arrow files of a `save_to_disk` folder in their order, None where `path` is no such folder."""
    if (path / "dataset_dict.json").is_file():
        splits = json.loads((path / "dataset_dict.json").read_text("utf-8"))["splits"]
        wanted = split or "train"
        if wanted not in splits:
            raise UserError(f"{path}: no split '{wanted}' (splits: {', '.join(splits)})")
        path = path / wanted
    if not (path / "state.json").is_file():
        return None
    state = json.loads((path / "state.json").read_text("utf-8"))
    return tuple(SourceFile(path / file["filename"], file["filename"]) for file in state["_data_files"])


def content_digests(source: Source) -> list[tuple[str, str, int]]:
    """(relative name, sha256 in hex, bytes) of every file; nothing for the Hub, where the revision says it."""
    digests = []
    for file in source.files:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        digests.append((file.name, digest, file.path.stat().st_size))
    return digests


def estimated_bytes(source: Source) -> int:
    """About how many bytes the blocks of a source hold together; for a progress bar, and good for nothing else."""
    if source.dataset is not None:
        return int(source.dataset.data.nbytes)
    return sum(_estimated(file.path) for file in source.files)


def _estimated(path: Path) -> int:
    if kind_of(path.name) == "parquet":
        meta = pq.read_metadata(path)
        return sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    size = path.stat().st_size
    return 4 * size if path.suffix.lower() in COMPRESSIONS else size  # text shrinks to about a quarter


def read_rows(
    from_: str, *, base: Path, split: str | None = None, rows_key: str | None = None
) -> Iterator[tuple[str, int, Row]]:
    """(file, row in that file, row) of a small file or Hub set, for benchmarks; the first bad row is a UserError.

    `rows_key` is the key that holds the rows of a JSON file that is one object.
    """
    source = open_source(from_, from_, base=base, split=split)
    if rows_key is not None:
        yield from _keyed_rows(source, rows_key)
        return
    first_row, current = 0, ""
    for block in source.blocks():
        if block.file != current:
            first_row, current = block.first_row, block.file
        for position, row in block.rows():
            if isinstance(row, BadInput):
                raise UserError(f"{block.file}: row {position - first_row}: {row.reason}")
            yield block.file, position - first_row, row


def _keyed_rows(source: Source, key: str) -> Iterator[tuple[str, int, Row]]:
    for file in source.files:
        try:
            whole = json.loads(file.path.read_text("utf-8-sig"))
        except ValueError as error:
            raise UserError(f"{file.name}: not a JSON file: {error}") from error
        rows = whole.get(key) if isinstance(whole, dict) else None
        if not isinstance(rows, list):
            found = ", ".join(whole) if isinstance(whole, dict) else "no object at the top"
            raise UserError(f"{file.name}: no list of rows under '{key}' (found: {found})")
        for place, row in enumerate(rows):
            if not isinstance(row, dict):
                raise UserError(f"{file.name}: row {place}: a row must be a JSON object")
            yield file.name, place, row


def source_names(paths: list[str]) -> list[str]:
    """Names for sources given as bare paths: the file stem, with the folder before it on a clash.

    Raises UserError when two paths still get one name.
    """
    names = [_stem(path) for path in paths]
    names = [
        _stem(path, parent=True) if names.count(name) > 1 else name for path, name in zip(paths, names, strict=True)
    ]
    for name, n in Counter(names).items():
        if n > 1:
            raise UserError(f"two inputs would both be called '{name}'; give them names in a recipe")
    return names


def _cut_extensions(name: str) -> str:
    for known in (COMPRESSIONS, EXTENSIONS):
        if Path(name).suffix.lower() in known:
            name = Path(name).stem
    return name


def _stem(path: str, *, parent: bool = False) -> str:
    """The name of a file without the extensions that are read, in the characters a source's name may have."""
    given = expand(path)
    if given.name in ("", ".."):
        given = given.resolve()
    name = _cut_extensions(given.name)
    if parent:
        name = f"{given.resolve().parent.name}/{name}"
    kept = "".join(char if char.isalnum() or char in "._/-" else "-" for char in name)
    return kept.strip("._/-") or "source"
