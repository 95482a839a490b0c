"""Records: the schemas, and the rule for one record against the rule for whole tables."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.records import KINDS, MESSAGES, TURN_COLUMNS, body_schema, check_body, valid, validate
from tests.soak import examples

ROLE = st.sampled_from(["user", "assistant", "user", "assistant", "system", "tool", "User", ""])
MESSAGE = st.fixed_dictionaries(
    {"role": ROLE, "content": st.sampled_from(["a", "b", " ", "", "\u00a0", "\x0b\n"])},
    optional={"tool_calls": st.sampled_from(["[]", None])},
)
GOOD = st.sampled_from(
    [[("user", "a")], [("system", "s"), ("user", "a")], [("user", "a"), ("assistant", "b")]]
)
TURNS = st.one_of(
    GOOD.map(lambda turns: [{"role": role, "content": text} for role, text in turns]),
    st.lists(MESSAGE, max_size=4),
)


def bodies(kind: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    columns = {name: TURNS for name in TURN_COLUMNS[kind]}
    text = {
        name: st.sampled_from(["x", ""]) for name in ("verifier", "ground_truth") if kind == "rlvr"
    }
    label = {"label": st.sampled_from([True, False, None])} if kind == "unpaired" else {}
    return st.lists(st.fixed_dictionaries(columns | text | label), max_size=6)


@examples(200)
@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_both_rules_agree(data: st.DataObject, kind: str) -> None:
    rows = data.draw(bodies(kind))
    table = pa.Table.from_pylist(rows, body_schema(kind))
    reasons = [check_body(kind, row) for row in rows]
    assert valid(kind, table).tolist() == [reason is None for reason in reasons]
    assert validate(kind, table).tolist() == reasons
    middle = table.slice(1, 2)
    assert validate(kind, middle).tolist() == reasons[1:3]


def turns(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"role": role, "content": text} for role, text in pairs]


SFT = [
    (turns(("user", "a"), ("assistant", "b")), None),
    (turns(("user", "a"), ("user", "a"), ("assistant", "b"), ("assistant", "c")), None),
    (turns(("system", "s"), ("user", "a"), ("tool", "t"), ("assistant", "b")), None),
    ([*turns(("user", "a")), {"role": "assistant", "content": "", "tool_calls": "[{}]"}], None),
    ([], "'messages' holds no messages"),
    (turns(("user", "a")), "'messages' ends with a turn of 'user', not of 'assistant'"),
    (
        turns(("user", "a"), ("system", "s"), ("assistant", "b")),
        "a system turn that is not the first, in messages[1]",
    ),
    (
        turns(("human", "a"), ("assistant", "b")),
        "unknown role 'human' in messages[0] (known: system, user, assistant, tool)",
    ),
    (turns(("user", "a"), ("assistant", " \n")), "the last turn of 'messages' is empty"),
]


@pytest.mark.parametrize(("messages", "reason"), SFT, ids=[str(reason) for _, reason in SFT])
def test_reasons(messages: list[dict[str, Any]], reason: str | None) -> None:
    assert check_body("sft", {"messages": messages}) == reason


def test_answers_have_no_system_turn() -> None:
    answer = turns(("assistant", "b"))
    body = {
        "prompt": turns(("system", "s"), ("user", "a")),
        "chosen": answer,
        "rejected": turns(("system", "s"), *[]),
    }
    assert check_body("preference", body) == "a system turn that is not the first, in rejected[0]"
    assert check_body("preference", body | {"rejected": answer}) is None


def test_content_that_is_null_is_named() -> None:
    table = pa.Table.from_pylist(
        [{"messages": [{"role": "assistant"}]}, {"messages": None}], body_schema("sft")
    )
    assert validate("sft", table).tolist() == [
        "messages[0] holds no text",
        "'messages' holds no messages",
    ]


def test_every_kind_has_its_turn_columns() -> None:
    for kind in KINDS:
        for column in TURN_COLUMNS[kind]:
            assert body_schema(kind).field(column).type == MESSAGES


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UserError, match="unknown kind 'preferences'; did you mean 'preference'"):
        body_schema("preferences")
