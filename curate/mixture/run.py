"""Runs a recipe from its plan to the finished folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from curate import lock as locks
from curate.audit import store
from curate.audit.report import Drawn, draw, write_report
from curate.audit.store import DATABASE, open_readonly
from curate.card import card
from curate.errors import FailOver, UserError, unknown
from curate.mixture.blocks import stages_of, take_all
from curate.mixture.folder import target, unfinished
from curate.mixture.merge import SourceRows, Writer, corpus_schema, source_rows
from curate.mixture.options import Options
from curate.mixture.plan import Plan, make_plan
from curate.mixture.record import SourceResult, record
from curate.mixture.runs import part_count
from curate.mixture.samples import samples
from curate.mixture.scan import Scanned
from curate.mixture.seen import Corpus
from curate.mixture.settle import Settled, settle
from curate.mixture.shares import shares_of
from curate.mixture.stages import Stage
from curate.mixture.summary import Audited, Summary, card_facts, lock_of, read_audit, summarise
from curate.mixture.write import write_rows
from curate.progress import shown, silent
from curate.recipe import Recipe, load_recipe, resolved
from curate.shards import sha256, write_text
from curate.sources import estimated_bytes, expand, is_path
from curate.steps import FIRST, LAST
from curate.steps.sample import Candidates, capped, choose

RECIPE = "recipe.yaml"
"""The file that holds the recipe in a built folder."""


PREPARE = "prepare"
"""The first step that is reported: sources are opened, suites read and indexed."""


@dataclass(frozen=True, repr=False)
class Built:
    """A finished folder and what is worth saying about it."""

    folder: Path
    summary: Summary

    def __repr__(self) -> str:
        rows = f"{self.summary.train:,} train"
        held_out = f" and {self.summary.validation:,} validation" if self.summary.validation else ""
        removed = sum(source.removed + source.duplicate for source in self.summary.sources)
        return f"<Built {self.folder}: {rows}{held_out} rows, {removed:,} removed>"

    def _repr_html_(self) -> str:
        """The build as a notebook shows it: the counts of every source."""
        from curate.mixture.show import as_html  # what draws it need not be there to build

        return as_html(self.summary, repr(self).strip("<>"))


def build_recipe_file(
    path: Path | str, out: Path | str, options: Options | None = None, **changed: Any
) -> Built:
    """Build the recipe in a file; its relative paths start from its folder.

    Options are given by name: `build("my.yaml", "out", overwrite=True, limit=1000)`."""
    known = {field.name for field in fields(Options)}
    for name in changed:
        if name not in known:
            raise UserError(unknown("option", name, known))
    paths = {name: Path(changed[name]) for name in ("locked", "stages") if changed.get(name)}
    options = replace(options or Options(), **(changed | paths))
    path = Path(path)
    with shown(plain=False) as progress:
        if options.progress is silent:
            options = replace(options, progress=progress)
        return build(load_recipe(path), Path(out), base=path.parent, options=options)


def build(recipe: Recipe, out: Path, *, base: Path, options: Options | None = None) -> Built:
    """Build `recipe` into the new folder `out`.

    Raises UserError for what is wrong with recipe or data, CurateError where counts or locked
    digests do not agree, and FailOver after the folder is finished if a step says that it counts as
    failed."""
    options = options or Options()
    started = time.perf_counter()
    real = target(out, options.overwrite)
    options.progress(PREPARE, 0, 0, 0.0)
    plan = make_plan(recipe, base, options.workers)
    plan = replace(plan, notes=[*options.notes, *plan.notes])
    options.progress(PREPARE, 0, 0, 1.0)
    locked = locks.load(options.locked) if options.locked else None
    if locked:
        locks.check_inputs(locked, lock_of(plan, options.limit, None, {}))
    with unfinished(real) as partial_out:
        summary, failures = _fill(plan, partial_out, real, options, locked, started)
    built = Built(out, summary)
    if failures:
        raise FailOver("; ".join(failures), built)
    return built


def _fill(
    plan: Plan,
    out: Path,
    real: Path,
    options: Options,
    locked: dict[str, Any] | None,
    started: float,
) -> tuple[Summary, list[str]]:
    """Do the work in the unfinished folder `out`."""
    staging = out / ".staging"
    with stages_of(plan, options, _parts(plan), staging) as stages:
        done = _work(plan, out, real, options, locked, started, stages)
    shutil.rmtree(staging, ignore_errors=True)
    return done


def _work(
    plan: Plan,
    out: Path,
    real: Path,
    options: Options,
    locked: dict[str, Any] | None,
    started: float,
    stages: list[Stage],
) -> tuple[Summary, list[str]]:
    planned = time.perf_counter()
    parts = _parts(plan)
    taken = take_all(plan, stages, options, _size(plan), parts)
    scanned = time.perf_counter()
    pa.default_memory_pool().release_unused()
    blocks = [[one.scanned for one in own] for own in taken]
    known = sum(one.staged for own in taken for one in own)
    rows = [
        source_rows(reading.name, own) for reading, own in zip(plan.readings, blocks, strict=True)
    ]
    writer = _writer(plan, rows, blocks, parts)
    licences = [source.licence for source in plan.recipe.sources]
    corpus = Corpus(plan.recipe.kind, blocks, writer, licences)
    options.progress("decide", 0, 0, 0.0)
    settled = settle(plan.steps, [source.n for source in rows], corpus.seen)
    results, n_validation = _sample(plan, rows, blocks, settled)
    options.progress("decide", 0, 0, 1.0)
    runs = {
        "schema": store.VERSION,
        "versions": locks.versions(),
        "recipe": {"name": plan.recipe.name, "kind": plan.recipe.kind, "seed": plan.recipe.seed}
        | {"rows": plan.recipe.output.rows},
        "parameters": {"limit": options.limit, "workers": options.workers}
        | {step.name: step.inputs for step in plan.steps},
        "steps": [*FIRST, *(step.name for step in plan.steps), *LAST],
        "timings": {"plan": round(planned - started, 3), "scan": round(scanned - planned, 3)},
    }
    with ThreadPoolExecutor(1) as beside:
        # The audit needs nothing of the shards: both are written at once.
        options.progress("write audit", 0, 0, 0.0)
        drawn_rows = samples(writer, plan.recipe.kind, results)
        recording = beside.submit(_record, out, plan, results, settled, drawn_rows, runs)
        files = write_rows(plan, out, results, writer, options)
        drawn, audited = recording.result()
        options.progress("write audit", 0, 0, 1.0)
        text_bytes = sum(int(source.sizes.sum()) for source in rows)
        sizes = {path.relative_to(out).as_posix(): path.stat().st_size for path in files}
        shares = shares_of(results, plan.tokenizer is not None)
        summary = summarise(
            plan, audited, settled, shares, n_validation, text_bytes, sizes, options.limit
        )
        summary = replace(summary, blocks=(sum(map(len, blocks)) - known, known))
        lock = lock_of(
            plan,
            options.limit,
            summary,
            {path.relative_to(out).as_posix(): sha for path, sha in files.items()},
        )
        if locked:
            locks.check_outputs(locked, lock)
            held = f"the lock held: all inputs and {len(files)} output files are those of {options.locked}"
            summary = replace(summary, notes=(*summary.notes, held))
        write_text(out / RECIPE, _kept_recipe(plan, real))
        write_text(out / locks.LOCK, locks.dump(lock))
        digest = sha256(out / locks.LOCK)
        write_text(out / "README.md", card(card_facts(plan, summary, audited, digest)))
        summary = replace(summary, seconds=round(time.perf_counter() - started, 2))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        done = {"seconds": summary.seconds, "lock_sha256": digest, "at": at}
        store.note(out / DATABASE, "finished", done)
        write_report(out, drawn)
    failures = [decision.failure for decision in settled.decisions.values() if decision.failure]
    return summary, failures


def _size(plan: Plan) -> int:
    """About how many bytes are read."""
    return max(1, sum(estimated_bytes(source) for source in plan.sources))


def _parts(plan: Plan) -> int:
    """How many parts the range of keys is cut into; none where rows are not sorted by key."""
    return part_count(_size(plan)) if plan.by_key else 0


def _kept_recipe(plan: Plan, real: Path) -> str:
    """The recipe for the finished folder `real`: paths start from there, every default is written
    out.
    """

    def from_there(path: str) -> str:
        found = plan.base / expand(path)
        return os.path.relpath(found, real) if found.exists() or is_path(path, plan.base) else path

    plain = _without_nulls(resolved(plan.recipe, from_there))
    head = "# The recipe of this folder, every default written out. Paths start from here:\n"
    again = "#   curate build recipe.yaml --locked . -o ../again\n"
    return head + again + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10**6)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(one) for key, one in value.items() if one is not None and one != []
        }
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _record(
    out: Path,
    plan: Plan,
    results: list[SourceResult],
    settled: Settled,
    rows: Iterable[pa.Table],
    runs: dict[str, Any],
) -> tuple[Drawn, Audited]:
    """Write the audit, and read from it what report and summary will say."""
    record(out / DATABASE, plan, results, settled, rows, runs)
    with open_readonly(out) as con:
        return draw(con), read_audit(con)


def _sample(
    plan: Plan, rows: list[SourceRows], blocks: list[list[Scanned]], settled: Settled
) -> tuple[list[SourceResult], int]:
    """Which of the rows that are left are written, and how many were to be held out."""
    kept = [
        _within_caps(source, np.flatnonzero(alive).astype(np.int32), spec.cap or {}, plan)
        for source, alive, spec in zip(rows, settled.alive, plan.recipe.sources, strict=True)
    ]
    candidates = [_candidates(source, left, plan) for source, left in zip(rows, kept, strict=True)]
    choices, n_validation = choose(
        candidates, plan.wanted, plan.recipe.output.validation, plan.recipe.mix
    )
    for own in blocks:
        own[:] = [block.joined() for block in own]
    results = [
        SourceResult(*parts)
        for parts in zip(rows, blocks, settled.removals, kept, choices, strict=True)
    ]
    return results, n_validation


def _within_caps(
    source: SourceRows, left: np.ndarray, caps: Mapping[str, int], plan: Plan
) -> np.ndarray:
    """Those of the rows that are left which no cap leaves out; one cap after the other."""
    for column, most in caps.items():
        keys = source.keys(plan.recipe.seed, 0, left)
        left = left[capped(keys, source.caps[column][left], most)]
    return left


def _candidates(source: SourceRows, left: np.ndarray, plan: Plan) -> Candidates:
    groups = source.groups[left] if len(source.groups) else source.groups
    tokens = source.tokens[left] if plan.tokenizer else None
    seed = plan.recipe.seed
    return Candidates(
        len(left), lambda turn: source.keys(seed, turn, left), groups, tokens, source.name
    )


def _writer(plan: Plan, rows: list[SourceRows], blocks: list[list[Scanned]], parts: int) -> Writer:
    every = [block for own in blocks for block in own]
    used = frozenset().union(*(block.extras for block in every))
    return Writer(rows, plan.recipe.seed, plan.by_key, parts, corpus_schema(every), used)
