"""Preference pairs as they are published, and AllenAI's prompts with a ground truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Records = Callable[..., list[dict[str, Any]]]
Reasons = Callable[..., list[str]]

USER = {"role": "user", "content": "q"}
PAIR = {"prompt": ["user: q"], "chosen": ["assistant: a"], "rejected": ["assistant: b"]}


def answer(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


SHAPES: list[dict[str, Any]] = [
    {"prompt": "q", "chosen": "a", "rejected": "b"},
    {"prompt": [USER], "chosen": [answer("a")], "rejected": [answer("b")]},
    {"prompt": "q", "chosen": [USER, answer("a")], "rejected": [USER, answer("b")]},
    {"chosen": [USER, answer("a")], "rejected": [USER, answer("b")]},
    {"question": "q", "chosen": answer("a"), "rejected": answer("b")},
    {
        "conversations": [{"from": "human", "value": "q"}],
        "chosen": {"from": "gpt", "value": "a"},
        "rejected": {"from": "gpt", "value": "b"},
    },
    {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"},
]


@pytest.mark.parametrize("row", SHAPES)
def test_every_shape_makes_the_same_record(records: Records, row: dict[str, Any]) -> None:
    assert records("preference", "preference", row) == [PAIR]


def test_a_longer_conversation_is_cut_where_the_answers_part(records: Records) -> None:
    first = [USER, answer("x"), {"role": "user", "content": "r"}]
    row = {"chosen": [*first, answer("a")], "rejected": [*first, answer("b")]}
    expected = {"prompt": ["user: q", "assistant: x", "user: r"]}
    assert (
        records("preference", "preference", row, row | {"prompt": first}) == [PAIR | expected] * 2
    )


def test_system_turns_and_instructions_with_input(records: Records) -> None:
    row = {"instruction": "i", "input": "x", "system": "s", "chosen": "a", "rejected": "b"}
    assert records("preference", "preference", row) == [
        PAIR | {"prompt": ["system: s", "user: i\n\nx"]}
    ]
    repeated = {
        "prompt": "q",
        "system": "s",
        "chosen": [USER, answer("a")],
        "rejected": [answer("b")],
    }
    assert records("preference", "preference", repeated) == [
        PAIR | {"prompt": ["system: s", "user: q"]}
    ]


@pytest.mark.parametrize("form", ["{}_rating", "score_{}", "{}_score"])
def test_models_and_ratings(records: Records, form: str) -> None:
    row = SHAPES[0] | {
        "chosen_model": "m",
        form.format("chosen"): 5,
        form.format("rejected"): "2.5",
    }
    assert records("preference", "preference", row) == [
        PAIR | {"chosen_model": "m", "chosen_rating": 5.0, "rejected_rating": 2.5}
    ]


BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"prompt": "z", "chosen": [USER, answer("a")], "rejected": "b"},
        "the prompt repeated in 'chosen' differs",
    ),
    ({"chosen": "a", "rejected": "b"}, "there is no prompt: "),
    ({"chosen": [answer("a")], "rejected": [answer("b")]}, "there is no prompt: "),
    ({"prompt": "q", "chosen": "a"}, "field 'rejected' is missing"),
    ({"prompt": "q", "chosen": "a", "rejected": ""}, "the last turn of 'rejected' is empty"),
    ({"prompt": "q", "chosen": "a", "rejected": []}, "'rejected' holds no messages"),
    ({"prompt": "q", "chosen": "a", "rejected": 0}, "field 'rejected' is a number, not text"),
    (
        {"prompt": [USER, answer("x")], "chosen": "a", "rejected": "b"},
        "'prompt' ends with a turn of 'assistant'",
    ),
    (
        {"prompt": "q", "chosen": "a", "rejected": "b", "chosen_rating": "high"},
        "field 'chosen_rating' is not a number",
    ),
]


@pytest.mark.parametrize(("row", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_makes_a_pair_bad(reasons: Reasons, row: dict[str, Any], reason: str) -> None:
    (found,) = reasons("preference", "preference", row)
    assert found.startswith(reason)


def test_rlvr_as_allenai_publishes_it(records: Records, reasons: Reasons) -> None:
    row: dict[str, Any] = {
        "messages": [USER],
        "ground_truth": "18",
        "dataset": "MATH",
        "constraint_type": "",
        "constraint": "",
    }
    expected = {"prompt": ["user: q"], "verifier": "math", "ground_truth": "18"}
    assert records("tulu3-rlvr", "rlvr", row, row | {"messages": [USER, answer("a")]}) == [
        expected,
        expected,
    ]
    assert records(
        "tulu3-rlvr", "rlvr", row | {"dataset": ["ifeval"], "ground_truth": {"func_name": "f"}}
    ) == [expected | {"verifier": "ifeval", "ground_truth": '{"func_name": "f"}'}]
    assert records("tulu3-rlvr", "prompt", row) == [{"prompt": ["user: q"]}]
    bad: list[dict[str, Any]] = [
        {"ground_truth": None},
        {"dataset": ["a", "b"]},
        {"dataset": None},
        {"messages": []},
    ]
    assert reasons("tulu3-rlvr", "rlvr", *(row | change for change in bad)) == [
        "field 'ground_truth' is missing",
        "field 'dataset' is a list of 2, not the name of one verifier",
        "field 'dataset' is missing",
        "'messages' holds no user turn",
    ]
