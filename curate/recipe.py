"""The recipe: one file that says what is read, what is done to it and what is written, so that it
rebuilds the same.

    recipe = load_recipe(Path("my-sft.yaml"))
    recipe.steps        # {"decontaminate": DecontaminateSpec(...)}

The frame is here; each step brings a model of its own for its key. The same models serve YAML, the
command line and Python; unknown keys are refused with the nearest known one, and the whole recipe
is kept in the folder that it built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from curate import makers, steps
from curate.config import IS_PATH, Problem, Strict, check, load_yaml, one_of, rebased
from curate.engines.spec import Engines, EngineSpec, OneEngine
from curate.errors import UserError, option
from curate.formats import check_format
from curate.make.maker import MakerSpec
from curate.records import KINDS
from curate.sources.spec import ReadSpec
from curate.steps.mix import Mix, contradictions

MAX_PASSES = 256
"""How often a row can be written: a run is numbered by its block and the pass in its last eight
bits.
"""


ORDERS = ("key", "source")
ROWS = ("records", "input", "lines")
Kind = Annotated[str, one_of("kind", KINDS)]


class SourceSpec(ReadSpec):
    """One source: where its rows come from, what shape they have, and how many are taken. The keys
    of the makers are added by `recipe_model`.
    """

    name: str = Field(pattern=r"^\w[\w./-]*$")
    rows: int | None = Field(default=None, ge=1, le=2**63 - 1)
    share: float | None = Field(default=None, gt=0, le=MAX_PASSES, allow_inf_nan=False)
    weight: float | None = Field(default=None, gt=0, le=1e12, allow_inf_nan=False)
    """Its part of what `mix` shares out, beside those of the other sources."""
    passes: int | None = Field(default=None, ge=1, le=MAX_PASSES)
    """Under `mix`: how often a row may be written to fill that part."""
    cap: dict[str, Annotated[int, Field(ge=1)]] | None = Field(default=None, min_length=1)
    """By column: at most so many different rows of each value."""

    @model_validator(mode="after")
    def _one_amount(self) -> SourceSpec:
        given = [name for name in ("rows", "share", "weight") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"both {given[0]} and {given[1]} are given; keep one of them")
        return self

    @model_validator(mode="after")
    def _one_origin(self) -> SourceSpec:
        given = [*(["from"] if self.from_ else []), *self._makers()]
        if len(given) > 1:
            raise ValueError(f"both {given[0]} and {given[1]} are given; keep one of them")
        if not given:
            raise ValueError("the key 'from' is missing")
        beside = ("split", "format", "columns", "encoding", "field")
        wrong = [name for name in beside if self.maker and getattr(self, name) is not None]
        if wrong:
            raise ValueError(f"{wrong[0]} says how files are read; the rows of {given[0]} are made")
        return self

    def _makers(self) -> list[str]:
        """The makers that are given, by name."""
        known = set(type(self).model_fields) - set(SourceSpec.model_fields)
        return [name for name in sorted(known) if getattr(self, name) is not None]

    @property
    def maker(self) -> str | None:
        """The maker of its rows; None where they are read."""
        return next(iter(self._makers()), None)

    @property
    def making(self) -> MakerSpec | None:
        """What the maker is given."""
        return getattr(self, self.maker) if self.maker else None

    @classmethod
    def other_keys(cls) -> list[str]:
        """The makers that no source of this recipe has: named where a key is unknown."""
        return [name for name in makers.HOUSE if name not in cls.model_fields]

    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """Where paths are in its plain data, those of its maker among them."""
        if not self.maker or not self.making:
            yield from super().paths()
            return
        yield from ((self.maker, *keys) for keys in self.making.paths())


class OutputSpec(Strict):
    """How the mixture is written."""

    shards: Literal["auto"] | Annotated[int, Field(ge=1, le=99_999)] = "auto"
    validation: (
        Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
        | Annotated[float, Field(strict=True, gt=0, lt=1)]
    ) = 0
    """Rows held out as the validation split, or their share of the rows to train with."""
    order: Annotated[str, one_of("order", ORDERS)] = "key"
    """In the order of their sampling keys, or as they stand in the sources."""
    rows: Annotated[str, one_of("rows", ROWS)] = "records"
    """As records of the kind, with the columns of the input, or as they stand in its files."""

    @model_validator(mode="after")
    def _lines_stand_as_they_are(self) -> OutputSpec:
        if self.rows == "lines" and self.order != "source":
            raise ValueError("rows: lines keeps rows in place; write order: source too")
        if self.rows == "lines" and self.shards != "auto":
            raise ValueError("rows: lines writes one file for each source; leave shards out")
        return self


class Recipe(Strict):
    """A whole mixture: read → validate → steps → sample → write. The steps' own keys are added by
    `recipe_model`.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    kind: Kind
    seed: int = Field(default=42, ge=0, le=2**64 - 1)
    sources: tuple[SourceSpec, ...] = Field(min_length=1)
    tokenizer: Annotated[str | None, IS_PATH] = None
    """A `tokenizer.json`, or its folder: how many of its tokens each row has is counted."""
    mix: Mix | None = None
    output: OutputSpec = OutputSpec()
    engine: OneEngine | None = None
    """The language model that makers ask where the recipe has one alone; its name is `engine`."""
    engines: Engines = Field(default_factory=dict)
    """Several, by name."""

    @model_validator(mode="after")
    def _names_differ(self) -> Recipe:
        twice = [
            name for name, n in Counter(source.name for source in self.sources).items() if n > 1
        ]
        if twice:
            raise ValueError(f"two sources are called '{twice[0]}'")
        return self

    @model_validator(mode="after")
    def _lines_stand_once(self) -> Recipe:
        again = [
            source.name
            for source in self.sources
            if (source.share or 0) > 1 or (source.passes or 1) > 1
        ]
        if again and self.output.rows == "lines":
            raise ValueError(
                f"source '{again[0]}' repeats rows, which rows: lines cannot; give a share of at "
                "most 1 (under mix one pass), or write rows: input"
            )
        return self

    @model_validator(mode="after")
    def _made_rows_are_records(self) -> Recipe:
        made = [source.name for source in self.sources if source.maker]
        if made and self.output.rows != "records":
            raise ValueError(
                f"the rows of source '{made[0]}' are made, so there is no input to write them as; "
                "write rows: records"
            )
        files = Counter(name.replace("/", "-") for name in made)  # as their answers are called
        twice = [name for name in made if files[name.replace("/", "-")] > 1]
        if twice:
            raise ValueError(
                f"sources '{twice[0]}' and '{twice[1]}' are made, and their answers would be in one "
                "file: give one of them another name"
            )
        return self

    @classmethod
    def other_keys(cls) -> list[str]:
        """The steps that this recipe does not have: named where a key is unknown."""
        return [name for name in steps.known() if name not in cls.model_fields]

    @property
    def models(self) -> dict[str, EngineSpec]:
        """The engines that makers may ask, by name."""
        return {**({"engine": self.engine} if self.engine else {}), **self.engines}

    @property
    def makers(self) -> list[str]:
        """The makers of its sources, by name."""
        return sorted({source.maker for source in self.sources if source.maker})

    @property
    def shares(self) -> str:
        """What is asked of its sources: rows, or tokens."""
        return self.mix.by if self.mix else "rows"

    @property
    def steps(self) -> dict[str, Any]:
        """The steps that the recipe has, by name, in the order in which they run."""
        own = set(type(self).model_fields) - set(Recipe.model_fields)
        return {
            name: getattr(self, name)
            for name in steps.in_order(own)
            if getattr(self, name) is not None
        }


def recipe_model(data: Mapping[str, Any]) -> type[Recipe]:
    """The model of a recipe that has these keys, as plain data: the frame, the part of each step
    among them, and in its sources those of the makers.
    """
    frame = {field.alias or name for name, field in Recipe.model_fields.items()}
    own = frozenset(steps.installed(key for key in map(str, data) if key not in frame))
    return _with_parts(own, frozenset(_makers_in(data)))


@cache
def _with_parts(names: frozenset[str], made: frozenset[str]) -> type[Recipe]:
    own: dict[str, Any] = {name: (steps.load(name).Spec | None, None) for name in sorted(names)}
    if made:
        source = _source_model(made)
        own["sources"] = (tuple[source, ...], Field(min_length=1))  # type: ignore[valid-type]
    model: type[Recipe] = create_model("Recipe", __base__=Recipe, **own)
    return model


def _source_model(names: Iterable[str]) -> type[SourceSpec]:
    own: dict[str, Any] = {name: (makers.load(name).Spec | None, None) for name in sorted(names)}
    # Empty where the rows are made.
    own["from_"] = (Annotated[str, IS_PATH], Field(default="", alias="from", min_length=1))
    model: type[SourceSpec] = create_model("SourceSpec", __base__=SourceSpec, **own)
    return model


def _makers_in(data: Mapping[str, Any]) -> set[str]:
    """The makers that some source of a recipe has, as plain data."""
    sources = data.get("sources")
    given = sources if isinstance(sources, list | tuple) else ()
    return {key for one in given if isinstance(one, Mapping) for key in one if key in makers.HOUSE}


def make_recipe(data: Mapping[str, Any], where: str) -> Recipe:
    """Check a recipe given as plain data; everything that is wrong is a line of one UserError, each
    of which begins with `where`.
    """
    return check(recipe_model(data), data, where, _wrong)


def _wrong(recipe: Recipe) -> Iterator[Problem]:
    """What is wrong only once every key is known."""
    yield from _wrong_formats(recipe)
    yield from contradictions(recipe.sources, recipe.mix, recipe.tokenizer)


def _wrong_formats(recipe: Recipe) -> Iterator[Problem]:
    """Formats that no record of the recipe's kind can be made of."""
    for number, source in enumerate(recipe.sources):
        try:
            if source.format is not None:
                check_format(source.format, recipe.kind, source.keep)
        except UserError as error:
            yield Problem(("sources", number, "format"), str(error), names_key=True)


def with_licences(recipe: Recipe) -> Recipe:
    """The recipe with the licence of what they are made of for made sources that state none."""
    sources = [
        spec.model_copy(update={"licence": spec.making.licence()})
        if spec.making and spec.licence is None
        else spec
        for spec in recipe.sources
    ]
    return recipe.model_copy(update={"sources": tuple(sources)})


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe file; raises UserError with a line for everything that is wrong."""
    if path.is_dir():
        raise UserError(f"{path}: a folder; give the recipe's YAML file")
    return make_recipe(load_yaml(path), str(path))


def override(recipe: Recipe, given: Mapping[str, Any]) -> Recipe:
    """The recipe with keys of its steps replaced by those that were given (not None)."""
    changed: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        owners = [name for name, spec in recipe.steps.items() if key in type(spec).model_fields]
        if not owners:
            flag = f"--{key.replace('_', '-')}"
            raise UserError(f"{option(flag, key)}: the recipe has no step that takes it")
        for name in owners:
            spec = changed.get(name, recipe.steps[name])
            changed[name] = spec.model_copy(update={key: value})
    return recipe.model_copy(update=changed) if changed else recipe


def resolved(recipe: Recipe, rebase: Callable[[str], str] = str) -> dict[str, Any]:
    """The recipe as plain data, every default written out; paths go through `rebase`."""
    plain = recipe.model_dump(mode="json", by_alias=True, exclude_none=False)
    frame = {key: value for key, value in plain.items() if key in Recipe.model_fields}
    if not recipe.models:
        frame = {key: value for key, value in frame.items() if key not in ("engine", "engines")}
    parts = {name: rebased(spec, plain[name], rebase) for name, spec in recipe.steps.items()}
    sources = [
        rebased(spec, _of_its_origin(spec, given), rebase)
        for spec, given in zip(recipe.sources, frame["sources"], strict=True)
    ]
    own: dict[str, Any] = rebased(recipe, frame, rebase)
    return own | {"sources": sources} | parts


def _of_its_origin(spec: SourceSpec, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The plain data of a source without the origins that it does not have."""
    known = set(type(spec).model_fields) - set(SourceSpec.model_fields)
    others = known - {spec.maker} if spec.from_ else {"from", *known} - {spec.maker}
    return {key: value for key, value in plain.items() if key not in others}


def paths_in(recipe: Recipe) -> Iterator[str]:
    """Where paths stand in the plain data of a recipe, as a lock names places: `sources[0].from`."""
    yield from (_place(keys).removeprefix(".") for keys in recipe.paths())
    for number, source in enumerate(recipe.sources):
        yield from (f"sources[{number}]{_place(keys)}" for keys in source.paths())
    for name, spec in recipe.steps.items():
        yield from (f"{name}{_place(keys)}" for keys in spec.paths())


def _place(keys: Iterable[str | int]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
