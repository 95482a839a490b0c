"""Everything that can be known to be wrong before any work starts: sources, formats, steps, locked
inputs.

A plan opens every source, looks at its first block to find the format, makes the steps ready (a
suite is read, an index built) and takes the digests of all input files. What is wrong is a
`UserError` here, not an hour later."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate import steps
from curate.errors import UserError, unknown
from curate.formats import as_words, check_columns, check_format, check_kept, columns_of, detect
from curate.make.source import LINEAGE
from curate.mixture.scan import Reading
from curate.mixture.shape import check_shape, is_read_as_it_is
from curate.recipe import OutputSpec, Recipe, SourceSpec
from curate.records import body_schema
from curate.sources import Source, content_digests, expand, open_read
from curate.steps.sample import Wanted
from curate.steps.step import Step
from curate.tokenizers import Tokenizer, read_tokenizer

Digest = tuple[str, str, int]


@dataclass(frozen=True)
class Plan:
    """A recipe whose every name has been found."""

    recipe: Recipe
    base: Path
    sources: list[Source]
    readings: list[Reading]
    digests: list[list[Digest]]
    steps: Sequence[Step]
    """In the order in which rows pass them."""
    notes: list[str]
    """What was detected, such as formats."""
    tokenizer: Tokenizer | None = None
    """Whose tokens are counted."""
    groups: bool = False
    """Whether it is asked which rows ask the same, even if none are held out."""

    @property
    def by_key(self) -> bool:
        """Whether rows are written in the order of their keys, not of their sources."""
        return self.recipe.output.order == "key"

    @property
    def wanted(self) -> list[Wanted]:
        """How many rows the recipe asks of each source."""
        return [wanted_of(spec) for spec in self.recipe.sources]


def wanted_of(spec: SourceSpec) -> Wanted:
    """How much the recipe asks of one source."""
    return Wanted(spec.rows, spec.share, spec.weight, spec.passes or 1)


def nothing_made() -> dict[str, Source]:
    """The made sources of a recipe that has none."""
    return {}


def make_plan(
    recipe: Recipe,
    base: Path,
    workers: int,
    made: Callable[[], Mapping[str, Source]] = nothing_made,
    ready: Sequence[Step] | None = None,
) -> Plan:
    """Open everything a recipe names; relative paths start from `base`. The rows of its made sources
    are asked for last, when nothing else can be wrong. Steps that are `ready` are those of the
    recipe, made before.
    """
    for spec in recipe.sources:
        if spec.format is not None:
            _at(spec, lambda spec=spec: check_format(spec.format, recipe.kind, spec.keep))
    there = {spec.name: open_read(spec, base) for spec in recipe.sources if not spec.maker}
    check_shape(recipe, list(there.values()))
    pool = ThreadPoolExecutor(workers)
    hashing = {name: pool.submit(content_digests, source) for name, source in there.items()}
    tokenizer = read_tokenizer(str(base / expand(recipe.tokenizer))) if recipe.tokenizer else None
    ready = _steps(recipe, base) if ready is None else ready
    own = made()
    hashing |= {name: pool.submit(content_digests, source) for name, source in own.items()}
    pool.shutdown(wait=False)
    sources = [{**there, **own}[spec.name] for spec in recipe.sources]
    notes: list[str] = []
    readings = [
        reading_of(spec, source, recipe.kind, recipe.output, notes)
        for spec, source in zip(recipe.sources, sources, strict=True)
    ]
    refuse_unknown_columns(ready, readings, sources)
    readings = [replace(reading, needs=_needs(recipe.kind, ready, reading)) for reading in readings]
    digests = [hashing[source.name].result() for source in sources]
    return Plan(recipe, base, sources, readings, digests, ready, notes, tokenizer)


def _steps(recipe: Recipe, base: Path) -> list[Step]:
    """The steps of a recipe, made ready."""
    ready = [
        steps.load(name).make(spec, base=base, kind=recipe.kind, seed=recipe.seed)
        for name, spec in recipe.steps.items()
    ]
    for name, step in zip(recipe.steps, ready, strict=True):
        if step.name != name:
            raise UserError(f"step '{name}' calls itself '{step.name}'; the two must be the same")
    return ready


def with_rows(plan: Plan, made: Mapping[str, Source]) -> Plan:
    """The same plan with other rows of its made sources."""
    pairs = list(zip(plan.sources, plan.digests, strict=True))
    sources = [made.get(source.name, source) for source, _ in pairs]
    digests = [
        content_digests(made[source.name]) if source.name in made else known
        for source, known in pairs
    ]
    return replace(plan, sources=sources, digests=digests)


def _needs(kind: str, made: Sequence[Step], reading: Reading) -> tuple[str, ...]:
    """The columns that a step or a cap reads of a source and nobody keeps."""
    wanted = [*(name for step in made for name in step.needs), *_looked_up(kind, reading.caps)]
    return tuple(dict.fromkeys(name for name in wanted if name not in reading.keep))


def _looked_up(kind: str, columns: Iterable[str]) -> list[str]:
    """Those of some columns that records do not have anyway."""
    return [name for name in columns if name not in body_schema(kind).names]


def refuse_unknown_columns(
    made: Sequence[Step], readings: Sequence[Reading], sources: Sequence[Source]
) -> None:
    """A column that a step needs is in the first block of some source, or is kept of one."""
    wanted = {name: step.name for step in made for name in step.needs}
    for name in dict.fromkeys(name for reading in readings for name in reading.keep):
        wanted.pop(name, None)
    if not wanted:
        return
    there = set[str]().union(*(columns_of(next(source.blocks())) for source in sources))
    for name, step in wanted.items():
        if there and name not in there:  # of rows that are all bad nothing can be said
            raise UserError(f"{step}: no source has it: {unknown('column', name, there)}")


def reading_of(
    spec: SourceSpec, source: Source, kind: str, output: OutputSpec, notes: list[str]
) -> Reading:
    """Find the format of a source by its first block; what was found out is said in a note."""
    notes += [f"source '{spec.name}': {note}" for note in source.notes]
    first = next(source.blocks())
    fmt: str | dict[str, Any] | None = spec.format
    keep = spec.keep
    if spec.maker:
        fmt = {name: name for name in body_schema(kind).names}
        keep = tuple(dict.fromkeys((*spec.keep, LINEAGE)))
    if fmt is None:
        fmt = _at(spec, lambda: detect(first, kind))
        notes.append(f"source '{spec.name}': format {as_words(fmt)}, detected from its columns")
        _at(spec, lambda: check_format(fmt, kind, spec.keep))
    if not spec.maker:
        _at(spec, lambda: check_columns(first, fmt))
    _at(spec, lambda: check_kept(source.blocks(), spec.keep))
    _at(spec, lambda: check_kept(source.blocks(), _looked_up(kind, spec.cap or ()), "cap"))
    passes = wanted_of(spec).passes if output.order == "key" else 1
    caps = tuple(spec.cap or ())
    return Reading(
        spec.name, fmt, keep, passes, caps=caps, as_read=is_read_as_it_is(output, source)
    )


def _at(spec: SourceSpec, action: Any) -> Any:
    """Run something about a source; a UserError then names the source."""
    try:
        return action()
    except UserError as error:
        raise UserError(f"source '{spec.name}': {error}") from None


def portable(path: str, base: Path) -> str:
    """A path as it may stand in a lock file: absolute ones relative to the recipe's folder."""
    return os.path.relpath(path, base) if os.path.isabs(path) else path
