"""The first half of a build: every block of every source is parsed, looked at, hashed and laid on
disk, sorted by key unless the order of the source is asked for.

A block is worked on alone, by a pure function on Arrow tables in a thread; what it has to say that
only the whole corpus can judge (what each step found, what its records ask, how large its rows are)
comes back as small arrays. In memory stay 4 bytes a row (12 where a validation split is made), what
the steps keep, and a few blocks; texts, findings and documents lie as Arrow files in the staging
folder until the second half asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import UserError
from curate.files.as_read import as_read, without_codes
from curate.files.joined import files_in
from curate.formats import Parsed, needed, parse
from curate.formats.keep import column_text
from curate.kernels.hashing import hash_rows
from curate.mixture.runs import Staged, read_run, write_run
from curate.records import (
    EXTRAS,
    ROLES,
    TURN_COLUMNS,
    body_schema,
    message_fields,
    one_array,
    stretches,
    with_fields,
)
from curate.shards import read_arrow, text_bytes, write_arrow
from curate.sources import Block
from curate.steps.step import Look, Records, Step, row_ids
from curate.text.hashing import as_uuids, sampling_keys
from curate.tokenizers import token_counts
from curate.turns import Turns, all_turns, rejected_turns

QUARANTINE = pa.schema(
    [
        (name, pa.int64() if name == "row" else pa.string())
        for name in ("source", "file", "row", "reason", "raw")
    ]
)
"""The columns of quarantine/."""
UNUSED = pa.schema([("row", pa.int64()), ("reason", pa.string()), ("value", pa.string())])
"""What is staged of fields that could not be used and became null."""


@dataclass(frozen=True)
class Reading:
    """How one source is read."""

    name: str
    format: str | dict[str, Any]
    keep: tuple[str, ...]
    passes: int
    """How many runs are staged: one for each pass, or one for all where the order is that of the
    source.
    """
    needs: tuple[str, ...] = ()
    """Columns that a step reads and nobody keeps."""
    as_read: bool = False
    """Whether the rows' own columns are staged beside the records."""
    caps: tuple[str, ...] = ()
    """Columns of whose values only so many rows are taken."""


@dataclass(frozen=True)
class Scan:
    """What every worker needs and none changes."""

    kind: str
    seed: int
    steps: Sequence[Step]
    groups: bool
    """Whether records are grouped by what they ask: only a validation split needs that."""
    parts: int
    """How many parts a run is cut into; none where rows stay in the order of their source."""
    tokenizer: Path | None = None
    """Whose tokens are counted."""


@dataclass(frozen=True)
class Scanned:
    """What stays in memory of one block; its `n` valid rows are its records."""

    folder: Path  # where its tables and runs lie
    number: int  # among the blocks of its source
    n: int
    bad: np.ndarray  # int64: positions in the source of the rows that make no record
    runs: list[Staged]  # per pass; none where there is no record
    groups: np.ndarray  # uint64 a record: `Turns.groups`; empty where none are wanted
    sizes: np.ndarray  # int32 a record: bytes of text
    tokens: np.ndarray  # int32 a record, of the recipe's tokenizer; empty where it names none
    caps: Mapping[str, np.ndarray]  # by column: uint64 a record, a hash of its value; 0 is none
    kept: Mapping[str, Mapping[str, np.ndarray]]  # by step: what its look kept
    lines: frozenset[tuple[str, str]]  # step and table of the audit: lines that were staged
    staged: frozenset[str]  # names of all tables that were staged, as `staged_path` has them
    first_reason: str | None  # why the first bad row makes no record
    nbytes: int  # of the block as it was read
    schema: pa.Schema
    own: pa.Schema | None  # the columns that its records had as they were read, where they are kept
    extras: frozenset[str]  # message extras and optional columns that are not null throughout
    dropped_columns: frozenset[str]

    def joined(self) -> Scanned:
        """The same without what `merge.source_rows` has taken over."""
        none = np.empty(0, np.int32)
        return replace(self, sizes=none, tokens=none, groups=np.empty(0, np.uint64), caps={})

    @property
    def quarantined(self) -> int:
        """Rows that make no record."""
        return len(self.bad)


def scan_block(scan: Scan, reading: Reading, folder: Path, number: int, block: Block) -> Scanned:
    """Parse one block, let every step look at it, hash it, and stage it in `folder`."""
    kept = (*reading.keep, *reading.needs)
    block, unread = (block, frozenset()) if reading.as_read else needed(block, reading.format, kept)
    columns = cache(block.table)
    parsed = parse(block, reading.format, scan.kind, kept, columns)
    turns = all_turns(scan.kind, parsed.records)
    hashes = turns.content_hashes()
    rejected = rejected_turns([bad.raw for bad in parsed.quarantine])
    records = Records(reading.name, scan.kind, parsed.records, parsed.rows, turns, hashes, rejected)
    looks = {step.name: step.look(records) for step in scan.steps}
    tokens = _tokens(scan, turns)
    tables = _tables(reading, block, parsed, records, looks, _counted(scan, tokens))
    for name, table in tables.items():
        write_arrow(staged_path(folder, name, number), table)
    body = parsed.records.drop_columns(list(reading.needs))
    extras = _used_extras(scan.kind, body)
    slim = _slim(scan.kind, body, extras)
    sizes = _sizes(scan.kind, slim)
    own = None
    if reading.as_read and len(parsed.rows):
        own = _as_read(reading, block, parsed, columns)
        sizes = np.maximum(sizes, _long_bytes(own))
        slim = slim.append_column(OWN, one_array(without_codes(own).to_struct_array()))
    return Scanned(
        folder=folder,
        number=number,
        n=turns.n_docs,
        bad=np.array([bad.row for bad in parsed.quarantine], np.int64),
        runs=[
            _stage_run(scan, reading, folder, number, pass_no, slim, parsed.rows)
            for pass_no in range(reading.passes if len(parsed.rows) else 0)
        ],
        groups=turns.groups(scan.kind) if scan.groups else np.empty(0, np.uint64),
        sizes=sizes.astype(np.int32),
        tokens=tokens,
        caps={name: _value_hashes(parsed.records.column(name)) for name in reading.caps},
        kept={name: look.kept for name, look in looks.items()},
        lines=frozenset((name, table) for name, look in looks.items() for table in look.tables),
        staged=frozenset(tables),
        first_reason=parsed.quarantine[0].reason if parsed.quarantine else None,
        nbytes=block.nbytes,
        schema=body.schema,
        own=None if own is None else own.schema,
        extras=extras,
        dropped_columns=parsed.dropped_columns
        | unread
        | (set(reading.needs) & set(parsed.records.column_names)),
    )


def _tokens(scan: Scan, turns: Turns) -> np.ndarray:
    """How many tokens the texts of all turns of each record have, where they are counted."""
    if scan.tokenizer is None:
        return np.empty(0, np.int32)
    counts = token_counts(str(scan.tokenizer), turns.texts)
    return np.bincount(turns.stretches.docs, counts, turns.n_docs).astype(np.int32)


def _counted(scan: Scan, tokens: np.ndarray) -> dict[str, pa.Array]:
    """The column of the table `documents` for tokens, where they are counted."""
    return {} if scan.tokenizer is None else {"tokens": pa.array(tokens)}


def _value_hashes(column: pa.ChunkedArray) -> np.ndarray:
    """A hash of every value, spelt as in the output; 0 for null."""
    texts = column_text(one_array(column)).cast(pa.string())
    bounds, data = stretches(texts)
    n = len(texts)
    tags, rows = np.zeros(n, np.int8), np.arange(n, dtype=np.int32)
    hashed = hash_rows(data, bounds[:-1], bounds[1:], tags, rows, n)[:, 0]
    return np.where(np.asarray(pc.is_valid(texts)), np.maximum(hashed, 1), 0).astype(np.uint64)


OWN = "\0own"
"""The column of a run that holds the rows' own columns, as they were read."""


def _as_read(
    reading: Reading, block: Block, parsed: Parsed, columns: Callable[[], pa.Table | None]
) -> pa.Table:
    places = parsed.rows - block.first_row
    try:
        return as_read(block, places, columns() if len(places) == block.n_rows else None)
    except UserError as error:
        raise UserError(f"source '{reading.name}': {error}") from None


def _slim(kind: str, records: pa.Table, extras: frozenset[str]) -> pa.Table:
    """The records without the optional columns and message extras that none of them has."""
    shown = message_fields(extras)
    for name in TURN_COLUMNS[kind]:
        place = records.schema.get_field_index(name)
        records = records.set_column(place, name, with_fields(records.column(place), shown))
    return (
        records
        if "tools" in extras or "tools" not in records.column_names
        else records.drop_columns("tools")
    )


_LONG = 1024


def _long_bytes(table: pa.Table) -> np.ndarray:
    """Bytes of the long values of every row, as `_sizes` counts those of kept columns."""
    sizes = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        size = text_bytes(column)
        sizes += np.where(size >= _LONG, size, 0)
    return sizes


def _sizes(kind: str, records: pa.Table) -> np.ndarray:
    """Bytes of text of every record, by which shards and row groups are cut.

    Of kept columns only long texts count: a short one may be text in one block and a number in
    another, and the cuts must not depend on the blocks."""
    body = set(body_schema(kind).names)
    sizes = np.zeros(records.num_rows, np.int64)
    for name in records.column_names:
        size = text_bytes(records[name])
        sizes += size if name in body else np.where(size >= _LONG, size, 0)
    return sizes


def _used_extras(kind: str, records: pa.Table) -> frozenset[str]:
    used = (
        {"tools"}
        if "tools" in records.column_names and records["tools"].null_count < records.num_rows
        else set()
    )
    for column in TURN_COLUMNS[kind]:
        for chunk in records[column].chunks:
            messages = chunk.flatten()
            used |= {name for name in EXTRAS if messages.field(name).null_count < len(messages)}
    return frozenset(used)


def completed(scan: Scan, reading: Reading, scanned: Scanned) -> Scanned:
    """A block with what this build's sampling needs of it: what its stage lacks is made of the
    first run.

    That is a run for each pass over the source, and the groups where there is a
    validation split."""
    runs, groups = list(scanned.runs[: reading.passes]), scanned.groups
    lacks_groups = scan.groups and len(groups) < scanned.n
    if scanned.n and (len(runs) < reading.passes or lacks_groups):
        records, places = read_run(runs[0])
        records = records.take(pa.array(np.argsort(places)))
        if lacks_groups:
            groups = all_turns(scan.kind, records).groups(scan.kind)
        documents = read_arrow(staged_path(scanned.folder, "documents", scanned.number))
        rows = documents["row"].to_numpy()[: scanned.n]
        for pass_no in range(len(runs), reading.passes):
            runs.append(
                _stage_run(scan, reading, scanned.folder, scanned.number, pass_no, records, rows)
            )
    return replace(scanned, runs=runs, groups=groups if scan.groups else np.empty(0, np.uint64))


def _stage_run(
    scan: Scan,
    reading: Reading,
    folder: Path,
    number: int,
    pass_no: int,
    records: pa.Table,
    rows: np.ndarray,
) -> Staged:
    """Write the block's records, in the order of their keys in one pass over the source or as they
    stand there.
    """
    keys = sampling_keys(scan.seed, reading.name, rows, pass_no) if scan.parts else None
    return write_run(folder / f"run-{number}-{pass_no}.arrow", records, keys, scan.parts)


def staged_path(folder: Path, what: str, number: int) -> Path:
    """Where a table of a block lies: `documents`, `quarantine`, `unused`, `texts`, or `<step>.<table>`."""
    return folder / f"{what}-{number}.arrow"


def _tables(
    reading: Reading,
    block: Block,
    parsed: Parsed,
    records: Records,
    looks: Mapping[str, Look],
    counted: Mapping[str, pa.Array],
) -> dict[str, pa.Table]:
    """All that is staged of a block but its rows, by name."""
    told = [look.columns for look in looks.values()] + [counted]
    tables = {"documents": _documents(reading, block, parsed, records, told)}
    if parsed.quarantine:
        lines = [
            {"source": reading.name} | {name: getattr(bad, name) for name in QUARANTINE.names[1:]}
            for bad in parsed.quarantine
        ]
        tables["quarantine"] = pa.Table.from_pylist(lines, QUARANTINE)
    if parsed.unused:
        tables["unused"] = pa.Table.from_pylist([vars(one) for one in parsed.unused], UNUSED)
    shown = np.zeros(records.n, np.bool_)
    bad = np.zeros(len(parsed.quarantine), np.bool_)
    for name, look in looks.items():
        tables |= {
            f"{name}.{table}": rows for table, rows in {**look.scratch, **look.tables}.items()
        }
        if look.shown is not None:
            shown |= look.shown
        if look.rejected_shown is not None:
            bad |= look.rejected_shown
    if shown.any() or bad.any():
        ids = row_ids(reading.name, np.array([one.row for one in parsed.quarantine], np.int64))
        texts = [_texts(records.turns, records.ids(), shown), _texts(records.rejected, ids, bad)]
        tables["texts"] = pa.concat_tables(texts)
    return tables


def _documents(
    reading: Reading,
    block: Block,
    parsed: Parsed,
    records: Records,
    told: Iterable[Mapping[str, pa.Array]],
) -> pa.Table:
    """The lines of the table `documents` but for fate and copies, valid rows first, then the
    quarantined ones.
    """
    bad = parsed.quarantine
    rows = np.concatenate([parsed.rows, np.array([q.row for q in bad], np.int64)])
    columns = {
        "source": pa.array([reading.name])
        .dictionary_encode()
        .take(pa.array(np.zeros(len(rows), np.int8))),
        "file": _files(block, rows),
        "row": rows,
        "origin_id": pa.concat_arrays(
            [one_array(parsed.origin_id), pa.nulls(len(bad), pa.string())]
        ),
        "content_hash": as_uuids(records.hashes, len(bad)),
        "text_bytes": pa.concat_arrays(
            [_text_bytes(records.turns), pa.nulls(len(bad), pa.int64())]
        ),
    }
    for more in told:
        for name, values in more.items():
            columns[name] = pa.concat_arrays([values, pa.nulls(len(bad), values.type)])
    return pa.table(columns)


def _files(block: Block, rows: np.ndarray) -> pa.Array:
    """The file of each row of a block."""
    names, firsts = zip(*files_in(block), strict=True)
    parts = np.searchsorted(np.array(firsts, np.int64), rows, side="right") - 1
    return pa.array(names).dictionary_encode().take(pa.array(parts))


def _text_bytes(turns: Turns) -> pa.Array:
    """UTF-8 bytes of the turns of every record."""
    _, starts, stops, docs, _ = turns.stretches
    return pa.array(np.bincount(docs, stops - starts, turns.n_docs).astype(np.int64))


def _texts(turns: Turns, ids: pa.StringArray, shown: np.ndarray) -> pa.Table:
    """The lines of the table `texts`: every turn of the rows of a mask; a turn of nobody has no
    role.
    """
    wanted = np.flatnonzero(shown[turns.stretches.docs])
    roles = turns.roles[wanted]
    return pa.table(
        {
            "doc_id": ids.take(pa.array(turns.stretches.docs[wanted])),
            "turn": turns.stretches.turns[wanted],
            "role": pa.array(ROLES).take(pa.array(roles, mask=roles < 0)),
            "text": turns.texts.take(pa.array(wanted)),
        }
    )
