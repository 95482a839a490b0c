"""Runs a recipe from its plan to the finished folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from curate import lock as locks
from curate.audit import store
from curate.audit.report import Drawn, draw, write_report
from curate.audit.store import DATABASE, open_readonly
from curate.card import card
from curate.config import without_usual_nulls
from curate.errors import FailOver, UserError, unknown
from curate.mixture.audited import Audited, read_audit
from curate.mixture.blocks import stages_of
from curate.mixture.cluster import connected
from curate.mixture.decided import Decided, decide, facts_of, parts_of
from curate.mixture.described import card_facts
from curate.mixture.folder import target, unfinished
from curate.mixture.locked import lock_of
from curate.mixture.made import Makings, open_making
from curate.mixture.options import Options
from curate.mixture.plan import Plan, make_plan, with_rows
from curate.mixture.record import SourceResult, record
from curate.mixture.samples import samples
from curate.mixture.settle import Settled
from curate.mixture.stand_ins import with_stand_ins
from curate.mixture.summary import Summary, summarise
from curate.mixture.write import write_rows
from curate.progress import shown, silent
from curate.recipe import Recipe, load_recipe, resolved, with_licences
from curate.shards import sha256, write_text
from curate.sources import expand, is_path

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
    paths = {
        name: Path(changed[name])
        for name in ("locked", "stages", "sources_dir")
        if changed.get(name)
    }
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
    recipe, notes = with_stand_ins(with_licences(recipe), options.sources_dir, base)
    locked = locks.load(options.locked) if options.locked else None
    with (
        connected(options.ray, options.workers),
        unfinished(real) as partial_out,
        open_making(recipe, base, partial_out, options, locked, build) as making,
    ):
        plan = make_plan(recipe, base, options.workers, making.sources)
        plan = replace(plan, notes=[*options.notes, *notes, *plan.notes])
        options.progress(PREPARE, 0, 0, 1.0)
        if locked:
            rounds = tuple(f"inputs.sources.{name}.files" for name in making.own)
            locks.check_inputs(locked, lock_of(plan, options.limit, None, {}), rounds)
        summary, failures = _fill(plan, making, partial_out, real, options, locked, started)
    built = Built(out, summary)
    if failures:
        raise FailOver("; ".join(failures), built)
    return built


def _fill(
    plan: Plan,
    making: Makings,
    out: Path,
    real: Path,
    options: Options,
    locked: dict[str, Any] | None,
    started: float,
) -> tuple[Summary, list[str]]:
    """Do the work in the unfinished folder `out`."""
    staging = out / ".staging"
    planned = time.perf_counter()
    while True:
        with stages_of(plan, options, parts_of(plan), staging) as stages:
            decided = decide(plan, options, stages)
            names = [source.name for source in plan.sources]
            if not making.more(dict(zip(names, decided.settled.alive, strict=True))):
                if locked:
                    locks.check_inputs(locked, lock_of(plan, options.limit, None, {}))
                done = _work(plan, decided, out, real, options, locked, started, planned)
                break
        plan = with_rows(plan, making.sources())
        shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(staging, ignore_errors=True)
    return done


def _work(
    plan: Plan,
    decided: Decided,
    out: Path,
    real: Path,
    options: Options,
    locked: dict[str, Any] | None,
    started: float,
    planned: float,
) -> tuple[Summary, list[str]]:
    results, settled, writer = decided.results, decided.settled, decided.writer
    runs = facts_of(plan, options, {"plan": planned - started, "scan": decided.seconds})
    with ThreadPoolExecutor(1) as beside:
        # The audit needs nothing of the shards: both are written at once.
        options.progress("write audit", 0, 0, 0.0)
        drawn_rows = samples(writer, plan.recipe.kind, results)
        recording = beside.submit(_record, out, plan, results, settled, drawn_rows, runs)
        files = write_rows(plan, out, results, writer, options)
        drawn, audited = recording.result()
        options.progress("write audit", 0, 0, 1.0)
        sizes = {path.relative_to(out).as_posix(): path.stat().st_size for path in files}
        summary = summarise(plan, audited, decided, sizes, options.limit)
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


def _kept_recipe(plan: Plan, real: Path) -> str:
    """The recipe for the finished folder `real`: paths start from there, every default is written
    out.
    """

    def from_there(path: str) -> str:
        found = plan.base / expand(path)
        return os.path.relpath(found, real) if found.exists() or is_path(path, plan.base) else path

    plain = without_usual_nulls(resolved(plan.recipe, from_there), plan.recipe)
    head = "# The recipe of this folder, every default written out. Paths start from here:\n"
    again = "#   curate build recipe.yaml --locked . -o ../again\n"
    return head + again + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10**6)


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
