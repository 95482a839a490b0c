"""What the data set card of a build says."""

from __future__ import annotations

from curate.card import CardFacts, SourceFacts, SplitFacts
from curate.mixture.audited import Audited
from curate.mixture.configs import configs_of
from curate.mixture.plan import Plan, portable
from curate.mixture.summary import Summary
from curate.sources.built import VALIDATION


def card_facts(plan: Plan, summary: Summary, audited: Audited, lock_digest: str) -> CardFacts:
    """What the data set card says."""
    sources = [
        SourceFacts(
            s.name,
            given.licence,
            s.read,
            s.kept,
            s.written,
            source.from_ if given.maker else portable(given.from_, plan.base),
            source.revision,
            s.shortfall,
        )
        for s, given, source in zip(summary.sources, plan.recipe.sources, plan.sources, strict=True)
    ]
    splits = [SplitFacts("train", "data/train-*.parquet", summary.train, _size(summary, "train"))]
    if summary.validation:
        size = _size(summary, "validation")
        splits.append(
            SplitFacts("validation", "data/validation-*.parquet", summary.validation, size)
        )
    return CardFacts(
        name=summary.name,
        kind=summary.kind,
        sources=sources,
        splits=splits,
        left_out=audited.left_out,
        sections=audited.sections,
        limit=summary.limit,
        warnings=summary.warnings,
        lock_digest=lock_digest,
        rows=plan.recipe.output.rows,
        shares=plan.recipe.shares,
        configs=configs_of(plan, summary.sources, summary.files),
    )


def _size(summary: Summary, split: str) -> int:
    """Bytes of the files of a split."""
    data = [name for name in summary.files if name.startswith("data/")]
    own = [name for name in data if name.startswith(f"data/{VALIDATION}")]
    wanted = own if split == VALIDATION else set(data) - set(own)
    return sum(summary.files[name] for name in wanted)
