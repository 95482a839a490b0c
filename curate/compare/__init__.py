"""What changed between two data sets? (`curate diff`)

    changed = curate.diff("out/before", "out/after")
    changed.same                      # False
    changed.rows.only_b               # 12
    changed.changes["parameters"]     # the recipe's keys that differ, with both values

Two built folders are compared in their inputs, parameters, versions and counts (their locks), in
their rows, and in what became of every row that was read (their audits). Of anything else that
can be read as a source the rows are compared. Nothing is written. (The package isn't called
`diff`: it would hide the function of that name.)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.audit.store import DATABASE
from curate.check_lock import read_lock
from curate.compare.fates import FateChange, compare_fates, same_sources
from curate.compare.rows import Rows, compare_rows, open_side
from curate.compare.settings import Change, compare_locks
from curate.lock import LOCK


@dataclass(frozen=True)
class Diff:
    """What differs between A and B; `changes` and `fates` are None unless both are built."""

    a: str
    b: str
    changes: dict[str, list[Change]] | None
    rows: Rows
    fates: list[FateChange] | None
    notes: list[str]
    """What is worth saying about how the rows were found."""

    @property
    def same(self) -> bool:
        """Whether nothing differs: the same rows in the same order, and all that led to them."""
        changed = any((self.changes or {}).values())
        return self.rows.same and not (self.rows.moved or self.fates or changed)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        told = asdict(self)
        told["rows"]["same"] = self.rows.same
        return {"same": self.same} | told


def diff(a: str | Path, b: str | Path) -> Diff:
    """Compare two built folders, files, globs or Hub sets. Raises UserError if one can't be read."""
    sources = [open_side(side) for side in (a, b)]
    changes = fates = None
    built = all((Path(side) / LOCK).is_file() for side in (a, b))
    if built:
        locks = [read_lock(Path(side)) for side in (a, b)]
        changes = compare_locks(*locks)
        if all((Path(side) / DATABASE).is_file() for side in (a, b)):
            fates = compare_fates(Path(a), Path(b), same_sources(*locks))
    notes = [] if built else [f"{one.from_}: {note}" for one in sources for note in one.notes]
    return Diff(str(a), str(b), changes, compare_rows(*sources, splits=built), fates, notes)
