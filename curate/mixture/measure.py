"""A dry run: what a build would do to every row, with nothing written but the stages that the build
will find.

The audit is written to a folder that goes with the run, so that the figures are those of a build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from curate.audit.face import Retention, faces
from curate.audit.store import DATABASE, open_readonly
from curate.errors import UserError
from curate.mixture.audited import read_audit
from curate.mixture.blocks import stages_of
from curate.mixture.decided import decide, facts_of, parts_of
from curate.mixture.examples import Taken, taken_by
from curate.mixture.options import Options
from curate.mixture.plan import Plan, make_plan
from curate.mixture.record import record
from curate.mixture.stages import Stage
from curate.mixture.stand_ins import with_stand_ins
from curate.mixture.summary import Summary, summarise
from curate.recipe import Recipe

POINTS = 80
"""Thresholds of a curve that `--json` gives, at most."""


@dataclass(frozen=True)
class Measured:
    """What a build would do."""

    summary: Summary
    taken: Sequence[Taken]
    retention: Sequence[Retention]
    staged: bool
    """Whether the build that follows finds what was looked at."""

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        curves = [asdict(replace(one, points=thinned(one.points))) for one in self.retention]
        return self.summary.as_dict() | {
            "dry_run": True,
            "removed": [asdict(one) for one in self.taken],
            "retention": curves,
        }


def measure(recipe: Recipe, *, base: Path, options: Options | None = None) -> Measured:
    """Do all of a build but write; raises what the build would raise before it writes."""
    options = options or Options()
    options.progress("prepare", 0, 0, 0.0)
    made = [spec.name for spec in recipe.sources if spec.maker]
    if made:
        raise UserError(
            f"source '{made[0]}': its rows are made by the build, so there is nothing to measure "
            "before; curate plan without --measure says what it would take"
        )
    recipe, notes = with_stand_ins(recipe, options.sources_dir, base)
    plan = make_plan(recipe, base, options.workers)
    plan = replace(plan, notes=[*options.notes, *notes, *plan.notes])
    options.progress("prepare", 0, 0, 1.0)
    with TemporaryDirectory(prefix="curate-") as work:
        within = Path(work) / "staging"
        with stages_of(plan, options, parts_of(plan), within) as stages:
            return _measured(plan, options, stages, Path(work))


def _measured(plan: Plan, options: Options, stages: list[Stage], work: Path) -> Measured:
    decided = decide(plan, options, stages)
    facts = facts_of(plan, options, {"scan": decided.seconds})
    record(work / DATABASE, plan, decided.results, decided.settled, (), facts)
    with open_readonly(work) as con:
        audited = read_audit(con)
        curves = [one for own in faces(con) if own.retention for one in own.retention(con)]
    summary = summarise(plan, audited, decided, {}, options.limit)
    summary = replace(summary, seconds=round(decided.seconds, 2))
    return Measured(summary, list(taken_by(decided)), curves, all(one.lasting for one in stages))


def thinned(points: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """At most so many points of a curve, its ends among them."""
    if len(points) <= POINTS:
        return list(points)
    places = sorted({n * (len(points) - 1) // (POINTS - 1) for n in range(POINTS)})
    return [points[place] for place in places]
