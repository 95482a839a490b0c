"""`llama-factory`: JSON lines in its sharegpt form, and the `dataset_info.json` that names them.

Its reader takes turns of user and assistant in turn (a result of a tool stands for a user's, a call
for an assistant's) and skips a row that differs: such rows are refused here. It has one turn for a
call, with the functions as JSON, and no words beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from curate.exports.target import (
    TOOLS,
    Record,
    Row,
    Split,
    Target,
    Turn,
    Unfit,
    calls_of,
    one_answer,
    said,
    tools_of,
)

_CALL = "function_call"
_ASKS = ("user", "tool")
_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "observation_tag": "tool",
    "function_tag": _CALL,
    "system_tag": "system",
}


def _sft(record: Record) -> Row:
    return {"conversations": _alternating(record["messages"]), **_beside(record)}


def _preference(record: Record) -> Row:
    sides = {side: _turn(one_answer(record, side)) for side in ("chosen", "rejected")}
    return {"conversations": _alternating(record["prompt"]), **sides, **_beside(record)}


def _unpaired(record: Record) -> Row:
    turns = [*record["prompt"], *record["completion"]]
    return {"conversations": _alternating(turns), "label": record["label"], **_beside(record)}


def _beside(record: Record) -> dict[str, Any]:
    tools = tools_of(record)
    return {"tools": json.dumps(tools, ensure_ascii=False) if tools else "", "id": record["id"]}


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    spoken = [turn for turn in turns if turn["role"] != "system"]
    for place, turn in enumerate(spoken):
        if (turn["role"] in _ASKS) != (place % 2 == 0):
            raise Unfit("its turns are not of user and assistant in turn")
    return [_turn(turn) for turn in turns]


def _turn(turn: Turn) -> Turn:
    calls = calls_of(turn)
    if not calls:
        return said(turn)
    if turn["content"].strip():
        raise Unfit("a turn has both words and a call")
    return {"role": _CALL, "content": json.dumps(calls, ensure_ascii=False)}


def _info(name: str, kind: str, splits: Sequence[Split]) -> Mapping[str, str]:
    columns = {"messages": "conversations", "tools": "tools"}
    more: dict[str, Any] = {}
    if kind == "preference":
        more = {"ranking": True}
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    if kind == "unpaired":
        columns |= {"kto_tag": "label"}
    info = {
        f"{name}_{split.name}": {
            "file_name": split.file,
            "formatting": "sharegpt",
            **more,
            "columns": columns,
            "tags": _TAGS,
        }
        for split in splits
    }
    return {"dataset_info.json": json.dumps(info, indent=2, ensure_ascii=False) + "\n"}


LLAMA_FACTORY = Target(
    "llama-factory",
    {"sft": _sft, "preference": _preference, "unpaired": _unpaired},
    frozenset({TOOLS}),
    beside=_info,
)
