"""What a target is, and what its rules share: turns as plain data, tools read from JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

Turn = dict[str, Any]
Record = dict[str, Any]
Row = dict[str, Any]

TOOLS, REASONING, NAMES = "tools", "reasoning", "names of speakers"
"""What a record may have beside roles and texts, and not every target can hold."""


class Unfit(Exception):
    """A record that a target cannot hold; the message says what of it."""


@dataclass(frozen=True)
class Split:
    """A split as it was written: its name, its file, and its rows."""

    name: str
    file: str
    rows: int


@dataclass(frozen=True)
class Target:
    """Another trainer's files.

    `rows` has a rule for each kind it holds, which makes a row of a record or raises Unfit. With
    `schemas`, one for each kind, rows are Parquet, else JSON lines. `beside` makes the texts of
    other files, by name, from the name of the data set, its kind and its splits."""

    name: str
    rows: Mapping[str, Callable[[Record], Row]]
    holds: frozenset[str]
    schemas: Mapping[str, pa.Schema] | None = None
    beside: Callable[[str, str, Sequence[Split]], Mapping[str, str]] = lambda *_: {}


def calls_of(turn: Turn) -> list[dict[str, Any]]:
    """The functions that a turn calls: name and arguments, read from JSON as far as they are."""
    return [_function(call) for call in _read(turn["tool_calls"], "tool_calls")]


def ids_of(turn: Turn) -> list[str | None]:
    """The ids of the calls of a turn, None for a call without one."""
    ids = (call.get("id") for call in _read(turn["tool_calls"], "tool_calls"))
    return [None if one is None else str(one) for one in ids]


def _function(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function", call)
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Unfit("tool_calls hold a call without the name of a function")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError:
            raise Unfit(f"arguments of '{function['name']}' are no JSON") from None
    return {"name": function["name"], "arguments": arguments}


def tools_of(record: Record) -> list[dict[str, Any]]:
    """The tools of a record, each as `{"type": "function", "function": …}`."""
    found = _read(record.get("tools"), "tools")
    return [one if "function" in one else {"type": "function", "function": one} for one in found]


def has_tools(record: Record, turns: Sequence[Turn]) -> bool:
    """Whether a record has tools, calls of them, or results."""
    called = any(turn["role"] == "tool" or calls_of(turn) for turn in turns)
    return called or bool(tools_of(record))


def _read(text: str | None, column: str) -> list[dict[str, Any]]:
    if not text:
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unfit(f"{column} are no JSON list of objects")
    return value


def said(turn: Turn, *fields: str) -> Turn:
    """A turn's role and content, and those of some other fields that it has."""
    more = {name: turn[name] for name in fields if turn[name] is not None}
    return {"role": turn["role"], "content": turn["content"], **more}


def one_answer(record: Record, column: str) -> Turn:
    """The answer of a record that is one turn; raises Unfit where it is several."""
    turns = record[column]
    if len(turns) != 1:
        raise Unfit(f"'{column}' has {len(turns)} turns, not one")
    answer: Turn = turns[0]
    return answer
