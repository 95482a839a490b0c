"""A build in figures, read from its audit: what lock, card and screen are written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from curate import makers
from curate.audit.reasons import Kind
from curate.audit.words import counted
from curate.mixture.audited import Audited, SourceSummary
from curate.mixture.configs import configs_of
from curate.mixture.decided import Decided
from curate.mixture.plan import Plan
from curate.mixture.shares import Share, as_plain, shares_of
from curate.mixture.warned import warnings_of
from curate.steps.mix import Mix


@dataclass(frozen=True)
class Summary:
    """A build in figures; `figures` has those of each step, as plain data, and `more` what no lock
    may hold.
    """

    name: str
    kind: str
    sources: tuple[SourceSummary, ...]
    steps: tuple[Mapping[str, Any], ...]
    figures: Mapping[str, Mapping[str, Any]]
    more: Mapping[str, Mapping[str, Any]]
    reasons: Mapping[str, Sequence[Kind]]
    """The most frequent kinds of reasons of the rows that were `removed`, and `quarantined`."""
    shares: tuple[Share, ...]
    mix: Mix | None
    validation_shortfall: int
    text_bytes: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    limit: int | None
    files: Mapping[str, int]
    seconds: float
    blocks: tuple[int, int] = (0, 0)
    """How many blocks were looked at, and how many an earlier build had looked at."""
    config: str | None = None
    """What `datasets` must be told to open first; None where it needs no name."""

    @property
    def train(self) -> int:
        """Rows of the train split."""
        return sum(source.written - source.validation for source in self.sources)

    @property
    def validation(self) -> int:
        """Rows of the validation split."""
        return sum(source.validation for source in self.sources)

    @property
    def told(self) -> dict[str, dict[str, Any]]:
        """All figures of each maker and step."""
        return {name: {**self.figures.get(name, {}), **more} for name, more in self.more.items()}

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain data, for `--json`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "rows": {"train": self.train, "validation": self.validation},
            "sources": {source.name: source.counts for source in self.sources},
            "funnel": list(self.steps),
            "steps": {name: self.told[name] for name in self.figures},
            "makers": {name: one for name, one in self.told.items() if name not in self.figures},
            "reasons": {left: list(map(asdict, kinds)) for left, kinds in self.reasons.items()},
            "shares": as_plain(self.shares),
            "validation_shortfall": self.validation_shortfall,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "limit": self.limit,
            "text_bytes": self.text_bytes,
            "seconds": self.seconds,
            "blocks": {"looked_at": self.blocks[0], "known": self.blocks[1]},
        }


_NO_STEPS = "the recipe has no steps: rows were only validated and sampled"
_REASONS = 3


def summarise(
    plan: Plan,
    audited: Audited,
    decided: Decided,
    files: Mapping[str, int],
    limit: int | None,
) -> Summary:
    """Sum up a build; its seconds are not known yet."""
    sources, decisions = audited.sources, decided.settled.decisions
    facts = audited.facts
    shares = shares_of(decided.results, plan.tokenizer is not None)
    summary = Summary(
        name=plan.recipe.name,
        kind=plan.recipe.kind,
        sources=sources,
        steps=audited.steps,
        figures={name: decision.figures for name, decision in decisions.items()},
        more={name: facts[name] for name in makers.shown(plan.recipe.makers) if name in facts}
        | {name: {**decision.more, **facts.get(name, {})} for name, decision in decisions.items()},
        reasons=_reasons(audited.kinds),
        shares=shares,
        mix=plan.recipe.mix,
        validation_shortfall=decided.n_validation - sum(source.validation for source in sources),
        text_bytes=decided.text_bytes,
        blocks=decided.blocks,
        notes=(
            *plan.notes,
            *([] if plan.steps else [_NO_STEPS]),
            *_of_shape(plan.recipe.output.rows, sources),
            *(note for decision in decisions.values() for note in decision.notes),
        ),
        warnings=(
            *warnings_of(plan, audited, shares),
            *(line for decision in decisions.values() for line in decision.warnings),
        ),
        limit=limit,
        files=dict(files),
        seconds=0.0,
    )
    configs = configs_of(plan, sources, files)
    return summary if "default" in configs else replace(summary, config=next(iter(configs), None))


def _reasons(found: Sequence[Kind]) -> dict[str, Sequence[Kind]]:
    """The three most frequent kinds of reasons of each way to leave a build."""
    bad = [one for one in found if one.fate == "quarantined"]
    gone = [one for one in found if one.fate != "quarantined"]
    return {"removed": gone[:_REASONS], "quarantined": bad[:_REASONS]}


def _of_shape(rows: str, sources: Sequence[SourceSummary]) -> list[str]:
    """What is to be said of rows that are written as they were read."""
    if rows == "records":
        return []
    what = "with the columns of their input" if rows == "input" else "unchanged, line by line"
    bad = sum(source.quarantined for source in sources)
    none = f"; {counted(bad, 'row')} could not be parsed; see quarantine/" if bad else ""
    return [f"rows are written {what}, in data/{none}"]
