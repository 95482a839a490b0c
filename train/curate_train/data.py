"""The rows a run learns from: a built mixture, or any other set once it has passed `curate check`.

Nothing is trained on unseen: files must be those of the lock, rows must be sound, labels must be
readable by their verifiers. Refused: a mixture of another kind, and a set with findings of SERIOUS;
other findings are said in one line on standard error. Rows stay on disk (Arrow files in the run's
own cache, so that no stale copy can be met), as templates want them: extras of a turn stand there
only where it has them, and tool calls are objects, not their JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.check import PURPOSES, check
from curate.errors import UserError
from curate.files.block import Block
from curate.lock import LOCK, load
from curate.records import EXTRAS, TURN_COLUMNS
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
    "sft": ("messages", "tools"),
    "preference": ("prompt", "chosen", "rejected", "tools"),
    "rlvr": ("prompt", "verifier", "ground_truth"),
}

_SPLITS = ("train", "validation")


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
    content: str | None
    """Of what is trained on (sha256): the lock file, or all files; None where nothing tells."""


def open_data(
    path: str, purpose: str, cache: Path, *, checked_before: bool = False, engine: Any = None
) -> Data:
    """Check the set at `path` for `purpose` (sft, dpo or rlvr) and open it; Arrow files go to
    `cache`, and `engine` to verifiers that ask a language model.

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
        _check(path, purpose, engine)
    digest = sha256(folder / LOCK) if built else None
    content = digest or _content(path)
    if built:
        train, validation = (_split(folder, kind, split, content, cache) for split in _SPLITS)
    else:
        given = {"path": path, "kind": kind, "content": content}
        train, validation = _opened(given, _records, kind, cache), None
    if train is None:
        raise UserError(f"{path}: has no training rows")
    return Data(name, kind, train, validation, digest, content)


def _content(path: str) -> str | None:
    """A digest of the files of a set that was not built here, or the revision of one of the Hub."""
    from curate.sources import content_digests, open_bare

    source = open_bare(path)
    if not source.files:
        return source.revision
    each = "\n".join(f"{name} {digest}" for name, digest, _ in content_digests(source))
    return hashlib.sha256(each.encode()).hexdigest()


def _check(path: str, purpose: str, engine: Any) -> None:
    # Nothing is written: several runs may train on one folder, which may be another person's.
    checked = check(path, purpose, engine=engine, record=False)
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


def _split(folder: Path, kind: str, split: str, content: str | None, cache: Path) -> Any:
    """A split of a built folder; None where it has no rows."""
    files = sorted(map(str, (folder / "data").glob(f"{split}-*.parquet")))
    given = {"files": files, "kind": kind, "content": content}
    return _opened(given, _written, kind, cache) if files else None


def _opened(given: dict[str, Any], rows: Any, kind: str, cache: Path) -> Any:
    """What the generator `rows` makes of `given`, as a data set; None where that is nothing.

    `datasets` takes what is in the cache for equal arguments: so the digest of what is read is one.
    """
    import datasets

    turns, text = datasets.List(datasets.Json()), datasets.Value("string")
    columns = ("id", *_COLUMNS[kind])
    features = {name: turns if name in TURN_COLUMNS[kind] else text for name in columns}
    if next(rows(**given), None) is None:
        return None
    try:
        return datasets.Dataset.from_generator(
            rows, datasets.Features(features), gen_kwargs=given, cache_dir=str(cache)
        )
    except datasets.exceptions.DatasetGenerationError as error:
        raise error.__cause__ if isinstance(error.__cause__, UserError) else error from None


def _written(files: list[str], kind: str, content: str | None) -> Iterator[dict[str, Any]]:
    """The records of a split, in the order they were written in."""
    import pyarrow.parquet as pq

    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(columns=["id", *_COLUMNS[kind]]):
            for record in batch.to_pylist():
                yield _row(record["id"], record, kind)


def _records(path: str, kind: str, content: str | None) -> Iterator[dict[str, Any]]:
    """The records of a set that was not built here, read as `curate build` would."""
    from curate.formats import detect, parse
    from curate.sources import open_bare

    source = open_bare(path)
    name = source.name
    for block in source.blocks():
        if "tools" not in _COLUMNS[kind]:
            _refuse_tools(name, block)
        parsed = parse(block, detect(block, kind), kind)
        for row, record in zip(parsed.rows.tolist(), parsed.records.to_pylist(), strict=True):
            yield _row(f"{name}/{row}", record, kind)


def _refuse_tools(name: str, block: Block) -> None:
    """Raise UserError for tools in a row whose kind of record has no place for them."""
    for row, read in block.rows():
        if isinstance(read, dict) and read.get("tools"):
            raise UserError(
                f"row {name}/{row}: has tools, which rlvr records do not hold: nothing is trained "
                "without its tools; write them into the prompt, or remove the row"
            )


def _row(name: str, record: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A record as trainers and templates take it."""
    row = {column: record.get(column) for column in _COLUMNS[kind]}
    tools = row.get("tools")
    if tools is not None and not _listed(name, "tools", tools):
        row["tools"] = None  # an empty list
    for column in TURN_COLUMNS[kind]:
        row[column] = [_turn(name, turn) for turn in record[column]]
    return {"id": name, **row}


def _listed(name: str, column: str, text: str) -> list[dict[str, Any]]:
    """Tools or tool calls from their JSON; raises UserError where that is no list of objects."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        wanted = "give a JSON list of objects, encoded once"
        raise UserError(f"row {name}: {column} cannot be read: {text[:60]!r}; {wanted}")
    return found


def _turn(name: str, turn: Mapping[str, Any]) -> dict[str, Any]:
    extras = {extra: turn[extra] for extra in EXTRAS if turn.get(extra) is not None}
    if "tool_calls" in extras:
        calls = _listed(name, "tool_calls", extras.pop("tool_calls"))
        extras |= {"tool_calls": [_call(call) for call in calls]} if calls else {}
    return {"role": turn["role"], "content": turn["content"], **extras}


def _call(call: dict[str, Any]) -> dict[str, Any]:
    """A tool call whose arguments are an object: written as text they would be quoted twice."""
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
        return call
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        return call
    return call | {"function": {**function, "arguments": arguments}}
