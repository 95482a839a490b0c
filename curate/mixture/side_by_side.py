"""Several data sets of any kind, audited side by side: what each holds of the benchmarks, and of the
others. Nothing is written but the audit and its page.

    audit(data_sets(["sft.jsonl", "prefs/", "my-rlvr"]), {"decontaminate": spec}, Path("audit"))

Each is read as what its rows are; one whose rows are of no kind is read for its prompts. A folder that
curate built gives each of its splits. The steps are made once, and decide on the rows of all."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curate.audit import store
from curate.audit.face import faces
from curate.audit.report import REPORT, write_report
from curate.audit.store import DATABASE, open_readonly
from curate.errors import UserError, option
from curate.formats.kinds import guess_kind
from curate.mixture.blocks import stages_of
from curate.mixture.decided import Looked, decided_on, facts_of, look
from curate.mixture.folder import unfinished
from curate.mixture.merge import SourceRows
from curate.mixture.options import Options
from curate.mixture.plan import Plan, make_plan
from curate.mixture.record import record_all
from curate.mixture.settle import Settled, settle
from curate.recipe import make_recipe
from curate.sources import expand, open_source, source_names
from curate.sources.built import is_built, splits
from curate.steps.step import Decision, Seen

DRAWN = (DATABASE, REPORT)
"""All that is written."""


@dataclass(frozen=True)
class DataSet:
    """One data set: what it is called, where its rows are, and of which kind they are."""

    name: str
    from_: str
    split: str | None
    kind: str
    note: str


@dataclass(frozen=True)
class Audit:
    """A finished audit: its folder, what each step has to tell, and what is worth saying."""

    folder: Path
    data: Sequence[Mapping[str, Any]]
    """Each data set: name, kind, rows, those that were quarantined, and `shared`: by each data set
    the rows that ask what a row of that one asks.
    """
    told: Mapping[str, Mapping[str, Any]]
    notes: Sequence[str]
    warnings: Sequence[str]
    failures: Sequence[str]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        return {
            "folder": str(self.folder),
            "data": list(self.data),
            "steps": self.told,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "seconds": self.seconds,
        }


def data_sets(paths: Sequence[str], base: Path) -> list[DataSet]:
    """What is given by its paths or names on the Hub, a split at a time; raises UserError where
    something can't be read.
    """
    return [
        _data_set(name if split in (None, "train") else f"{name}/{split}", path, split, base)
        for name, path in zip(source_names(list(paths)), paths, strict=True)
        for split in _splits(base / expand(path))
    ]


def _splits(path: Path) -> list[str | None]:
    return list(splits(path)) if path.is_dir() and is_built(path) else [None]


def _data_set(name: str, from_: str, split: str | None, base: Path) -> DataSet:
    block = next(open_source(name, from_, base=base, split=split).blocks())
    try:
        kind, why = guess_kind(block), "detected from its rows"
    except UserError as error:
        kind, why = "prompt", f"only its prompts are read, since {error}"
    return DataSet(name, from_, split, kind, f"{name}: kind {kind}, {why}")


def audit(
    data: Sequence[DataSet],
    steps: Mapping[str, Any],
    out: Path,
    *,
    base: Path,
    options: Options | None = None,
) -> Audit:
    """Audit data sets into the new folder `out`. `steps` are those of a recipe, which must take no
    row. Raises what a build would raise.
    """
    options = options or Options()
    started = time.perf_counter()
    real = _target(out, options.overwrite)
    options.progress("prepare", 0, 0, 0.0)
    plans = _plans(data, steps, base, options.workers)
    options.progress("prepare", 0, 0, 1.0)
    with unfinished(real) as partial:
        decided = _decided(plans, partial, options, [_fact(one) for one in data], started)
        seconds = round(time.perf_counter() - started, 2)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        store.note(partial / DATABASE, "finished", {"seconds": seconds, "at": at})
        write_report(partial)
        with open_readonly(partial) as con:
            facts = {one.name: one.facts(con) for one in faces(con) if one.facts is not None}
            matrix = _matrix(con)
    notes = [note for plan in plans for note in plan.notes]
    return Audit(
        out,
        matrix,
        {name: {**one.figures, **one.more, **facts.get(name, {})} for name, one in decided.items()},
        [*options.notes, *(one.note for one in data), *notes, *_said(decided, "notes")],
        _said(decided, "warnings"),
        [one.failure for one in decided.values() if one.failure],
        seconds,
    )


def _target(out: Path, overwrite: bool) -> Path:
    """The folder that OUT means; raises UserError where it holds anything but an audit to replace."""
    real = Path(os.path.realpath(out))
    held = sorted(os.listdir(real)) if real.is_dir() else []
    if real.exists() and not real.is_dir():
        raise UserError(f"{out}: a file; give the name of a new folder")
    if held and not overwrite:
        raise UserError(
            f"{out}: already exists; give another folder, or "
            f"{option('--overwrite', 'overwrite=True')} to replace it"
        )
    if not set(held) <= set(DRAWN):
        raise UserError(f"{out}: holds more than an audit, so curate does not overwrite it")
    return real


def _plans(
    data: Sequence[DataSet], steps: Mapping[str, Any], base: Path, workers: int
) -> list[Plan]:
    """A plan for each kind of record, all with the same steps."""
    plans: list[Plan] = []
    for kind in dict.fromkeys(one.kind for one in data):
        sources = [
            {"name": one.name, "from": one.from_, "split": one.split}
            for one in data
            if one.kind == kind
        ]
        given = {"name": "audit", "kind": kind, "sources": sources, "output": {"order": "source"}}
        recipe = make_recipe({**given, **steps}, "audit")
        made = make_plan(recipe, base, workers, ready=plans[0].steps if plans else None)
        plans.append(replace(made, groups=True))
    return plans


def _decided(
    plans: Sequence[Plan],
    out: Path,
    options: Options,
    audited: Sequence[Mapping[str, Any]],
    started: float,
) -> Mapping[str, Decision]:
    """Look at every row, let the steps decide on all, and record it."""
    with ExitStack() as held:
        staging = Path(held.enter_context(TemporaryDirectory(dir=out)))
        stages = [
            held.enter_context(stages_of(plan, options, 0, staging / str(number)))
            for number, plan in enumerate(plans)
        ]
        looked = [look(plan, options, own) for plan, own in zip(plans, stages, strict=True)]
        options.progress("decide", 0, 0, 0.0)
        settled = _settled(plans, looked)
        results = [
            decided_on(plan, own, of).results
            for plan, own, of in zip(plans, looked, settled, strict=True)
        ]
        options.progress("decide", 0, 0, 1.0)
        options.progress("write audit", 0, 0, 0.0)
        facts = facts_of(plans[0], options, {"scan": time.perf_counter() - started})
        facts["recipe"] |= {"kind": ", ".join(plan.recipe.kind for plan in plans)}
        shared = shared_prompts([source for own in looked for source in own.rows])
        decisions = settled[0].decisions
        tables = {"shared_prompts": [shared]}
        parts = list(zip(plans, results, strict=True))
        record_all(out / DATABASE, parts, decisions, tables, facts | {"audit": audited})
        options.progress("write audit", 0, 0, 1.0)
    return decisions


def _settled(plans: Sequence[Plan], looked: Sequence[Looked]) -> list[Settled]:
    """What the steps decided on all rows, for the sources of each plan."""
    sizes = [source.n for own in looked for source in own.rows]
    bounds = list(accumulate((len(own.rows) for own in looked), initial=0))

    def seen(step: str, alive: Sequence[np.ndarray]) -> list[Seen]:
        return [
            one
            for own, (start, stop) in zip(looked, pairwise(bounds), strict=True)
            for one in own.corpus.seen(step, alive[start:stop])
        ]

    whole = settle(plans[0].steps, sizes, seen)
    return [
        Settled(whole.alive[start:stop], whole.removals[start:stop], whole.decisions)
        for start, stop in pairwise(bounds)
    ]


def shared_prompts(sources: Sequence[SourceRows]) -> pa.Table:
    """The table of that name: of every two sources the rows of the first that ask what a row of the
    second asks; of a source and itself, what another of its rows asks.
    """
    lines = []
    known = [np.unique(source.groups, return_counts=True) for source in sources]
    for one in sources:
        for other, (prompts, times) in zip(sources, known, strict=True):
            among = prompts[times > 1] if one is other else prompts
            shared = one.groups[np.isin(one.groups, among)]
            counts = {"rows": len(shared), "prompts": len(np.unique(shared))}
            lines.append({"source": one.name, "other": other.name} | counts)
    return pa.Table.from_pylist(lines)


_ROWS = """
SELECT s.name, s.kind, s.rows_read, count(*) FILTER (d.fate = 'quarantined')
FROM sources AS s LEFT JOIN documents AS d ON d.source = s.name
GROUP BY s.name, s.kind, s.rows_read, s.rowid ORDER BY s.rowid
"""


def _matrix(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every data set, and what it shares with each."""
    shared: dict[str, dict[str, int]] = {}
    for name, other, rows in con.execute(
        "SELECT source, other, rows FROM shared_prompts"
    ).fetchall():
        shared.setdefault(name, {})[other] = rows
    keys = ("name", "kind", "rows", "quarantined")
    lines = [dict(zip(keys, row, strict=True)) for row in con.execute(_ROWS).fetchall()]
    return [line | {"shared": shared[line["name"]]} for line in lines]


def _fact(one: DataSet) -> dict[str, Any]:
    return {"name": one.name, "from": one.from_, "split": one.split, "kind": one.kind}


def _said(decided: Mapping[str, Decision], what: str) -> list[str]:
    return [text for one in decided.values() for text in getattr(one, what)]
