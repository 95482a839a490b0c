"""The first half of a build: every block of every source is parsed, matched, hashed, sorted by key and laid on disk.

A block is worked on alone, by a pure function on Arrow tables in a thread; what it has to say that only the whole
corpus can judge (which items it hits, what its prompts are, how large its rows are) comes back as small arrays. In
memory stay about 40 bytes a row, the index, and a few blocks; texts, matches and documents lie as Arrow files in the
staging folder until the second half asks for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from curate.contamination.found import ItemNames, hits_of, match_lines, row_ids
from curate.contamination.index import Index
from curate.contamination.ngram import Matches, match
from curate.contamination.policy import Hits
from curate.contamination.turns import AllTurns, all_turns
from curate.formats import Parsed, parse
from curate.records import EXTRAS, ROLES, TURN_COLUMNS, body_schema
from curate.shards import text_bytes, write_run
from curate.sources import Block
from curate.text.hashing import hash_rows, hex_digests, sampling_keys

T = TypeVar("T")

QUARANTINE = pa.schema(
    [(name, pa.int64() if name == "row" else pa.string()) for name in ("source", "file", "row", "reason", "raw")]
)
"""The columns of quarantine/."""


@dataclass(frozen=True)
class Reading:
    """How one source is read."""

    name: str
    format: str | dict[str, Any]
    keep: tuple[str, ...]
    passes: int


@dataclass(frozen=True)
class Scan:
    """What every worker needs and none changes."""

    kind: str
    seed: int
    roles: tuple[str, ...]
    index: Index
    names: ItemNames
    threshold: float
    prompts: bool
    """Whether prompts are hashed: only a validation split asks whose prompts are alike."""
    staging: Path


@dataclass(frozen=True)
class Scanned:
    """What stays in memory of one block; arrays run over its valid rows unless said otherwise."""

    number: int
    rows: np.ndarray  # int64: positions in the source
    at: list[np.ndarray]  # per pass, int32: place in the sorted run
    prompts: np.ndarray  # uint64
    sizes: np.ndarray  # int32: bytes of text
    hits: Hits  # rows are places in this block
    quarantined: int
    first_reason: str | None  # why the first quarantined row makes no record
    n_tokens: int
    scanned_bytes: int
    nbytes: int  # of the block as it was read
    schema: pa.Schema
    extras: frozenset[str]  # message extras and optional columns that are not null throughout
    dropped_columns: frozenset[str]


def run_path(staging: Path, number: int, turn: int) -> Path:
    """Where the run of a block lies for one pass over its source."""
    return staging / f"run-{number}-{turn}.arrow"


def in_order(jobs: Iterator[Callable[[], T]], workers: int) -> Iterator[T]:
    """Run jobs in threads and hand their results on in order; no more than a few wait at any time."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > workers + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def scan_block(scan: Scan, reading: Reading, number: int, block: Block) -> Scanned:
    """Parse, match, hash and stage one block."""
    parsed = parse(block, reading.format, scan.kind, reading.keep)
    turns = all_turns(scan.kind, parsed.records)
    scanned = turns.only(scan.roles)
    found, counts = match(scanned, scan.index.table)
    n_tokens = np.bincount(scanned.docs, weights=counts, minlength=turns.n_docs).astype(np.int64)
    sizes = _sizes(scan.kind, parsed.records)
    hashes = hash_rows(*turns.turns[:3], turns.roles + 8 * turns.columns, turns.turns.docs, turns.n_docs)
    _stage_documents(scan, reading, number, block.file, parsed, n_tokens, hashes)
    _stage_matches(scan, reading, number, parsed, turns, found)
    at = [_stage_run(scan, reading, number, parsed, turn) for turn in range(reading.passes)]
    return Scanned(
        number=number,
        rows=parsed.rows,
        at=at,
        prompts=_prompt_hashes(scan.kind, turns) if scan.prompts else np.zeros(turns.n_docs, np.uint64),
        sizes=sizes.astype(np.int32),
        hits=hits_of(found, scan.threshold),
        quarantined=len(parsed.quarantine),
        first_reason=parsed.quarantine[0].reason if parsed.quarantine else None,
        n_tokens=int(n_tokens.sum()),
        nbytes=block.nbytes,
        scanned_bytes=int((scanned.stops - scanned.starts).sum()),
        schema=parsed.records.schema,
        extras=_used_extras(scan.kind, parsed.records),
        dropped_columns=parsed.dropped_columns,
    )


def _prompt_hashes(kind: str, turns: AllTurns) -> np.ndarray:
    prompts = turns.prompts(kind)
    tags = np.zeros(len(prompts.docs), np.int8)
    hashed: np.ndarray = hash_rows(*prompts[:3], tags, prompts.docs, turns.n_docs)[:, 0].copy()
    return hashed


_LONG = 1024


def _sizes(kind: str, records: pa.Table) -> np.ndarray:
    """Bytes of text of every record, by which shards and row groups are cut.

    Of kept columns only long texts count: a short one may be text in one block and a number in another, and the cuts
    must not depend on the blocks.
    """
    body = set(body_schema(kind).names)
    sizes = np.zeros(records.num_rows, np.int64)
    for name in records.column_names:
        size = text_bytes(records[name])
        sizes += size if name in body else np.where(size >= _LONG, size, 0)
    return sizes


def _used_extras(kind: str, records: pa.Table) -> frozenset[str]:
    used = {"tools"} if "tools" in records.column_names and records["tools"].null_count < records.num_rows else set()
    for column in TURN_COLUMNS[kind]:
        for chunk in records[column].chunks:
            messages = chunk.flatten()
            used |= {name for name in EXTRAS if messages.field(name).null_count < len(messages)}
    return frozenset(used)


def _stage_run(scan: Scan, reading: Reading, number: int, parsed: Parsed, turn: int) -> np.ndarray:
    """Write the block's rows in the order of their keys of one pass; return where each row went."""
    order = np.argsort(sampling_keys(scan.seed, reading.name, parsed.rows, turn), kind="stable")
    if len(order):
        write_run(run_path(scan.staging, number, turn), parsed.records.take(pa.array(order)))
    at = np.empty(len(order), np.int32)
    at[order] = np.arange(len(order), dtype=np.int32)
    return at


def _stage_documents(
    scan: Scan, reading: Reading, number: int, file: str, parsed: Parsed, n_tokens: np.ndarray, hashes: np.ndarray
) -> None:
    """The lines of the table `documents` but for fate and copies, valid rows first, then the quarantined ones."""
    bad = parsed.quarantine
    rows = np.concatenate([parsed.rows, np.array([q.row for q in bad], np.int64)])
    nulls = pa.nulls(len(bad), pa.string())
    table = pa.table(
        {
            "id": row_ids(reading.name, rows),
            "source": pa.array([reading.name]).dictionary_encode().take(pa.array(np.zeros(len(rows), np.int8))),
            "file": pa.array([file]).dictionary_encode().take(pa.array(np.zeros(len(rows), np.int8))),
            "row": rows,
            "origin_id": pa.concat_arrays([_one(parsed.origin_id), nulls]),
            "n_tokens": pa.concat_arrays([pa.array(n_tokens), pa.nulls(len(bad), pa.int64())]),
            "content_hash": pa.concat_arrays([hex_digests(hashes), nulls]),
        }
    )
    write_run(scan.staging / f"documents-{number}.arrow", table)
    if bad:
        lines = [{"source": reading.name} | {name: getattr(q, name) for name in QUARANTINE.names[1:]} for q in bad]
        write_run(scan.staging / f"quarantine-{number}.arrow", pa.Table.from_pylist(lines, QUARANTINE))


def _one(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _stage_matches(
    scan: Scan, reading: Reading, number: int, parsed: Parsed, turns: AllTurns, found: Sequence[Matches]
) -> None:
    """The lines of the tables `matches` and `texts` that this block gives."""
    found = [part for part in found if len(part.docs)]
    if not found:
        return
    ids = row_ids(reading.name, parsed.rows)
    matches = pa.concat_tables([match_lines(scan.names, reading.name, ids, part, scan.threshold) for part in found])
    write_run(scan.staging / f"matches-{number}.arrow", matches)
    wanted = np.flatnonzero(np.isin(turns.turns.docs, np.concatenate([part.docs for part in found])))
    texts = pa.table(
        {
            "doc_id": ids.take(pa.array(turns.turns.docs[wanted])),
            "turn": turns.turns.turns[wanted],
            "role": pa.array(ROLES).take(pa.array(turns.roles[wanted])),
            "text": turns.texts.take(pa.array(wanted)),
        }
    )
    write_run(scan.staging / f"texts-{number}.arrow", texts)
