"""The first half of a build, and all of a dry run: every block is taken or scanned, the steps decide,
and rows are sampled."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curate import lock as locks
from curate.audit import store
from curate.audit.words import counted
from curate.make.maker import MakerSpec
from curate.mixture.blocks import take_all
from curate.mixture.merge import SourceRows, Writer, corpus_schema, source_rows
from curate.mixture.options import Options
from curate.mixture.plan import Plan
from curate.mixture.record import SourceResult
from curate.mixture.runs import part_count
from curate.mixture.scan import Scanned
from curate.mixture.seen import Corpus
from curate.mixture.settle import Settled, settle
from curate.mixture.stages import Stage
from curate.sources import estimated_bytes
from curate.steps import FIRST, LAST
from curate.steps.sample import Candidates, capped, choose


@dataclass(frozen=True)
class Decided:
    """What becomes of every row, before any is written."""

    results: list[SourceResult]
    settled: Settled
    corpus: Corpus
    """By which rows can be read again."""
    writer: Writer
    n_validation: int
    """How many rows were to be held out."""
    text_bytes: int
    blocks: tuple[int, int]
    """How many were looked at, and how many an earlier build had looked at."""
    seconds: float
    """That the scan took."""


@dataclass(frozen=True)
class Looked:
    """What was found out about every block, before anything is decided."""

    rows: list[SourceRows]
    blocks: list[list[Scanned]]
    corpus: Corpus
    counts: tuple[int, int]
    """How many blocks were looked at, and how many an earlier build had looked at."""
    seconds: float


def decide(plan: Plan, options: Options, stages: list[Stage]) -> Decided:
    """Scan what is not staged, let the steps decide, and sample."""
    looked = look(plan, options, stages)
    options.progress("decide", 0, 0, 0.0)
    settled = settle(plan.steps, [source.n for source in looked.rows], looked.corpus.seen)
    decided = decided_on(plan, looked, settled)
    options.progress("decide", 0, 0, 1.0)
    return decided


def look(plan: Plan, options: Options, stages: list[Stage]) -> Looked:
    """Scan what is not staged."""
    parts, started = parts_of(plan), time.perf_counter()
    taken = take_all(plan, stages, options, size_of(plan), parts)
    seconds = time.perf_counter() - started
    pa.default_memory_pool().release_unused()
    blocks = [[one.scanned for one in own] for own in taken]
    known = sum(one.staged for own in taken for one in own)
    counts = (sum(map(len, blocks)) - known, known)
    rows = [
        source_rows(reading.name, own) for reading, own in zip(plan.readings, blocks, strict=True)
    ]
    writer = _writer(plan, rows, blocks, parts)
    licences = [source.licence for source in plan.recipe.sources]
    corpus = Corpus(plan.recipe.kind, blocks, writer, licences)
    return Looked(rows, blocks, corpus, counts, seconds)


def decided_on(plan: Plan, looked: Looked, settled: Settled) -> Decided:
    """What becomes of every row once the steps have decided."""
    rows, corpus = looked.rows, looked.corpus
    results, n_validation = _sample(plan, rows, looked.blocks, settled)
    size = sum(int(source.sizes.sum()) for source in rows)
    return Decided(
        results, settled, corpus, corpus.writer, n_validation, size, looked.counts, looked.seconds
    )


def facts_of(plan: Plan, options: Options, timings: Mapping[str, float]) -> dict[str, Any]:
    """What the audit's table `runs` says of a build."""
    return {
        "schema": store.VERSION,
        "versions": locks.versions(),
        "recipe": {"name": plan.recipe.name, "kind": plan.recipe.kind, "seed": plan.recipe.seed}
        | {"rows": plan.recipe.output.rows, "shares": plan.recipe.shares},
        "parameters": {"limit": options.limit, "workers": options.workers}
        | {step.name: step.inputs for step in plan.steps},
        "steps": [*FIRST, *(step.name for step in plan.steps), *LAST],
        **({"makers": plan.recipe.makers} if plan.recipe.makers else {}),
        "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
    }


def size_of(plan: Plan) -> int:
    """About how many bytes are read."""
    return max(1, sum(estimated_bytes(source) for source in plan.sources))


def parts_of(plan: Plan) -> int:
    """How many parts the range of keys is cut into; none where rows are not sorted by key."""
    return part_count(size_of(plan)) if plan.by_key else 0


def _sample(
    plan: Plan, rows: list[SourceRows], blocks: list[list[Scanned]], settled: Settled
) -> tuple[list[SourceResult], int]:
    """Which of the rows that are left are written, and how many were to be held out."""
    kept, beyond = [], []
    for source, alive, spec in zip(rows, settled.alive, plan.recipe.sources, strict=True):
        left = np.flatnonzero(alive).astype(np.int32)
        left, more = _accepted(left, spec.making)
        left, out = _within_caps(source, left, spec.cap or {}, plan.recipe.seed)
        kept.append(left)
        beyond.append([*more, *out])
    candidates = [_candidates(source, left, plan) for source, left in zip(rows, kept, strict=True)]
    choices, n_validation = choose(
        candidates, plan.wanted, plan.recipe.output.validation, plan.recipe.mix
    )
    for own in blocks:
        own[:] = [block.joined() for block in own]
    results = [
        SourceResult(*parts)
        for parts in zip(rows, blocks, settled.removals, kept, choices, beyond, strict=True)
    ]
    return results, n_validation


def _accepted(
    left: np.ndarray, making: MakerSpec | None
) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """The first of the rows that are left where so many are to be accepted, and the others, with the
    reason.
    """
    wanted = making.accepted if making else None
    if wanted is None or len(left) <= wanted:
        return left, []
    return left[:wanted], [
        (f"accepted: {counted(wanted, 'row')} before it are enough", left[wanted:])
    ]


def _within_caps(
    source: SourceRows, left: np.ndarray, caps: Mapping[str, int], seed: int
) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """Those of the rows that are left which no cap leaves out, one cap after the other; and the
    others, with the reason.
    """
    gone = []
    for column, most in caps.items():
        stays = capped(source.keys(seed, 0, left), source.caps[column][left], most)
        reason = f"cap: {counted(most, 'other row')} with the same {column} come first"
        gone.append((reason, left[~stays]))
        left = left[stays]
    return left, gone


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
