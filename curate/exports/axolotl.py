"""`axolotl`: JSON lines for its chat templates, and the part of a configuration that reads them.

Sft rows keep tools and reasoning; arguments and parameters stand as JSON text, which it reads,
because columns of JSON have one type in `datasets`. Pairs are those of `chat_template.default`, to
which no tools are given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
    one_answer,
    said,
    tools_of,
)

_FIELDS = ("reasoning_content", "tool_call_id", "name")


def _sft(record: Record) -> Row:
    messages = [_turn(turn) for turn in record["messages"]]
    tools = tools_of(record)
    row: Row = {"messages": messages}
    return row | {"tools": json.dumps(tools, ensure_ascii=False) if tools else None}


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
    one = said(turn, *_FIELDS)
    calls = [
        {"type": "function", "function": call | {"arguments": json.dumps(call["arguments"])}}
        for call in calls_of(turn)
    ]
    return one | ({"tool_calls": calls} if calls else {})


def _config(name: str, kind: str, splits: Sequence[Split]) -> Mapping[str, str]:
    sets = {"train": "datasets", "validation": "test_datasets"}
    text = {sets[split.name]: [_data_set(kind, split.file)] for split in splits}
    more: dict[str, Any] = {"rl": "dpo"} if kind == "preference" else {}
    return {"axolotl.yaml": yaml.safe_dump(more | text, sort_keys=False)}


def _data_set(kind: str, file: str) -> dict[str, Any]:
    own: dict[str, Any] = {"path": file, "ds_type": "json", "split": "train"}
    if kind == "preference":
        fields = {f"field_{side}": side for side in ("messages", "chosen", "rejected")}
        return own | {"type": "chat_template.default", **fields}
    fields = {"field_messages": "messages", "field_tools": "tools"}
    return own | {"type": "chat_template", **fields, "roles_to_train": ["assistant"]}


AXOLOTL = Target(
    "axolotl",
    {"sft": _sft, "preference": _preference},
    frozenset({TOOLS, REASONING, NAMES}),
    beside=_config,
)
