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


def test_the_prompt_of_an_sft_record_is_all_but_its_last_turn() -> None:
    rows = [
        {"messages": talk("system: s", "user: a", "assistant: b")},
        {"messages": talk("assistant: c")},
    ]
    assert read(all_turns("sft", tabled("sft", rows)).prompts("sft")) == [(0, 0, "s"), (0, 1, "a")]


def test_the_prompt_of_a_preference_is_its_prompt_and_its_places_count_through() -> None:
    rows = [
        {
            "prompt": talk("user: p", "assistant: q", "user: r"),
            "chosen": talk("assistant: c"),
            "rejected": talk("assistant: x"),
        }
    ] * 2
    found = all_turns("preference", tabled("preference", rows))
    assert read(found.prompts("preference")) == [
        (d, i, text) for d in (0, 1) for i, text in enumerate("pqr")
    ]
    assert read(found.only(["assistant"])) == [
        (d, i, t) for d in (0, 1) for i, t in ((1, "q"), (3, "c"), (4, "x"))
    ]


@pytest.mark.parametrize("kind", sorted(TURN_COLUMNS))
def test_a_table_without_records_has_no_turns(kind: str) -> None:
    """A block of which every row was quarantined."""
    found = all_turns(kind, body_schema(kind).empty_table())
    assert (said(found), read(found.only(ROLES)), read(found.prompts(kind)), found.n_docs) == (
        [],
        [],
        [],
        0,
    )


def test_one_message_column_is_not_copied() -> None:
    table = tabled("sft", [{"messages": talk("user: some text", "assistant: more")}])
    text = table["messages"].chunk(0).flatten().flatten()[1]
    found = all_turns("sft", table).stretches
    assert found.data.ctypes.data == text.buffers()[2].address
    assert not found.data.flags.writeable
