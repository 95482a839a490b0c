"""Conversations in both spellings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from curate.files import Block
from curate.formats import parse

Records = Callable[..., list[dict[str, Any]]]
Reasons = Callable[..., list[str]]

USER, ANSWER = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
HUMAN, GPT = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}


@pytest.mark.parametrize("column", ["messages", "conversations", "conversation"])
def test_messages(records: Records, column: str) -> None:
    assert records("messages", "sft", {column: [USER, ANSWER], "id": "x"}) == [
        {"messages": ["user: q", "assistant: a"]}
    ]


def test_sharegpt_names_and_system_column(records: Records) -> None:
    turns = [HUMAN, GPT, {"from": "observation", "value": "o"}, {"from": "chatgpt", "value": "b"}]
    assert records("sharegpt", "sft", {"conversations": turns, "system": "s", "tools": "[1]"}) == [
        {
            "messages": ["system: s", "user: q", "assistant: a", "tool: o", "assistant: b"],
            "tools": "[1]",
        }
    ]


def test_prompts_end_with_the_last_user_turn(records: Records, reasons: Reasons) -> None:
    assert records("messages", "prompt", {"messages": [USER, ANSWER, USER, ANSWER, ANSWER]}) == [
        {"prompt": ["user: q", "assistant: a", "user: q"]}
    ]
    assert records(
        "sharegpt", "prompt", {"conversations": [HUMAN, {"from": "gpt", "value": None}]}
    ) == [{"prompt": ["user: q"]}]
    assert reasons("messages", "prompt", {"messages": [ANSWER]}) == [
        "'messages' holds no user turn"
    ]


def test_parts_of_text_are_joined_and_others_are_bad(records: Records, reasons: Reasons) -> None:
    parts = [{"type": "text", "text": "one "}, "two"]
    assert records(
        "messages", "sft", {"messages": [{"role": "user", "content": parts}, ANSWER]}
    ) == [{"messages": ["user: one two", "assistant: a"]}]
    image = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {}}]
    assert reasons(
        "messages", "sft", {"messages": [{"role": "user", "content": image}, ANSWER]}
    ) == ["messages[0].content[1] is of type 'image_url', not a text part"]


def test_tool_calls_and_reasoning_are_carried(block: Callable[..., Block]) -> None:
    call = [{"type": "function", "function": {"name": "f", "arguments": {"é": 1}}}]
    turns = [
        USER | {"name": "Ann"},
        {"role": "assistant", "content": None, "tool_calls": call},
        {"role": "tool", "content": "1", "tool_call_id": "c1"},
        ANSWER | {"reasoning_content": "hm", "tool_calls": []},
    ]
    parsed = parse(block({"messages": turns, "tools": [{"type": "function"}]}), "messages", "sft")
    (row,) = parsed.records.to_pylist()
    assert row["tools"] == '[{"type": "function"}]'
    assert [turn["name"] for turn in row["messages"]] == ["Ann", None, None, None]
    assert [turn["content"] for turn in row["messages"]] == ["q", "", "1", "a"]
    assert json.loads(row["messages"][1]["tool_calls"]) == call
    assert [turn["tool_calls"] is None for turn in row["messages"]] == [True, False, True, True]
    assert row["messages"][2]["tool_call_id"] == "c1"
    assert row["messages"][3]["reasoning_content"] == "hm"


def test_function_calls_of_sharegpt_become_tool_calls(
    block: Callable[..., Block], reasons: Reasons
) -> None:
    call = {"from": "function_call", "value": '{"name": "f", "arguments": {"x": 1}}'}
    parsed = parse(
        block({"conversations": [HUMAN, call, {"from": "observation", "value": "1"}, GPT]}),
        "sharegpt",
        "sft",
    )
    turn = parsed.records.to_pylist()[0]["messages"][1]
    assert (turn["role"], turn["content"]) == ("assistant", "")
    assert json.loads(turn["tool_calls"]) == [
        {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
    ]
    assert reasons(
        "sharegpt", "sft", {"conversations": [HUMAN, call | {"value": "f(x)"}, GPT]}
    ) == ["conversations[1].value is no JSON of a function call"]


BAD: list[tuple[Any, str]] = [
    (None, "field 'messages' is missing"),
    ("hello", "field 'messages' is text, not a list of messages"),
    ([], "'messages' holds no messages"),
    (["hello"], "messages[0] is text, not a message"),
    ([USER], "'messages' ends with a turn of 'user', not of 'assistant'"),
    ([USER, {"role": "assistant"}], "messages[1].content is missing"),
    (
        [USER, {"role": "assistant", "content": True}],
        "messages[1].content is a truth value, not text",
    ),
    ([{"content": "q"}, ANSWER], "messages[0].role is missing"),
    (
        [USER | {"role": "critic"}, ANSWER],
        "unknown role 'critic' in messages[0] (known: system, user, assistant, tool)",
    ),
    ([USER, ANSWER | {"name": 7}], "messages[1].name is a number, not text"),
    (
        [{"from": "alien", "value": "q"}],
        "unknown speaker 'alien' in messages[0].from (known: human, user, gpt, ",
    ),
]


@pytest.mark.parametrize(("turns", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_makes_a_conversation_bad(reasons: Reasons, turns: Any, reason: str) -> None:
    (found,) = reasons("messages", "sft", {"messages": turns})
    assert found.startswith(reason)


def test_bad_rows_keep_their_text_and_good_ones_their_places(block: Callable[..., Block]) -> None:
    good, bad = {"messages": [USER, ANSWER], "id": 5}, {"messages": [USER]}
    parsed = parse(block(good, bad, b'{"messages": [', good), "messages", "sft")
    assert parsed.rows.tolist() == [0, 3]
    assert parsed.origin_id.equals(pa.array(["5", "5"]))
    assert [(one.file, one.row, one.raw) for one in parsed.quarantine] == [
        ("rows.jsonl", 1, json.dumps(bad)),
        ("rows.jsonl", 2, '{"messages": ['),
    ]


def test_what_is_dropped_is_named(block: Callable[..., Block]) -> None:
    row = {"messages": [USER | {"weight": 1}, ANSWER], "source": "x", "id": 1, "score": 2}
    parsed = parse(block(row), "messages", "sft", keep=["score"])
    assert parsed.dropped_columns == {"source", "messages[].weight"}
    assert parsed.records.column("score").to_pylist() == [2]
