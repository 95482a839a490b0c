"""Runs a recipe from its plan to the finished folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate import lock as locks
from curate.audit import store
from curate.audit.report import Drawn, draw, write_report
from curate.audit.store import DATABASE, open_readonly
from curate.card import card
from curate.errors import CurateError, FailOver, UserError
from curate.files import BLOCK_BYTES
from curate.mixture.folder import target, unfinished
from curate.mixture.merge import Output, SourceRows, Writer, corpus_schema, shard_jobs, source_rows
from curate.mixture.plan import Plan, make_plan
from curate.mixture.probe import probe
from curate.mixture.record import Evidence, SourceResult, record
from curate.mixture.runs import part_count
from curate.mixture.scan import QUARANTINE, Scan, Scanned, in_order, scan_block
from curate.mixture.summary import Summary, card_facts, lock_of, summarise
from curate.recipe import Recipe, load_recipe
from curate.shards import read_arrow, sha256, write_stream, write_text
from curate.sources import estimated_bytes
from curate.steps.decontaminate.found import ItemNames, join_hits
from curate.steps.decontaminate.policy import Hits, Overlap, left_over, left_without, overlaps_of, removal
from curate.steps.decontaminate.verdict_use import Given, ready, void
from curate.steps.sample import Candidates, choose

Progress = Callable[[str, int, int, float], None]
"""Called as work goes on, from any thread: the step, rows and bytes of text that were done, and about which part of the
whole step they are."""


@dataclass(frozen=True)
class Options:
    """How a build is run; none of it changes the rows but `limit`."""

    overwrite: bool = False
    self_test: bool = False
    """Plant changed copies of the items in a sample of the text, and say what is found of them."""
    limit: int | None = None
    """Only the first rows of each source, for a first try; marked in card and lock."""
    locked: Path | None = None
    """A lock file (or built folder) whose inputs and outputs this build must repeat."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    block_bytes: int = BLOCK_BYTES
    progress: Progress = lambda step, rows, text, part: None


@dataclass(frozen=True)
class Built:
    """A finished folder and what is worth saying about it."""

    folder: Path
    summary: Summary


def build_recipe_file(path: Path | str, out: Path | str, options: Options | None = None) -> Built:
    """Build the recipe in a file; its relative paths start from its folder."""
    path = Path(path)
    return build(load_recipe(path), Path(out), base=path.parent, options=options)


def build(recipe: Recipe, out: Path, *, base: Path, options: Options | None = None) -> Built:
    """Build `recipe` into the new folder `out`.

    Raises UserError for what is wrong with recipe or data, CurateError where counts or locked digests do not agree, and
    FailOver after the folder is finished if a source hits more of a benchmark than `fail_over` allows.
    """
    options = options or Options()
    if options.self_test and recipe.decontaminate is None:
        raise UserError("--self-test: the recipe has no decontaminate step that could be tested")
    started = time.perf_counter()
    real = target(out, options.overwrite)
    plan = make_plan(recipe, base, options.workers)
    locked = locks.load(options.locked) if options.locked else None
    if locked:
        locks.check_inputs(locked, lock_of(plan, options.limit, None, {}))
    with unfinished(real) as partial_out:
        summary = _fill(plan, partial_out, options, locked, started)
    built = Built(out, summary)
    _fail_over(recipe, built)
    return built


def _fill(plan: Plan, out: Path, options: Options, locked: dict[str, Any] | None, started: float) -> Summary:
    """Do the work in the unfinished folder `out`."""
    staging = out / ".staging"
    staging.mkdir()
    planned = time.perf_counter()
    size = max(1, sum(estimated_bytes(source) for source in plan.sources))
    given = ready(plan.verdicts, plan.suite.items if plan.suite else [])
    blocks = _scan_all(plan, given, staging, options, size)
    scanned = time.perf_counter()
    pa.default_memory_pool().release_unused()
    hits = [join_hits([(block.n, block.hits) for block in own]) for own in blocks]
    tables = [overlaps_of(own, plan.matchers.index.n_items, plan.benchmarks) for own in hits]
    left = left_without(hits, plan.matchers.index.n_items, plan.benchmarks)
    results = _decide(plan, blocks, hits, tables)
    writer = _writer(plan, results, part_count(size))
    spec = plan.recipe.decontaminate
    evidence = Evidence(
        left, _verdicts(plan, given, results), probe(plan, writer) if spec and options.self_test else None
    )
    runs = {
        "versions": locks.versions(),
        "recipe": {"name": plan.recipe.name, "kind": plan.recipe.kind, "seed": plan.recipe.seed},
        "parameters": {"limit": options.limit, "workers": options.workers, "roles": list(spec.roles) if spec else []}
        | ({"policy": spec.policy, "profile": spec.profile} | _rule(plan) if spec else {}),
        "steps": ["read", "validate", *(["decontaminate"] if spec else []), "sample", "write"],
        "timings": {"plan": round(planned - started, 3), "scan": round(scanned - planned, 3)},
    }
    with ThreadPoolExecutor(1) as beside:
        # The audit needs nothing of the shards: both are written at once.
        recording = beside.submit(_record, out, staging, plan, results, runs, evidence)
        files = _write(plan, out, staging, results, writer, options)
        drawn = recording.result()
        cleared = beside.submit(shutil.rmtree, staging)
        _check_written(out, results)
        seconds = time.perf_counter() - started
        summary = summarise(plan, results, tables, evidence, list(files), options.limit, seconds)
        lock = lock_of(plan, options.limit, summary, {str(path.relative_to(out)): sha for path, sha in files.items()})
        if locked:
            locks.check_outputs(locked, lock)
        write_text(out / locks.LOCK, locks.dump(lock))
        digest = sha256(out / locks.LOCK)
        write_text(out / "README.md", card(card_facts(plan, summary, digest)))
        store.note(out / DATABASE, "finished", {"seconds": summary.seconds, "lock_sha256": digest})
        write_report(out, drawn)
        cleared.result()
    return summary


def _record(
    out: Path, staging: Path, plan: Plan, results: list[SourceResult], runs: dict[str, Any], evidence: Evidence
) -> Drawn:
    """Write the audit, and draw of it what the report will show."""
    record(out / DATABASE, staging, plan, results, runs, evidence)
    with open_readonly(out) as con:
        return draw(con)


def _rule(plan: Plan) -> dict[str, Any]:
    return {"n": plan.profile.n, "threshold": plan.profile.threshold, "matchers": plan.profile.matchers()}


def _scan_all(plan: Plan, given: Given, staging: Path, options: Options, size: int) -> list[list[Scanned]]:
    """Scan every block of every source, about `size` bytes; the results of each source in order."""
    scan = Scan(
        kind=plan.recipe.kind,
        seed=plan.recipe.seed,
        roles=plan.recipe.decontaminate.roles if plan.recipe.decontaminate else ("user",),
        matchers=plan.matchers,
        names=ItemNames.of(plan.suite.items if plan.suite else []),
        given=given,
        prompts=plan.recipe.output.validation > 0,
        staging=staging,
        parts=part_count(size),
    )
    owners: list[int] = []

    def jobs() -> Iterator[Callable[[], Scanned]]:
        number = 0
        for owner, (source, reading) in enumerate(zip(plan.sources, plan.readings, strict=True)):
            for block in source.blocks(options.limit, block_bytes=options.block_bytes):
                owners.append(owner)
                yield partial(scan_block, scan, reading, number, block)
                number += 1

    results: list[list[Scanned]] = [[] for _ in plan.sources]
    for done in in_order(jobs(), options.workers):
        results[owners[done.number]].append(done)
        options.progress("read and match", done.n + done.quarantined, int(done.sizes.sum()), done.nbytes / size)
    _refuse_unscanned(plan, results)
    return results


def _refuse_unscanned(plan: Plan, blocks: list[list[Scanned]]) -> None:
    """A source that gave no record, or no text to scan, must not come out clean."""
    for spec, own in zip(plan.recipe.sources, blocks, strict=True):
        if not any(block.n for block in own):
            n = sum(block.quarantined for block in own)
            raise UserError(f"source '{spec.name}': none of its {n} rows makes a record ({_first_reason(own)})")
        if plan.recipe.decontaminate and not any(block.n_tokens for block in own):
            roles = ", ".join(plan.recipe.decontaminate.roles)
            raise UserError(
                f"source '{spec.name}': no text in turns of role {roles}, so nothing can be said about contamination; "
                "name the roles to scan (decontaminate: roles) or take the source out"
            )


def _first_reason(own: list[Scanned]) -> str:
    return next((f"the first: {block.first_reason}" for block in own if block.first_reason), "it is empty")


def _decide(
    plan: Plan, blocks: list[list[Scanned]], hits: list[Hits], tables: list[list[Overlap]]
) -> list[SourceResult]:
    """Which rows go, and which of the rest are written."""
    names = [item.instance_id for item in plan.suite.items] if plan.suite else []
    policy = plan.recipe.decontaminate.policy if plan.recipe.decontaminate else "report"
    rows = [source_rows(reading.name, own) for reading, own in zip(plan.readings, blocks, strict=True)]
    removals = [
        removal(policy, source.n, own, table, names) for source, own, table in zip(rows, hits, tables, strict=True)
    ]
    kept = [left_over(source.n, gone.rows).astype(np.int32) for source, gone in zip(rows, removals, strict=True)]
    candidates = [_candidates(source, left, plan) for source, left in zip(rows, kept, strict=True)]
    choices = choose(candidates, plan.wanted, plan.recipe.output.validation)
    for own in blocks:
        own[:] = [block.joined() for block in own]
    return [SourceResult(*parts) for parts in zip(rows, blocks, removals, kept, choices, strict=True)]


def _candidates(source: SourceRows, left: np.ndarray, plan: Plan) -> Candidates:
    prompts = source.prompts[left] if len(source.prompts) else source.prompts
    return Candidates(len(left), lambda turn: source.keys(plan.recipe.seed, turn, left), prompts)


def _writer(plan: Plan, results: list[SourceResult], parts: int) -> Writer:
    blocks = [block for result in results for block in result.blocks]
    used = frozenset().union(*(block.extras for block in blocks))
    sources = [result.rows for result in results]
    return Writer(sources, plan.recipe.seed, parts, corpus_schema(blocks), used)


def _verdicts(plan: Plan, given: Given, results: list[SourceResult]) -> list[dict[str, Any]]:
    """The verdict file, entry by entry, and what became of each."""
    blocks = [block for result in results for block in result.blocks]
    applied = sum((block.judged for block in blocks), np.zeros(given.n, np.int64))
    reasons = void(given, applied, np.logical_or.reduce([np.zeros(given.n, np.bool_), *(b.seen for b in blocks)]))
    return [
        {"doc_id": v.doc, "instance_id": v.item, "verdict": v.verdict, "note": v.note, "applied": n, "void": reason}
        for v, n, reason in zip(plan.verdicts, applied.tolist(), reasons, strict=True)
    ]


def _write(
    plan: Plan, out: Path, staging: Path, results: list[SourceResult], writer: Writer, options: Options
) -> dict[Path, str]:
    """Write data/, removed/ and quarantine/; return the digest of every file."""
    blocks = [block for result in results for block in result.blocks]
    train = Output([[result.mask(own) for own in result.choice.train] for result in results])
    held_out = Output([[result.mask(result.choice.validation)] for result in results])
    jobs = shard_jobs(
        out / "data", "train", train, writer, plan.recipe.output.shards, wrote=partial(options.progress, "write train")
    )
    if len(held_out):
        jobs += shard_jobs(out / "data", "validation", held_out, writer, "auto")
    files = dict(in_order(iter(jobs + _removed_jobs(out, results, writer)), options.workers))
    return files | {path: sha256(path) for path in _write_quarantine(out, staging, blocks)}


def _removed_jobs(out: Path, results: list[SourceResult], writer: Writer) -> list[Callable[[], tuple[Path, str]]]:
    """What is to be done to write every removed row whole, with the step and the reason."""
    texts: list[str] = []
    taken, reasons = [], []
    for result in results:
        gone = np.zeros(result.rows.n, np.bool_)
        gone[result.removal.rows] = True
        taken.append([gone])
        reasons.append((result.removal.rows, (result.removal.reason_of + len(texts)).astype(np.int32)))
        texts += result.removal.reasons
    output = Output(taken, reasons)
    return (
        shard_jobs(out / "removed", "removed", output, writer, "auto", reasons=(texts, "decontaminate"))
        if len(output)
        else []
    )


def _write_quarantine(out: Path, staging: Path, blocks: list[Scanned]) -> list[Path]:
    """Write all quarantined rows in the order of sources and rows, a few at a time."""
    staged = [staging / f"quarantine-{block.number}.arrow" for block in blocks if block.quarantined]
    if not staged:
        return []
    (out / "quarantine").mkdir()
    path = out / "quarantine" / "quarantine-00000-of-00001.parquet"
    write_stream(path, QUARANTINE, map(read_arrow, staged))
    return [path]


def _check_written(out: Path, results: list[SourceResult]) -> None:
    """Raise CurateError if a folder does not hold as many rows as were decided on."""
    decided = {
        "data": sum(int(result.copies.sum()) for result in results),
        "removed": sum(len(result.removal.rows) for result in results),
        "quarantine": sum(result.quarantined for result in results),
    }
    for folder, wanted in decided.items():
        found = sum(pq.read_metadata(path).num_rows for path in (out / folder).glob("*.parquet"))
        if found != wanted:
            raise CurateError(f"{folder}/ holds {found} rows where {wanted} were to be written")


def _fail_over(recipe: Recipe, built: Built) -> None:
    """Raise FailOver if a source hits more of a benchmark than the recipe allows."""
    limit = recipe.decontaminate.fail_over if recipe.decontaminate else None
    if limit is None:
        return
    over = [(name, cell) for name, cells in built.summary.overlaps.items() for cell in cells if cell.over(limit)]
    if over:
        named = "; ".join(f"{name} hits {100 * cell.rate:.2f} % of {cell.benchmark.name}" for name, cell in over[:5])
        more = f" (and {len(over) - 5} more)" if len(over) > 5 else ""
        raise FailOver(f"over the limit of {100 * limit:g} %: {named}{more}", built)
