"""A folder that curate built, as a source: the rows of one of its splits, and nothing else in it.

Its removed and quarantined rows, its lock, audit, report and card are no rows of the mixture. A
split of which a shard is missing is refused: rows would be lost without a word. Where rows stand as
in their input (`rows: lines`), data/ has a file a source, and data/validation those that are held
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from curate.errors import UserError
from curate.files import SourceFile, kind_of
from curate.sources.found import Found
from curate.sources.paths import cut_extensions
from curate.sources.splits import choose

LOCK = "recipe.lock.json"
"""The file by which a built folder is known; the same as `curate.lock.LOCK`."""
VALIDATION = "validation"
"""The split, and the folder of its files where rows stand as in their input, a file a source."""

_SHARD = re.compile(r"(?P<split>.+)-\d{5}-of-(?P<of>\d{5})\.parquet")


def built_files(folder: Path, split: str | None, *, exact: bool) -> Found | None:
    """The files of a split (default `train`) in their order; None where curate did not build this.

    Raises UserError where the split or a shard is missing, and where files of several kinds stand
    side by side, as the rows of several sources may."""
    if not is_built(folder):
        return None
    known = splits(folder)
    wanted, notes = choose(str(folder), sorted(known), split, exact=exact)
    own = known[wanted]
    shards = [shard for path in own if (shard := _SHARD.fullmatch(path.name))]
    of = max((int(shard["of"]) for shard in shards), default=len(own))
    if len(own) != of:
        raise UserError(f"{folder}: {len(own)} of {of} shards of '{wanted}' are there; rebuild it")
    if len({kind_of(path.name) for path in own}) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in own)
        raise UserError(f"{folder}: holds files of several kinds; give one of them: {names}")
    files = tuple(SourceFile.of(path, path.relative_to(folder).as_posix()) for path in own)
    return Found(files, notes, "built")


def file_stem(source: str) -> str:
    """What a file that holds the rows of one source is called, without its extension."""
    return source.replace("/", "-")


def source_of(file: str, sources: Iterable[str]) -> str | None:
    """The source whose rows stand in a file below data/; None where it holds those of several."""
    name = cut_extensions(file.rpartition("/")[2])
    return next((source for source in sources if file_stem(source) == name), None)


def is_held_out(name: str) -> bool:
    """Whether a file, by its name below data/, belongs to the validation split."""
    shard = _SHARD.fullmatch(name)
    return shard["split"] == VALIDATION if shard else name.startswith(f"{VALIDATION}/")


def is_built(folder: Path) -> bool:
    """Whether curate built a folder."""
    return (folder / LOCK).is_file() and (folder / "data").is_dir()


def splits(folder: Path) -> dict[str, list[Path]]:
    """The files of every split of a built folder in their order; what is held out comes last.

    Where there are shards, nothing else in data/ is rows."""
    data = folder / "data"
    found: dict[str, list[Path]] = {}
    for path in sorted(data.glob("*.parquet")):
        if shard := _SHARD.fullmatch(path.name):
            found.setdefault(shard["split"], []).append(path)
    if not found:
        whole = {"train": data.iterdir(), VALIDATION: (data / VALIDATION).glob("*")}
        for split, paths in whole.items():
            own = sorted(path for path in paths if path.is_file() and kind_of(path.name))
            found |= {split: own} if own else {}
    return found
