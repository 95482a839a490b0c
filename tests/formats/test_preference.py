"""Preference pairs as they are published, and AllenAI's prompts with a ground truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from curate.files import Block
from curate.files.columnar import ArrowBlock
from curate.formats import detect, parse
from curate.formats.kinds import guess_kind

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


def test_optional_fields_that_cannot_be_used_are_left_out_and_named(
    block: Callable[..., Block],
) -> None:
    odd = {"chosen_rating": "N/A", "rejected_rating": True, "chosen_model": ["m"]}
    nothing = {"score_chosen": float("nan"), "rejected_model": "", "chosen_model": 7}
    parsed = parse(
        block(SHAPES[0] | odd, SHAPES[0], SHAPES[0] | nothing), "preference", "preference"
    )
    records = parsed.records.to_pylist()
    for name in ("chosen_rating", "rejected_rating", "rejected_model"):
        assert [record[name] for record in records] == [None] * 3
    assert [record["chosen_model"] for record in records] == [None, None, "7"]
    assert [(one.row, one.reason, one.value) for one in parsed.unused] == [
        (0, "field 'chosen_model' is a list, not text", '["m"]'),
        (0, "field 'chosen_rating' is text, not a number", '"N/A"'),
        (0, "field 'rejected_rating' is a truth value, not a number", "true"),
    ]


EARLIER = [{"role": "user", "content": "r"}, answer("x")]
SYSTEM = {"role": "system", "content": "s"}


def both(*before: dict[str, str]) -> dict[str, Any]:
    return {"chosen": [*before, answer("a")], "rejected": [*before, answer("b")]}


@pytest.mark.parametrize(
    ("row", "prompt"),
    [
        ({"prompt": "q"} | both(*EARLIER, USER), ["user: r", "assistant: x", "user: q"]),
        (
            {"prompt": "q", "system": "s"} | both(*EARLIER, USER),
            ["system: s", "user: r", "assistant: x", "user: q"],
        ),
        ({"prompt": "q"} | both(SYSTEM, USER), ["system: s", "user: q"]),
        ({"prompt": "q"} | both(SYSTEM), ["system: s", "user: q"]),
        ({"prompt": " q  "} | both(USER), ["user:  q  "]),
        ({"prompt": "q"} | both(*EARLIER, USER) | {"rejected": "b"}, ["user: r", "assistant: x", "user: q"]),
        (both(USER | {"content": "q "}) | {"rejected": [USER, answer("b")]}, ["user: q "]),
        ({"prompt": "q", "history": [["r", "x"]]} | both(), ["user: r", "assistant: x", "user: q"]),
    ],
)  # fmt: skip
def test_what_the_answers_repeat_and_have_more_of(
    records: Records, row: dict[str, Any], prompt: list[str]
) -> None:
    assert records("preference", "preference", row) == [PAIR | {"prompt": prompt}]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"prompt": "q"} | both(*EARLIER, USER) | {"rejected": [SYSTEM, USER, answer("b")]},
            None,
        ),
        (
            {"prompt": "q", "system": "t"} | both(SYSTEM, USER),
            "the system turn repeated in 'chosen' differs from that of the prompt",
        ),
        (
            {"prompt": "q"}
            | both(*EARLIER, USER)
            | {"rejected": [EARLIER[0], answer("y"), USER, answer("b")]},
            "the conversation before the prompt in 'rejected' differs",
        ),
        ({"prompt": "q", "system": "s", "system_prompt": "t"} | both(), "fields 'system' and "),
    ],
)
def test_sides_that_contradict_the_prompt_or_each_other(
    reasons: Reasons, records: Records, row: dict[str, Any], reason: str | None
) -> None:
    if reason is None:
        expected = ["system: s", "user: r", "assistant: x", "user: q"]
        assert records("preference", "preference", row) == [PAIR | {"prompt": expected}]
    else:
        assert reasons("preference", "preference", row)[0].startswith(reason)


def test_the_result_of_a_tool_may_be_what_is_answered(records: Records) -> None:
    call: Any = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}
    asked = [USER, call, {"role": "tool", "content": "r"}]
    expected = PAIR | {"prompt": ["user: q", "assistant: ", "tool: r"]}
    assert records("preference", "preference", both(*asked), {"prompt": asked} | both()) == [
        expected,
        expected,
    ]


RLVR = {"prompt": ["user: q"], "verifier": "math", "ground_truth": "72.5"}


@pytest.mark.parametrize(
    ("label", "text"),
    [(Decimal("72.5"), "72.5"), (72.5, "72.5"), (date(2024, 1, 2), "2024-01-02"), (b"7", "7"), (7, "7"),
     (True, "true"), ([Decimal("1.5"), Decimal("2")], "[1.5, 2]"), ({"a": date(2024, 1, 2)}, '{"a": "2024-01-02"}')],
)  # fmt: skip
def test_labels_that_are_no_text(label: object, text: str) -> None:
    fmt = {"prompt": "prompt", "ground_truth": "ground_truth", "verifier": {"constant": "math"}}
    row = {"prompt": "q", "ground_truth": label, "dataset": "math"}
    one = ArrowBlock.of("rows", 0, pa.Table.from_pylist([row]))
    for form in ("tulu3-rlvr", fmt):
        (record,) = parse(one, form, "rlvr").records.to_pylist()
        assert record["ground_truth"] == text


def test_what_is_not_a_number_is_no_label(block: Callable[..., Block]) -> None:
    rows = [{"prompt": "q", "ground_truth": float("nan"), "dataset": "math"}]
    (bad,) = parse(block(*rows), "tulu3-rlvr", "rlvr").quarantine
    assert bad.reason == "field 'ground_truth' is no label"


def test_lists_of_verifiers_and_labels(records: Records, reasons: Reasons) -> None:
    row = {"messages": [USER], "dataset": ["MATH"], "ground_truth": [72.5]}
    two = {"messages": [USER], "dataset": ["math", "IFEval"], "ground_truth": ["72.5", {"a": 1}]}
    parts = (
        '[{"verifier": "math", "ground_truth": "72.5"}, '
        '{"verifier": "ifeval", "ground_truth": "{\\"a\\": 1}"}]'
    )
    assert records("tulu3-rlvr", "rlvr", row, two) == [
        RLVR,
        RLVR | {"verifier": "all-of", "ground_truth": parts},
    ]
    assert reasons("tulu3-rlvr", "rlvr", two | {"ground_truth": ["1"]}, row | {"dataset": []}) == [
        "field 'dataset' is a list of 2, not the name of one verifier",
        "field 'dataset' is a list of 0, not the name of one verifier",
    ]


def test_verl(records: Records, reasons: Reasons, block: Callable[..., Block]) -> None:
    row: dict[str, Any] = {
        "data_source": "lighteval/MATH",
        "prompt": [USER],
        "ability": "math",
        "reward_model": {"style": "rule", "ground_truth": 72.5},
        "extra_info": {"split": "train", "index": 0},
    }
    other = row | {"data_source": "openai/gsm8k", "prompt": "q"}
    assert guess_kind(block(row)) == "rlvr"
    assert detect(block(row), "rlvr") == "verl"
    assert records("verl", "rlvr", row, other) == [RLVR, RLVR | {"verifier": "gsm8k"}]
    assert records("verl", "prompt", row) == [{"prompt": ["user: q"]}]
    assert reasons(
        "verl", "rlvr", row | {"reward_model": None}, row | {"reward_model": {"style": "rule"}}
    ) == [
        "field 'reward_model' is null, not an object with 'ground_truth'",
        "field 'reward_model.ground_truth' is missing",
    ]
