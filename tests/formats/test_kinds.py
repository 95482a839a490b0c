"""Which kind is found: the richest that the rows look like, and never a poorer one in silence."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from curate.errors import UserError
from curate.files import Block
from curate.files.columnar import ArrowBlock
from curate.formats import detect, parse
from curate.formats.kinds import RICHNESS, guess_kind, look
from curate.records import KINDS

Blocks = Callable[..., Block]

ASK = {"role": "user", "content": "q"}


def said(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


PAIR = {"prompt": "q", "chosen": "a", "rejected": "b"}
SYSTEM = {"role": "system", "content": "s"}
FIRST = [{"role": "user", "content": "before"}, said("x")]

ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "rating as text": ("preference", PAIR | {"chosen_rating": "n. a."}),
    "rating as object": ("preference", PAIR | {"rejected_rating": {"mean": 3}}),
    "model as list": ("preference", PAIR | {"chosen_model": ["m", "n"]}),
    "blanks": ("preference", PAIR | {"chosen": [{"role": "user", "content": " q\n"}, said("a")]}),
    "last turn alone": (
        "preference",
        PAIR | {"chosen": [*FIRST, ASK, said("a")], "rejected": [*FIRST, ASK, said("b")]},
    ),
    "system within": (
        "preference",
        PAIR | {"chosen": [SYSTEM, ASK, said("a")], "rejected": [SYSTEM, ASK, said("b")]},
    ),
    "system before answers": (
        "preference",
        PAIR | {"chosen": [SYSTEM, said("a")], "rejected": [SYSTEM, said("b")]},
    ),
    "number": ("sft", {"question": "6 * 7?", "answer": 42}),
    "number in a chat": ("sft", {"messages": [ASK, said(42)]}),
    "legacy call": (
        "sft",
        {"messages": [ASK, said(None, function_call={"name": "f", "arguments": "{}"})]},
    ),
    "conversational": ("sft", {"prompt": [ASK], "completion": [said("a")]}),
    "mixed": ("sft", {"prompt": "q", "completion": said("a")}),
    "history": ("sft", {"question": "q", "answer": "a", "history": [["h", "i"]]}),
}


@pytest.mark.parametrize(("kind", "row"), ODD.values(), ids=ODD)
def test_an_odd_field_makes_nothing_poorer(block: Blocks, kind: str, row: dict[str, Any]) -> None:
    one = block(row)
    assert guess_kind(one) == kind
    assert parse(one, detect(one, kind), kind).records.num_rows == 1


NONE: dict[str, tuple[str, dict[str, Any], str]] = {
    "numbers": ("preference", PAIR | {"chosen": 0, "rejected": 1}, "field 'chosen' is a number"),
    "no prompt": ("preference", {"chosen": "a", "rejected": "b"}, "there is no prompt"),
    "image": (
        "sft",
        {"messages": [ASK, said([{"type": "image", "url": "u"}])]},
        "messages[1].content[0] is of type 'image'",
    ),
    "null": ("sft", {"messages": [ASK, said(None)]}, "messages[1].content is missing"),
    "list": ("sft", {"question": "q", "answer": ["a", "b"]}, "answer[0] is text, not a message"),
    "truth": ("sft", {"question": "q", "answer": True}, "field 'answer' is a truth value"),
}


@pytest.mark.parametrize(("kind", "row", "reason"), NONE.values(), ids=NONE)
def test_a_kind_of_which_no_row_makes_a_record_is_an_error(
    block: Blocks, kind: str, row: dict[str, Any], reason: str
) -> None:
    one = block(row, row)
    assert look(one) == kind
    with pytest.raises(UserError) as error:
        guess_kind(one)
    assert f"look like kind '{kind}', but none of the first 2 makes a record" in str(error.value)
    assert f"row 0: {reason}" in str(error.value)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "t"},
        {"prompt": "q", "answer": None},
        {"messages": [ASK]},
        {"prompt": [ASK], "persona": "p"},
        {"prompt": "q", "ground_truth": "4"},
    ],
)
def test_prompts(block: Blocks, row: dict[str, Any]) -> None:
    assert guess_kind(block(row)) == "prompt"


def test_a_few_rows_decide_nothing(block: Blocks) -> None:
    open_end = {"messages": [ASK, said("a"), ASK]}
    whole = {"messages": [ASK, said("a")]}
    assert guess_kind(block(*[open_end] * 2, whole)) == "sft"
    assert guess_kind(block(*[open_end] * 3, whole)) == "prompt"
    assert guess_kind(block(*[{"prompt": "q", "answer": "a"}] * 5, {"prompt": "q"})) == "sft"
    assert guess_kind(block(*[whole | {"chosen": None, "rejected": None}] * 2)) == "sft"


def test_a_given_format_narrows_the_kinds(block: Blocks) -> None:
    row = {"a": "q", "b": "a", "c": [ASK, said("a")], "d": True}
    for fmt, kind in (
        ({"prompt": "a"}, "prompt"),
        ({"prompt": "a", "response": "b"}, "sft"),
        ({"messages": "c"}, "sft"),
        ({"prompt": "a", "completion": "b", "label": "d"}, "unpaired"),
        ({"prompt": "a", "chosen": "b", "rejected": "b"}, "preference"),
    ):
        assert guess_kind(block(row), fmt) == kind
    with pytest.raises(UserError, match="unknown format 'alpacca'"):
        guess_kind(block(row), "alpacca")
    with pytest.raises(UserError, match="none of the first 1 makes a record; row 0: field 'b'"):
        guess_kind(block(row | {"b": None}), {"prompt": "a", "response": "b"})


def test_scores_of_parquet(block: Blocks) -> None:
    row = PAIR | {"chosen_rating": Decimal("4.5"), "rejected_rating": Decimal("1.0")}
    one = ArrowBlock.of("pairs", 0, pa.Table.from_pylist([row]))
    assert guess_kind(one) == "preference"
    (record,) = parse(one, "preference", "preference").records.to_pylist()
    assert (record["chosen_rating"], record["rejected_rating"]) == (4.5, 1.0)


def test_every_kind_has_its_place() -> None:
    assert sorted(RICHNESS) == sorted(KINDS)
