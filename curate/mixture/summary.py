"""What a build says of itself: one summary, from which the lock, the card and the lines on the screen are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curate import lock as locks
from curate.card import CardFacts, Recall, SourceFacts, SplitFacts
from curate.card import Overlap as CardOverlap
from curate.mixture.plan import Plan, as_words, portable
from curate.mixture.probe import ALL
from curate.mixture.record import Evidence, SourceResult
from curate.recipe import resolved
from curate.shards import sha256
from curate.sources import expand
from curate.steps.decontaminate.policy import Overlap


@dataclass(frozen=True)
class SourceSummary:
    """The counts of one source: read = quarantined + removed + not_sampled + kept; written counts repeats and
    validation."""

    name: str
    format: str
    read: int
    quarantined: int
    removed: int
    not_sampled: int
    kept: int
    written: int
    validation: int
    shortfall: int
    tokens: int
    dropped_columns: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """A build in figures; `overlaps[source]` has a cell for every benchmark."""

    name: str
    kind: str
    sources: tuple[SourceSummary, ...]
    overlaps: Mapping[str, list[Overlap]]
    unmatchable: Mapping[str, int]
    left: Mapping[str, Sequence[int]]
    """Of each source, by benchmark, the items that are still hit if it goes."""
    recall: tuple[Mapping[str, Any], ...]
    """What all matchers together found of each mutation of the self-test; empty where there was none."""
    validation_shortfall: int
    scanned_bytes: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    limit: int | None
    files: Mapping[str, int]
    seconds: float

    @property
    def train(self) -> int:
        """Rows of the train split."""
        return sum(source.written - source.validation for source in self.sources)

    @property
    def validation(self) -> int:
        """Rows of the validation split."""
        return sum(source.validation for source in self.sources)

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain data, for `--json`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "rows": {"train": self.train, "validation": self.validation},
            "sources": {source.name: counts_of(source) for source in self.sources},
            "contamination": [
                {"source": name, "benchmark": cell.benchmark.name, "role": cell.benchmark.role, "hit": cell.hit,
                 "items": cell.benchmark.n_items, "rate": cell.rate, "flagged": cell.flagged}
                for name, cells in self.overlaps.items() for cell in cells
            ],
            "unmatchable_items": dict(self.unmatchable),
            "self_test": [dict(line) for line in self.recall],
            "validation_shortfall": self.validation_shortfall,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "limit": self.limit,
            "scanned_bytes": self.scanned_bytes,
            "seconds": self.seconds,
        }  # fmt: skip


def summarise(
    plan: Plan, results: Sequence[SourceResult], tables: Sequence[list[Overlap]], evidence: Evidence,
    files: Sequence[Path], limit: int | None, seconds: float,
) -> Summary:  # fmt: skip
    """Sum up a build."""
    sources = tuple(_source(plan, number, result) for number, result in enumerate(results))
    names = [source.name for source in sources]
    unmatchable = {
        b.name: n
        for b in plan.benchmarks
        if (n := int(np.count_nonzero(~plan.matchers.matchable[b.first : b.first + b.n_items])))
    }
    return Summary(
        name=plan.recipe.name,
        kind=plan.recipe.kind,
        sources=sources,
        overlaps=dict(zip(names, tables, strict=True)),
        unmatchable=unmatchable,
        validation_shortfall=plan.recipe.output.validation - sum(source.validation for source in sources),
        scanned_bytes=sum(block.scanned_bytes for result in results for block in result.blocks),
        left=dict(zip(names, evidence.left, strict=True)),
        recall=tuple(_recall(evidence)),
        notes=(*plan.notes, *_applied(evidence)),
        warnings=(*plan.warnings, *_warnings(sources), *_void(evidence)),
        limit=limit,
        files={path.name: path.stat().st_size for path in files},
        seconds=round(seconds, 2),
    )


def _recall(evidence: Evidence) -> Iterator[Mapping[str, Any]]:
    lines = evidence.selftest.to_pylist() if evidence.selftest is not None else []
    names = ("mutation", "planted", "found", "recall", "low", "high")
    yield from ({n: line[n] for n in names} for line in lines if line["matcher"] == ALL and line["benchmark"] is None)


def _applied(evidence: Evidence) -> list[str]:
    used = [line for line in evidence.verdicts if line["applied"]]
    pairs = sum(line["applied"] for line in used)
    return [f"verdicts applied: {len(used)} of {len(evidence.verdicts)}, to {pairs} matches"] if used else []


def _void(evidence: Evidence) -> list[str]:
    lines = [line for line in evidence.verdicts if line["void"]]
    named = "; ".join(f"{line['doc_id']} × {line['instance_id']}: {line['void']}" for line in lines[:5])
    more = f" (and {len(lines) - 5} more)" if len(lines) > 5 else ""
    return [f"verdicts that are void: {named}{more}"] if lines else []


def _source(plan: Plan, number: int, result: SourceResult) -> SourceSummary:
    kept = int(np.count_nonzero(result.copies))
    dropped = frozenset().union(*(block.dropped_columns for block in result.blocks))
    return SourceSummary(
        name=result.rows.name,
        format=as_words(plan.readings[number].format),
        read=result.read,
        quarantined=result.quarantined,
        removed=len(result.removal.rows),
        not_sampled=len(result.kept) - kept,
        kept=kept,
        written=int(result.copies.sum()),
        validation=int(np.count_nonzero(result.choice.validation)),
        shortfall=result.choice.shortfall,
        tokens=sum(block.n_tokens for block in result.blocks),
        dropped_columns=tuple(sorted(dropped)),
    )


def _warnings(sources: Sequence[SourceSummary]) -> list[str]:
    """Lines that a person should see: what was dropped or fell short."""
    dropped = [
        f"source '{s.name}': columns dropped: {', '.join(s.dropped_columns)} (list them under `keep` to carry them)"
        for s in sources
        if s.dropped_columns
    ]
    short = [f"source '{s.name}': rows missing of those asked for: {s.shortfall}" for s in sources if s.shortfall]
    bad = [f"source '{s.name}': rows quarantined: {s.quarantined}" for s in sources if s.quarantined]
    empty = [] if any(s.written for s in sources) else ["no row is left: `datasets` cannot open an empty split"]
    return dropped + bad + short + empty


def lock_of(plan: Plan, limit: int | None, summary: Summary | None, outputs: Mapping[str, str]) -> dict[str, Any]:
    """The lock of a build; without a summary only what it is given, to be compared before work starts."""
    recipe = resolved(plan.recipe)
    for source in recipe["sources"]:
        source["from"] = portable(source["from"], plan.base)
    if recipe["decontaminate"]:
        spec = recipe["decontaminate"]
        for key in ("suite", "benchmarks_dir", "verdicts"):
            spec[key] = _portable(spec[key], plan.base)
        spec["against"] = [portable(path, plan.base) for path in spec["against"]]
    inputs: dict[str, Any] = {
        spec.name: {
            "revision": source.revision,
            "files": {name: {"sha256": digest, "bytes": size} for name, digest, size in digests},
        }
        for spec, source, digests in zip(plan.recipe.sources, plan.sources, plan.digests, strict=True)
    }
    lock = {
        "lock_version": locks.LOCK_VERSION,
        "recipe": recipe,
        "limit": limit,
        "inputs": {"sources": inputs, "benchmarks": _benchmarks(plan)} | _verdicts(plan),
        "matchers": plan.profile.matchers() if plan.recipe.decontaminate else {},
    }
    if summary is None:
        return lock
    return lock | {"versions": locks.versions(), "counts": _counts(plan, summary), "outputs": dict(outputs)}


def _verdicts(plan: Plan) -> dict[str, Any]:
    spec = plan.recipe.decontaminate
    if spec is None or spec.verdicts is None:
        return {}
    return {"verdicts": {"sha256": sha256(plan.base / expand(spec.verdicts))}}


def _portable(path: str | None, base: Path) -> str | None:
    return portable(path, base) if path else path


def _benchmarks(plan: Plan) -> dict[str, Any]:
    if plan.suite is None:
        return {}
    return {
        b.name: {
            "role": b.role,
            "items": b.n_items,
            "expected_items": b.expected,
            "revision": b.revision,
            "licence": b.licence,
            "files": {name: {"sha256": digest} for name, digest in b.files},
        }
        for b in plan.suite.benchmarks
    }


def _counts(plan: Plan, summary: Summary) -> dict[str, Any]:
    licences = {spec.name: spec.licence for spec in plan.recipe.sources}
    return {
        "sources": {s.name: counts_of(s) | {"licence": licences[s.name]} for s in summary.sources},
        "steps": steps(summary),
        "contamination": {
            name: {cell.benchmark.name: cell.hit for cell in cells if cell.hit}
            for name, cells in summary.overlaps.items()
        },
        "unmatchable_items": dict(summary.unmatchable),
        "validation_shortfall": summary.validation_shortfall,
        "warnings": list(summary.warnings),
    }


def counts_of(source: SourceSummary) -> dict[str, Any]:
    """The figures of a source as plain data."""
    return {
        "format": source.format,
        "read": source.read,
        "quarantined": source.quarantined,
        "removed": source.removed,
        "not_sampled": source.not_sampled,
        "kept": source.kept,
        "written": source.written,
        "validation": source.validation,
        "shortfall": source.shortfall,
        "tokens": source.tokens,
        "dropped_columns": list(source.dropped_columns),
    }


def steps(summary: Summary) -> list[dict[str, Any]]:
    """Rows into and out of every step, all sources together."""
    left = sum(source.read for source in summary.sources)
    found = [{"step": "read", "rows_in": left, "rows_out": left}]
    for step, name in (("validate", "quarantined"), ("decontaminate", "removed"), ("sample", "not_sampled")):
        gone = sum(int(getattr(source, name)) for source in summary.sources)
        found.append({"step": step, "rows_in": left, "rows_out": left - gone})
        left -= gone
    written = sum(source.written for source in summary.sources)
    return [*found, {"step": "write", "rows_in": left, "rows_out": written}]


def card_facts(plan: Plan, summary: Summary, lock_digest: str) -> CardFacts:
    """What the data set card says."""
    spec = plan.recipe.decontaminate
    sources = [
        SourceFacts(
            s.name,
            given.licence,
            s.read,
            s.kept,
            s.written,
            portable(given.from_, plan.base),
            source.revision,
            s.shortfall,
        )
        for s, given, source in zip(summary.sources, plan.recipe.sources, plan.sources, strict=True)
    ]
    splits = [SplitFacts("train", "data/train-*.parquet", summary.train, _size(summary, "train-"))]
    if summary.validation:
        size = _size(summary, "validation-")
        splits.append(SplitFacts("validation", "data/validation-*.parquet", summary.validation, size))
    cells = [
        CardOverlap(name, cell.benchmark.name, cell.benchmark.n_items, cell.hit, cell.rate, cell.flagged, left)
        for name, cells in summary.overlaps.items()
        for cell, left in zip(cells, summary.left[name], strict=True)
    ]
    return CardFacts(
        name=summary.name,
        kind=summary.kind,
        sources=sources,
        splits=splits,
        contamination=cells,
        removed=sum(s.removed for s in summary.sources),
        quarantined=sum(s.quarantined for s in summary.sources),
        not_sampled=sum(s.not_sampled for s in summary.sources),
        policy=spec.policy if spec else None,
        profile=spec.profile if spec else None,
        limit=summary.limit,
        warnings=summary.warnings,
        recall=[
            Recall(line["mutation"], line["planted"], line["found"], line["low"], line["high"])
            for line in summary.recall
        ],
        lock_digest=lock_digest,
        report=True,
    )


def _size(summary: Summary, prefix: str) -> int:
    return sum(size for name, size in summary.files.items() if name.startswith(prefix))
