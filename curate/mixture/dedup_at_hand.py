"""Finds duplicates from Python: a build in a folder that goes again, of paths or of data in memory.

    result = curate.dedup(dataset)
    once = dataset.select(result.kept_rows["data"])
    result.duplicates.to_pandas()     # each row that is like another: which one, and how much

Data in memory are written to that folder first, so they may be as large as the disk has room for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.audit.sql import sql
from curate.audit.words import counted
from curate.errors import UserError
from curate.mixture.adhoc import adhoc_recipe
from curate.mixture.options import Options
from curate.mixture.run import build
from curate.progress import shown
from curate.steps.decontaminate.at_hand import is_paths, write_parquet


@dataclass(frozen=True, repr=False)
class Deduplicated:
    """What was kept, and what each duplicate is like.

    `kept_rows[source]` holds the positions of the kept rows in the input. `duplicates` has a row
    for every row that is like one that stays, with the columns of the audit's table of that name:
    doc_id, kept_id, kind (exact, near, variant), jaccard, dropped, and others. `quarantined` are
    the positions and reasons of rows that make no record."""

    kept_rows: dict[str, np.ndarray]
    duplicates: pa.Table
    quarantined: pa.Table

    def __repr__(self) -> str:
        kept = sum(len(rows) for rows in self.kept_rows.values())
        gone = int(np.count_nonzero(self.duplicates["dropped"].to_numpy()))
        bad = f", {self.quarantined.num_rows:,} quarantined" if self.quarantined.num_rows else ""
        return f"<Deduplicated: {counted(kept, 'row')} kept, {gone:,} dropped{bad}>"


def dedup(
    data: Any,
    *,
    by: str = "conversation",
    threshold: float | None = 0.8,
    shingle: int = 5,
    variants: str = "keep",
    keep: str | Sequence[str] = ("source",),
    against: Any = (),
    kind: str | None = None,
    format: str | dict[str, Any] | None = None,
    split: str | None = None,
) -> Deduplicated:
    """Find rows of `data` that equal, or nearly equal, one that stays.

    `data` is a path, a glob, a Hub id or a list of them, or data in memory: a `datasets.Dataset`, a
    pyarrow Table, a pandas or polars frame, or a list of dicts, whose source is then called `data`.
    `against` may be any of these: rows like its own go, whatever the rules of `keep`. The settings
    are those of the step `dedup` in a recipe; `threshold=None` finds equal texts alone.

    Raises UserError for what cannot be read or compared, and for unknown names.
    """
    if isinstance(data, list | tuple) and not data:
        raise UserError("data: an empty list; give at least one path or row")
    with tempfile.TemporaryDirectory(prefix="curate-") as folder, shown(plain=False) as progress:
        work = Path(folder)
        named = list(_paths(data, work, "data"))
        spec = {
            "by": by,
            "threshold": threshold,
            "shingle": shingle,
            "variants": variants,
            "keep": (keep,) if isinstance(keep, str) else tuple(keep),
            "against": tuple(_paths(against, work, "against")),
        }
        recipe, _ = adhoc_recipe(
            named, Path.cwd(), name="dedup", steps={"dedup": spec}, kind=kind, fmt=format,
            split=split, where="dedup",
        )  # fmt: skip
        options = Options(stages=None, progress=progress)
        build(recipe, work / "out", base=Path.cwd(), options=options)
        return _read(work / "out", [source.name for source in recipe.sources])


def _paths(data: Any, work: Path, name: str) -> Iterator[str]:
    """Where data lies; what is in memory is written to `work`."""
    if is_paths(data):
        yield from map(str, [data] if isinstance(data, str | Path) else data)
        return
    path = work / f"{name}.parquet"
    write_parquet(data, path, name)
    yield str(path)


def _read(built: Path, sources: Sequence[str]) -> Deduplicated:
    rows = sql(built, "SELECT source, row FROM documents WHERE fate = 'kept' ORDER BY row")
    of, places = rows["source"].to_numpy(), rows["row"].to_numpy()
    return Deduplicated(
        {name: places[of == name] for name in sources},
        sql(built, "SELECT * FROM duplicates ORDER BY doc_id"),
        sql(
            built,
            """
            SELECT source, row, reason FROM documents JOIN decisions ON doc_id = id
            WHERE fate = 'quarantined' ORDER BY ALL
            """,
        ),
    )
