"""Everything that can be known to be wrong before any work starts: sources, formats, suite, locked inputs.

A plan opens every source, looks at its first block to find the format, reads the evaluation suite, builds the n-gram
index and takes the digests of all input files. What is wrong is a `UserError` here, not an hour later.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import UserError
from curate.formats import check_columns, check_format, detect
from curate.matching.matchers import Matchers, build_matchers
from curate.matching.profile import PROFILES, Profile
from curate.mixture.scan import Reading
from curate.recipe import DecontaminateSpec, Recipe, SourceSpec
from curate.sources import Source, content_digests, expand, open_source
from curate.steps.decontaminate.against import with_data_sets
from curate.steps.decontaminate.found import benchmark_items
from curate.steps.decontaminate.policy import BenchmarkItems
from curate.steps.decontaminate.verdicts import Verdict, load_verdicts
from curate.steps.sample import Wanted
from curate.suite import ReadSuite, load_suite, read_suite

Digest = tuple[str, str, int]


@dataclass(frozen=True)
class Plan:
    """A recipe whose every name has been found."""

    recipe: Recipe
    base: Path
    sources: list[Source]
    readings: list[Reading]
    digests: list[list[Digest]]
    suite: ReadSuite | None
    benchmarks: list[BenchmarkItems]
    profile: Profile
    matchers: Matchers
    verdicts: list[Verdict]
    notes: list[str]
    """What was found out, such as formats."""
    warnings: list[str]
    """What a person should look at."""

    @property
    def wanted(self) -> list[Wanted]:
        """How many rows the recipe asks of each source."""
        return [Wanted(spec.rows, spec.share) for spec in self.recipe.sources]


def make_plan(recipe: Recipe, base: Path, workers: int) -> Plan:
    """Open everything a recipe names; relative paths start from `base`."""
    for spec in recipe.sources:
        if spec.format is not None:
            _at(spec, lambda spec=spec: check_format(spec.format, recipe.kind, spec.keep))
    sources = [
        open_source(spec.name, spec.from_, base=base, split=spec.split, columns=spec.columns) for spec in recipe.sources
    ]
    pool = ThreadPoolExecutor(workers)
    digests = pool.map(content_digests, sources)  # beside what follows
    pool.shutdown(wait=False)
    notes: list[str] = []
    readings = [
        _reading(spec, source, recipe.kind, notes) for spec, source in zip(recipe.sources, sources, strict=True)
    ]
    suite = _read_suite(recipe.decontaminate, base) if recipe.decontaminate else None
    wanted = recipe.decontaminate
    profile = wanted.rule() if wanted else PROFILES["tulu3"]
    verdicts = load_verdicts(base / expand(wanted.verdicts)) if wanted and wanted.verdicts else []
    matchers = build_matchers(suite.items if suite else [], profile, base)
    return Plan(
        recipe, base, sources, readings, list(digests), suite, benchmark_items(suite), profile,
        matchers, verdicts, notes,
        suite.warnings if suite else [],
    )  # fmt: skip


def _read_suite(spec: DecontaminateSpec, base: Path) -> ReadSuite:
    folder = base / expand(spec.benchmarks_dir) if spec.benchmarks_dir else None
    read = None
    if spec.suite is not None:
        read = read_suite(load_suite(spec.suite, base=base), benchmarks_dir=folder, without=spec.without, base=base)
    return with_data_sets(read, spec.against, base=base, roles=spec.roles) if spec.against or read is None else read


def _reading(spec: SourceSpec, source: Source, kind: str, notes: list[str]) -> Reading:
    """Find the format of a source by its first block; what was found out is said in a note."""
    first = next(source.blocks())
    fmt: str | dict[str, Any] | None = spec.format
    if fmt is None:
        fmt = _at(spec, lambda: detect(first, kind))
        notes.append(
            f"source '{spec.name}': format {fmt if isinstance(fmt, str) else as_words(fmt)}, found by its columns"
        )
        _at(spec, lambda: check_format(fmt, kind, spec.keep))
    _at(spec, lambda: check_columns(first, fmt))
    return Reading(spec.name, fmt, spec.keep, Wanted(spec.rows, spec.share).passes)


def as_words(fmt: str | dict[str, Any]) -> str:
    """A format as people write it: its name, or the mapping on one line."""
    return fmt if isinstance(fmt, str) else "{" + ", ".join(f"{key}: {value}" for key, value in fmt.items()) + "}"


def _at(spec: SourceSpec, action: Any) -> Any:
    """Run something about a source; a UserError then names the source."""
    try:
        return action()
    except UserError as error:
        raise UserError(f"source '{spec.name}': {error}") from None


def portable(path: str, base: Path) -> str:
    """A path as it may stand in a lock file: absolute ones relative to the recipe's folder."""
    return os.path.relpath(path, base) if os.path.isabs(path) else path
