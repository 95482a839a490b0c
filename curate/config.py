"""YAML into checked models: what a recipe and a suite have in common.

A configuration is one pydantic model. This module turns everything that is wrong with a file into
one line each, which names the file, the line in it, the place in words and the nearest known key:

    my.yaml:7: source 'chats': unknown key 'fromat'; did you mean 'format'? (known: ...)

It knows nothing of recipes or suites. Keys that no model has are refused, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from curate.errors import UserError, nearest, unknown

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]
"""Keys and positions from the top level down to a value."""
_SHORT = (str, int, float, bool)
"""Types of values that a message repeats."""
_UNREADABLE = (yaml.YAMLError, ValueError, OverflowError, RecursionError)
"""What reading YAML raises: besides its own errors those of a number with thousands of digits, of a
date that is none, and of nesting."""
_DEEPEST, _MOST_VALUES = 100, 1_000_000
_SHOWN = 200
"""Characters of a text that a message repeats."""


class Problem(NamedTuple):
    """Where something is wrong, and what; `names_key` if the message itself names the key."""

    place: Place
    message: str
    names_key: bool = False


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


def without_usual_nulls(plain: Any, given: Any) -> Any:
    """Plain data of a model without the nulls and empty lists that are its defaults anyway; any other
    null says something, so it stays.
    """
    if isinstance(plain, dict):
        fields = _by_key(given) if isinstance(given, BaseModel) else {}
        parts = given if isinstance(given, Mapping) else {}
        return {
            key: without_usual_nulls(value, fields[key][0] if key in fields else parts.get(key))
            for key, value in plain.items()
            if value not in (None, []) or key not in fields or fields[key][1]
        }
    inner = given.root if isinstance(given, RootModel) else given
    if isinstance(plain, list) and isinstance(inner, list | tuple):
        return [without_usual_nulls(*pair) for pair in zip(plain, inner, strict=True)]
    return plain


def _by_key(model: BaseModel) -> dict[str, tuple[Any, Any]]:
    """By its key in plain data, what a field of a model holds, and its default."""
    return {
        field.alias or name: (getattr(model, name), field.get_default(call_default_factory=True))
        for name, field in type(model).model_fields.items()
    }


def one_of(what: str, known: Collection[str]) -> Any:
    """For an annotation: a text that must be one of the known names; the error names the nearest."""

    def check_name(name: str) -> str:
        if name not in known:
            raise ValueError(unknown(what, name, known))
        return name

    return AfterValidator(check_name)


class Document(dict[str, Any]):
    """The mapping that a YAML file holds, and the line of every place in it, from 1 on."""

    lines: Mapping[Place, int] = {}


def yaml_value(what: str, text: str) -> Any:
    """A value given as YAML in a call, such as `{prompt: question}`; `what` names it in the error."""
    try:
        return _read(text)[1]
    except _UNREADABLE as error:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise UserError(f"{what}: {shown!r} is not valid YAML ({_fault(error)})") from None


def front_matter(what: str, text: str) -> Any:
    """The value of YAML that stands in another file; `what` names it in the error."""
    try:
        return _read(text)[1]
    except _UNREADABLE as error:
        raise UserError(f"{what} is no YAML: {_fault(error)}") from None


_MERGE = "tag:yaml.org,2002:merge"


class _UniqueKeys(yaml.SafeLoader):
    """Safe loading that refuses a key that is given twice: plain YAML would silently take the last
    one.
    """


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key, _ in node.value:
        if key.tag == _MERGE:
            continue
        name = loader.construct_object(key)
        if not isinstance(name, Hashable):
            break  # said by the loader itself
        if name in seen:
            problem = f"the key '{name}' is given twice"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        seen.add(name)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None
    try:
        root, data = _read(text)
        lines = dict(_lines(root, ())) if root is not None else {}
    except _UNREADABLE as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UserError(f"{path}{line}: not valid YAML ({_fault(error)})") from None
    if root is None or not isinstance(data, dict):
        raise UserError(f"{path}: the top level must be a mapping of keys to values")
    document = Document(data)
    document.lines = lines
    return document


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """The node of a YAML text and its value; raises one of `_UNREADABLE`."""
    loader = _UniqueKeys(text)  # a SafeLoader
    root = loader.get_single_node()
    if root is None:
        return None, None
    _refuse_bomb(root)
    return root, loader.construct_document(root)


def _refuse_bomb(root: yaml.Node) -> None:
    """Refuse aliases of aliases that stand for more values than a file of settings has, and
    nesting so deep that whoever walks through it runs out of stack.
    """
    waiting, n = [(root, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        n += 1
        if depth > _DEEPEST:
            problem = f"nested more than {_DEEPEST} deep"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if n > _MOST_VALUES:
            raise yaml.MarkedYAMLError(
                problem=f"its aliases make more than {_MOST_VALUES:,} values"
            )
        own = node.value if isinstance(node, yaml.CollectionNode) else ()
        inner = chain.from_iterable(own) if isinstance(node, yaml.MappingNode) else own
        waiting += ((one, depth + 1) for one in inner)


def _fault(error: Exception) -> str:
    """What is wrong with a YAML text, in a few words."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    said = getattr(error, "problem", None) or str(error)
    return " ".join(said.split())[:_SHOWN]


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    """The line of every key and list item below a node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*place, number), value.start_mark.line + 1
            yield from _lines(value, (*place, number))


def check(
    model: type[Model],
    data: Mapping[str, Any],
    where: str,
    more: Callable[[Model], Iterable[Problem]] = lambda made: (),
) -> Model:
    """Make a `model` of `data`; everything wrong with it becomes a line that starts with `where`.

    `more` finds what can be wrong only once the model is made."""
    try:
        made = model.model_validate(dict(data))
    except ValidationError as error:
        raise UserError(_told(_problems(error, model, data), data, where)) from None
    told = _told(more(made), data, where)
    if told:
        raise UserError(told)
    return made


def _told(problems: Iterable[Problem], data: Mapping[str, Any], where: str) -> str:
    """One line a problem, in the order of the file; `where` is not repeated as a place."""
    lines = data.lines if isinstance(data, Document) else {}
    told = []
    for place, message, names_key in problems:
        known = (lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines)
        line = next(known, 0)
        words = _words(place[:-1] if names_key else place, data)
        start = [f"{where}:{line}" if line else where, *(word for word in words if word != where)]
        told.append((line, ": ".join([*start, message])))
    return "\n".join(text for _, text in sorted(told, key=lambda one: one[0]))


def _words(place: Place, data: Any) -> list[str]:
    """A place as people name it: `source 'chats'` for `sources`, 0."""
    words: list[str] = []
    for part in place:
        data = _inside(data, part)
        if isinstance(part, str):
            words.append(part)
        elif isinstance(data, Mapping):
            words[-1] = f"{words[-1].removesuffix('s')} {data.get('name', part + 1)!r}"
    return words


def _is_there(place: Place, data: Any) -> bool:
    """Whether data has a value at a place, be it null."""
    *above, last = place
    holder = reduce(_inside, above, data)
    if isinstance(holder, Mapping):
        return last in holder
    return isinstance(holder, list | tuple) and isinstance(last, int) and last < len(holder)


def _inside(data: Any, part: int | str) -> Any:
    """What stands under a key or at a position; None where there is nothing."""
    if isinstance(part, int):
        return data[part] if isinstance(data, list | tuple) and part < len(data) else None
    return data.get(part) if isinstance(data, Mapping) else None


def _problems(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any]
) -> Iterator[Problem]:
    """What is wrong with some data; where one value could have been several things, all of them."""
    found = error.errors(include_url=False)
    # A list whose items are wrong counts as too short besides.
    places = [tuple(problem["loc"]) for problem in found]
    found = [
        problem
        for problem, at in zip(found, places, strict=True)
        if problem["type"] != "too_short"
        or not any(len(other) > len(at) and other[: len(at)] == at for other in places)
    ]
    said: dict[Place, dict[str, Any]] = {}
    meant = set()  # keys that are there under another name
    for problem in sorted(found, key=lambda one: one["type"] != "extra_forbidden"):
        place = tuple(problem["loc"])
        if problem["type"] == "extra_forbidden":
            known, key = _keys(model, place[:-1]), str(place[-1])
            message = unknown("key", key, known) if known else f"unknown key {key!r}"
            meant.add((*place[:-1], nearest(key, known)))
            yield Problem(place, message, names_key=True)
        elif problem["type"] == "missing":
            if place not in meant:
                yield Problem(place, f"the key '{place[-1]}' is missing", names_key=True)
        else:
            while place and not _is_there(place, data):  # one of several types
                place = place[:-1]
            own = problem["type"] != "value_error" and isinstance(problem["input"], _SHORT)
            within = _range(model, problem)
            told = f"must be {within}" if within else _message(problem)
            said.setdefault(place, {})[told] = f", not {problem['input']!r}" if own else ""
    for place, messages in said.items():
        yield Problem(
            place,
            " or ".join(messages).replace(" or must be ", " or ") + next(iter(messages.values())),
        )


_PLAIN = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "model_type": "must be a mapping",
    "string_pattern_mismatch": "must match {pattern}",
    "string_type": "must be text",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
}
"""What pydantic's types of errors are called here; its own words serve for the others."""


def _message(problem: Mapping[str, Any]) -> str:
    """What one error of pydantic says of a value."""
    message: str = problem["msg"]
    if problem["type"] == "value_error":  # raised by a model of ours: says it all
        return message.removeprefix("Value error, ")
    plain = _PLAIN.get(problem["type"])
    return plain.format(**problem.get("ctx", {})) if plain else message[:1].lower() + message[1:]


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
