"""Every block of every source: taken from the stage that a build before this one left, or read,
looked at and staged.

A source whose stage holds all its blocks is not read at all; one whose stage was left by a killed
build is read, and only the blocks that are missing are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate import lock as locks
from curate.digests import code_digest
from curate.errors import UserError
from curate.files.joined import files_in, together
from curate.mixture.job import Job
from curate.mixture.jobs import in_order
from curate.mixture.options import Options
from curate.mixture.plan import Plan
from curate.mixture.scan import Reading, Scan, Scanned, completed, scan_block
from curate.mixture.stages import Stage, key_of, open_stages
from curate.sources import Block, verify_read


@dataclass(frozen=True)
class Taken:
    """A block: whose it is, what is known of it, and whether a stage knew it already."""

    owner: int
    scanned: Scanned
    staged: bool


def stages_of(
    plan: Plan, options: Options, parts: int, within: Path
) -> AbstractContextManager[list[Stage]]:
    """The stages of a plan's sources, below `within` where none are to be kept."""
    keys = [key_of(facts) for facts in _facts(plan, options, parts)]
    files = [{file.name: file for file in source.files} for source in plan.sources]
    return open_stages(options.stages, keys, files, within)


def _facts(plan: Plan, options: Options, parts: int) -> Iterator[dict[str, Any]]:
    """Of each source, all that its blocks depend on: what is read, how, and what the steps look
    for.
    """
    looks = {
        step.name: [step.look_inputs, code_digest(type(step).__module__.partition(".")[0])]
        for step in plan.steps
    }
    for source, reading, digests, spec in zip(
        plan.sources, plan.readings, plan.digests, plan.recipe.sources, strict=True
    ):
        yield {
            "source": [
                source.name,
                source.from_ if source.origin == "hub" else None,
                source.revision,
                spec.split,
                spec.columns,
                spec.encoding,
                spec.field,
            ],
            "files": digests,
            "reading": [reading.format, reading.keep, reading.needs, reading.as_read, reading.caps],
            "tokenizer": plan.tokenizer.digest if plan.tokenizer else None,
            "build": [
                plan.recipe.kind,
                plan.recipe.seed,
                parts,
                options.limit,
                options.block_bytes,
            ],
            "looks": looks,
            "versions": locks.versions(),
        }


def take_all(
    plan: Plan, stages: Sequence[Stage], options: Options, size: int, parts: int
) -> list[list[Taken]]:
    """Take or scan every block, about `size` bytes; those of each source in order.

    Raises UserError where a source gives no record, and where a file changed while it was read.
    """
    scan = Scan(
        plan.recipe.kind,
        plan.recipe.seed,
        plan.steps,
        plan.groups or plan.recipe.output.validation > 0,
        parts,
        plan.tokenizer.path if plan.tokenizer else None,
    )
    doing = "scan" if plan.steps else "read"
    options.progress(doing, 0, 0, 0.0)
    results: list[list[Taken]] = [[] for _ in plan.sources]
    pending = {owner: stage.whole() for owner, stage in enumerate(stages)}
    streamed: list[dict[str, str]] = [{} for _ in plan.sources]
    while pending:
        for owner in pending:
            results[owner] = []
        damaged = set()
        for done in in_order(_jobs(plan, scan, stages, options, pending, streamed), options):
            if done.scanned is None:
                damaged.add(done.owner)
                continue
            results[done.owner].append(Taken(done.owner, done.scanned, done.staged))
            n = done.scanned.n + done.scanned.quarantined
            options.progress(doing, n, int(done.scanned.sizes.sum()), done.scanned.nbytes / size)
        pending = dict.fromkeys(damaged)  # a stage that is damaged is no stage: the source is read
    for owner, stage in enumerate(stages):
        verify_read(plan.sources[owner], plan.digests[owner], streamed[owner])
        stage.finish(len(results[owner]))
    _refuse_empty(plan, results)
    return results


@dataclass(frozen=True)
class _Done:
    """What a job gives: no block where a stage promised one and does not hold it."""

    owner: int
    scanned: Scanned | None
    staged: bool


def _jobs(
    plan: Plan,
    scan: Scan,
    stages: Sequence[Stage],
    options: Options,
    pending: Mapping[int, int | None],
    streamed: Sequence[dict[str, str]],
) -> Iterator[Job[_Done]]:
    """A job a block; `pending` are the sources to take, each with its number of blocks where its
    stage has them all.
    """
    for owner, whole in pending.items():
        job = Job(_take, (scan, plan.readings[owner], stages[owner]))
        if whole is not None:
            yield from (replace(job, own=(owner, number, None)) for number in range(whole))
            continue
        source, hashes = plan.sources[owner], streamed[owner]
        blocks = source.blocks(options.limit, block_bytes=options.block_bytes, hashes=hashes)
        if not plan.readings[owner].as_read:  # there each block has columns of its own
            blocks = together(blocks, options.block_bytes)
        yield from (replace(job, own=(owner, number, block)) for number, block in enumerate(blocks))


def _take(
    scan: Scan, reading: Reading, stage: Stage, owner: int, number: int, block: Block | None
) -> _Done:
    found = stage.load(number)
    known = found is not None
    if found is None:
        if block is None:
            return _Done(owner, None, False)
        names = [file for file, _ in files_in(block)]
        found = stage.keep(scan_block(scan, reading, stage.folder, number, block), names)
    return _Done(owner, completed(scan, reading, found), known)


def _refuse_empty(plan: Plan, taken: list[list[Taken]]) -> None:
    """A source that gave no record must not be passed over."""
    for spec, own in zip(plan.recipe.sources, taken, strict=True):
        if not any(one.scanned.n for one in own):
            n = sum(one.scanned.quarantined for one in own)
            reasons = (one.scanned.first_reason for one in own if one.scanned.first_reason)
            first = next((f"the first: {reason}" for reason in reasons), "it is empty")
            raise UserError(f"source '{spec.name}': none of its {n} rows could be parsed ({first})")
