"""Does a built folder still hold what its lock says? (`curate check OUT --lock`)

Every output file is hashed again, every Parquet file is opened and its columns and rows are
compared with the kind of record, the lock's counts and the audit's; the audit must add up, and
the lock must be the one that the audit names. Nothing is written. Keys of a lock that are not
known here are passed over, so that folders of other versions can be checked too; a lock without
outputs is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.audit import store
from curate.errors import CurateError, UserError
from curate.files import SourceFile, read_file
from curate.lock import LOCK
from curate.records import EXTRAS, MESSAGES, TURN_COLUMNS, body_schema
from curate.shards import sha256
from curate.sources.built import source_of

FOLDERS = ("data", "removed", "quarantine")
# The figures of a source, in the lock and in the audit, that are the rows of each folder.
_IN_LOCK = {
    "data": ("written",),
    "removed": ("removed", "duplicate"),
    "quarantine": ("quarantined",),
}
_IN_AUDIT = """
SELECT source, sum(copies)::BIGINT, count(*) FILTER (fate IN ('removed', 'duplicate')),
    count(*) FILTER (fate = 'quarantined')
FROM documents GROUP BY source
"""
_NEEDED = {"rlvr": ("verifier", "ground_truth"), "unpaired": ("label",)}

Fault = tuple[str, str]
"""The name of a finding, and how it shows."""


@dataclass
class Held:
    """What a folder was compared for: faults, and in words what held."""

    kind: str
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def note(self, faults: list[Fault], held: str) -> None:
        """Take down the faults of one comparison, or what held if there are none."""
        self.faults += faults
        if not faults:
            self.held.append(held)


def read_lock(folder: Path) -> dict[str, Any]:
    """The lock of a built folder, of any version; raises UserError where there is none to read."""
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    except OSError as error:
        told = f"{folder}: no {LOCK} there ({error.strerror}); give the folder of a build"
        raise UserError(told) from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{folder / LOCK}: not a lock file: {error}") from None
    if not isinstance(lock, dict) or not isinstance(lock.get("outputs"), dict):
        raise UserError(f"{folder / LOCK}: not a lock file: it names no outputs")
    return lock


def digests(folder: Path, lock: Mapping[str, Any]) -> Iterator[Fault]:
    """Name the output files that are missing or changed, and those that the lock doesn't name."""
    outputs: Mapping[str, str] = {**lock["outputs"], **_answers(lock)}
    for name, wanted in sorted(outputs.items()):
        if not (folder / name).is_file():
            yield "digest", f"{name} is not there"
        elif sha256(folder / name) != wanted:
            yield "digest", f"{name} is not the file that the lock names"
    there = (path for kind in FOLDERS for path in (folder / kind).rglob("*") if not path.is_dir())
    for name in sorted(path.relative_to(folder).as_posix() for path in there):
        if name not in outputs:
            yield "digest", f"{name} is not in the lock"


def _answers(lock: Mapping[str, Any]) -> dict[str, str]:
    """The files of answers of sources that a model wrote: they stand in the folder too."""
    made = (one for one in (_at(lock, "inputs", "sources") or {}).values() if one.get("made"))
    return {name: file["sha256"] for one in made for name, file in one["files"].items()}


def compare(folder: Path) -> Held:
    """Compare a built folder with its lock and audit; UserError where the lock can't be read."""
    lock = read_lock(folder)
    held, shape = Held(str(_at(lock, "recipe", "kind") or "")), shape_of(lock)
    names = sorted(lock["outputs"])
    held.note(
        list(digests(folder, lock)),
        f"{_n(len(names), 'file')} with the digests of the lock, and no other",
    )
    there = [name for name in names if (folder / name).is_file()]
    schemas, rows, faults = _opened(folder, there, shape, list(_lock_rows(lock)["data"]))
    known = {name: schema for name, schema in schemas.items() if schema is not None}
    faults += _columns(known, held.kind, shape)
    held.note(faults, _that_open(known, len(there), held.kind, shape))
    held.rows = sum(rows["data"].values())
    if len(there) == len(names) and len(schemas) == len(there):
        said = ", ".join(f"{sum(rows[kind].values()):,} in {kind}/" for kind in FOLDERS)
        held.note(
            list(_counts("the lock", _lock_rows(lock), rows, shape)),
            f"the rows that the lock counts: {said}",
        )
        _audit(folder, held, rows, shape)
    else:
        _audit(folder, held, None, shape)
    return held


def shape_of(lock: Mapping[str, Any]) -> str:
    """What stands in data/: `records`, or rows as the `input` or its `lines` held them."""
    return str(_at(lock, "recipe", "output", "rows") or "records")


def _that_open(known: Mapping[str, pa.Schema], n: int, kind: str, shape: str) -> str:
    files = _n(n, "Parquet file" if len(known) == n else "file")
    columns = f"the columns of kind {kind}"
    return f"{files} that open, with {columns if shape == 'records' else 'columns of their own'}"


Rows = dict[str, Counter[str]]
"""Folder -> source -> rows."""


def _opened(
    folder: Path, names: list[str], shape: str, sources: list[str]
) -> tuple[dict[str, pa.Schema | None], Rows, list[Fault]]:
    """The columns of each file that opens (None of text), and how many rows of each source every
    folder holds.
    """
    schemas: dict[str, pa.Schema | None] = {}
    rows: Rows = {kind: Counter() for kind in FOLDERS}
    faults = []
    for name in names:
        told = "as Parquet" if name.endswith(".parquet") else "as text"
        own = name.startswith("data/") and shape != "records"
        try:
            schemas[name], found = _as_they_are(folder / name) if own else _records(folder / name)
        except (pa.ArrowException, OSError, KeyError, UserError) as error:
            reason = " ".join(str(error).split())[:200]
            faults.append(("columns", f"{name} does not open {told} ({reason})"))
            continue
        if own:
            source = source_of(name, sources) if shape == "lines" else None
            found = Counter({source or "": found[""]})
        rows.setdefault(name.split("/")[0], Counter()).update(found)
    return schemas, rows, faults


def _records(path: Path) -> tuple[pa.Schema, Counter[str]]:
    """The columns of a file of records, and how many there are of each source."""
    sources = pq.ParquetFile(path, read_dictionary=["source"]).read(["source"])["source"]
    counts = pc.value_counts(sources).to_pylist()
    return pq.read_schema(path), Counter({one["values"]: one["counts"] for one in counts})


def _as_they_are(path: Path) -> tuple[pa.Schema | None, Counter[str]]:
    """The columns of a file of rows as they were, None of text, and how many there are."""
    n = sum(block.n_rows for block in read_file(SourceFile.of(path, path.name)))
    schema = pq.read_schema(path) if path.suffix == ".parquet" else None
    return schema, Counter({"": n})


def _columns(schemas: Mapping[str, pa.Schema], kind: str, shape: str) -> list[Fault]:
    """Files of one folder whose columns differ, and records that lack what their kind has."""
    first: dict[str, str] = {}
    faults = []
    for name, schema in schemas.items():
        own = name.startswith("data/") and shape != "records"
        if own and shape == "lines":
            continue  # each has the columns of its source
        other = first.setdefault(name.split("/")[0], name)
        if not schema.equals(schemas[other]):
            faults.append(
                (
                    "columns",
                    f"{name} has other columns than {other}: {_differing(schema, schemas[other])}",
                )
            )
        elif not (own or name.startswith("quarantine/")) and (wrong := _no_records(schema, kind)):
            faults.append(("columns", f"{name} does not hold records of kind '{kind}': {wrong}"))
    return faults


def _differing(schema: pa.Schema, other: pa.Schema) -> str:
    one, two = ({field.name: field.type for field in each} for each in (schema, other))
    differing = [name for name in one | two if one.get(name) != two.get(name)]
    return ", ".join(differing) or "their order"


def _no_records(schema: pa.Schema, kind: str) -> str:
    """What keeps columns from being those of a kind; a file may lack those that hold nothing."""
    if kind not in TURN_COLUMNS:
        return "the lock names no such kind"
    wanted = {one.name: one.type for one in body_schema(kind)}
    wanted |= {"id": pa.string(), "source": pa.string()}
    needed = ("id", "source", *TURN_COLUMNS[kind], *_NEEDED.get(kind, ()))
    missing = [name for name in needed if name not in schema.names]
    if missing:
        return f"no column {', '.join(missing)}"
    wrong = [one.name for one in schema if not _fits(one.type, wanted.get(one.name, one.type))]
    return f"{', '.join(wrong)} of another type" if wrong else ""


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    if wanted != MESSAGES:
        return bool(found == wanted)
    if not pa.types.is_list(found) or not pa.types.is_struct(found.value_type):
        return False
    fields = {one.name: one.type for one in found.value_type}
    known = {"role", "content", *EXTRAS}
    return {"role", "content"} <= fields.keys() <= known and set(fields.values()) == {pa.string()}


def _lock_rows(lock: Mapping[str, Any]) -> Rows:
    rows: Rows = {kind: Counter() for kind in FOLDERS}
    for name, figures in (_at(lock, "counts", "sources") or {}).items():
        for kind, keys in _IN_LOCK.items():
            rows[kind][name] = sum(figures.get(key) or 0 for key in keys)
    return rows


def _audit_rows(con: duckdb.DuckDBPyConnection) -> Rows:
    rows: Rows = {kind: Counter() for kind in FOLDERS}
    for source, *figures in con.execute(_IN_AUDIT).fetchall():
        for kind, n in zip(FOLDERS, figures, strict=True):
            rows[kind][source] = n
    return rows


def _counts(who: str, said: Rows, found: Rows, shape: str) -> Iterator[Fault]:
    if shape == "input":  # no column of data/ says whose a row is
        said, found = _data_as_one(said), _data_as_one(found)
    for kind in FOLDERS:
        for source in sorted(said[kind].keys() | found[kind].keys()):
            one, other = said[kind][source], found[kind][source]
            if one != other:
                rows = _n(other, "row")
                of = f" of source '{source}'" if source else ""
                yield "counts", f"{kind}/ holds {rows}{of} where {who} says {one:,}"


def _data_as_one(rows: Rows) -> Rows:
    return {**rows, "data": Counter({"": sum(rows["data"].values())})}


def _audit(folder: Path, held: Held, rows: Rows | None, shape: str) -> None:
    """Let the audit add up; compare its rows with those found, its lock with the one there."""
    try:
        with store.open_readonly(folder) as con:
            audit, facts = _audit_rows(con), store.runs(con)
            read = sum(n for (n,) in con.execute("SELECT rows_read FROM sources").fetchall())
            store.reconcile(con, sum(audit["data"].values()))
    except (CurateError, duckdb.Error) as error:
        message = store.one_line(error) if isinstance(error, duckdb.Error) else str(error)
        held.faults.append(("audit", message))
        return
    held.held.append(f"an audit that adds up: {_n(read, 'row')} read, each with one fate")
    if rows is not None:
        held.note(
            list(_counts("the audit", audit, rows, shape)), "the rows of the audit in every folder"
        )
    named = _at(facts, "finished", "lock_sha256")
    changed = named is not None and named != sha256(folder / LOCK)
    held.note(
        [("digest", f"{LOCK} is not the one that the audit names")] if changed else [],
        "the lock that the audit names",
    )


def _at(tree: Any, *keys: str) -> Any:
    """What stands in a tree of objects under some keys, None where there is nothing."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def _n(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
