"""Answers that are judged one by one, in the shapes in which they are published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from curate.files import Block
from curate.formats import check_format, detect, parse
from curate.formats.kinds import guess_kind

Records = Callable[..., list[dict[str, Any]]]
Reasons = Callable[..., list[str]]
Blocks = Callable[..., Block]

ASK = {"role": "user", "content": "q"}
SAID = {"role": "assistant", "content": "a"}
JUDGED = {"prompt": ["user: q"], "completion": ["assistant: a"], "label": True}

SHAPES: list[dict[str, Any]] = [
    {"prompt": "q", "completion": "a", "label": True},
    {"prompt": [ASK], "completion": [SAID], "label": True},
    {"prompt": "q", "completion": [ASK, SAID], "label": True},
    {"prompt": [ASK], "completion": "a", "label": 1},
    {"question": "q", "answer": SAID, "label": "chosen"},
    {"messages": [ASK, SAID], "label": True},
    {"messages": [ASK, SAID], "kto_tag": 1},
    {"instruction": "q", "input": "", "output": "a", "kto_tag": "true"},
    {
        "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}],
        "label": True,
    },
]


@pytest.mark.parametrize("row", SHAPES, ids=[", ".join(row) for row in SHAPES])
def test_every_shape_is_found_and_makes_the_same_record(
    block: Blocks, records: Records, row: dict[str, Any]
) -> None:
    assert guess_kind(block(row)) == "unpaired"
    assert detect(block(row), "unpaired") == "unpaired"
    assert records("unpaired", "unpaired", row) == [JUDGED]


@pytest.mark.parametrize(
    ("good", "bad"),
    [(True, False), (1, 0), (1.0, 0.0), ("True", "FALSE "), ("1", "0"), ("chosen", "rejected"),
     ("desirable", "undesirable"), ("good", "bad"), ("yes", "no")],
)  # fmt: skip
def test_labels(records: Records, good: object, bad: object) -> None:
    rows = [{"prompt": "q", "completion": "a", "label": label} for label in (good, bad)]
    assert records("unpaired", "unpaired", *rows) == [JUDGED, JUDGED | {"label": False}]


def test_a_label_that_may_mean_anything_is_no_label(reasons: Reasons) -> None:
    rows = [
        {"prompt": "q", "completion": "a", "label": label}
        for label in (None, 2, -1, "maybe", [True], 0.5)
    ]
    said = [reason.split(" (known", 1)[0] for reason in reasons("unpaired", "unpaired", *rows)]
    assert said == [
        "field 'label' is missing",
        "field 'label' is a number that says neither: '2'",
        "field 'label' is a number that says neither: '-1'",
        "field 'label' is text that says neither: 'maybe'",
        "field 'label' is a list that says neither: '[true]'",
        "field 'label' is a number that says neither: '0.5'",
    ]


def test_a_rating_or_a_class_is_no_label(block: Blocks) -> None:
    rated = [{"prompt": "q", "completion": "a", "label": n} for n in range(5)]
    classed = [{"messages": [ASK, SAID], "label": n} for n in (0, 1)]
    named = [{"prompt": "q", "completion": "a", "label": "botany"}]
    for rows in (rated, classed, named):
        assert guess_kind(block(*rows)) == "sft"


def test_the_answer_to_a_tool_and_what_stands_beside(records: Records) -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f"}}]}
    asked = [ASK, call, {"role": "tool", "content": "r"}]
    beside = {"system_prompt": "s", "history": [["h", "i"]], "tools": [{"name": "f"}]}
    row = {"prompt": asked, "completion": "a", "label": True, **beside}
    expected = ["system: s", "user: h", "assistant: i", "user: q", "assistant: ", "tool: r"]
    for shape in (row, {"messages": [*asked, SAID], "label": True, **beside}):
        assert records("unpaired", "unpaired", shape) == [
            JUDGED | {"prompt": expected, "tools": '[{"name": "f"}]'}
        ]


def test_a_mapping(records: Records) -> None:
    fmt = {"prompt": "ask", "completion": "said", "label": "liked"}
    check_format(fmt, "unpaired")
    assert records(fmt, "unpaired", {"ask": "q", "said": "a", "liked": 1}) == [JUDGED]


def test_as_conversations_the_label_is_dropped_and_named(block: Blocks) -> None:
    one = block(SHAPES[0])
    parsed = parse(one, detect(one, "sft"), "sft")
    assert parsed.records.num_rows == 1
    assert parsed.dropped_columns == {"label"}
