"""The rule for whole columns and the plain rule for one row give the same, however a file is cut
into blocks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.files import Block
from curate.formats import FORMATS, Parsed, conform, parse, unify_kept
from curate.formats.mapping import mapping_format
from curate.formats.parsing import parse_block
from curate.sources import open_source
from tests.soak import examples

Fmt = str | Mapping[str, Any]

TEXT = st.sampled_from(
    [
        "",
        " ",
        "a",
        "Why?",
        "2020-01-01",
        "\u2028",
        "naïve 数学 🙂",
        'quo"te\n',
        "NaN",
        "\x00",
        "[{",
        "tab\t",
        "10:00",
    ]
)
ODD = st.sampled_from([None, 1, 2.5, True, [], ["a"], {}, {"a": 1}, 2**70])
# Most rows are what the format wants, so that the path by columns is really taken; some are not.
MAYBE_TEXT = st.one_of(TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.none())
KEPT = st.one_of(st.integers(-5, 5), st.sampled_from([1.5, 2.0, None]))


def a_message(role: str, content: str, roles: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    required = {role: st.sampled_from(roles), content: MAYBE_TEXT}
    optional = {
        "name": TEXT,
        "tool_calls": TEXT,
        "weight": st.integers(0, 1),
        "thinking": MAYBE_TEXT,
        "function_call": st.sampled_from([None, {"name": "f", "arguments": "{}"}]),
    }
    return st.fixed_dictionaries(
        required, optional=optional if role == "role" else {"weight": st.integers(0, 1)}
    )


MESSAGE = a_message(
    "role", "content", ["user", "assistant", "user", "assistant", "system", "tool", "critic"]
)
TURN = a_message(
    "from", "value", ["human", "gpt", "human", "gpt", "system", "observation", "function_call", "x"]
)


def conversation(
    turn: st.SearchStrategy[dict[str, Any]],
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Message lists of which most are valid: questions and answers, perhaps after a system turn or
    before another.
    """
    role, content = ("role", "content") if turn is MESSAGE else ("from", "value")
    user, assistant = ("user", "assistant") if turn is MESSAGE else ("human", "gpt")
    said = st.sampled_from(["a", "Why? \n", "2020-01-01", "数学"])
    asked = st.builds(
        lambda one, two: [{role: user, content: one}, {role: assistant, content: two}], said, said
    )
    opening = st.sampled_from([[], [], [{role: "system", content: "Be brief."}]])
    good = st.builds(
        lambda first, *more: [*first, *(one for pair in more for one in pair)],
        opening,
        asked,
        asked,
    )
    cut = good.map(lambda turns: turns[:-1])
    return st.one_of(good, good, good, cut, st.lists(turn, max_size=4))


def rows_of(columns: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    extra = {"id": st.one_of(st.integers(0, 9), st.none()), "level": KEPT, "other": TEXT}
    row = st.fixed_dictionaries({}, optional=columns | extra)
    odd = st.fixed_dictionaries({}, optional={name: ODD for name in columns | extra})
    plain = st.lists(row, min_size=1, max_size=8)
    return st.one_of(
        plain, plain, plain, st.lists(st.one_of(row, row, row, odd), min_size=1, max_size=8)
    )


CASES: list[tuple[Fmt, tuple[str, ...], dict[str, st.SearchStrategy[Any]]]] = [
    (
        "messages",
        ("sft", "prompt"),
        {
            "messages": conversation(MESSAGE),
            "system": MAYBE_TEXT,
            "system_prompt": MAYBE_TEXT,
            "tools": TEXT,
        },
    ),
    (
        "sharegpt",
        ("sft", "prompt"),
        {"conversations": conversation(TURN), "system": MAYBE_TEXT, "tools": TEXT},
    ),
    (
        "alpaca",
        ("sft", "prompt"),
        {"instruction": TEXT, "input": MAYBE_TEXT, "output": MAYBE_TEXT, "system": MAYBE_TEXT},
    ),
    (
        "gsm8k",
        ("sft", "prompt", "rlvr"),
        {"question": MAYBE_TEXT, "answer": MAYBE_TEXT, "system": MAYBE_TEXT},
    ),
    ("text", ("prompt",), {"text": MAYBE_TEXT, "system_prompt": MAYBE_TEXT}),
    (
        {"prompt": "q", "response": "a", "system": "s"},
        ("sft",),
        {"q": TEXT, "a": MAYBE_TEXT, "s": MAYBE_TEXT},
    ),
    (
        {"prompt": "q", "system": {"constant": "Be brief."}},
        ("prompt",),
        {"q": MAYBE_TEXT, "a": TEXT},
    ),
    (
        {"messages": "chat"},
        ("sft", "prompt"),
        {"chat": st.one_of(conversation(MESSAGE), conversation(TURN))},
    ),
]


def picture(parsed: Parsed) -> tuple[Any, ...]:
    """Everything a result says, in values that compare."""
    return (
        parsed.records.schema,
        parsed.records.to_pylist(),
        parsed.rows.tolist(),
        parsed.origin_id.to_pylist(),
        sorted(parsed.quarantine, key=lambda bad: bad.row),
        parsed.dropped_columns,
    )


def plainly(block: Block, fmt: Fmt, kind: str, keep: list[str]) -> Parsed:
    """Parse by the plain rule alone."""
    form = FORMATS[fmt] if isinstance(fmt, str) else mapping_format(fmt)
    return parse_block(block, form, kind, keep, columns=None)


def whole(parts: list[Parsed]) -> tuple[Any, ...]:
    """What the parts of a source say together."""
    schema = unify_kept([part.records.schema for part in parts])
    records = pa.concat_tables([conform(part.records, schema) for part in parts])
    rows = [row for part in parts for row in part.rows.tolist()]
    ids = [one for part in parts for one in part.origin_id.to_pylist()]
    bad = sorted((one for part in parts for one in part.quarantine), key=lambda bad: bad.row)
    return (
        schema,
        records.to_pylist(),
        rows,
        ids,
        bad,
        frozenset().union(*(part.dropped_columns for part in parts)),
    )


@pytest.mark.parametrize("case", range(len(CASES)), ids=[str(case[0]) for case in CASES])
@examples(60)
@given(data=st.data(), ascii_only=st.booleans(), block_bytes=st.integers(4, 400))
def test_both_rules_agree_on_json(
    tmp_path_factory: pytest.TempPathFactory,
    case: int,
    data: st.DataObject,
    ascii_only: bool,
    block_bytes: int,
) -> None:
    fmt, kinds, columns = CASES[case]
    rows, kind = data.draw(rows_of(columns)), data.draw(st.sampled_from(kinds))
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows), "utf-8")
    source = open_source("rows", str(path), base=path.parent)
    blocks = list(source.blocks())
    assert [picture(parse(block, fmt, kind, ["level"])) for block in blocks] == [
        picture(plainly(block, fmt, kind, ["level"])) for block in blocks
    ]
    small = [parse(block, fmt, kind, ["level"]) for block in source.blocks(block_bytes=block_bytes)]
    assert whole(small) == whole([plainly(block, fmt, kind, ["level"]) for block in blocks])


@examples(40)
@given(data=st.data())
def test_both_rules_agree_on_parquet(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    message = pa.struct(
        [("role", pa.large_string()), ("content", pa.string()), ("name", pa.string())]
    )
    schema = pa.schema(
        [("messages", pa.large_list(message)), ("id", pa.int32()), ("level", pa.float32())]
    )
    messages = conversation(MESSAGE)
    row = st.fixed_dictionaries(
        {"messages": st.one_of(messages, messages, st.none()), "id": st.integers(0, 9)}
    )
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=3)
    for block in open_source("rows", str(path), base=path.parent).blocks():
        for kind in ("sft", "prompt"):
            fast, slow = (rule(block, "messages", kind, ["level"]) for rule in (parse, plainly))
            assert picture(fast) == picture(slow)


def test_the_fast_path_is_taken(tmp_path: Path) -> None:
    """A guard for the tests above: on plain input `table` is there and the rule for columns
    answers.
    """
    path = tmp_path / "rows.jsonl"
    row = {
        "messages": [
            {"role": "user", "content": "2020-01-01"},
            {"role": "assistant", "content": "Yes."},
        ]
    }
    path.write_text(f"{json.dumps(row)}\n" * 3)
    (block,) = open_source("rows", str(path), base=tmp_path).blocks()
    table = block.table()
    vector = FORMATS["messages"].vector
    assert table is not None
    assert vector is not None
    assert vector(table, "sft") is not None
