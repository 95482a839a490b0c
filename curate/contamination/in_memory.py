"""Decontaminates data at hand, from Python: the same matcher and policies as a build, the result in memory.

    result = curate.decontaminate(dataset, suite="evals.jsonl")
    clean = dataset.select(result.kept_rows["data"])
    result.dropped.select(["id", "reason"]).to_pylist()

Bound: the records of all inputs lie in memory. A corpus that is larger is the business of `curate build`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.contamination.found import ItemNames, benchmark_items, hits_of, join_hits, match_lines, row_ids
from curate.contamination.index import Index, build_index
from curate.contamination.ngram import NO_MATCHES, Matches, match
from curate.contamination.policy import POLICIES, BenchmarkItems, Overlap, left_over, overlaps_of, removal
from curate.contamination.profile import profile as find_profile
from curate.contamination.turns import all_turns
from curate.errors import UserError, unknown
from curate.files.columnar import ArrowBlock
from curate.formats import Parsed, Quarantined, check_columns, check_format, detect, parse
from curate.formats.kinds import guess_kind
from curate.records import ROLES
from curate.sources import Block, Source, open_source, source_names
from curate.suite import load_suite, read_suite

_ROWS_A_BLOCK = 20_000


@dataclass(frozen=True)
class Decontaminated:
    """What was kept, what was dropped, and why.

    `kept` and `dropped` are records with `id` and `source`, `dropped` with a `reason`. `matches` has a row for every
    pair of a record and an item with a score of at least 0.2, with the columns of the audit's table of that name:
    doc_id, source, benchmark, instance_id, matcher, score, hit, and the spans of both sides in code points.
    `overlaps[source]` has a cell for every benchmark, `kept_rows[source]` the positions of the kept rows in the input.
    """

    kept: pa.Table
    dropped: pa.Table
    matches: pa.Table
    overlaps: dict[str, list[Overlap]]
    kept_rows: dict[str, np.ndarray]
    quarantine: list[Quarantined]


@dataclass(frozen=True)
class _Rule:
    """What is looked for, and what is done where it is found."""

    index: Index
    names: ItemNames
    benchmarks: list[BenchmarkItems]
    threshold: float
    policy: str
    roles: tuple[str, ...]


def decontaminate(
    data: Any,
    *,
    suite: str | Path,
    kind: str | None = None,
    format: str | dict[str, Any] | None = None,
    profile: str = "tulu3",
    policy: str = "drop-rows",
    benchmarks_dir: Path | str | None = None,
    without: Sequence[str] = (),
    roles: Sequence[str] = ("user",),
    split: str = "train",
) -> Decontaminated:
    """Take the items of an evaluation suite out of `data`.

    `data` is a path, a glob, a Hub id or a list of them, or a data set at hand (`datasets.Dataset`, a pyarrow Table, a
    polars DataFrame), which is then called `data`. `suite` is a shipped name, a suite file or a data file of one's own.
    Raises UserError where a name is unknown, an input cannot be read, or there is no text to scan.
    """
    if policy not in POLICIES:
        raise UserError(unknown("policy", policy, POLICIES))
    for role in roles:
        if role not in ROLES:
            raise UserError(unknown("role", role, ROLES))
    settings = find_profile(profile)
    named = _inputs(data, split)
    folder = Path(benchmarks_dir) if benchmarks_dir is not None else None
    read = read_suite(load_suite(suite, base=Path.cwd()), benchmarks_dir=folder, without=without, base=Path.cwd())
    index = build_index([item.fields for item in read.items], settings.n, settings.threshold)
    rule = _Rule(index, ItemNames.of(read.items), benchmark_items(read), settings.threshold, policy, tuple(roles))
    parts = [_one_source(name, list(blocks), kind, format, rule) for name, blocks in named]
    if len({part.kept.schema for part in parts}) > 1:
        raise UserError(f"{', '.join(name for name, _ in named)}: records of different kinds; name one with kind=")
    return Decontaminated(
        kept=pa.concat_tables([part.kept for part in parts]),
        dropped=pa.concat_tables([part.dropped for part in parts]),
        matches=pa.concat_tables([part.matches for part in parts]),
        overlaps={name: cells for part in parts for name, cells in part.overlaps.items()},
        kept_rows={name: rows for part in parts for name, rows in part.kept_rows.items()},
        quarantine=[bad for part in parts for bad in part.quarantine],
    )


def _inputs(data: Any, split: str) -> list[tuple[str, Iterator[Block]]]:
    """Named streams of blocks of whatever was given."""
    if isinstance(data, (str, Path)):
        data = [data]
    if isinstance(data, (list, tuple)) and all(isinstance(path, (str, Path)) for path in data):
        paths = [str(path) for path in data]
        if not paths:
            raise UserError("data: an empty list; give at least one path")
        sources = [
            open_source(n, p, base=Path.cwd(), split=split) for n, p in zip(source_names(paths), paths, strict=True)
        ]
        return [(source.name, source.blocks()) for source in sources]
    if hasattr(data, "with_format") and hasattr(data, "features"):  # datasets.Dataset
        return [("data", Source("data", "data", (), dataset=data).blocks())]
    table = data.to_arrow() if hasattr(data, "to_arrow") else data
    if not isinstance(table, pa.Table):
        raise UserError(f"data: neither paths nor a Dataset, Table or DataFrame, but {type(data).__name__}")
    starts = range(0, table.num_rows, _ROWS_A_BLOCK)
    return [("data", (ArrowBlock.of("data", start, table.slice(start, _ROWS_A_BLOCK)) for start in starts))]


def _one_source(
    name: str,
    blocks: list[Block],
    kind: str | None,
    fmt: str | dict[str, Any] | None,
    rule: _Rule,
) -> Decontaminated:
    if not blocks:
        raise UserError(f"{name}: no rows")
    kind = kind or guess_kind(blocks[0], fmt)
    fmt = fmt or detect(blocks[0], kind)
    check_format(fmt, kind)
    check_columns(blocks[0], fmt)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parsed, found, tokens = zip(*pool.map(partial(_block, fmt=fmt, kind=kind, rule=rule), blocks), strict=True)
    if not any(tokens):
        raise UserError(f"{name}: no text in turns of role {', '.join(rule.roles)}; name the roles to scan")
    rows = np.concatenate([part.rows for part in parsed])
    records = pa.concat_tables([part.records for part in parsed])
    records = records.add_column(0, "source", pa.array([name] * len(rows), pa.string()))
    records = records.add_column(0, "id", row_ids(name, rows))
    hits = join_hits([(len(part.rows), hits_of(own, rule.threshold)) for part, own in zip(parsed, found, strict=True)])
    cells = overlaps_of(hits, rule.index.n_items, rule.benchmarks)
    gone = removal(rule.policy, len(rows), hits, cells, rule.names.ids.to_pylist())
    kept = left_over(len(rows), gone.rows)
    return Decontaminated(
        kept=records.take(pa.array(kept)),
        dropped=records.take(pa.array(gone.rows)).append_column("reason", gone.reason_column()),
        matches=pa.concat_tables(
            match_lines(rule.names, name, row_ids(name, part.rows), one, rule.threshold)
            for part, own in zip(parsed, found, strict=True)
            for one in own or [NO_MATCHES]
        ),
        overlaps={name: cells},
        kept_rows={name: rows[kept]},
        quarantine=[bad for part in parsed for bad in part.quarantine],
    )


def _block(block: Block, *, fmt: str | dict[str, Any], kind: str, rule: _Rule) -> tuple[Parsed, list[Matches], int]:
    parsed = parse(block, fmt, kind)
    found, counts = match(all_turns(kind, parsed.records).only(rule.roles), rule.index.table)
    return parsed, found, int(counts.sum())
