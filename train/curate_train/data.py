"""The rows a run learns from: a built mixture, or any other set once it has passed `curate check`.

Nothing is trained on unseen: files must be those of the lock, rows must be sound, labels must be
readable by their verifiers. Refused: a mixture of another kind, and a set with findings of SERIOUS;
other findings are said in one line on standard error. Rows stay on disk (Arrow files in the run's
own cache, so that no stale copy can be met)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.check import PURPOSES, check
from curate.errors import UserError
from curate.lock import LOCK, load
from curate.records import TURN_COLUMNS
from curate.shards import sha256

SERIOUS = (
    "digest",
    "schema",
    "roles",
    "empty",
    "bad-tools",
    "same-answers",
    "unknown-verifier",
    "bad-ground-truth",
    "unchecked",
)
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sft": ("id", "messages"),
    "preference": ("id", "prompt", "chosen", "rejected"),
    "rlvr": ("id", "prompt", "verifier", "ground_truth"),
}


@dataclass(frozen=True)
class Data:
    """Training rows and, where the mixture has them, validation rows (`datasets.Dataset`), and
    where they are from.
    """

    name: str
    kind: str
    train: Any
    validation: Any
    digest: str | None
    """Of the mixture's lock file (sha256); None for a set that was not built here."""


def open_data(path: str, purpose: str, cache: Path, *, checked_before: bool = False) -> Data:
    """Check the set at `path` for `purpose` (sft, dpo or rlvr) and open it; Arrow files go to
    `cache`.

    Raises UserError for another kind of mixture, a set that is not sound, or one without rows.
    """
    kind, folder = PURPOSES[purpose], Path(path)
    built = (folder / LOCK).is_file()
    name = folder.resolve().name if folder.exists() else path
    if built:
        lock = load(folder)
        name, there = str(lock["recipe"]["name"]), str(lock["recipe"]["kind"])
        if there != kind:
            other = "; TRL's KTOTrainer takes its data/ as it is" if there == "unpaired" else ""
            raise UserError(
                f"{path}: is a mixture of kind '{there}', and {purpose} trains on '{kind}'{other}"
            )
        shape = (lock["recipe"].get("output") or {}).get("rows", "records")
        if shape != "records":
            raise UserError(
                f"{path}: holds rows as their input had them, not records (rows: {shape}); build it "
                "with rows: records, or decontaminate with --records"
            )
    if not checked_before:
        _check(path, purpose)
    train, validation = (
        _splits(folder, kind, cache) if built else (_parsed(path, kind, cache), None)
    )
    return Data(name, kind, train, validation, sha256(folder / LOCK) if built else None)


def _check(path: str, purpose: str) -> None:
    checked = check(path, purpose)
    serious = [one for one in checked.findings if one.finding in SERIOUS]
    if serious:
        first = serious[0]
        more = (
            f" (and {len(serious) - 1} more: curate check {path} --for {purpose})"
            if len(serious) > 1
            else ""
        )
        raise UserError(f"{path}, {first.row or 'files'}: {first.finding}: {first.detail}{more}")
    if not checked.rows:
        raise UserError(f"{path}: has no rows")
    for note in checked.notes:
        sys.stderr.write(f"curate: {path}: {note}\n")
    if checked.counts:
        found = ", ".join(f"{name} {n:,}" for name, n in checked.counts.items())
        more = f"trained on as they are; curate check {path} --for {purpose} names them"
        sys.stderr.write(f"curate: {path}: rows with findings: {found}: {more}\n")


def _splits(folder: Path, kind: str, cache: Path) -> tuple[Any, Any]:
    """The two splits of a built folder; the second is None where it held nothing out."""
    import datasets

    files = {
        split: sorted(map(str, (folder / "data").glob(f"{split}-*.parquet")))
        for split in ("train", "validation")
    }
    found = datasets.load_dataset(
        "parquet", data_files={k: v for k, v in files.items() if v}, cache_dir=str(cache)
    )
    if "train" not in found or not len(found["train"]):
        raise UserError(f"{folder}: has no training rows")
    validation = found["validation"] if "validation" in found and len(found["validation"]) else None
    return _narrowed(found["train"], kind), validation and _narrowed(validation, kind)


def _narrowed(dataset: Any, kind: str) -> Any:
    tools = ("tools",) if "tools" in dataset.column_names else ()
    return dataset.select_columns([*_COLUMNS[kind], *tools])


def _parsed(path: str, kind: str, cache: Path) -> Any:
    """The records of a set that was not built here, read as `curate build` would."""
    import datasets

    return datasets.Dataset.from_generator(
        _records, gen_kwargs={"path": path, "kind": kind}, cache_dir=str(cache)
    )


def _records(path: str, kind: str) -> Iterator[dict[str, Any]]:
    from curate.formats import detect, parse
    from curate.sources import open_source, source_names

    (name,) = source_names([path])
    for block in open_source(name, path, base=Path.cwd()).blocks():
        parsed = parse(block, detect(block, kind), kind)
        for row, record in zip(parsed.rows.tolist(), parsed.records.to_pylist(), strict=True):
            kept = {column: record[column] for column in _COLUMNS[kind] if column != "id"}
            for column in TURN_COLUMNS[kind]:
                kept[column] = [_plain(turn) for turn in record[column]]
            yield {"id": f"{name}/{row}", **kept}


def _plain(turn: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": turn["role"], "content": turn["content"]}
