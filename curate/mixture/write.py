"""What is written of a build: data/, removed/ and quarantine/, a job a file.

Rows go to Parquet shards in the order of `merge`, or as they stand in their files (`rows: lines`)
to one file a source, for which text files are read once more. Every count is compared with what was
decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import CurateError
from curate.files.lines import copy_rows, packed
from curate.mixture.job import Job
from curate.mixture.jobs import in_order
from curate.mixture.merge import Output, Rows, Writer
from curate.mixture.options import Options
from curate.mixture.plan import Plan
from curate.mixture.record import SourceResult
from curate.mixture.scan import QUARANTINE, staged_path
from curate.mixture.shape import own_schema, source_file
from curate.records import one_array
from curate.shards import (
    read_arrow,
    sha256,
    shard_count,
    shard_names,
    staging,
    write_shard,
    write_stream,
)
from curate.sources import Digest, Source, verify_read
from curate.sources.built import VALIDATION

Piece = tuple[pa.Table, np.ndarray]
"""Rows of a shard as they come, with the size of each."""
Written = Job[tuple[Path, str]]
"""Writes a file; gives its path and SHA-256."""
Wrote = Callable[[int, int, float], None]
"""Told the rows and bytes of each piece, and which part of the whole it is."""


@dataclass(frozen=True)
class Reasons:
    """Why rows went: texts, and for each the step that gives it."""

    texts: Sequence[str]
    steps: Sequence[str]


def write_rows(
    plan: Plan, out: Path, results: Sequence[SourceResult], writer: Writer, options: Options
) -> dict[Path, str]:
    """Write data/, removed/ and quarantine/; return the digest of every file.

    Raises CurateError where a folder does not hold as many rows as were decided on, and UserError
    where an input that is copied is not what was read."""
    (out / "data").mkdir()
    wrote = partial(options.progress, "write train")
    if plan.recipe.output.rows == "lines":
        jobs = _jobs_of_sources(plan, out / "data", results, writer, options)
    else:
        jobs = _jobs_of_splits(plan, out / "data", results, writer, wrote)
    jobs += _removed_jobs(out, results, writer)
    files = dict(in_order(iter(jobs), options))
    _clear_leavings(out)
    files |= {path: sha256(path) for path in _write_quarantine(out, results)}
    _check_written(plan, out, results)
    return files


def _clear_leavings(out: Path) -> None:
    """Remove what a worker left half-written when it died, and another one wrote again."""
    for path in [*out.glob("data/**/.*"), *out.glob("removed/.*")]:
        path.unlink()


def _jobs_of_splits(
    plan: Plan, data: Path, results: Sequence[SourceResult], writer: Writer, wrote: Wrote
) -> list[Written]:
    """The shards of the train split and of the validation split."""
    blocks = [result.blocks for result in results]
    own = own_schema(plan.sources, blocks) if plan.recipe.output.rows == "input" else None
    train = Output(
        [[result.mask(one) for one in result.choice.train] for result in results], own=own
    )
    held_out = Output([[result.mask(result.choice.validation)] for result in results], own=own)
    jobs = shard_jobs(data, "train", train, writer, plan.recipe.output.shards, wrote=wrote)
    return jobs + (shard_jobs(data, "validation", held_out, writer) if len(held_out) else [])


def _jobs_of_sources(
    plan: Plan,
    data: Path,
    results: Sequence[SourceResult],
    writer: Writer,
    options: Options,
) -> list[Written]:
    """A file for the training rows of each source, and one for those it holds out."""
    jobs: list[Written] = []
    for number, (source, reading, digests, result) in enumerate(
        zip(plan.sources, plan.readings, plan.digests, results, strict=True)
    ):
        own = own_schema([source], [result.blocks]) if reading.as_read else None
        splits = [(data, result.choice.train[0]), (data / VALIDATION, result.choice.validation)]
        for folder, chosen in splits:
            if not chosen.any():
                continue
            path, mask = folder / source_file(source), result.mask(chosen)
            folder.mkdir(exist_ok=True)
            if own is not None:
                taken = [[mask if n == number else _no(other)] for n, other in enumerate(results)]
                jobs += _jobs([path], Output(taken, own=own), writer)
            else:
                kept = _among_all(result, mask)
                jobs.append(Job(_copy, (), (source, digests, kept, path, options.block_bytes)))
    return jobs


def _no(result: SourceResult) -> np.ndarray:
    return np.zeros(result.rows.n, np.bool_)


def _among_all(result: SourceResult, mask: np.ndarray) -> np.ndarray:
    """A mask over the valid rows of a source as one over all that were read."""
    whole = np.zeros(result.read, np.bool_)
    whole[result.rows.positions(np.flatnonzero(mask))] = True
    return whole


def _copy(
    source: Source, digests: Sequence[Digest], kept: np.ndarray, path: Path, block_bytes: int
) -> tuple[Path, str]:
    """Copy rows of text files as they stand there; what is copied must be what was read."""
    hashes: dict[str, str] = {}
    with packed(path) as write:
        n = copy_rows(source.files, kept, write, block_bytes=block_bytes, hashes=hashes)
    verify_read(source, digests, hashes)
    if n != np.count_nonzero(kept):
        wanted = np.count_nonzero(kept)
        raise CurateError(f"data/{path.name} holds {n} rows where {wanted} were to be written")
    return path, sha256(path)


def shard_rows(
    writer: Writer, output: Output, totals: np.ndarray, start: int, stop: int | None
) -> Iterator[Rows]:
    """The rows of an output from the one where its text reaches `start` bytes up to the one where
    it reaches `stop`.

    `totals` are the bytes up to the end of each part. Bounds of 0 and None are the beginning and
    the end."""
    first = int(np.searchsorted(totals, start)) if start else 0
    last = int(np.searchsorted(totals, stop)) if stop is not None else len(totals) - 1
    for part in range(first, last + 1):
        rows = writer.rows(output, part)
        reached = (totals[part - 1] if part else 0) + np.cumsum(rows.sizes)
        low = int(np.searchsorted(reached, start)) if part == first and start else 0
        high = (
            int(np.searchsorted(reached, stop))
            if part == last and stop is not None
            else len(reached)
        )
        yield rows.slice(low, high)


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, each made by another thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, pieces, None)
            yield piece


def shard_jobs(
    folder: Path,
    split: str,
    output: Output,
    writer: Writer,
    shards: int | str = "auto",
    *,
    reasons: Reasons | None = None,
    wrote: Wrote = lambda rows, size, part: None,
) -> list[Written]:
    """What is to be done to write one output into `folder`, a job a Parquet shard; `reasons` adds
    the columns step and reason.
    """
    folder.mkdir(exist_ok=True)
    n = shard_count(int(writer.sizes_of_parts(output).sum()), shards)
    paths = [folder / name for name in shard_names(split, n)]
    return _jobs(paths, output, writer, reasons, wrote)


def _jobs(
    paths: Sequence[Path],
    output: Output,
    writer: Writer,
    reasons: Reasons | None = None,
    wrote: Wrote = lambda rows, size, part: None,
) -> list[Written]:
    """The jobs that write an output into some files, about as much into each."""
    totals = np.cumsum(writer.sizes_of_parts(output))
    whole, n = int(totals[-1]), len(paths)
    shards = _Shards(output, writer, totals, reasons, Told(wrote), alone=n == 1)
    starts = [whole * shard // n for shard in range(n)]
    bounds = zip(paths, starts, [*starts[1:], None], strict=True)
    return [Job(_write, (shards,), (path, start, stop)) for path, start, stop in bounds]


@dataclass(frozen=True)
class Told:
    """Progress, of which another process hears nothing."""

    wrote: Wrote

    def __reduce__(self) -> tuple[Any, ...]:
        return Told, (_untold,)


def _untold(rows: int, size: int, part: float) -> None:
    pass


@dataclass(frozen=True)
class _Shards:
    """What all jobs that write one output need to know."""

    output: Output
    writer: Writer
    totals: np.ndarray
    reasons: Reasons | None
    told: Told
    alone: bool

    @property
    def schema(self) -> pa.Schema:
        schema = self.writer.schema_of(self.output)
        for name in ("step", "reason") if self.reasons is not None else ():
            schema = schema.append(pa.field(name, pa.string()))
        return schema

    def pieces(self, start: int, stop: int | None) -> Iterator[Piece]:
        whole = max(1, int(self.totals[-1]))
        for rows in shard_rows(self.writer, self.output, self.totals, start, stop):
            records = rows.records
            yield (_explained(records, self.reasons) if self.reasons else records), rows.sizes
            size = int(rows.sizes.sum())
            self.told.wrote(len(rows.sizes), size, size / whole)


def _write(shards: _Shards, path: Path, start: int, stop: int | None) -> tuple[Path, str]:
    own = shards.pieces(start, stop)
    with staging(path) as temporary:
        write_shard(temporary, shards.schema, ahead(own) if shards.alone else own)
    return path, sha256(path)


def _explained(records: pa.Table, reasons: Reasons) -> pa.Table:
    """Rows with the step that removed them and the text of the reason."""
    place = records.schema.get_field_index("reason")
    if place < 0:  # a part without a row
        none = pa.array([], pa.string())
        return records.append_column("step", none).append_column("reason", none)
    number = one_array(records.column("reason"))
    why, steps = (
        pa.array(values, pa.string()).take(number) for values in (reasons.texts, reasons.steps)
    )
    return records.remove_column(place).append_column("step", steps).append_column("reason", why)


def _removed_jobs(out: Path, results: Sequence[SourceResult], writer: Writer) -> list[Written]:
    """What is to be done to write every removed row whole, with the step and the reason."""
    texts: list[str] = []
    steps: list[str] = []
    taken, reasons = [], []
    for result in results:
        rows, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for step, removal in result.removals:
            rows.append(removal.rows)
            numbers.append(removal.reason_of + len(texts))
            texts += removal.reasons
            steps += [step] * len(removal.reasons)
        order = np.argsort(np.concatenate(rows), kind="stable")
        gone = np.zeros(result.rows.n, np.bool_)
        gone[np.concatenate(rows)] = True
        taken.append([gone])
        reasons.append(
            (np.concatenate(rows)[order], np.concatenate(numbers)[order].astype(np.int32))
        )
    output = Output(taken, reasons)
    if not len(output):
        return []
    return shard_jobs(out / "removed", "removed", output, writer, reasons=Reasons(texts, steps))


def _write_quarantine(out: Path, results: Sequence[SourceResult]) -> list[Path]:
    """Write all quarantined rows in the order of sources and rows, a few at a time."""
    staged = [
        staged_path(block.folder, "quarantine", block.number)
        for result in results
        for block in result.blocks
        if block.quarantined
    ]
    if not staged:
        return []
    (out / "quarantine").mkdir()
    path = out / "quarantine" / "quarantine-00000-of-00001.parquet"
    write_stream(path, QUARANTINE, map(read_arrow, staged))
    return [path]


def _check_written(plan: Plan, out: Path, results: Sequence[SourceResult]) -> None:
    """Raise CurateError if a folder does not hold as many rows as were decided on; rows of text
    were counted when they were copied.
    """
    lines = plan.recipe.output.rows == "lines"
    in_parquet = [reading.as_read or not lines for reading in plan.readings]
    decided = {
        "data": sum(
            int(own.copies.sum()) for own, there in zip(results, in_parquet, strict=True) if there
        ),
        "removed": sum(len(gone.rows) for result in results for _, gone in result.removals),
        "quarantine": sum(result.quarantined for result in results),
    }
    for folder, wanted in decided.items():
        found = sum(pq.read_metadata(path).num_rows for path in (out / folder).rglob("*.parquet"))
        if found != wanted:
            raise CurateError(f"{folder}/ holds {found} rows where {wanted} were to be written")
