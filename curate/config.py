"""YAML into checked models: what a recipe and a suite have in common.

A configuration is one pydantic model. This module turns what is wrong with a file into one line
that names the file, the place in it and the nearest known key; it knows nothing of recipes or
suites. Keys that no model has are refused, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from curate.errors import UserError, unknown

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A model that refuses unknown keys and cannot be changed once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @classmethod
    def other_keys(cls) -> list[str]:
        """Keys that another model of the same file would know: named beside this one's where a key
        is unknown.
        """
        return []

    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """Where paths are in its plain data: of each one the keys that lead there."""
        for name, field in type(self).model_fields.items():
            if IS_PATH in field.metadata:
                yield (field.alias or name,)


IS_PATH = "a path, relative to the file that names it"
"""Marks a field, by `Annotated`, that holds a path or a list of them."""


class HasPaths(Protocol):
    """A part of a configuration that may hold paths: `Strict`, or a list that says where."""

    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """Where paths are in its plain data: of each one the keys that lead there."""


def rebased(model: HasPaths, plain: Any, rebase: Callable[[str], str]) -> Any:
    """The plain data of a model with its paths put through `rebase`."""
    changed = deepcopy(plain)
    for *above, key in model.paths():
        part = changed
        for step in above:
            part = part[step]
        value = part[key]
        part[key] = (
            [rebase(path) for path in value] if isinstance(value, list) else value and rebase(value)
        )
    return changed


def one_of(what: str, known: Collection[str]) -> Any:
    """For an annotation: a text that must be one of the known names; the error names the nearest."""

    def check_name(name: str) -> str:
        if name not in known:
            raise ValueError(unknown(what, name, known))
        return name

    return AfterValidator(check_name)


class _UniqueKeys(yaml.SafeLoader):
    """Safe loading that refuses a key that stands twice: plain YAML would silently take the last
    one.
    """


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            mark = node.value[place][0].start_mark
            raise yaml.MarkedYAMLError(problem=f"the key '{key}' stands twice", problem_mark=mark)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # a SafeLoader
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{path}{line}: not valid YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(data, dict):
        raise UserError(f"{path}: the top level must be a mapping of keys to values")
    return data


def check(model: type[Model], data: dict[str, Any], where: str) -> Model:
    """Make a `model` of `data`; the first thing wrong with it becomes one line that starts with
    `where`.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UserError(_first(error, model, where)) from None


def _first(error: ValidationError, model: type[BaseModel], where: str) -> str:
    found = error.errors(include_url=False)
    # A list whose items are wrong counts as too short besides.
    problems = [problem for problem in found if problem["type"] != "too_short"] or found
    # A misspelt key is usually why another one is missing: it goes first.
    first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *above, key = first["loc"]
        known = _keys(model, tuple(above))
        within = f", {'.'.join(map(str, above))}" if above else ""
        return f"{where}{within}: {unknown('key', str(key), known) if known else f'unknown key {key!r}'}{more}"
    if first["type"] == "missing":
        return f"{where}: the key '{place}' is missing{more}"
    if allowed := _range(model, first):
        return f"{where}: '{place}' must be {allowed}, not {first['input']!r}{more}"
    message = first["msg"].replace("valid tuple", "list")
    if first["type"] == "value_error":  # raised by a model of ours: says it all
        message = message.removeprefix("Value error, ")
    elif first["input"] is None or isinstance(first["input"], (str, int, float, bool)):
        message = f"{message[:1].lower()}{message[1:]}, not {first['input']!r}"
    at = f"'{place}': " if place else ""
    return f"{where}: {at}{message}{more}"


def _range(model: type[BaseModel], problem: ErrorDetails) -> str | None:
    """Say where a number that is out of range must lie, if its range has two ends; one beyond
    32 bits guards our arithmetic and tells nobody anything.
    """
    if problem["type"] not in ("greater_than_equal", "less_than_equal"):
        return None
    *above, key = problem["loc"]
    field = _fields(_model_at(model, tuple(above))).get(str(key))
    bounds = field.metadata if field else []
    low = next((bound.ge for bound in bounds if hasattr(bound, "ge")), None)
    high = next((bound.le for bound in bounds if hasattr(bound, "le")), None)
    told = low is not None and high is not None and high < 2**31
    return f"from {low} to {high}" if told else None


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Give the keys known at a place of a model; none where the place cannot be followed."""
    found = _model_at(model, loc)
    return [*_fields(found), *_others_of(found)] if found else []


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Find the model at a place of another; None where the place cannot be followed."""
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, str):
            field = _fields(current).get(part)
            current = _model_in(field.annotation) if field else None
    return current


def _fields(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    """The fields of a model by their keys."""
    fields = model.model_fields if model else {}
    return {field.alias or name: field for name, field in fields.items()}


def _others_of(model: Any) -> list[str]:
    return model.other_keys() if issubclass(model, Strict) else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the one model inside an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = {
        inner
        for arg in getattr(annotation, "__args__", ())
        if (inner := _model_in(arg)) is not None
    }
    return found.pop() if len(found) == 1 else None
