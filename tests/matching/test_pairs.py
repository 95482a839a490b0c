"""Findings become pairs: in order, with the best score, with all stretches."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.matching.ngram import LABELS
from curate.matching.pairs import pairs, whole_items, whole_turns
from tests.matching.samples import lay_out

finding = st.tuples(
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 4).map(lambda n: n / 4),
    st.integers(0, 2),
    st.integers(0, 5),
)


@given(st.lists(finding, max_size=30, unique_by=lambda f: (f[0], f[1], f[3], f[4])))
def test_pairs_gather_what_a_dictionary_gathers(
    found: list[tuple[int, int, float, int, int]],
) -> None:
    item_spans = np.array([[0, 3], [1, 4], [2, 9]])
    spans = np.array([(turn, start, start + 2) for *_, turn, start in found], np.int32).reshape(
        -1, 3
    )
    docs, items = (np.array([f[i] for f in found], np.int32) for i in (0, 1))
    made = pairs(
        docs, items, np.array([f[2] for f in found], np.float64), spans, item_spans, "suspect"
    )
    wanted: dict[tuple[int, int], list[tuple[float, list[int]]]] = defaultdict(list)
    for doc, item, score, turn, start in found:
        wanted[doc, item].append((score, [turn, start, start + 2]))
    assert list(zip(made.docs.tolist(), made.items.tolist(), strict=True)) == sorted(wanted)
    for i, key in enumerate(sorted(wanted)):
        assert made.scores[i] == max(score for score, _ in wanted[key])
        assert made.doc_spans[made.doc_first[i] : made.doc_first[i + 1]].tolist() == sorted(
            s for _, s in wanted[key]
        )
        assert made.item_spans[made.item_first[i] : made.item_first[i + 1]].tolist() == [
            item_spans[key[1]].tolist()
        ]
        assert LABELS[made.labels[i]] == "suspect"


def test_whole_texts_are_measured_in_code_points() -> None:
    turns = lay_out([["é\U0001f600a", ""], ["abc"]])
    assert whole_turns(turns, np.array([2, 0, 1])).tolist() == [[0, 0, 3], [0, 0, 3], [1, 0, 0]]
    assert whole_items([["é", "ab"], ["\U0001f600"], []]).tolist() == [[0, 4], [0, 1], [0, 0]]
