"""N-grams that do not count, templates and symbols, by brute force: which ones, what scores are
left, what can hit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.matching.index import LeftOut, build_index
from tests.matching import oracle
from tests.matching.samples import Item, Record, matched, words

FEW = 5
"""An n-gram of fewer items is no template, however few items there are."""


def counted(
    items: Sequence[Item], n: int, common: float | None, singles: bool, group: Sequence[int]
) -> set[oracle.Gram]:
    """All n-grams of the items but those of symbols and those of one benchmark's template, from the
    words alone.
    """
    kept = set()
    for gram in {gram for item in items for gram in oracle.grams(item, n)}:
        holders = [
            own for item, own in zip(items, group, strict=True) if gram in oracle.grams(item, n)
        ]
        template = common is not None and any(
            holders.count(one) >= FEW and holders.count(one) > common * group.count(one)
            for one in set(group)
        )
        symbols = singles and sum(len(token) == 1 for token in gram) > n / 2
        if not template and not symbols:
            kept.add(gram)
    return kept


phrases = st.lists(words, min_size=2, max_size=5).map(" ".join)


@st.composite
def drawn(draw: st.DrawFn) -> tuple[list[Record], list[Item], list[int]]:
    """Records and many items of a few phrases, in up to three benchmarks."""
    text = st.lists(
        st.sampled_from(draw(st.lists(phrases, min_size=2, max_size=5))), max_size=3
    ).map(", ".join)
    items = draw(st.lists(st.lists(text, min_size=1, max_size=2), min_size=FEW, max_size=14))
    group = draw(st.lists(st.integers(0, 2), min_size=len(items), max_size=len(items)))
    return (
        draw(st.lists(st.lists(text, min_size=1, max_size=2), min_size=1, max_size=3)),
        items,
        group,
    )


@given(
    drawn(),
    st.integers(1, 4),
    st.sampled_from([None, 0.0, 0.02, 0.4, 0.5, 0.75, 1.0]),
    st.booleans(),
)
def test_scores_and_what_can_hit_are_those_of_brute_force(
    sample: tuple[list[Record], list[Item], list[int]], n: int, common: float | None, singles: bool
) -> None:
    records, items, group = sample
    index = build_index(items, n, 0.5, LeftOut(common, singles, np.array(group)))
    known = counted(items, n, common, singles, group)
    assert len(index.table.postings_first) - 1 == len(known)
    assert index.matchable.tolist() == [
        round(float(oracle.score_of(item, known, n)), 12) > 0.5 for item in items
    ]
    wanted = {
        (doc, place): float(oracle.score_of(item, oracle.grams(record, n) & known, n))
        for doc, record in enumerate(records)
        for place, item in enumerate(items)
    }
    found = {at: pair.score for at, pair in matched(records, index.table, 0.0).items()}
    assert found == pytest.approx({at: score for at, score in wanted.items() if score}, abs=1e-12)


def test_a_template_is_a_matter_of_its_own_benchmark() -> None:
    """Five of fifty items begin alike: 10 % of their benchmark are over a common 2 %, not over 10
    %.
    """
    begin = "please read the text"
    items = [[f"{begin} w{i} x{i} y{i} z{i}"] for i in range(5)] + [
        [f"a{i} b{i} c{i} d{i}"] for i in range(45)
    ]
    group = np.zeros(50, np.int64)
    for common, left in ((0.02, False), (0.1, True)):
        table = build_index(items, 4, 0.5, LeftOut(common, group=group)).table
        assert bool(matched([[begin]], table, 0.0)) is left
    split = np.array([0, 0, 1, 1, 1] + [2] * 45)  # fewer than five in each
    assert (
        len(matched([[begin]], build_index(items, 4, 0.5, LeftOut(0.02, group=split)).table, 0.0))
        == 5
    )
    # What is one benchmark's template is left out of the others too.
    table = build_index(
        [*items, [begin]], 4, 0.5, LeftOut(0.02, group=np.array([0] * 50 + [1]))
    ).table
    assert matched([[begin]], table, 0.0) == {}


def test_half_of_the_tokens_may_be_single() -> None:
    for text, left in (
        ("a b cc dd", True),
        ("a b c dd", False),
        ("a, B! cc dd", True),
        ("é 中 x yy", False),
    ):
        index = build_index([[text]], 4, 0.5, LeftOut(singles=True))
        assert bool(matched([[text]], index.table, 0.0)) is left
        assert index.matchable.tolist() == [left]


def test_leaving_nothing_out_is_the_rule_itself() -> None:
    items = [["a b c d"], ["b c d e", "f"]]
    plain, ruled = build_index(items, 2, 0.5), build_index(items, 2, 0.5, LeftOut())
    for name in plain.table._fields:
        assert np.array_equal(getattr(plain.table, name), getattr(ruled.table, name)), name
    assert len(matched([["a b c d"]], ruled.table)) == len(matched([["a b c d"]], plain.table)) == 2
