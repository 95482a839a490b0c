"""Conversations: `messages` ({role, content}) and `sharegpt` ({from, value}).

Content is text, or a list of text parts that are joined; any other part (an image, say) makes a bad
row. Tool calls (a `function_call` is one), reasoning (`reasoning_content` or `thinking`), tool call
ids and names are carried. For kind `prompt`, turns after the last user turn are left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.files import Row
from curate.formats.base import SYSTEM, Format, Sample, describe, message, system_of
from curate.formats.columns import (
    MessageColumns,
    NotPlain,
    body_of,
    extra,
    filled,
    holds,
    lists_of,
    system_column,
    text_column,
    turns_of,
)
from curate.formats.values import json_text, number_text, tools_text
from curate.records import EXTRAS, ROLES_WRONG, BadRow, Body

Message = dict[str, Any]
"""A turn as records hold it; what else its object held is there too, for columns that keep it."""

_COLUMNS = ("messages", "conversations", "conversation")
_ROLE_OF = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "system": "system",
    "tool": "tool",
    "observation": "tool",
    "function_response": "tool",
    "function_call": "assistant",
}
_CALL = "function_call"
_THINKING = "thinking"
_FIELDS = {"role", "content", "from", "value", *EXTRAS}


def turn(value: object, where: str) -> Message:
    """A {role, content} or {from, value} object as one message; raises BadRow where it is neither."""
    if not isinstance(value, dict):
        raise BadRow(f"{where} is {describe(value)}, not a message")
    if "from" in value and "role" not in value:
        return _sharegpt_turn(value, where)
    role = _text(value.get("role"), f"{where}.role")
    tool_calls = tools_text(value.get("tool_calls")) or _legacy_call(value, where)
    content = value.get("content")
    rest = {name: _optional(value.get(name), f"{where}.{name}") for name in EXTRAS[1:]}
    if rest["reasoning_content"] is None:
        rest["reasoning_content"] = _optional(value.get(_THINKING), f"{where}.{_THINKING}")
    text = "" if content is None and tool_calls else _content(content, f"{where}.content")
    role = "tool" if role == "function" else role
    return _others(value) | message(role, text, tool_calls=tool_calls, **rest)


def _others(value: dict[str, Any]) -> dict[str, Any]:
    """What a turn's object holds beside the fields of records."""
    return {key: one for key, one in value.items() if key not in _FIELDS}


def _legacy_call(value: dict[str, Any], where: str) -> str | None:
    """The one call of a message as chats had it before there were several."""
    call = value.get(_CALL)
    if not call:
        return None
    return _calls(call, where) if isinstance(call, str) else _as_calls(call)


def _sharegpt_turn(value: dict[str, Any], where: str) -> Message:
    speaker = _text(value.get("from"), f"{where}.from")
    if speaker not in _ROLE_OF:
        told = f"unknown speaker '{speaker}' in {where}.from (known: {', '.join(_ROLE_OF)})"
        raise BadRow(told, ROLES_WRONG)
    text = _content(value.get("value"), f"{where}.value")
    if speaker == _CALL:
        return _others(value) | message("assistant", "", tool_calls=_calls(text, f"{where}.value"))
    return _others(value) | message(_ROLE_OF[speaker], text)


def _calls(text: str, where: str) -> str:
    """Function calls as text, in the shape that chat templates read."""
    try:
        return _as_calls(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise BadRow(f"{where} is no JSON of a function call") from error


def _as_calls(calls: object) -> str:
    return json_text(
        [
            {"type": "function", "function": call}
            for call in (calls if isinstance(calls, list) else [calls])
        ]
    )


def _text(value: object, where: str) -> str:
    if value is None:
        raise BadRow(f"{where} is missing")
    if not isinstance(value, str):
        raise BadRow(f"{where} is {describe(value)}, not text")
    return value


def _optional(value: object, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _content(value: object, where: str) -> str:
    if not isinstance(value, list):
        return number_text(value) or _text(value, where)
    return "".join(_part(part, f"{where}[{place}]") for place, part in enumerate(value))


def _part(part: object, where: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and part.get("type", "text") == "text":
        return _text(part.get("text"), f"{where}.text")
    kind = f"of type '{part.get('type')}'" if isinstance(part, dict) else describe(part)
    raise BadRow(f"{where} is {kind}, not a text part")


def turns(value: object, column: str, *, until_user: bool = False) -> list[Message]:
    """A list of message objects as messages; with `until_user` only those up to the last user turn."""
    if value is None:
        raise BadRow(f"field '{column}' is missing")
    if not isinstance(value, list):
        raise BadRow(f"field '{column}' is {describe(value)}, not a list of messages")
    kept = value[: _last_user(value, column) + 1] if until_user else value
    return [turn(item, f"{column}[{place}]") for place, item in enumerate(kept)]


def _last_user(items: list[Any], column: str) -> int:
    for place in range(len(items) - 1, -1, -1):
        item = items[place]
        if isinstance(item, dict) and (
            item.get("role") == "user" or item.get("from") in ("human", "user")
        ):
            return place
    raise BadRow(f"'{column}' holds no user turn", ROLES_WRONG)


def _convert(row: Row, kind: str) -> Body:
    column = next((name for name in _COLUMNS if row.get(name) is not None), _COLUMNS[0])
    found = turns(row.get(column), column, until_user=kind == "prompt")
    body: Body = {"messages" if kind == "sft" else "prompt": with_system(found, system_of(row))}
    return body | {"tools": tools_text(row.get("tools"))}


def with_system(found: list[Message], system: str | None) -> list[Message]:
    """Turns with a system prompt in front, unless they begin with the same."""
    if not system or (
        found and found[0]["role"] == "system" and found[0]["content"].strip() == system.strip()
    ):
        return found
    return [message("system", system), *found]


def _vector(
    names: tuple[str, str], read: Callable[[MessageColumns], dict[str, pa.Array | None]]
) -> Callable[..., Any]:
    def vector(table: pa.Table, kind: str) -> pa.Table | None:
        try:
            return _columns(table, kind, names, read)
        except NotPlain:
            return None

    return vector


def _columns(
    table: pa.Table,
    kind: str,
    names: tuple[str, str],
    read: Callable[[MessageColumns], dict[str, pa.Array | None]],
) -> pa.Table:
    present = [name for name in _COLUMNS if name in table.column_names]
    if len(present) != 1:
        raise NotPlain("more than one conversation")
    found = turns_of(table, present[0], names)
    other = {"from", "value"} if names[0] == "role" else {"role", "content"}
    if other & found.children.keys():
        raise NotPlain("both shapes at once")
    children = read(found)
    whole = MessageColumns(
        {name: child for name, child in children.items() if child is not None}, found.lengths
    )
    if kind == "prompt":
        whole = _until_user(whole)
    tools = text_column(table, "tools")
    lists = _with_system(whole, system_column(table))
    column = "messages" if kind == "sft" else "prompt"
    return body_of(
        kind, table.num_rows, {column: lists, "tools": None if tools is None else _not_empty(tools)}
    )


def _until_user(whole: MessageColumns) -> MessageColumns:
    """Leave out what follows the last user turn of each row, and the whole of rows that have none."""
    n = len(whole.children["role"])
    stops = whole.stops
    starts = stops - whole.lengths
    user = np.asarray(pc.fill_null(pc.equal(whole.children["role"], "user"), False), np.bool_)
    latest = np.maximum.accumulate(np.concatenate([[-1], np.where(user, np.arange(n), -1)]))
    lengths = np.maximum(latest[stops] - starts + 1, 0)
    if (lengths == whole.lengths).all():
        return whole
    place = np.arange(n) - np.repeat(starts, whole.lengths)
    return whole.take(np.flatnonzero(place < np.repeat(lengths, whole.lengths)), lengths)


def _with_system(whole: MessageColumns, system: pa.Array | None) -> pa.ListArray:
    """Message lists with a system turn in front where the row has one; a row without messages stays
    without.
    """
    if system is not None:
        added = filled(system) & (whole.lengths > 0)
        n = len(whole.children["role"])
        firsts = (whole.stops - whole.lengths)[added]
        # `places` points into the messages followed by the system texts.
        places = np.insert(np.arange(n), firsts, n + np.flatnonzero(added))
        grown = {
            name: pa.concat_arrays([child, pa.nulls(len(system), pa.string())])
            for name, child in whole.children.items()
        }
        grown["role"] = pa.concat_arrays([whole.children["role"], pa.repeat("system", len(system))])
        grown["content"] = pa.concat_arrays([whole.children["content"], system])
        whole = MessageColumns(grown, whole.lengths).take(places, whole.lengths + added)
    children: dict[str, pa.Array | None] = dict(whole.children)
    return lists_of(whole.lengths, whole.children["role"], whole.children["content"], children)


def _not_empty(column: pa.Array) -> pa.Array:
    return pc.if_else(filled(column), column, pa.scalar(None, pa.string()))


def _read_messages(found: MessageColumns) -> dict[str, pa.Array | None]:
    if any(holds(found, name) for name in (_CALL, _THINKING)):
        raise NotPlain(_CALL)
    calls = extra(found, "tool_calls")
    return {
        "role": found.children["role"],
        "content": found.children["content"],
        "tool_calls": None if calls is None else _not_empty(calls),
        **{name: extra(found, name) for name in EXTRAS[1:]},
    }


def _read_sharegpt(found: MessageColumns) -> dict[str, pa.Array | None]:
    # Function calls are left without a role, so that their rows go to `turn`.
    speakers = {speaker: role for speaker, role in _ROLE_OF.items() if speaker != _CALL}
    code = pc.index_in(found.children["from"], value_set=pa.array(list(speakers)))
    return {
        "role": pa.array(list(speakers.values())).take(code),
        "content": found.children["value"],
    }


def _has(shape: str) -> Callable[[Sample, str], bool]:
    def fits(sample: Sample, kind: str) -> bool:
        found = [name for name in _COLUMNS if name in sample]
        return (
            bool(found)
            and shape in sample[found[0]]
            and not (sample.get("chosen") and sample.get("rejected"))
        )

    return fits


_USED = frozenset((*_COLUMNS, *SYSTEM, "tools"))

MESSAGES = Format(
    "messages",
    ("sft", "prompt"),
    _USED,
    _convert,
    _has("messages"),
    _vector(("role", "content"), _read_messages),
    _COLUMNS,
)
SHAREGPT = Format(
    "sharegpt",
    ("sft", "prompt"),
    _USED,
    _convert,
    _has("turns"),
    _vector(("from", "value"), _read_sharegpt),
    _COLUMNS,
)
