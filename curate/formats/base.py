"""What a format is: a plain rule for one row, and perhaps the same rule for whole Arrow columns.

`convert` is the specification. `vector`, where a format has one, must make the same records as
`convert` from every row whose result is valid; rows it makes nothing valid of are given to
`convert`, which names the reason. It answers None for tables whose column types are not exactly
what it handles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from curate.files import Row
from curate.formats.values import json_text, number_text
from curate.records import BadRow, Body

Sample = Mapping[str, frozenset[str]]
"""Column name -> what its first values are: text, messages, turns, list, object, number, truth
value; of lists and objects of lists of texts alone; and marks of the detection.
"""

OF_MESSAGES = "[]."
"""Stands between the name of a column of messages and that of a field of each message."""

SYSTEM = ("system", "system_prompt")
"""Columns of which the first that holds something becomes a system turn."""


@dataclass(frozen=True)
class Format:
    """How the columns of one published shape become records.

    `columns` are those it uses; every other is dropped unless kept. `turns` are the columns that
    hold lists of messages, whose unknown keys are reported as dropped too; `becomes` says which
    column of a record they go into, where that is another than the first and has another name."""

    name: str
    kinds: tuple[str, ...]
    columns: frozenset[str]
    convert: Callable[[Row, str], Body]
    fits: Callable[[Sample, str], bool]
    vector: Callable[[pa.Table, str], pa.Table | None] | None = None
    turns: tuple[str, ...] = ()
    becomes: Mapping[str, str] = field(default_factory=dict)


def describe(value: object) -> str:
    """What a value is, in the words of an error message."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    names = {str: "text", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), f"of type {type(value).__name__}")


@dataclass(frozen=True)
class LeftOut:
    """Stands in a body for an optional field that cannot be used: it becomes null, and is counted."""

    reason: str
    value: str


def left_out(column: str, value: object, wanted: str) -> LeftOut:
    """An optional field that holds something else than `wanted`."""
    return LeftOut(f"field '{column}' is {describe(value)}, not {wanted}", json_text(value)[:100])


def text_of(row: Row, column: str) -> str:
    """The text in a column; raises BadRow where it is missing or no text."""
    value = row.get(column)
    if value is None:
        raise BadRow(f"field '{column}' is missing")
    if not isinstance(value, str):
        raise BadRow(f"field '{column}' is {describe(value)}, not text")
    return value


def answer_of(row: Row, column: str) -> str:
    """The text in a column, or the number as text; raises BadRow where it is neither."""
    number = number_text(row.get(column))
    return text_of(row, column) if number is None else number


def optional_text(row: Row, column: str) -> str | None:
    """The text in a column, None where it is missing or empty; raises BadRow where it is no text."""
    return None if row.get(column) is None else text_of(row, column) or None


def optional_name(row: Row, column: str) -> str | LeftOut | None:
    """The text in a column that nothing depends on; what is no text is left out."""
    value = row.get(column)
    if value is None or isinstance(value, str):
        return value or None
    return number_text(value) or left_out(column, value, "text")


def system_of(row: Row) -> str | None:
    """The system prompt beside the turns; raises BadRow where it is no text, or two differ."""
    found = {text for name in SYSTEM if (text := optional_text(row, name))}
    if len(found) > 1:
        raise BadRow(f"fields '{SYSTEM[0]}' and '{SYSTEM[1]}' differ")
    return found.pop() if found else None


def message(role: str, content: str, **extras: Any) -> dict[str, Any]:
    """One turn as records hold it, without the extras it does not have."""
    return {
        "role": role,
        "content": content,
        **{name: value for name, value in extras.items() if value is not None},
    }
