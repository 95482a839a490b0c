"""Texts with folded blanks are those of plain Python."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.folded import fold
from curate.text.blanks import BLANKS, one_spaced
from curate.text.buffer import lay_out

some = st.text(
    st.one_of(st.sampled_from(sorted(BLANKS)), st.characters(exclude_categories=["Cs"])),
    max_size=12,
)


@given(st.lists(some, max_size=5))
def test_blanks_are_folded_as_python_does(texts: list[str]) -> None:
    data, starts, stops = fold(*lay_out(texts))
    found = [bytes(data[i:j]).decode() for i, j in zip(starts, stops, strict=True)]
    assert found == [one_spaced(text) for text in texts]


def test_all_blanks_of_unicode_are_known() -> None:
    assert {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()} == BLANKS
