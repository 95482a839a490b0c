"""A folder that curate built, as a source: the rows of one of its splits, and nothing else in it.

Its removed and quarantined rows, its lock, audit, report and card are no rows of the mixture. A
split of which a shard is missing is refused: rows would be lost without a word.
"""

from __future__ import annotations

import re
from pathlib import Path

from curate.errors import UserError
from curate.files import SourceFile
from curate.sources.found import Found
from curate.sources.splits import choose

LOCK = "recipe.lock.json"
"""The file by which a built folder is known; the same as `curate.lock.LOCK`."""

_SHARD = re.compile(r"(?P<split>.+)-\d{5}-of-(?P<of>\d{5})\.parquet")


def built_files(folder: Path, split: str | None, *, exact: bool) -> Found | None:
    """The shards of a split (default `train`) in their order; None where curate did not build this."""
    if not ((folder / LOCK).is_file() and (folder / "data").is_dir()):
        return None
    names = [path.name for path in (folder / "data").iterdir()]
    shards = [match for name in names if (match := _SHARD.fullmatch(name))]
    known = sorted({match["split"] for match in shards})
    wanted, notes = choose(str(folder), known, split, exact=exact)
    own = sorted(match.string for match in shards if match["split"] == wanted)
    of = max(int(match["of"]) for match in shards if match["split"] == wanted)
    if len(own) != of:
        raise UserError(f"{folder}: {len(own)} of {of} shards of '{wanted}' are there; rebuild it")
    files = tuple(SourceFile.of(folder / "data" / name, f"data/{name}") for name in own)
    return Found(files, notes, "built")
