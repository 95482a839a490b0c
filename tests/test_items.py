"""Items: the texts of a row by dotted paths, and ids that differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.items import make_items

ROW = {
    "doc": {"q": "nested", "choices": {"text": ["one", "two"]}},
    "turns": [{"content": "first"}, {"content": "second"}],
    "a.b": "dotted key",
    "number": 7,
    "none": None,
    "blank": "  ",
    "flag": True,
}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("doc.q", "nested"),
        ("doc.choices.text", "one\ntwo"),
        ("turns.content", "first\nsecond"),
        ("a.b", "dotted key"),
        ("number", "7"),
    ],
)
def test_dotted_paths_and_lists(field: str, text: str) -> None:
    (item,) = make_items([("f", 0, ROW)], "b", [field], [], None)
    assert item.fields == (text,)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (
            "gone",
            "f.jsonl, row 3: no field 'gone' (found: doc, turns, a.b, number, none, blank, flag)",
        ),
        ("doc.gone", "no field 'doc.gone'"),
        ("none", "field 'none' is empty"),
        ("blank", "field 'blank' is empty"),
        ("doc", "is an object, not text; name a field in it with a dot (found: q, choices)"),
        ("flag", "is a bool, not text"),
    ],
)
def test_a_field_that_is_no_text_is_an_error(field: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        list(make_items([("f.jsonl", 3, ROW)], "b", [field], [], None))
    assert message in str(caught.value)


def test_half_a_surrogate_pair_is_an_error() -> None:
    with pytest.raises(UserError, match="surrogate"):
        list(make_items([("f", 0, {"q": "\ud800"})], "b", ["q"], [], None))


@pytest.mark.parametrize("missing", [{}, {"passage": None}, {"passage": ""}])
def test_an_optional_field_that_is_missing_or_empty_is_left_out(missing: dict[str, Any]) -> None:
    (item,) = make_items(
        [("f", 0, {"question": "why", **missing})], "b", ["passage", "question"], ["passage"], None
    )
    assert item.fields == ("why",)
    (item,) = make_items(
        [("f", 0, {"question": "why", "passage": "text"})],
        "b",
        ["passage", "question"],
        ["passage"],
        None,
    )
    assert item.fields == ("text", "why")


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.text(alphabet="ab/#2", max_size=3)), max_size=12
    )
)
def test_instance_ids_are_those_of_the_rows_where_they_have_one(
    ids: list[int | str | None],
) -> None:
    rows = [("f", n, {"q": "text", "id": own}) for n, own in enumerate(ids)]
    made = [item.instance_id for item in make_items(rows, "b", ["q"], [], "id")]
    for position, (own, instance_id) in enumerate(zip(ids, made, strict=True)):
        expected = f"b/{position}" if own is None or own == "" else f"b/{own}"
        assert instance_id == expected or instance_id.startswith(f"{expected}#")
    assert len(set(made)) == len(made)


def test_an_id_that_a_repeat_would_take_is_counted_past() -> None:
    rows = [
        ("f", place, {"q": "text", "id": own}) for place, own in enumerate(("a#2", "a", "a", "a"))
    ]
    ids = [item.instance_id for item in make_items(rows, "b", ["q"], [], "id")]
    assert ids == ["b/a#2", "b/a", "b/a#3", "b/a#4"]
