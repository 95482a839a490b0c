"""What a recipe is about, told without reading its rows: sources, shares, steps, and everything that
is in the way.

Each source is opened and its first block looked at; nothing is fetched from the Hub, and no
benchmark is read. What is wrong is collected, so that it is told at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq

from curate import steps
from curate.errors import UserError
from curate.files import kind_of
from curate.formats import as_words, check_format
from curate.mixture.expected import Expected, expected
from curate.mixture.foreseen import Foreseen, foreseen
from curate.mixture.plan import reading_of, refuse_unknown_columns
from curate.mixture.scan import Reading
from curate.mixture.shape import check_shape
from curate.mixture.stand_ins import with_stand_ins
from curate.network import offline
from curate.recipe import Recipe, SourceSpec, with_licences
from curate.sources import Source, estimated_bytes, expand, is_away, is_path, open_read
from curate.steps.step import Given, Step
from curate.tokenizers import read_tokenizer

T = TypeVar("T")

COUNTED_BYTES = 64 << 20
"""Files of text up to this size are counted; of larger ones the first block says about how many."""

HERE, AWAY, WRONG, MADE = "here", "on the Hub", "cannot be read", "made"


@dataclass(frozen=True)
class SourcePlan:
    """One source, as far as it is known without reading it."""

    name: str
    from_: str
    where: str
    licence: str | None
    format: str | None = None
    files: int = 0
    size: int | None = None
    """About how many bytes."""
    rows: int | None = None
    exact: bool = False
    """Whether `rows` were counted, not estimated."""
    expected: Expected = field(default_factory=Expected)
    """What it gives to the train split if no step takes a row."""


@dataclass(frozen=True)
class StepPlan:
    """One step with its settings, and what it reads beside the rows."""

    name: str
    settings: dict[str, Any]
    given: tuple[Given, ...]


@dataclass(frozen=True)
class Preview:
    """What a recipe is about."""

    name: str
    kind: str
    sources: tuple[SourcePlan, ...]
    mix: dict[str, Any] | None
    output: dict[str, Any]
    steps: tuple[StepPlan, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    made: tuple[Foreseen, ...] = ()
    """What it takes to have models write sources."""

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    """The same with `from` for `from_`, as a recipe has it."""
    if isinstance(value, dict):
        return {key.removesuffix("_"): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


@dataclass
class _Found:
    """What came to light on the way."""

    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def tried(self, what: str, action: Callable[[], T]) -> T | None:
        """What an action gives; where it fails, what is wrong is kept, with what it is about."""
        try:
            return action()
        except UserError as error:
            for line in str(error).splitlines():
                told = line if not what or what in line else f"{what}: {line}"
                if told not in self.problems:
                    self.problems.append(told)
            return None


def preview(recipe: Recipe, *, base: Path, sources_dir: Path | None = None) -> Preview:
    """Look at all that a recipe names; raises UserError for the folder of stand-ins alone."""
    recipe, notes = with_stand_ins(with_licences(recipe), sources_dir, base)
    found = _Found(list(notes))
    looked = [_source(spec, recipe, base, found) for spec in recipe.sources]
    plans = [plan for plan, _, _ in looked]
    there = [(source, reading) for _, source, reading in looked if source and reading]
    sources, readings = [source for source, _ in there], [reading for _, reading in there]
    all_here = len(there) == len(looked)
    made = [
        one
        for spec in recipe.sources
        if spec.maker
        for one in found.tried("", lambda spec=spec: foreseen(spec, recipe, base)) or ()  # type: ignore[misc]
    ]
    if all_here:
        found.tried("", lambda: check_shape(recipe, sources))
    if recipe.tokenizer:
        path = base / expand(recipe.tokenizer)
        found.tried("tokenizer", lambda: read_tokenizer(str(path)))
    named = [(name, *_step(name, recipe, base, found)) for name in recipe.steps]
    ready = [step for _, _, step in named if step is not None]
    if all_here:
        found.tried("", lambda: refuse_unknown_columns(ready, readings, sources))
    shares = expected(recipe, [plan.rows for plan in plans])
    return Preview(
        recipe.name,
        recipe.kind,
        tuple(replace(plan, expected=share) for plan, share in zip(plans, shares, strict=True)),
        recipe.mix.model_dump(mode="json") if recipe.mix else None,
        recipe.output.model_dump(mode="json"),
        tuple(StepPlan(name, _settings(recipe.steps[name]), given) for name, given, _ in named),
        tuple(found.notes),
        tuple(found.problems),
        tuple(made),
    )


def _settings(spec: Any) -> dict[str, Any]:
    plain = spec.model_dump(mode="json", by_alias=True)
    return plain if isinstance(plain, dict) else {"filters": plain}


def _source(
    spec: SourceSpec, recipe: Recipe, base: Path, found: _Found
) -> tuple[SourcePlan, Source | None, Reading | None]:
    what = f"source '{spec.name}'"
    if spec.making:
        rows = spec.making.accepted or spec.making.items
        exact = spec.making.accepted is not None
        made = SourcePlan(spec.name, str(spec.maker), MADE, spec.licence, rows=rows, exact=exact)
        return made, None, None
    plain = SourcePlan(spec.name, spec.from_, WRONG, spec.licence)
    fmt = spec.format
    if fmt is not None:
        found.tried(what, lambda: check_format(fmt, recipe.kind, spec.keep))
    away = found.tried(what, lambda: is_away(spec.from_, base))
    source = None
    if away is False and not is_path(spec.from_, base):
        source = _cached(spec, base, found)
        away = source is None
    elif away is False:
        source = found.tried(what, lambda: open_read(spec, base))
    if source is None:
        return replace(plain, where=AWAY if away else WRONG), None, None
    reading = found.tried(
        what, lambda: reading_of(spec, source, recipe.kind, recipe.output, found.notes)
    )
    counted = found.tried(what, lambda: _rows(source))
    if reading is None or counted is None:
        return plain, None, None
    plan = replace(
        plain,
        where=HERE,
        format=as_words(reading.format),
        files=len(source.files),
        size=estimated_bytes(source),
        rows=counted[0],
        exact=counted[1],
    )
    return plan, source, reading


def _cached(spec: SourceSpec, base: Path, found: _Found) -> Source | None:
    """A data set of the Hub from the cache alone; None, and a note, where that has not all of it."""
    try:
        with offline():
            return open_read(spec, base)
    except UserError as error:
        found.notes.append(f"source '{spec.name}': not read from the cache: {error}")
        return None


def _rows(source: Source) -> tuple[int, bool]:
    """How many rows a source has, and whether that was counted."""
    if not source.files:
        return sum(block.n_rows for block in source.blocks()), True
    if all(kind_of(file.path.name) == "parquet" for file in source.files):
        return sum(pq.read_metadata(file.path).num_rows for file in source.files), True
    size = estimated_bytes(source)
    if size <= COUNTED_BYTES or kind_of(source.files[0].path.name) == "arrow":
        return sum(block.n_rows for block in source.blocks()), True
    first = next(source.blocks())
    return round(size * first.n_rows / max(1, first.nbytes)), False


def _step(
    name: str, recipe: Recipe, base: Path, found: _Found
) -> tuple[tuple[Given, ...], Step | None]:
    """What a step reads, and the step itself where it reads nothing: so its settings are tried."""
    package, spec = steps.load(name), recipe.steps[name]
    tell = getattr(package, "given", None)
    given = found.tried(name, lambda: tuple(tell(spec, base=base))) if tell is not None else ()
    for one in given or ():
        if one.problem is not None:
            found.problems.append(f"{name}: {one.name}: {one.problem}")
    if given is None or given:
        return given or (), None
    kind, seed = recipe.kind, recipe.seed
    step = found.tried(name, lambda: package.make(spec, base=base, kind=kind, seed=seed))
    return (), step


def away(preview: Preview) -> Sequence[str]:
    """The data sets of the Hub that are not on this machine."""
    sources = [source.from_ for source in preview.sources if source.where == AWAY]
    items = [one.from_ for step in preview.steps for one in step.given if not one.here]
    return list(dict.fromkeys([*sources, *items]))
