"""Lengths, turns, empty turns, Chinese characters, languages, columns and licences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.licences import licence_class
from curate.records import EXTRAS, ROLES, body_schema
from curate.steps.filters.registry import HOUSE
from curate.steps.step import Records
from curate.text.tokenise import words
from curate.turns import all_turns
from tests.steps.filters.looking import answers, numbers_of, records_of, values_of

texts = st.text(st.sampled_from("ab é中\u3000\u00a0\t\n\x1c𠀀."), max_size=12)
chats = st.lists(st.lists(st.tuples(st.sampled_from(ROLES), texts), min_size=1, max_size=4))


@given(chats, st.sets(st.sampled_from(ROLES), min_size=1))
def test_against_plain_python(given_chats: list[list[tuple[str, str]]], roles: set[str]) -> None:
    records = records_of(given_chats)
    own = [[text for role, text in chat if role in roles] for chat in given_chats]
    where: dict[str, Any] = {"roles": sorted(roles)}
    entry = {"length": where | {"at_most": 1}}
    assert numbers_of(entry, records) == [sum(map(len, chat)) for chat in own]
    entry = {"length": where | {"at_most": 1, "measure": "words"}}
    assert numbers_of(entry, records) == [sum(len(words(text)) for text in chat) for chat in own]
    assert numbers_of({"turns": where | {"at_most": 1}}, records) == [len(chat) for chat in own]
    assert numbers_of({"empty_turns": where}, records) == [
        sum(not text.strip() for text in chat) for chat in own
    ]
    shares = [
        max((sum(c in "中𠀀" for c in text) / max(1, len(text)) for text in chat), default=0)
        for chat in own
    ]
    assert numbers_of({"cjk": where}, records) == pytest.approx(shares)


def test_a_turn_that_calls_a_tool_is_not_empty() -> None:
    call = {"tool_calls": "[]"}
    turn = {"role": "assistant", "content": ""} | dict.fromkeys(EXTRAS)
    rows = [[turn | call, turn], [turn, turn | {"content": "x"}], [turn | call]]
    table = pa.table({"messages": rows, "tools": [None] * 3}, schema=body_schema("sft"))
    turns = all_turns("sft", table)
    records = Records("a", "sft", table, np.arange(3), turns, turns.content_hashes())
    assert numbers_of("empty_turns", records) == [1, 1, 0]


def test_the_last_turn_of_each_list_of_a_pair() -> None:
    def turn(role: str, content: str) -> dict[str, Any]:
        return {"role": role, "content": content} | dict.fromkeys(EXTRAS)

    row = {
        "prompt": [turn("user", "a"), turn("assistant", "bb"), turn("user", "c")],
        "chosen": [turn("assistant", "dddd"), turn("assistant", "eeeeeeee")],
        "rejected": [turn("assistant", "f" * 16)],
    }
    table = pa.Table.from_pylist([row, row], schema=body_schema("preference"))
    turns = all_turns("preference", table)
    records = Records("a", "preference", table, np.arange(2), turns, turns.content_hashes())
    assert numbers_of({"length": {"at_most": 1}}, records) == [30, 30]
    assert numbers_of({"length": {"at_most": 1, "last": True}}, records) == [26, 26]


def test_languages() -> None:
    pytest.importorskip("py3langid")
    told = (
        "The committee will meet again on Tuesday to discuss the budget of the town.",
        "Der Ausschuss wird am Dienstag wieder zusammenkommen, um den Haushalt zu beraten.",
        "Le comité se réunira de nouveau mardi afin de discuter du budget de la commune.",
    )
    found = values_of({"language": {"in": ["en"]}}, answers(*told))
    assert found.value.to_pylist() == ["en", "de", "fr"]
    sure = values_of({"language": {"in": ["en"], "confidence": 1}}, answers("x"))
    assert sure.value.to_pylist() == [None]
    one = records_of([[("user", told[2]), ("assistant", told[0])], [("user", told[1])]])
    assert values_of({"language": {"is": "en"}}, one).value.to_pylist() == ["en", None]


@pytest.mark.parametrize("chats", [[], [[("user", "Who?")], [("user", "Me.")]]])
@pytest.mark.parametrize("name", sorted(HOUSE.keys() - {"column", "licence", "toxicity"}))
def test_rows_that_have_no_turn_of_a_role(name: str, chats: list[Any]) -> None:
    if name == "language":
        pytest.importorskip("py3langid")
    rules: dict[str, dict[str, Any]] = {
        "length": {"at_most": 1},
        "turns": {"at_most": 1},
        "language": {"is": "en"},
    }
    roles: dict[str, Any] = {} if name == "turns" else {"roles": ["tool"]}
    given = rules.get(name, {}) | roles
    assert len(values_of({name: given}, records_of(chats)).value) == len(chats)


@pytest.mark.parametrize(
    ("values", "numbers", "spelt"),
    [
        ([1, None, 3], [1, math.nan, 3], ["1", None, "3"]),
        ([0.5, 2.0, None], [0.5, 2, math.nan], ["0.5", "2", None]),
        (["0.5", "x", None], [0.5, math.nan, math.nan], ["0.5", "x", None]),
        ([True, False, None], [1, 0, math.nan], ["true", "false", None]),
    ],
)
def test_a_column_as_numbers_and_as_texts(
    values: list[Any], numbers: list[float], spelt: list[str | None]
) -> None:
    records = records_of([[("assistant", "a")]] * 3, c=values)
    found = numbers_of({"column": {"name": "c", "at_most": 1}}, records)
    assert found == pytest.approx(numbers, nan_ok=True)
    assert values_of({"column": {"name": "c", "is": "1"}}, records).value.to_pylist() == spelt


@pytest.mark.parametrize(
    ("licence", "wanted"),
    [
        (None, "unknown"),
        (" ", "unknown"),
        ("CC-BY-NC-4.0", "non-commercial"),
        ("cc by nc sa 4.0", "non-commercial"),
        ("Free for non-commercial use", "non-commercial"),
        ("MIT", "mit"),
        ("Apache-2.0", "apache-2.0"),
        ("BSD-3-Clause, ncsa", "bsd-3-clause, ncsa"),
    ],
)
def test_what_a_licence_allows(licence: str | None, wanted: str) -> None:
    assert licence_class(licence) == wanted


def test_a_scorer_of_ones_own() -> None:
    entry = {"toxicity": {"scorer": f"{__name__}:loudness", "at_most": 1}}
    records = records_of([[("assistant", "ok"), ("assistant", "NO!!")], [("user", "A")]])
    assert numbers_of(entry, records) == [2, 0]
    with pytest.raises(UserError, match="gave 1 scores for 2 texts"):
        numbers_of({"toxicity": {"scorer": f"{__name__}:wrong", "at_most": 1}}, records)


def loudness(given_texts: list[str]) -> list[float]:
    return [sum(char == "!" for char in text) for text in given_texts]


def wrong(given_texts: list[str]) -> list[float]:
    return [1.0]
