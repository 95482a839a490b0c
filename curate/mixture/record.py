"""Fills the audit database from what the scan staged and what was decided, block by block and
without a loop over rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curate import makers
from curate.audit import store
from curate.audit.face import face
from curate.formats import as_words
from curate.make.source import MadeSource
from curate.make.tables import tables_of
from curate.mixture.merge import SourceRows
from curate.mixture.plan import Plan
from curate.mixture.scan import Scanned, staged_path
from curate.mixture.seen import firsts
from curate.mixture.settle import Settled
from curate.shards import read_arrow
from curate.steps.sample import Choice
from curate.steps.step import Decision, Removal, row_ids

FATES = pa.array(["quarantined", "kept", "removed", "duplicate", "not-sampled"])
QUARANTINED, KEPT, REMOVED, DUPLICATE, NOT_SAMPLED = range(5)
_FATE_OF = {"removed": REMOVED, "duplicate": DUPLICATE}


@dataclass(frozen=True)
class SourceResult:
    """All that was decided about one source: arrays run over its valid rows."""

    rows: SourceRows
    blocks: Sequence[Scanned]
    removals: Sequence[tuple[str, Removal]]  # by the step that took the rows
    kept: np.ndarray  # ordinals that were left after the removals
    choice: Choice  # over `kept`
    capped: Sequence[tuple[str, np.ndarray]] = ()  # ordinals that a cap left out, with the reason

    @property
    def quarantined(self) -> int:
        """Rows that made no record."""
        return sum(block.quarantined for block in self.blocks)

    @property
    def read(self) -> int:
        """Rows read, quarantined ones included."""
        return self.rows.n + self.quarantined

    def mask(self, chosen: np.ndarray) -> np.ndarray:
        """A mask over `kept` as one over all rows."""
        whole = np.zeros(self.rows.n, np.bool_)
        whole[self.kept] = chosen
        return whole

    @property
    def copies(self) -> np.ndarray:
        """How often each row is written."""
        copies = np.zeros(self.rows.n, np.int32)
        copies[self.kept] = self.choice.copies
        return copies

    @property
    def fates(self) -> np.ndarray:
        """What became of each row, as a place in FATES."""
        fates = np.where(self.copies > 0, np.int8(KEPT), np.int8(NOT_SAMPLED))
        for _, removal in self.removals:
            fates[removal.rows] = _FATE_OF[removal.fate]
        return fates


def record(
    path: Path,
    plan: Plan,
    results: Sequence[SourceResult],
    settled: Settled,
    samples: Iterable[pa.Table],
    runs: Mapping[str, Any],
) -> None:
    """Write the whole audit to `path`, `samples` into the table of that name, and check that it adds
    up; raises CurateError if it does not.
    """
    record_all(path, [(plan, results)], settled.decisions, {"samples": samples}, runs)


def record_all(
    path: Path,
    parts: Sequence[tuple[Plan, Sequence[SourceResult]]],
    decisions: Mapping[str, Decision],
    tables: Mapping[str, Iterable[pa.Table]],
    runs: Mapping[str, Any],
) -> None:
    """The same of several plans with the same steps, which decided on the rows of all of them;
    `tables` are lines of tables that belong to no step.
    """
    (plan, _), *_ = parts
    names = [*makers.shown(plan.recipe.makers), *(step.name for step in plan.steps)]
    faces = [shown for name in names if (shown := face(name)) is not None]
    results = [result for _, own in parts for result in own]
    with (
        store.told(path),
        closing(store.create(path, [shown.schema for shown in faces])) as con,
    ):
        for of, own in parts:
            _sources(con, of, own)
        for decision in decisions.values():
            for table, lines in decision.tables.items():
                store.insert_all(con, table, lines)
        made = [source for source in plan.sources if isinstance(source, MadeSource)]
        for table, lines in [*tables_of(made).items(), *chain(*map(_own_lines, made))]:
            store.insert_all(con, table, lines)
        for result in results:
            _documents(con, result)
            _removals(con, result)
        for table, lines in tables.items():
            store.insert_all(con, table, lines)
        store.insert(
            con,
            "runs",
            pa.table({"key": list(runs), "value": [json.dumps(v) for v in runs.values()]}),
        )
        store.reconcile(con, sum(int(result.copies.sum()) for result in results))
        store.finish(con, [shown.views for shown in faces])


def _own_lines(source: MadeSource) -> Iterator[tuple[str, Iterable[pa.Table]]]:
    """What a made source adds to the tables of its own maker, and what is counted on all of it."""
    if not source.staged:
        return
    for name, paths in source.staged.items():
        yield name, (_with_source(read_arrow(path), source.name) for path in paths)
    counted = getattr(makers.load(source.from_), "lines", None)
    for name, table in (counted(source.staged) if counted else {}).items():
        yield name, [_with_source(table, source.name)]


def _with_source(table: pa.Table, source: str) -> pa.Table:
    return table.append_column("source", pa.repeat(source, table.num_rows))


def _sources(con: duckdb.DuckDBPyConnection, plan: Plan, results: Sequence[SourceResult]) -> None:
    rows = [
        {
            "name": spec.name,
            "from_": spec.from_ or source.from_,
            "revision": source.revision,
            "files": len(source.files),
            "rows_read": result.read,
            "rows_kept": int(np.count_nonzero(result.copies)),
            "rows_written": int(result.copies.sum()),
            "licence": spec.licence,
            "format": as_words(reading.format),
            "shortfall": result.choice.shortfall,
            "kind": plan.recipe.kind,
            "rows_validation": int(np.count_nonzero(result.choice.validation)),
            "dropped_columns": sorted(
                frozenset().union(*(block.dropped_columns for block in result.blocks))
            ),
        }
        for spec, source, reading, result in zip(
            plan.recipe.sources, plan.sources, plan.readings, results, strict=True
        )
    ]
    store.insert(con, "sources", pa.Table.from_pylist(rows))


def _documents(con: duckdb.DuckDBPyConnection, result: SourceResult) -> None:
    """What was staged of one source: its documents, what the steps tell of them, and the rows that
    made no record.
    """
    store.insert_all(con, "documents", _with_fates(result))
    store.insert_all(con, "texts", _staged("texts", result.blocks))
    for step, table in sorted(frozenset().union(*(block.lines for block in result.blocks))):
        store.insert_all(con, table, _staged(f"{step}.{table}", result.blocks))
    for block in result.blocks:
        if block.quarantined:
            bad = read_arrow(staged_path(block.folder, "quarantine", block.number))
            ids = row_ids(result.rows.name, bad["row"].to_numpy())
            _decided(con, "validate", ids, "quarantined", {"reason": bad["reason"]})
    for unused in _staged("unused", result.blocks):
        ids = row_ids(result.rows.name, unused["row"].to_numpy())
        why = {"reason": unused["reason"], "detail": unused["value"]}
        _decided(con, "validate", ids, FIELD_UNUSED, why)


FIELD_UNUSED = "field-unused"
"""The action of a decision that made an optional field of a record null."""


def _staged(what: str, blocks: Sequence[Scanned]) -> Iterator[pa.Table]:
    there = (block for block in blocks if what in block.staged)
    return (read_arrow(staged_path(block.folder, what, block.number)) for block in there)


def _with_fates(result: SourceResult) -> Iterator[pa.Table]:
    """What was staged of each block's documents, with their fates and copies; the quarantined rows
    stand last.
    """
    fates, copies = result.fates, result.copies
    for first, block in firsts(result.blocks):
        own, bad = slice(first, first + block.n), block.quarantined
        fate = np.concatenate([fates[own], np.full(bad, QUARANTINED, np.int8)])
        written = np.concatenate([copies[own], np.zeros(bad, np.int32)])
        documents = read_arrow(staged_path(block.folder, "documents", block.number))
        documents = documents.append_column("fate", FATES.take(pa.array(fate)))
        yield documents.append_column("copies", pa.array(written))


def _removals(con: duckdb.DuckDBPyConnection, result: SourceResult) -> None:
    for step, removal in result.removals:
        ids = row_ids(result.rows.name, result.rows.positions(removal.rows))
        columns = {name: removal.column(values) for name, values in removal.told.items()}
        _decided(con, step, ids, removal.fate, columns)
    for reason, rows in result.capped:
        ids = row_ids(result.rows.name, result.rows.positions(rows))
        _decided(con, "sample", ids, "not-sampled", {"reason": [reason] * len(ids)})


def _decided(
    con: duckdb.DuckDBPyConnection,
    step: str,
    ids: pa.Array,
    action: str,
    columns: Mapping[str, Any],
) -> None:
    head = {"step": [step] * len(ids), "doc_id": ids, "action": [action] * len(ids)}
    store.insert(con, "decisions", pa.table(head | dict(columns)))
