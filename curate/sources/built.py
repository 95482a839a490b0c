"""A folder that curate built, as a source: the rows of one of its splits, and nothing else that lies in it.

Its removed and quarantined rows, its lock, audit, report and card are no rows of the mixture. A split of which a shard
is missing is refused: rows would be lost without a word.
"""

from __future__ import annotations

import re
from pathlib import Path

from curate.errors import UserError
from curate.files import SourceFile

LOCK = "recipe.lock.json"
"""The file by which a built folder is known; the same as `curate.lock.LOCK`."""

_SHARD = re.compile(r"(?P<split>.+)-(?P<number>\d{5})-of-(?P<of>\d{5})\.parquet")


def built_files(folder: Path, split: str | None) -> tuple[SourceFile, ...] | None:
    """The shards of a split (default `train`) in their order, None where `folder` is no folder that curate built."""
    if not ((folder / LOCK).is_file() and (folder / "data").is_dir()):
        return None
    shards = sorted((match["split"], match) for path in (folder / "data").iterdir() if (match := _shard(path)))
    wanted = split or "train"
    own = [match for name, match in shards if name == wanted]
    if not own:
        known = ", ".join(sorted({name for name, _ in shards})) or "none"
        raise UserError(f"{folder}: no split '{wanted}' (splits: {known})")
    if len(own) != int(own[0]["of"]):
        raise UserError(f"{folder}: {len(own)} of the {int(own[0]['of'])} shards of '{wanted}' are there; build it again")
    names = [f"data/{match.string}" for match in own]
    return tuple(SourceFile.of(folder / name, name) for name in sorted(names))


def _shard(path: Path) -> re.Match[str] | None:
    return _SHARD.fullmatch(path.name)
