"""A folder that curate built, as a source: the rows of one of its splits, and nothing else in it.

Its removed and quarantined rows, its lock, audit, report and card are no rows of the mixture. A
split of which a shard is missing is refused: rows would be lost without a word.
"""

from __future__ import annotations

import re
from pathlib import Path

from curate.errors import UserError
from curate.files import SourceFile

LOCK = "recipe.lock.json"
"""The file by which a built folder is known; the same as `curate.lock.LOCK`."""

_SHARD = re.compile(r"(?P<split>.+)-\d{5}-of-(?P<of>\d{5})\.parquet")


def built_files(folder: Path, split: str | None) -> tuple[SourceFile, ...] | None:
    """The shards of a split (default `train`) in their order; None where curate did not build this."""
    if not ((folder / LOCK).is_file() and (folder / "data").is_dir()):
        return None
    names = [path.name for path in (folder / "data").iterdir()]
    shards = [match for name in names if (match := _SHARD.fullmatch(name))]
    wanted = split or "train"
    own = sorted(match.string for match in shards if match["split"] == wanted)
    if not own:
        known = ", ".join(sorted({match["split"] for match in shards})) or "none"
        raise UserError(f"{folder}: no split '{wanted}' (splits: {known})")
    of = max(int(match["of"]) for match in shards if match["split"] == wanted)
    if len(own) != of:
        raise UserError(f"{folder}: {len(own)} of {of} shards of '{wanted}' are there; rebuild it")
    return tuple(SourceFile.of(folder / "data" / name, f"data/{name}") for name in own)
