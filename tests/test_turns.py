"""The turns of records of every kind, as stretches of text: in order, with role, column and place,
without a copy.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.records import ROLES, TURN_COLUMNS, body_schema
from curate.turns import Stretches, Turns, all_turns

Said = tuple[int, int, str, str]
"""Record, place in its whole message list, role, text."""
MESSAGES = st.lists(
    st.tuples(st.sampled_from(ROLES), st.text(max_size=6)).map(
        lambda turn: {"role": turn[0], "content": turn[1]}
    ),
    min_size=1,
    max_size=4,
)


def tabled(kind: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=body_schema(kind))


def read(turns: Stretches) -> list[tuple[int, int, str]]:
    """Read turns back: record, place, text."""
    stretches = zip(
        turns.docs.tolist(),
        turns.turns.tolist(),
        turns.starts.tolist(),
        turns.stops.tolist(),
        strict=True,
    )
    return [
        (doc, place, bytes(turns.data[start:stop]).decode())
        for doc, place, start, stop in stretches
    ]


def said(everything: Turns) -> list[Said]:
    roles = [ROLES[code] for code in everything.roles]
    return [
        (*turn[:2], role, turn[2])
        for turn, role in zip(read(everything.stretches), roles, strict=True)
    ]


def expected(kind: str, rows: list[dict[str, Any]]) -> list[Said]:
    """Read the records as a person does: prompt, chosen, rejected, one turn after the other."""
    found = []
    for doc, row in enumerate(rows):
        messages = [message for column in TURN_COLUMNS[kind] for message in row[column]]
        found += [
            (doc, place, message["role"], message["content"])
            for place, message in enumerate(messages)
        ]
    return found


@given(st.sampled_from(sorted(TURN_COLUMNS)), st.data())
def test_turns_of_every_kind_come_in_the_order_a_person_reads_them(
    kind: str, data: st.DataObject
) -> None:
    row = st.fixed_dictionaries({column: MESSAGES for column in TURN_COLUMNS[kind]})
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    found = all_turns(kind, tabled(kind, rows))
    assert said(found) == expected(kind, rows)
    assert found.texts.to_pylist() == [text for *_, text in said(found)]
    assert found.n_docs == len(rows)
    columns = [[c for c in TURN_COLUMNS[kind] for _ in one[c]] for one in rows]
    assert [TURN_COLUMNS[kind][i] for i in found.columns] == [
        name for names in columns for name in names
    ]


@given(st.lists(st.fixed_dictionaries({"messages": MESSAGES}), min_size=3, max_size=5), st.data())
def test_slices_and_chunks_of_a_table_read_alike(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    table = tabled("sft", rows)
    start = data.draw(st.integers(0, len(rows) - 1))
    assert said(all_turns("sft", table.slice(start, 2))) == expected("sft", rows[start : start + 2])
    chunked = pa.concat_tables([table.slice(start), table.slice(0, start)])
    assert said(all_turns("sft", chunked)) == expected("sft", rows[start:] + rows[:start])


@given(
    st.lists(st.fixed_dictionaries({"messages": MESSAGES}), min_size=1, max_size=5),
    st.sets(st.sampled_from(ROLES)),
)
def test_only_some_roles_keep_their_places(rows: list[dict[str, Any]], roles: set[str]) -> None:
    wanted = [
        (doc, place, text) for doc, place, role, text in expected("sft", rows) if role in roles
    ]
    assert read(all_turns("sft", tabled("sft", rows)).only(roles)) == wanted


def talk(*turns: str) -> list[dict[str, str]]:
    """Write messages as `user: text`."""
    return [dict(zip(("role", "content"), turn.split(": "), strict=True)) for turn in turns]


SAYING = st.text(st.sampled_from("ab \n\t\u00a0\u3000"), max_size=3)
TALK = st.lists(
    st.tuples(st.sampled_from(ROLES), SAYING).map(
        lambda turn: {"role": turn[0], "content": turn[1]}
    ),
    max_size=4,
)


def asked(kind: str, row: dict[str, Any]) -> tuple[str, ...]:
    """What a record asks, read as a person does: the first user turn, else its whole prompt."""
    columns = TURN_COLUMNS[kind]
    everything = [turn for column in columns for turn in row[column]]
    users = [turn for turn in everything if turn["role"] == "user"]
    prompt = row[columns[0]][:-1] if kind == "sft" else row[columns[0]]
    return tuple(turn["content"].strip() for turn in (users[:1] or prompt))


@pytest.mark.parametrize("kind", sorted(TURN_COLUMNS))
@given(data=st.data())
def test_records_of_one_group_are_those_that_ask_the_same(kind: str, data: st.DataObject) -> None:
    body: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(TURN_COLUMNS[kind], TALK)
    rows = data.draw(st.lists(st.fixed_dictionaries(body), min_size=1, max_size=12))
    groups = all_turns(kind, tabled(kind, rows)).groups(kind).tolist()
    asks = [asked(kind, row) for row in rows]
    for one, ask in zip(groups, asks, strict=True):
        assert [other == one for other in groups] == [other == ask for other in asks]


def test_a_group_is_the_same_in_every_block_and_kind() -> None:
    sft = [
        {"messages": talk("system: be kind", "user: name a tree", "assistant: elm")},
        {"messages": talk("user: name a tree\n", "assistant: elm", "user: more", "assistant: ash")},
    ]
    prompt = [{"prompt": talk("user: name a tree")}]
    groups = all_turns("sft", tabled("sft", sft)).groups("sft").tolist()
    alone = all_turns("sft", tabled("sft", sft[1:])).groups("sft").tolist()
    assert {*groups, *alone} == set(all_turns("prompt", tabled("prompt", prompt)).groups("prompt"))


def test_the_places_of_a_preference_count_through() -> None:
    rows = [
        {
            "prompt": talk("user: p", "assistant: q", "user: r"),
            "chosen": talk("assistant: c"),
            "rejected": talk("assistant: x"),
        }
    ] * 2
    found = all_turns("preference", tabled("preference", rows))
    assert read(found.only(["assistant"])) == [
        (d, i, t) for d in (0, 1) for i, t in ((1, "q"), (3, "c"), (4, "x"))
    ]


@pytest.mark.parametrize("kind", sorted(TURN_COLUMNS))
def test_a_table_without_records_has_no_turns(kind: str) -> None:
    """A block of which every row was quarantined."""
    found = all_turns(kind, body_schema(kind).empty_table())
    assert (said(found), read(found.only(ROLES)), found.groups(kind).tolist()) == ([], [], [])
    assert found.n_docs == 0


def test_one_message_column_is_not_copied() -> None:
    table = tabled("sft", [{"messages": talk("user: some text", "assistant: more")}])
    text = table["messages"].chunk(0).flatten().flatten()[1]
    found = all_turns("sft", table).stretches
    assert found.data.ctypes.data == text.buffers()[2].address
    assert not found.data.flags.writeable
