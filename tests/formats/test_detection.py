"""Which format fits which columns, and what is said when none does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from curate.errors import UserError
from curate.files import Block
from curate.formats import check_format, detect, parse

TURNS = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
SPOKEN = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]

CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("sft", {"messages": TURNS, "id": 1, "source": "x"}, "messages"),
    ("sft", {"conversations": TURNS}, "messages"),
    ("prompt", {"messages": TURNS}, "messages"),
    ("sft", {"conversations": SPOKEN}, "sharegpt"),
    ("sft", {"instruction": "i", "input": "", "output": "o"}, "alpaca"),
    ("sft", {"instruction": "i", "context": "", "response": "o"}, "alpaca"),
    ("prompt", {"instruction": "i", "input": "x"}, "alpaca"),
    ("sft", {"question": "q", "answer": "a #### 1"}, "gsm8k"),
    ("rlvr", {"question": "q", "answer": "a #### 1"}, "gsm8k"),
    ("sft", {"question": "q", "answer": "yes"}, {"prompt": "question", "response": "answer"}),
    (
        "sft",
        {"problem": "p", "solution": "s", "level": "1"},
        {"prompt": "problem", "response": "solution"},
    ),
    ("sft", {"prompt": "p", "completion": "c"}, {"prompt": "prompt", "response": "completion"}),
    ("prompt", {"text": "t"}, "text"),
    ("prompt", {"problem": "p"}, {"prompt": "problem"}),
    ("prompt", {"prompt": TURNS[:1], "persona": "p"}, {"prompt": "prompt", "persona": "persona"}),
    ("preference", {"prompt": "q", "chosen": "a", "rejected": "b"}, "preference"),
    (
        "preference",
        {"conversations": SPOKEN[:1], "chosen": SPOKEN[1], "rejected": SPOKEN[1]},
        "preference",
    ),
    ("rlvr", {"messages": TURNS[:1], "ground_truth": "1", "dataset": "gsm8k"}, "tulu3-rlvr"),
    (
        "rlvr",
        {"prompt": TURNS[:1], "ground_truth": "1", "verifier": "math"},
        {"prompt": "prompt", "verifier": "verifier", "ground_truth": "ground_truth"},
    ),
]


@pytest.mark.parametrize(("kind", "row", "expected"), CASES)
def test_what_is_detected_parses(
    block: Callable[..., Block], kind: str, row: dict[str, Any], expected: Any
) -> None:
    one = block({name: None for name in row}, row)
    found = detect(one, kind)
    assert found == expected
    check_format(found, kind)
    assert parse(one, found, kind).records.num_rows == 1


def test_what_is_null_in_the_first_rows_is_carried_all_the_same(
    block: Callable[..., Block],
) -> None:
    rows = [{"prompt": "p", "persona": None, "level": None}] * 60 + [
        {"prompt": "p", "persona": "a botanist"}
    ]
    one = block(*rows)
    assert detect(one, "prompt") == {"prompt": "prompt", "persona": "persona"}
    assert (
        parse(one, detect(one, "prompt"), "prompt").records["persona"].to_pylist()[-1]
        == "a botanist"
    )


def test_nothing_fits(block: Callable[..., Block]) -> None:
    message = (
        r"rows.jsonl: no format of kind 'sft' fits its columns: a \(number or text\), b \(list\); "
        r"name a format \(alpaca, "
    )
    with pytest.raises(UserError, match=message):
        detect(block({"a": 1}, {"a": "x", "b": []}), "sft")
    with pytest.raises(UserError, match="no format of kind 'sft' fits"):
        detect(block({"conversations": SPOKEN, "chosen": "a", "rejected": "b"}), "sft")


def test_rows_that_cannot_be_read(block: Callable[..., Block]) -> None:
    assert detect(block(b"{half", {"text": "t"}), "prompt") == "text"
    with pytest.raises(
        UserError, match="rows.jsonl: none of the first rows can be read; row 0: not JSON"
    ):
        detect(block(b"{half", b"3"), "prompt")


def test_an_unknown_kind(block: Callable[..., Block]) -> None:
    with pytest.raises(UserError, match="unknown kind 'stf'; did you mean 'sft'"):
        detect(block({"text": "t"}), "stf")
