"""What a format is: a plain rule for one row, and perhaps the same rule for whole Arrow columns.

`convert` is the specification. `vector`, where a format has one, must make the same records as
`convert` from every row whose result is valid; rows it makes nothing valid of are given to
`convert`, which names the reason. It answers None for tables whose column types are not exactly
what it handles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from curate.files import Row
from curate.records import BadRow, Body

Sample = Mapping[str, frozenset[str]]
"""Column name -> what its first values are: text, messages, turns, list, object, number, truth
value.
"""


@dataclass(frozen=True)
class Format:
    """How the columns of one published shape become records.

    `columns` are those it uses; every other is dropped unless kept. `turns` are the columns that
    hold lists of messages, whose unknown keys are reported as dropped too."""

    name: str
    kinds: tuple[str, ...]
    columns: frozenset[str]
    convert: Callable[[Row, str], Body]
    fits: Callable[[Sample, str], bool]
    vector: Callable[[pa.Table, str], pa.Table | None] | None = None
    turns: tuple[str, ...] = ()


def describe(value: object) -> str:
    """What a value is, in the words of an error message."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    names = {str: "text", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), f"of type {type(value).__name__}")


def text_of(row: Row, column: str) -> str:
    """The text in a column; raises BadRow where it is missing or no text."""
    value = row.get(column)
    if value is None:
        raise BadRow(f"field '{column}' is missing")
    if not isinstance(value, str):
        raise BadRow(f"field '{column}' is {describe(value)}, not text")
    return value


def optional_text(row: Row, column: str) -> str | None:
    """The text in a column, None where it is missing or empty; raises BadRow where it is no text."""
    return None if row.get(column) is None else text_of(row, column) or None


def json_text(value: object) -> str:
    """A value as JSON, keys in their order, other characters than ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, default=str)


def json_or_text(value: object) -> str | None:
    """Text as it is, anything else as JSON; None for what is missing or empty (null, "", [], {})."""
    if value is None or value == "" or value == [] or value == {}:
        return None
    return value if isinstance(value, str) else json_text(value)


def message(role: str, content: str, **extras: str | None) -> dict[str, str | None]:
    """One turn as records hold it, without the extras it does not have."""
    return {
        "role": role,
        "content": content,
        **{name: value for name, value in extras.items() if value is not None},
    }
