"""Fills the audit database from what the scan staged and what was decided, block by block and without a loop over
rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curate.audit import store
from curate.items import item_text
from curate.mixture.merge import SourceRows
from curate.mixture.plan import Plan, as_words
from curate.mixture.scan import Scanned
from curate.shards import read_arrow
from curate.steps.decontaminate.found import row_ids
from curate.steps.decontaminate.policy import Removal
from curate.steps.sample import Choice

FATES = pa.array(["quarantined", "kept", "removed", "not-sampled"])
QUARANTINED, KEPT, REMOVED, NOT_SAMPLED = range(4)


@dataclass(frozen=True)
class SourceResult:
    """All that was decided about one source: arrays run over its valid rows."""

    rows: SourceRows
    blocks: Sequence[Scanned]
    removal: Removal
    kept: np.ndarray  # ordinals that were left after the removal
    choice: Choice  # over `kept`

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
        fates[self.removal.rows] = REMOVED
        return fates


@dataclass(frozen=True)
class Evidence:
    """What is known of the matches all together: of each source and benchmark, the items still hit if the source goes;
    the entries of the verdict file and what became of each; the lines of the self-test, if there was one."""

    left: list[list[int]]
    verdicts: list[dict[str, Any]]
    selftest: pa.Table | None


def record(
    path: Path,
    staging: Path,
    plan: Plan,
    results: Sequence[SourceResult],
    runs: Mapping[str, Any],
    evidence: Evidence,
) -> None:
    """Write the whole audit to `path`, and check that it adds up; raises CurateError if it does not."""
    con = store.create(path)
    try:
        _sources(con, plan, results)
        _instances(con, plan)
        if evidence.verdicts:
            store.insert(con, "verdicts", pa.Table.from_pylist(evidence.verdicts))
        if evidence.selftest is not None:
            store.insert(con, "selftest", evidence.selftest)
        for result in results:
            _documents(con, staging, result)
            _removals(con, result)
        store.insert(con, "runs", pa.table({"key": list(runs), "value": [json.dumps(v) for v in runs.values()]}))
        store.reconcile(con, sum(int(result.copies.sum()) for result in results))
        store.finish(con)
    finally:
        con.close()


def _sources(con: duckdb.DuckDBPyConnection, plan: Plan, results: Sequence[SourceResult]) -> None:
    rows = [
        {
            "name": spec.name,
            "from_": spec.from_,
            "revision": source.revision,
            "files": len(source.files),
            "rows_read": result.read,
            "rows_kept": int(np.count_nonzero(result.copies)),
            "rows_written": int(result.copies.sum()),
            "licence": spec.licence,
            "format": as_words(reading.format),
            "shortfall": result.choice.shortfall,
            "kind": plan.recipe.kind,
        }
        for spec, source, reading, result in zip(plan.recipe.sources, plan.sources, plan.readings, results, strict=True)
    ]
    store.insert(con, "sources", pa.Table.from_pylist(rows))


def _instances(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    if plan.suite is None or not plan.suite.items:
        return
    roles = {benchmark.name: benchmark.role for benchmark in plan.benchmarks}
    items = plan.suite.items
    columns = {
        "suite": [plan.suite.name] * len(items),
        "benchmark": [item.benchmark for item in items],
        "instance_id": [item.instance_id for item in items],
        "text": [item_text(item) for item in items],
        "n_tokens": plan.matchers.index.n_tokens,
        "role": [roles[item.benchmark] for item in items],
        "matchable": plan.matchers.matchable,
    }
    store.insert(con, "instances", pa.table(columns))


def _documents(con: duckdb.DuckDBPyConnection, staging: Path, result: SourceResult) -> None:
    """What was staged of one source: its documents, matches and texts, and the rows that made no record."""
    store.insert_all(con, "documents", _with_fates(staging, result))
    for table in ("matches", "texts"):
        paths = (staging / f"{table}-{block.number}.arrow" for block in result.blocks)
        store.insert_all(con, table, (read_arrow(path) for path in paths if path.exists()))
    for block in result.blocks:
        if block.quarantined:
            _quarantined(con, result.rows.name, read_arrow(staging / f"quarantine-{block.number}.arrow"))


def _with_fates(staging: Path, result: SourceResult) -> Iterator[pa.Table]:
    """What was staged of each block's documents, with their fates and copies; the quarantined rows stand last."""
    fates, copies, first = result.fates, result.copies, 0
    for block in result.blocks:
        own, bad = slice(first, first + block.n), block.quarantined
        fate = np.concatenate([fates[own], np.full(bad, QUARANTINED, np.int8)])
        written = np.concatenate([copies[own], np.zeros(bad, np.int32)])
        documents = read_arrow(staging / f"documents-{block.number}.arrow")
        documents = documents.append_column("fate", FATES.take(pa.array(fate)))
        yield documents.append_column("copies", pa.array(written))
        first = own.stop


def _decide(con: duckdb.DuckDBPyConnection, step: str, ids: pa.Array, action: str, reasons: Any) -> None:
    columns = {"step": [step] * len(ids), "doc_id": ids, "action": [action] * len(ids), "reason": reasons}
    store.insert(con, "decisions", pa.table(columns))


def _quarantined(con: duckdb.DuckDBPyConnection, source: str, bad: pa.Table) -> None:
    ids = row_ids(source, bad["row"].to_numpy())
    _decide(con, "validate", ids, "quarantined", bad["reason"])


def _removals(con: duckdb.DuckDBPyConnection, result: SourceResult) -> None:
    removal = result.removal
    if len(removal.rows):
        ids = row_ids(result.rows.name, result.rows.positions(removal.rows))
        _decide(con, "decontaminate", ids, "removed", removal.reason_column())
