"""What a build says of itself: figures that are read from its audit, from which lock, card and
screen are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import duckdb

from curate import lock as locks
from curate.audit.face import BESIDE, faces
from curate.audit.reasons import Kind, kinds
from curate.audit.words import counted
from curate.card import CardFacts, SourceFacts, SplitFacts
from curate.files import kind_of
from curate.make.source import MadeSource
from curate.mixture.decided import Decided
from curate.mixture.plan import Plan, portable
from curate.mixture.record import FIELD_UNUSED
from curate.mixture.shape import source_file
from curate.mixture.shares import Share, as_plain, shares_of
from curate.recipe import paths_in, resolved
from curate.sources.built import VALIDATION, file_stem
from curate.steps.mix import Mix


@dataclass(frozen=True)
class SourceSummary:
    """The counts of one source: read = quarantined + removed + duplicate + not_sampled + kept;
    written counts repeats and validation.
    """

    name: str
    format: str
    read: int
    quarantined: int
    removed: int
    duplicate: int
    not_sampled: int
    kept: int
    written: int
    validation: int
    shortfall: int
    tokens: int
    dropped_columns: tuple[str, ...]

    @property
    def counts(self) -> dict[str, Any]:
        """The figures as plain data."""
        return {key: value for key, value in asdict(self).items() if key != "name"} | {
            "dropped_columns": list(self.dropped_columns)
        }


@dataclass(frozen=True)
class Audited:
    """What the audit of a build says: the sources, the rows in and out of every step, and how many
    left where.
    """

    sources: tuple[SourceSummary, ...]
    steps: tuple[Mapping[str, Any], ...]
    left_out: tuple[tuple[str, str, int], ...]  # step, fate, rows
    unused: tuple[tuple[str, str, int, str], ...]  # source, reason, rows, an example
    sections: tuple[str, ...]  # of the card, by the steps
    kinds: tuple[Kind, ...]  # of reasons, the most frequent first
    facts: Mapping[str, Mapping[str, Any]]  # by step


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
        return {name: {**figures, **self.more[name]} for name, figures in self.figures.items()}

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain data, for `--json`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "rows": {"train": self.train, "validation": self.validation},
            "sources": {source.name: source.counts for source in self.sources},
            "funnel": list(self.steps),
            "steps": self.told,
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
_SOURCES = """
WITH counts AS (
    SELECT source, count(*) AS n, count(*) FILTER (fate = 'quarantined') AS quarantined,
        count(*) FILTER (fate = 'removed') AS removed, count(*) FILTER (fate = 'duplicate') AS duplicate,
        count(*) FILTER (fate = 'not-sampled') AS not_sampled, count(*) FILTER (fate = 'kept') AS kept,
        sum(copies)::BIGINT AS copies, coalesce(sum(n_tokens), 0)::BIGINT AS tokens
    FROM documents GROUP BY source
)
SELECT s.name, s.format, n, quarantined, removed, duplicate, not_sampled, kept, copies, s.rows_validation, s.shortfall,
    tokens, s.dropped_columns
FROM sources AS s JOIN counts ON counts.source = s.name ORDER BY s.rowid
"""
_STEPS = """
SELECT step, sum(rows_in)::BIGINT AS rows_in, sum(rows_out)::BIGINT AS rows_out
FROM funnel GROUP BY position, step ORDER BY position
"""
_LEFT_OUT = """
SELECT e.step, e.fate, count(*) FROM exits AS e LEFT JOIN (SELECT DISTINCT step, position FROM funnel) AS f USING (step)
GROUP BY e.step, e.fate, f.position ORDER BY f.position, e.step, e.fate
"""

_UNUSED = f"""
SELECT o.source, d.reason, count(*), arg_min(o.id || ' has ' || d.detail, o.row)
FROM decisions AS d JOIN documents AS o ON o.id = d.doc_id JOIN sources AS s ON s.name = o.source
WHERE d.action = '{FIELD_UNUSED}' GROUP BY o.source, d.reason, s.rowid ORDER BY s.rowid, d.reason
"""


def read_audit(con: duckdb.DuckDBPyConnection) -> Audited:
    """Read what a summary tells from an audit that is open for reading."""
    names = [field.name for field in fields(SourceSummary)]
    sources = [
        SourceSummary(**dict(zip(names, (*row[:-1], tuple(row[-1] or ())), strict=True)))
        for row in con.execute(_SOURCES).fetchall()
    ]
    steps = [
        dict(zip(("step", "rows_in", "rows_out"), row, strict=True))
        for row in con.execute(_STEPS).fetchall()
    ]
    left_out = con.execute(_LEFT_OUT).fetchall()
    own = faces(con)
    return Audited(
        sources=tuple(sources),
        steps=tuple(steps),
        left_out=tuple(left_out),
        unused=tuple(con.execute(_UNUSED).fetchall()),
        sections=tuple(shown.card(con) for shown in own if shown.card is not None),
        kinds=tuple(kinds(con)),
        facts={shown.name: shown.facts(con) for shown in own if shown.facts is not None},
    )


def summarise(
    plan: Plan,
    audited: Audited,
    decided: Decided,
    files: Mapping[str, int],
    limit: int | None,
) -> Summary:
    """Sum up a build; its seconds are not known yet."""
    sources, decisions = audited.sources, decided.settled.decisions
    others = (*BESIDE, *plan.recipe.makers)
    beside = {name: audited.facts[name] for name in others if name in audited.facts}
    shares = shares_of(decided.results, plan.tokenizer is not None)
    summary = Summary(
        name=plan.recipe.name,
        kind=plan.recipe.kind,
        sources=sources,
        steps=audited.steps,
        figures={name: decision.figures for name, decision in decisions.items()}
        | {name: {} for name in beside},
        more={
            name: {**decision.more, **audited.facts.get(name, {})}
            for name, decision in decisions.items()
        }
        | beside,
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
            *_warnings(plan, audited, shares),
            *(line for decision in decisions.values() for line in decision.warnings),
        ),
        limit=limit,
        files=dict(files),
        seconds=0.0,
    )
    configs = configs_of(plan, summary)
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


def _warnings(plan: Plan, audited: Audited, shares: Sequence[Share]) -> list[str]:
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
    others = [name for name in map(source_file, plan.sources) if not _opens(plan, name)]
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


def lock_of(
    plan: Plan, limit: int | None, summary: Summary | None, outputs: Mapping[str, str]
) -> dict[str, Any]:
    """The lock of a build; without a summary only what it is given, to be compared before work
    starts.
    """
    inputs: dict[str, Any] = {
        spec.name: {
            "revision": source.revision,
            "files": {name: {"sha256": digest, "bytes": size} for name, digest, size in digests},
        }
        | ({"made": source.made} if isinstance(source, MadeSource) else {})
        for spec, source, digests in zip(
            plan.recipe.sources, plan.sources, plan.digests, strict=True
        )
    }
    lock = {
        "lock_version": locks.LOCK_VERSION,
        "recipe": resolved(plan.recipe, lambda path: portable(path, plan.base)),
        "paths": [f"recipe.{place}" for place in paths_in(plan.recipe) if not _on_hub(plan, place)],
        "limit": limit,
        "inputs": {"sources": inputs}
        | ({"tokenizer": plan.tokenizer.digest} if plan.tokenizer else {}),
        "steps": {step.name: dict(step.inputs) for step in plan.steps},
    }
    if summary is None:
        return lock
    return lock | {
        "versions": locks.versions(),
        "counts": _counts(plan, summary),
        "outputs": dict(outputs),
    }


def _on_hub(plan: Plan, place: str) -> bool:
    """Whether what stands at a place of the recipe is an id on the Hub, which says what is read,
    not where it lies.
    """
    return any(
        source.origin == "hub" and place == f"sources[{n}].from"
        for n, source in enumerate(plan.sources)
    )


def _counts(plan: Plan, summary: Summary) -> dict[str, Any]:
    licences = {spec.name: spec.licence for spec in plan.recipe.sources}
    return {
        "sources": {s.name: s.counts | {"licence": licences[s.name]} for s in summary.sources},
        "funnel": list(summary.steps),
        "steps": dict(summary.figures),
        "shares": as_plain(summary.shares),
        "validation_shortfall": summary.validation_shortfall,
        "warnings": list(summary.warnings),
    }


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
        configs=configs_of(plan, summary),
    )


def _size(summary: Summary, split: str) -> int:
    """Bytes of the files of a split."""
    data = [name for name in summary.files if name.startswith("data/")]
    own = [name for name in data if name.startswith(f"data/{VALIDATION}")]
    wanted = own if split == VALIDATION else set(data) - set(own)
    return sum(summary.files[name] for name in wanted)


Config = Mapping[str, Sequence[str]]
"""The files of each split, from the folder's root."""


def configs_of(plan: Plan, summary: Summary) -> dict[str, Config]:
    """What `datasets` may open of the rows, by name; `default` is what it opens unasked.

    A file a source is a configuration a source, for their columns may differ. Where all sources
    have one format, and the same columns beside it, they are one as well. `datasets` opens files of
    one kind in a folder: those of the first source's."""
    if plan.recipe.output.rows != "lines":
        held_out = {VALIDATION: ["data/validation-*.parquet"]} if summary.validation else {}
        return {"default": {"train": ["data/train-*.parquet"], **held_out}}
    own: dict[str, Config] = {}
    for source in plan.sources:
        name = source_file(source)
        paths = {"train": f"data/{name}", VALIDATION: f"data/{VALIDATION}/{name}"}
        there = {split: [path] for split, path in paths.items() if path in summary.files}
        if "train" in there and _opens(plan, name):
            config = file_stem(source.name)
            own[f"{config}-rows" if config in ("default", "removed") else config] = there
    alike = {(source.format, source.dropped_columns) for source in summary.sources}
    if len(own) == 1:
        return {"default": next(iter(own.values()))}
    if len(alike) > 1 or len(own) < len(plan.sources):
        return own
    splits = ["train", VALIDATION] if summary.validation else ["train"]
    every = {
        split: [path for one in own.values() for path in one.get(split, ())] for split in splits
    }
    return {"default": every, **own}


def _opens(plan: Plan, name: str) -> bool:
    return kind_of(name) == kind_of(source_file(plan.sources[0]))
