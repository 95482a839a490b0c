"""What a person should see of a finished build: what was dropped, and what fell short of what was
asked for, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from curate.audit.words import counted
from curate.mixture.audited import Audited, SourceSummary
from curate.mixture.configs import opens
from curate.mixture.plan import Plan
from curate.mixture.shape import source_file
from curate.mixture.shares import Share


def warnings_of(plan: Plan, audited: Audited, shares: Sequence[Share]) -> list[str]:
    """Lines that a person should see: what was dropped or fell short."""
    sources, records = audited.sources, plan.recipe.output.rows == "records"
    unused = [
        f"source '{name}': {reason}; left out of {counted(rows, 'row')} (the first: {example})"
        for name, reason, rows, example in audited.unused
    ]
    dropped = [
        f"source '{s.name}': columns dropped: {', '.join(s.dropped_columns)} (list them under `keep` to carry them)"
        for s in sources
        if s.dropped_columns and records
    ]
    short = [
        f"source '{s.name}': {_too_little(plan, s, share)}"
        for s, share in zip(sources, shares, strict=True)
        if s.shortfall
    ]
    nothing = [
        f"source '{s.name}': no row of it is trained with: {_why_none(plan, s, share)}"
        for s, share in zip(sources, shares, strict=True)
        if not share.rows and not s.shortfall
    ]
    bad = [
        f"source '{s.name}': rows quarantined: {s.quarantined:,} of {s.read:,}"
        for s in sources
        if s.quarantined
    ]
    empty = (
        []
        if any(s.written for s in sources)
        else ["no row is left: `datasets` cannot open an empty split"]
    )
    others = [name for name in map(source_file, plan.sources) if not opens(plan, name)]
    apart = (
        [
            f"`datasets` opens files of one kind in a folder; these by their names: {', '.join(others)}"
        ]
        if others and plan.recipe.output.rows == "lines"
        else []
    )
    return dropped + unused + bad + short + nothing + empty + apart


def _too_little(plan: Plan, source: SourceSummary, share: Share) -> str:
    """How much a source lacks of what was asked of it, and why."""
    if share.target is None:
        return f"{source.shortfall:,} fewer rows than requested: {_because(source, share.rows)}"
    unit = plan.recipe.mix.by if plan.recipe.mix else "rows"
    given = share.target - source.shortfall
    told = f"{source.shortfall:,} fewer {unit} than its weight asks for: {given:,} of "
    return f"{told}{share.target:,}, because {_what_was_read(source)}; `passes` lets rows repeat"


def _because(source: SourceSummary, train: int) -> str:
    """Why a source gave fewer rows than were asked for."""
    return f"{train:,} of {train + source.shortfall:,}, because {_what_was_read(source)}"


def _what_was_read(source: SourceSummary) -> str:
    ways = (
        (source.quarantined, "quarantined"),
        (source.removed, "removed"),
        (source.duplicate, "removed as duplicates"),
        (source.validation, "held out for validation"),
    )
    lost = ", ".join(f"{n:,} were {what}" for n, what in ways if n)
    return f"{source.read:,} were read" + (f", of which {lost}" if lost else "")


def _why_none(plan: Plan, source: SourceSummary, share: Share) -> str:
    """Why a source gives nothing though nothing is missing of what was asked for."""
    left = source.not_sampled + source.kept - source.validation
    if not left:
        return _what_was_read(source)
    if share.target:
        return f"its next row is longer than the {share.target:,} tokens that it may give"
    what = "part of the mix" if share.target is not None else "share"
    return f"its {what} is rounded to none of {left:,} rows"
