"""Texts in one buffer: each is found again where it is said to be, and eight bytes can be read from
there.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.text.buffer import lay_out


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_every_text_is_where_it_is_said_to_be(texts: list[str]) -> None:
    data, starts, stops = lay_out(iter(texts))
    assert [bytes(data[a:b]).decode() for a, b in zip(starts, stops, strict=True)] == texts
    assert bytes(data) == "".join(texts).encode() + bytes(8)
    assert [array.dtype.name for array in (data, starts, stops)] == ["uint8", "int64", "int64"]


def test_no_texts_make_a_buffer_too() -> None:
    data, starts, stops = lay_out([])
    assert (data.size, starts.size, stops.size) == (8, 0, 0)
    assert (
        not data.flags.writeable
    )  # as every buffer of texts: numba would compile again for one that is


def test_half_a_surrogate_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        lay_out(["a", "\ud800"])
