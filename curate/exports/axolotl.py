"""`axolotl`: Parquet for its chat templates, and the part of a configuration that reads it.

Sft rows keep tools and reasoning; tools, and arguments of calls, stand as JSON text, which it
reads, because a column has one type in `datasets`. Pairs are those of `chat_template.default`, to
which no tools are given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import yaml

from curate.exports.target import (
    NAMES,
    REASONING,
    TOOLS,
    Record,
    Row,
    Split,
    Target,
    Turn,
    Unfit,
    calls_of,
    has_tools,
    ids_of,
    one_answer,
    said,
    tools_of,
)

_FIELDS = ("reasoning_content", "tool_call_id", "name")
_TEXT = pa.string()
_SAID = [("role", _TEXT), ("content", _TEXT)]
_CALL = pa.struct(
    [
        ("id", _TEXT),
        ("type", _TEXT),
        ("function", pa.struct([("name", _TEXT), ("arguments", _TEXT)])),
    ]
)
_TURN = pa.struct([*_SAID, *((name, _TEXT) for name in _FIELDS), ("tool_calls", pa.list_(_CALL))])
_PLAIN = pa.struct(_SAID)
_SCHEMAS = {
    "sft": pa.schema([("messages", pa.list_(_TURN)), ("tools", _TEXT)]),
    "preference": pa.schema(
        [("messages", pa.list_(_PLAIN)), ("chosen", _PLAIN), ("rejected", _PLAIN)]
    ),
}


def _sft(record: Record) -> Row:
    messages = [_turn(turn) for turn in record["messages"]]
    tools = tools_of(record)
    row: Row = {"messages": messages}
    return row | {"tools": _json(tools) if tools else None}


def _preference(record: Record) -> Row:
    sides = {side: one_answer(record, side) for side in ("chosen", "rejected")}
    turns = [*record["prompt"], *sides.values()]
    if has_tools(record, turns):
        raise Unfit("it has tools, which its pairs cannot hold")
    if any(turn["reasoning_content"] or turn["name"] for turn in turns):
        raise Unfit("it has reasoning or names of speakers, which its pairs cannot hold")
    return {"messages": [said(turn) for turn in record["prompt"]]} | {
        side: said(turn) for side, turn in sides.items()
    }


def _turn(turn: Turn) -> Turn:
    calls = [
        {"id": own, "type": "function", "function": call | {"arguments": _json(call["arguments"])}}
        for own, call in zip(ids_of(turn), calls_of(turn), strict=True)
    ]
    return said(turn, *_FIELDS) | {"tool_calls": calls or None}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _config(name: str, kind: str, splits: Sequence[Split]) -> Mapping[str, str]:
    sets = {"train": "datasets", "validation": "test_datasets"}
    text = {sets[split.name]: [_data_set(kind, split.file)] for split in splits}
    more: dict[str, Any] = {"rl": "dpo"} if kind == "preference" else {}
    return {"axolotl.yaml": yaml.safe_dump(more | text, sort_keys=False)}


def _data_set(kind: str, file: str) -> dict[str, Any]:
    own: dict[str, Any] = {"path": file, "ds_type": "parquet", "split": "train"}
    if kind == "preference":
        fields = {f"field_{side}": side for side in ("messages", "chosen", "rejected")}
        return own | {"type": "chat_template.default", **fields}
    fields = {"field_messages": "messages", "field_tools": "tools"}
    return own | {"type": "chat_template", **fields, "roles_to_train": ["assistant"]}


AXOLOTL = Target(
    "axolotl",
    {"sft": _sft, "preference": _preference},
    frozenset({TOOLS, REASONING, NAMES}),
    schemas=_SCHEMAS,
    beside=_config,
)
