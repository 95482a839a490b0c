"""The first half of a build: every block of every source is parsed, matched, hashed, sorted by key and laid on disk.

A block is worked on alone, by a pure function on Arrow tables in a thread; what it has to say that only the whole
corpus can judge (which items it hits, what its prompts are, how large its rows are) comes back as small arrays. In
memory stay 4 bytes a row (12 where a validation split is made), the index, and a few blocks; texts, matches and
documents lie as Arrow files in the staging folder until the second half asks for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from curate.formats import Parsed, parse
from curate.kernels.hashing import hash_rows
from curate.matching.matchers import Matchers, match_all
from curate.matching.ngram import Matches
from curate.mixture.runs import Staged, write_run
from curate.records import EXTRAS, ROLES, TURN_COLUMNS, body_schema, message_fields, one_array, with_fields
from curate.shards import text_bytes, write_arrow
from curate.sources import Block
from curate.steps.decontaminate.found import Found, ItemNames, hits_of, judge, match_lines, row_ids
from curate.steps.decontaminate.policy import Hits
from curate.steps.decontaminate.verdict_use import Given, seen, verdicts_of
from curate.text.hashing import as_uuids, sampling_keys
from curate.turns import Turns, all_turns

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
    matchers: Matchers
    names: ItemNames
    given: Given
    prompts: bool
    """Whether prompts are hashed: only a validation split asks whose prompts are alike."""
    staging: Path
    parts: int
    """How many parts a run is cut into."""


@dataclass(frozen=True)
class Scanned:
    """What stays in memory of one block; its `n` valid rows are its records."""

    number: int
    n: int
    bad: np.ndarray  # int64: positions in the source of the rows that make no record
    runs: list[Staged]  # per pass; none where there is no record
    prompts: np.ndarray  # uint64 a record; empty where none are wanted
    sizes: np.ndarray  # int32 a record: bytes of text
    hits: Hits  # rows are places among the records
    judged: np.ndarray  # int64 an entry of the verdict file: pairs it was applied to
    seen: np.ndarray  # bool an entry of the verdict file: its record is in this block
    first_reason: str | None  # why the first bad row makes no record
    n_tokens: int
    scanned_bytes: int
    nbytes: int  # of the block as it was read
    schema: pa.Schema
    extras: frozenset[str]  # message extras and optional columns that are not null throughout
    dropped_columns: frozenset[str]

    def joined(self) -> Scanned:
        """The same without what `merge.source_rows` has taken over."""
        return replace(self, sizes=np.empty(0, np.int32), prompts=np.empty(0, np.uint64))

    @property
    def quarantined(self) -> int:
        """Rows that make no record."""
        return len(self.bad)


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
    pairs, counts = match_all(scanned, scan.matchers)
    n_tokens = np.bincount(scanned.docs, weights=counts, minlength=turns.n_docs).astype(np.int64)
    hashes = turns.content_hashes()
    _stage_documents(scan, reading, number, block.file, parsed, n_tokens, hashes)
    found, judged = _judged(scan, pairs, hashes)
    _stage_matches(scan, reading, number, parsed, turns, found)
    extras = _used_extras(scan.kind, parsed.records)
    records = _slim(scan.kind, parsed.records, extras)
    return Scanned(
        number=number,
        n=turns.n_docs,
        bad=np.array([bad.row for bad in parsed.quarantine], np.int64),
        runs=_stage_runs(scan, reading, number, records, parsed.rows),
        prompts=_prompt_hashes(scan.kind, turns) if scan.prompts else np.empty(0, np.uint64),
        sizes=_sizes(scan.kind, records).astype(np.int32),
        hits=hits_of(found),
        judged=judged,
        seen=seen(hashes, scan.given),
        first_reason=parsed.quarantine[0].reason if parsed.quarantine else None,
        n_tokens=int(n_tokens.sum()),
        nbytes=block.nbytes,
        scanned_bytes=int((scanned.stops - scanned.starts).sum()),
        schema=parsed.records.schema,
        extras=extras,
        dropped_columns=parsed.dropped_columns,
    )


def _judged(scan: Scan, found: Mapping[str, Sequence[Matches]], hashes: np.ndarray) -> tuple[list[Found], np.ndarray]:
    """What is to be made of the pairs of every matcher, and how often each verdict was applied."""
    judged, applied = [], np.zeros(scan.given.n, np.int64)
    for name, parts in found.items():
        for pairs in parts:
            codes, times = verdicts_of(pairs, hashes, scan.given)
            judged.append(judge(name, scan.matchers.thresholds[name], pairs, codes))
            applied += times
    return judged, applied


def _slim(kind: str, records: pa.Table, extras: frozenset[str]) -> pa.Table:
    """The records without the optional columns and message extras that none of them has."""
    shown = message_fields(extras)
    for name in TURN_COLUMNS[kind]:
        place = records.schema.get_field_index(name)
        records = records.set_column(place, name, with_fields(records.column(place), shown))
    return records if "tools" in extras or "tools" not in records.column_names else records.drop_columns("tools")


def _prompt_hashes(kind: str, turns: Turns) -> np.ndarray:
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


def _stage_runs(scan: Scan, reading: Reading, number: int, records: pa.Table, rows: np.ndarray) -> list[Staged]:
    """Write the block's records in the order of their keys, once for each pass over the source."""
    return [
        write_run(
            scan.staging / f"run-{number}-{turn}.arrow",
            records,
            sampling_keys(scan.seed, reading.name, rows, turn),
            scan.parts,
        )
        for turn in range(reading.passes if len(rows) else 0)
    ]


def _stage_documents(
    scan: Scan, reading: Reading, number: int, file: str, parsed: Parsed, n_tokens: np.ndarray, hashes: np.ndarray
) -> None:
    """The lines of the table `documents` but for fate and copies, valid rows first, then the quarantined ones."""
    bad = parsed.quarantine
    rows = np.concatenate([parsed.rows, np.array([q.row for q in bad], np.int64)])
    table = pa.table(
        {
            "source": pa.array([reading.name]).dictionary_encode().take(pa.array(np.zeros(len(rows), np.int8))),
            "file": pa.array([file]).dictionary_encode().take(pa.array(np.zeros(len(rows), np.int8))),
            "row": rows,
            "origin_id": pa.concat_arrays([one_array(parsed.origin_id), pa.nulls(len(bad), pa.string())]),
            "n_tokens": pa.concat_arrays([pa.array(n_tokens), pa.nulls(len(bad), pa.int64())]),
            "content_hash": as_uuids(hashes, len(bad)),
        }
    )
    write_arrow(scan.staging / f"documents-{number}.arrow", table)
    if bad:
        lines = [{"source": reading.name} | {name: getattr(q, name) for name in QUARANTINE.names[1:]} for q in bad]
        write_arrow(scan.staging / f"quarantine-{number}.arrow", pa.Table.from_pylist(lines, QUARANTINE))


def _stage_matches(
    scan: Scan, reading: Reading, number: int, parsed: Parsed, turns: Turns, found: Sequence[Found]
) -> None:
    """The lines of the tables `matches` and `texts` that this block gives."""
    found = [part for part in found if len(part.pairs.docs)]
    if not found:
        return
    ids = row_ids(reading.name, parsed.rows)
    matches = pa.concat_tables([match_lines(scan.names, reading.name, ids, part) for part in found])
    write_arrow(scan.staging / f"matches-{number}.arrow", matches)
    wanted = np.flatnonzero(np.isin(turns.stretches.docs, np.concatenate([part.pairs.docs for part in found])))
    texts = pa.table(
        {
            "doc_id": ids.take(pa.array(turns.stretches.docs[wanted])),
            "turn": turns.stretches.turns[wanted],
            "role": pa.array(ROLES).take(pa.array(turns.roles[wanted])),
            "text": turns.texts.take(pa.array(wanted)),
        }
    )
    write_arrow(scan.staging / f"texts-{number}.arrow", texts)
