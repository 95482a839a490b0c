"""Alpaca, GSM8K, bare text, and mappings of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from curate.errors import UserError
from curate.files import Block
from curate.formats import check_columns, check_format

Records = Callable[..., list[dict[str, Any]]]
Reasons = Callable[..., list[str]]


def test_alpaca(records: Records, reasons: Reasons) -> None:
    rows = [
        {"instruction": "i", "input": "x", "output": "o"},
        {"instruction": "i", "input": "", "output": "o", "system": "s"},
        {"instruction": "i", "output": "o"},
    ]
    assert [row["messages"] for row in records("alpaca", "sft", *rows)] == [
        ["user: i\n\nx", "assistant: o"],
        ["system: s", "user: i", "assistant: o"],
        ["user: i", "assistant: o"],
    ]
    assert records("alpaca", "prompt", rows[0]) == [{"prompt": ["user: i\n\nx"]}]
    assert reasons(
        "alpaca", "sft", {"instruction": "i", "output": [3]}, {"instruction": "i"}, {"output": "o"}
    ) == [
        "field 'output' is a list, not text",
        "field 'output' is missing",
        "field 'instruction' is missing",
    ]
    assert reasons("alpaca", "sft", {"instruction": "i", "output": ""}) == [
        "the last turn of 'messages' is empty"
    ]


def test_alpaca_under_other_names_and_with_history(records: Records, reasons: Reasons) -> None:
    assert records("alpaca", "sft", {"instruction": "i", "context": "c", "response": "r"}) == [
        {"messages": ["user: i\n\nc", "assistant: r"]}
    ]
    row = {"instruction": "i", "output": "o", "history": [["q", "a"]]}
    assert records("alpaca", "sft", row) == [
        {"messages": ["user: q", "assistant: a", "user: i", "assistant: o"]}
    ]
    assert reasons("alpaca", "sft", row | {"history": ["q"]}) == [
        "field 'history' holds text, not pairs of texts"
    ]


def test_gsm8k(records: Records, reasons: Reasons) -> None:
    row = {"question": "q", "answer": "6 #### 7\n#### 1,234 "}
    assert records("gsm8k", "sft", row) == [
        {"messages": ["user: q", "assistant: 6 #### 7\n#### 1,234 "]}
    ]
    assert records("gsm8k", "rlvr", row) == [
        {"prompt": ["user: q"], "verifier": "gsm8k", "ground_truth": "1234"}
    ]
    assert reasons(
        "gsm8k", "rlvr", {"question": "q", "answer": "7"}, {"question": "q", "answer": "####"}
    ) == [
        "field 'answer' has no '####' before its result",
        "'ground_truth' is empty",
    ]


def test_text(records: Records, reasons: Reasons) -> None:
    assert records("text", "prompt", {"text": "t"}) == [{"prompt": ["user: t"]}]
    assert reasons("text", "prompt", {"text": ""}, {"text": ["t"]}) == [
        "the last turn of 'prompt' is empty",
        "field 'text' is a list, not text",
    ]


def test_mappings(records: Records, reasons: Reasons) -> None:
    fmt = {"prompt": "q", "response": "a", "system": {"constant": "s"}}
    assert records(fmt, "sft", {"q": "Q", "a": "A"}) == [
        {"messages": ["system: s", "user: Q", "assistant: A"]}
    ]
    assert reasons(fmt, "sft", {"q": "Q", "a": True}) == ["field 'a' is a truth value, not text"]
    assert reasons({"messages": "chat"}, "sft", {"chat": 1}, {}) == [
        "field 'chat' is a number, not a list of messages",
        "field 'chat' is missing",
    ]
    truth = {"prompt": "q", "verifier": {"constant": "MATH"}, "ground_truth": "a"}
    assert records(truth, "rlvr", {"q": "Q", "a": 18}, {"q": "Q", "a": {"é": [1]}}) == [
        {"prompt": ["user: Q"], "verifier": "math", "ground_truth": "18"},
        {"prompt": ["user: Q"], "verifier": "math", "ground_truth": '{"é": [1]}'},
    ]
    asked = {"prompt": "q", "persona": "p", "constraints": "c"}
    constraints = [{"id": "length", "kwargs": {"n": 3}}, {"id": "case"}]
    assert records(
        asked, "prompt", {"q": [{"role": "user", "content": "Q"}], "p": "P", "c": constraints}
    ) == [
        {
            "prompt": ["user: Q"],
            "persona": "P",
            "constraints": [{"id": "length", "kwargs": '{"n": 3}'}, {"id": "case", "kwargs": "{}"}],
        }
    ]
    sides = {"prompt": "q", "chosen": "good", "rejected": "bad", "chosen_rating": "r"}
    assert records(sides, "preference", {"q": "Q", "good": "A", "bad": "B", "r": 4}) == [
        {
            "prompt": ["user: Q"],
            "chosen": ["assistant: A"],
            "rejected": ["assistant: B"],
            "chosen_rating": 4.0,
        }
    ]


REFUSED: list[tuple[Any, str, str]] = [
    ("mesages", "sft", "unknown format 'mesages'; did you mean 'messages'"),
    (
        "text",
        "sft",
        "format 'text' makes no records of kind 'sft' .formats that do: alpaca, gsm8k, messages, sharegpt",
    ),
    ("preference", "rlvr", "makes no records of kind 'rlvr'"),
    (
        {"promt": "q", "response": "a"},
        "sft",
        "unknown key of a mapping for kind sft 'promt'; did you mean 'prompt'",
    ),
    ({"prompt": "q"}, "sft", "needs 'response or messages'"),
    ({"prompt": "q", "chosen": "a"}, "sft", "unknown key of a mapping for kind sft 'chosen'"),
    ({"prompt": "q", "response": 3}, "sft", "'response' must be the name of a column or"),
    ({"prompt": "q", "messages": "m"}, "sft", "either 'messages' or 'prompt' and 'response'"),
    ({}, "prompt", "needs 'prompt or messages'"),
]


@pytest.mark.parametrize(
    ("fmt", "kind", "message"), REFUSED, ids=[message for _, _, message in REFUSED]
)
def test_formats_are_checked_before_any_work(fmt: Any, kind: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_format(fmt, kind)


def test_kept_columns_may_not_be_those_of_a_record() -> None:
    check_format("messages", "sft", keep=["level"])
    for name in ("id", "source", "messages", "tools"):
        with pytest.raises(UserError, match=f"keep: '{name}' is a column of every record"):
            check_format("messages", "sft", keep=[name])


def test_a_mapping_of_columns_that_are_not_there_is_refused(block: Callable[..., Block]) -> None:
    first = block({"question": "q", "answer": "a"})
    check_columns(first, {"prompt": "question", "response": "answer"})
    with pytest.raises(
        UserError,
        match=r"rows.jsonl: format: 'prompt': unknown column 'qestion'; did you mean 'question'",
    ):
        check_columns(first, {"prompt": "qestion", "response": "answer"})
