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

from curate import steps
from curate.config import IS_PATH, Problem, Strict, check, load_yaml, one_of, rebased
from curate.errors import UserError, option
from curate.files.encoding import Encoding
from curate.formats import check_format
from curate.records import KINDS
from curate.steps.mix import Mix, contradictions

MAX_PASSES = 256
"""How often a row can be written: a run is numbered by its block and the pass in its last eight
bits.
"""


ORDERS = ("key", "source")
ROWS = ("records", "input", "lines")
Kind = Annotated[str, one_of("kind", KINDS)]


class SourceSpec(Strict):
    """One source: where its rows come from, what shape they have, and how many are taken."""

    name: str = Field(pattern=r"^\w[\w./-]*$")
    from_: Annotated[str, IS_PATH] = Field(alias="from", min_length=1)
    """A file, glob, folder, or `org/name[:subset][@revision]` on the Hub; paths are relative to the
    recipe's folder.
    """
    split: str | None = None
    format: str | dict[str, Any] | None = None
    """A registered format, or a mapping of record fields to columns; found out when left out, and
    said.
    """
    columns: tuple[str, ...] | None = None
    """Column names of a CSV or TSV file without a header."""
    encoding: Encoding | None = None
    """Of files of text that are no UTF-8."""
    field: str | None = None
    """The key of the list that holds the rows where a JSON file is one object."""
    keep: tuple[str, ...] = ()
    """Further columns to carry into the output."""
    licence: str | None = None
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

    @classmethod
    def other_keys(cls) -> list[str]:
        """The steps that this recipe does not have: named where a key is unknown."""
        return [name for name in steps.known() if name not in cls.model_fields]

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


def recipe_model(keys: Iterable[str]) -> type[Recipe]:
    """The model of a recipe that has these keys: the frame, and the part of each step among them."""
    frame = {field.alias or name for name, field in Recipe.model_fields.items()}
    return _with_steps(frozenset(steps.installed(key for key in keys if key not in frame)))


@cache
def _with_steps(names: frozenset[str]) -> type[Recipe]:
    own = {name: (steps.load(name).Spec | None, None) for name in names}
    model: type[Recipe] = create_model("Recipe", __base__=Recipe, **own)  # type: ignore[call-overload]
    return model


def make_recipe(data: Mapping[str, Any], where: str) -> Recipe:
    """Check a recipe given as plain data; everything that is wrong is a line of one UserError, each
    of which begins with `where`.
    """
    return check(recipe_model(map(str, data)), data, where, _wrong)


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
    parts = {name: rebased(spec, plain[name], rebase) for name, spec in recipe.steps.items()}
    sources = [
        rebased(spec, given, rebase)
        for spec, given in zip(recipe.sources, frame["sources"], strict=True)
    ]
    own: dict[str, Any] = rebased(recipe, frame, rebase)
    return own | {"sources": sources} | parts


def paths_in(recipe: Recipe) -> Iterator[str]:
    """Where paths stand in the plain data of a recipe, as a lock names places: `sources[0].from`."""
    yield from (_place(keys).removeprefix(".") for keys in recipe.paths())
    for number, source in enumerate(recipe.sources):
        yield from (f"sources[{number}]{_place(keys)}" for keys in source.paths())
    for name, spec in recipe.steps.items():
        yield from (f"{name}{_place(keys)}" for keys in spec.paths())


def _place(keys: Iterable[str | int]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
