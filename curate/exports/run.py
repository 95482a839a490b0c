"""From a built folder to the files of a target: every row of every split, in order, or nothing.

The folder must hold what its lock says. Rows are written below a temporary name, brought to the
disk and renamed, with `export.json` beside them: the digest of the lock, and rows and digest of
every file. The same folder gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.check_lock import digests, read_lock, shape_of
from curate.errors import CurateError, UserError, unknown
from curate.exports import TARGETS
from curate.exports.target import (
    NAMES,
    REASONING,
    TOOLS,
    Record,
    Split,
    Target,
    Unfit,
    has_tools,
)
from curate.lock import LOCK
from curate.mixture.folder import unfinished
from curate.records import EXTRAS, TURN_COLUMNS
from curate.release.croissant import CROISSANT
from curate.release.parcel import parcel
from curate.shards import naming, sha256, write_stream, write_text
from curate.sources.built import splits as splits_of

REPORT = "export.json"
_BATCH = 1000


@dataclass(frozen=True)
class Exported:
    """What was written: where, for whom, and the rows of each split."""

    folder: str
    to: str
    rows: Mapping[str, int]


def known() -> list[str]:
    """Everything that a folder can be exported to."""
    return [*TARGETS, CROISSANT.removesuffix(".json")]


def export(folder: Path, to: str, out: Path) -> Exported:
    """Write a built folder as the files that `to` reads, into the new folder `out`.

    Raises UserError for an unknown target, a kind it does not hold or a row that it cannot hold,
    and where `out` holds something; CurateError where the folder is not what its lock says."""
    if to not in known():
        raise UserError(unknown("target", to, known()))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: already exists; give the name of a new folder")
    lock = read_lock(folder)
    if to not in TARGETS:
        return _croissant(folder, to, out)
    kind, target = _holding(folder, lock, TARGETS[to])
    fault = next(digests(folder, lock), None)
    if fault is not None:
        raise CurateError(f"{folder}: is not what its lock says: {fault[1]}")
    with unfinished(Path(out.absolute())) as partial:
        splits = [
            _split(folder, paths, name, kind, target, partial)
            for name, paths in splits_of(folder).items()
        ]
        name = str(lock["recipe"]["name"])
        for file, text in target.beside(name, kind, splits).items():
            write_text(partial / file, text)
        write_text(partial / REPORT, _report(folder, partial, to, splits))
    return Exported(str(out), to, {split.name: split.rows for split in splits})


def _croissant(folder: Path, to: str, out: Path) -> Exported:
    text = parcel(folder).written[CROISSANT]
    with unfinished(Path(out.absolute())) as partial:
        write_text(partial / CROISSANT, text)
    return Exported(str(out), to, {})


def _holding(folder: Path, lock: Mapping[str, Any], target: Target) -> tuple[str, Target]:
    """The kind of a folder, if the target holds it."""
    kind = str(lock["recipe"]["kind"])
    if kind not in target.rows:
        able = [name for name, one in TARGETS.items() if kind in one.rows]
        raise UserError(
            f"{folder}: is of kind '{kind}', and {target.name} holds {', '.join(target.rows)}; "
            + (f"'{kind}' can be exported to {', '.join(able)}" if able else "no target holds it")
        )
    if (shape := shape_of(lock)) != "records":
        raise UserError(
            f"{folder}: holds rows as their input had them, not records (rows: {shape}); build it "
            "with rows: records, or decontaminate with --records"
        )
    return kind, target


def _split(
    folder: Path, paths: list[Path], name: str, kind: str, target: Target, out: Path
) -> Split:
    rows = _rows(folder, paths, kind, target)
    n = 0
    if target.schemas is not None:
        file, schema = f"{name}.parquet", target.schemas[kind]
        tables = (pa.Table.from_pylist([row], schema) for row in rows)
        write_stream(out / file, schema, tables, _BATCH)
        return Split(name, file, pq.read_metadata(out / file).num_rows)
    path = out / f"{name}.jsonl"
    with naming(path), path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            n += 1
    return Split(name, f"{name}.jsonl", n)


def _rows(folder: Path, paths: list[Path], kind: str, target: Target) -> Iterator[dict[str, Any]]:
    place = 0
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(_BATCH):
            for record in batch.to_pylist():
                try:
                    yield _row(_whole(record, kind) | {"place": place}, kind, target)
                except Unfit as error:
                    told = f"{folder}, {record['id']}: {error}; {target.name} cannot hold it"
                    raise UserError(told) from None
                place += 1


def _whole(record: Record, kind: str) -> Record:
    """A record with the fields of turns that no row of its folder uses."""
    none = dict.fromkeys(EXTRAS)
    return record | {name: [none | turn for turn in record[name]] for name in TURN_COLUMNS[kind]}


def _row(record: Record, kind: str, target: Target) -> dict[str, Any]:
    turns = [turn for name in TURN_COLUMNS[kind] for turn in record[name]]
    has = {
        TOOLS: has_tools(record, turns),
        REASONING: any(turn["reasoning_content"] for turn in turns),
        NAMES: any(turn["name"] for turn in turns),
    }
    beyond = [name for name, there in has.items() if there and name not in target.holds]
    if beyond:
        raise Unfit(f"it has {' and '.join(beyond)}")
    return target.rows[kind](record)


def _report(folder: Path, out: Path, to: str, splits: list[Split]) -> str:
    files = {path.name: sha256(path) for path in sorted(out.iterdir()) if path.suffix != ""}
    told = {
        "to": to,
        "lock_sha256": sha256(folder / LOCK),
        "rows": {split.name: split.rows for split in splits},
        "files": files,
    }
    return json.dumps(told, indent=1, sort_keys=True) + "\n"
