"""`openai-jsonl`: the files of OpenAI's fine-tuning, supervised, by preference, and by grading.

A line of sft has `messages` and `tools`; of preference `input`, `preferred_output` and
`non_preferred_output`; of rlvr the prompt as `messages`, and `verifier` and `ground_truth` beside
it, where a grader finds them under `item`. Calls need ids: where a record has none, they are
counted, and results get those of the calls before them in order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from curate.exports.target import (
    NAMES,
    TOOLS,
    Record,
    Row,
    Target,
    Turn,
    Unfit,
    calls_of,
    ids_of,
    one_answer,
    said,
    tools_of,
)


def _sft(record: Record) -> Row:
    return {"messages": _messages(record["messages"]), **_tools(record)}


def _preference(record: Record) -> Row:
    sides = {
        name: _messages([one_answer(record, column)])
        for name, column in (("preferred_output", "chosen"), ("non_preferred_output", "rejected"))
    }
    return {"input": {"messages": _messages(record["prompt"]), **_tools(record)}, **sides}


def _rlvr(record: Record) -> Row:
    label = {name: record[name] for name in ("verifier", "ground_truth")}
    return {"messages": _messages(record["prompt"])} | label


def _tools(record: Record) -> dict[str, Any]:
    tools = tools_of(record)
    return {"tools": tools} if tools else {}


def _messages(turns: Sequence[Turn]) -> list[Turn]:
    found: list[Turn] = []
    open_calls: list[str] = []
    called = 0
    for turn in turns:
        one = said(turn, "name")
        if turn["role"] == "tool":
            if not open_calls:
                raise Unfit("a result of a tool follows no call")
            asked = turn["tool_call_id"] or open_calls[0]
            if asked not in open_calls:
                raise Unfit(f"a result answers the call '{asked}', which nobody made")
            open_calls.remove(asked)
            one["tool_call_id"] = asked
        elif calls := calls_of(turn):
            ids = [own or f"call_{called + n}" for n, own in enumerate(ids_of(turn))]
            called += len(calls)
            one["tool_calls"] = [_call(*pair) for pair in zip(ids, calls, strict=True)]
            open_calls = list(ids)
        found.append(one)
    return found


def _call(own: str, function: dict[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(function["arguments"], ensure_ascii=False)
    return {"id": own, "type": "function", "function": function | {"arguments": arguments}}


OPENAI = Target(
    "openai-jsonl",
    {"sft": _sft, "preference": _preference, "rlvr": _rlvr},
    frozenset({TOOLS, NAMES}),
)
