"""The self-test counts what it says, for a matcher that is told what to find and for the real ones."""

from __future__ import annotations

import random
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.items import Item
from curate.matching.index import build_index
from curate.matching.ngram import match
from curate.matching.robust import build_robust, match_robust
from curate.steps.decontaminate.found import hits_of, judge_all
from curate.steps.decontaminate.mutations import MUTATIONS
from curate.steps.decontaminate.policy import Hits
from curate.steps.decontaminate.selftest import (
    Find,
    Rows,
    Share,
    Told,
    hit_own,
    plant,
    sample_items,
    self_test,
    turns_of,
)

RNG = random.Random(5)
WORDS = [f"w{i}" for i in range(4000)]
TEXTS = [" ".join(RNG.choices(WORDS, k=60)) + "." for _ in range(60)]
ITEMS = [
    Item(
        name,
        f"{name}/{i}",
        (" ".join(RNG.choices(WORDS, k=20)) + ". " + " ".join(RNG.choices(WORDS, k=20)) + "?",),
    )
    for name, n in (("maths", 30), ("facts", 12))
    for i in range(n)
] + [Item("facts", "facts/short", ("w1 w2 w3",))]
ANSWERS = {item.instance_id: "7" for item in ITEMS if item.benchmark == "maths"}


NONE = Hits(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))


def robust(rows: Rows) -> dict[str, Told]:
    index = build_robust([item.fields for item in ITEMS])
    found = match_robust(turns_of(rows), index)
    judged = judge_all({"robust": found}, {"robust": index.settings.threshold})
    return {"one": Told(hits_of(judged), hits_of(judged, "hit"))}


def ngram(rows: Rows) -> dict[str, Told]:
    found = match(turns_of(rows), build_index([item.fields for item in ITEMS], 8, 0.5).table)[0]
    judged = judge_all({"ngram": found}, {"ngram": 0.5})
    return {"one": Told(hits_of(judged), hits_of(judged, "hit"))}


def no_hits(rows: Rows) -> dict[str, Told]:
    return {"one": Told(NONE, NONE)}


WITHOUT_WORDS = {"typos", "numbers-as-words", "names", "synonyms", "latex", "code", "options"}
"""What the items above have nothing of."""


@pytest.mark.parametrize("hits", [robust, ngram])
def test_real_matchers_find_what_is_planted(hits: Find) -> None:
    matchable = build_robust([item.fields for item in ITEMS]).matchable
    (tested,) = self_test(ITEMS, TEXTS, hits, matchable=matchable, seed=1, answers=ANSWERS).values()
    rows = {row["mutation"]: row for row in tested.recall.to_pylist()}
    assert list(rows) == [name for name in MUTATIONS if name not in WITHOUT_WORDS]
    assert rows["verbatim"]["found"] == rows["embedded"]["found"] == len(ITEMS) - 1
    assert rows["with-answer"]["planted"] == 30
    assert rows["every-4th"]["found"] == (len(ITEMS) - 1 if hits is robust else 0)
    controls = {row["mutation"]: row for row in tested.controls.to_pylist()}
    assert list(controls) == ["clean", "sibling"]  # no item has a number
    assert {row["found"] for row in controls.values()} == {0}
    assert (controls["clean"]["planted"], tested.unmatchable) == (60, ["facts/short"])
    for row in tested.recall.to_pylist():
        assert row["found"] <= row["noticed"] <= row["planted"]
        assert row["low"] <= row["recall"] == row["found"] / row["planted"] <= row["high"]
        parts = [
            part for part in tested.by_benchmark.to_pylist() if part["mutation"] == row["mutation"]
        ]
        for key in ("planted", "found", "noticed"):
            assert sum(part[key] for part in parts) == row[key]
    again = self_test(ITEMS, TEXTS, hits, matchable=matchable, seed=1, answers=ANSWERS)
    assert again == {"one": tested}


def test_a_row_that_hits_another_item_is_not_found_and_every_alarm_counts() -> None:
    def wrong(rows: Rows) -> dict[str, Told]:
        every = Hits(np.arange(len(rows)), np.full(len(rows), len(ITEMS) - 1), np.ones(len(rows)))
        return {"goes": Told(every, every), "noticed": Told(NONE, every)}

    tested = self_test(ITEMS, TEXTS[:9], wrong, matchable=[True] * len(ITEMS), seed=0)
    for matcher, found in (("goes", 1), ("noticed", 0)):
        recall = tested[matcher].recall.to_pylist()
        assert {(row["found"], row["noticed"]) for row in recall} == {(found, 1)}
        clean, sibling = tested[matcher].controls.to_pylist()
        assert (clean["found"], clean["noticed"], clean["planted"]) == (9 * found, 9, 9)
        # The last item is of `facts`: of its twelve siblings each seems to hold it.
        assert (sibling["found"], sibling["noticed"]) == (12 * found, 12)
    assert "with-answer" not in tested["goes"].recall.column("mutation").to_pylist()
    empty = self_test([], [], no_hits, matchable=[], seed=0)["one"]
    assert empty.recall.num_rows == 0
    assert [row["planted"] for row in empty.controls.to_pylist()] == [0]


def test_an_item_that_a_benchmark_has_twice_is_no_false_alarm() -> None:
    items = [Item("a", "a/0", ("Which tree is old?",)), Item("a", "a/1", ("which tree  is OLD?",))]

    def other(rows: Rows) -> dict[str, Told]:
        hits = Hits(np.arange(len(rows)), np.arange(len(rows))[::-1], np.ones(len(rows)))
        return {"one": Told(hits, hits)}

    tested = self_test(items, [], other, matchable=[True] * 2, seed=0)["one"]
    sibling = next(row for row in tested.controls.to_pylist() if row["mutation"] == "sibling")
    assert (sibling["planted"], sibling["found"]) == (2, 0)


def test_items_with_other_numbers_are_a_control() -> None:
    items = [
        Item("a", f"a/{n}", (f"Add {n} and {n + 1} to the 1,200 trees of the wood.",))
        for n in range(9)
    ]
    planted: list[str] = []

    def find(rows: Rows) -> dict[str, Told]:
        planted.extend(turn for row in rows for turn in row)
        return {"one": Told(NONE, NONE)}

    tested = self_test(items, [], find, matchable=[True] * 9, seed=0)["one"]
    assert [row["planted"] for row in tested.controls.to_pylist()] == [0, 9, 9]
    assert not any("1,200" in text for text in planted[-9:])
    assert all(text.endswith("trees of the wood.") for text in planted[-9:])


def test_the_sample_is_fair_and_stays_the_same() -> None:
    items = [
        Item(name, f"{name}/{i}", ("x",))
        for name, n in (("a", 500), ("b", 90), ("c", 3))
        for i in range(n)
    ]
    chosen = sample_items(items, 7)
    assert [sum(items[i].benchmark == name for i in chosen) for name in "abc"] == [200, 90, 3]
    assert chosen == sorted(set(chosen)) == sample_items(items, 7) != sample_items(items, 8)
    assert len(sample_items(items, 7, most=103)) == 103
    assert len(sample_items(items, 7, most=0)) == 3


def test_what_is_planted_depends_on_the_item_and_the_seed_alone() -> None:
    first = plant("random-25", ITEMS[0], None, WORDS, 3)
    assert (
        first
        == plant("random-25", ITEMS[0], None, WORDS, 3)
        != plant("random-25", ITEMS[0], None, WORDS, 4)
    )


@given(st.integers(1, 5000), st.data())
def test_the_interval_is_where_the_score_test_would_not_reject(
    of: int, data: st.DataObject
) -> None:
    share = Share(data.draw(st.integers(0, of)), of)
    low, high = share.interval
    assert 0 <= low <= share.rate <= high <= 1
    assert (low == 0, high == 1) == (share.found == 0, share.found == of)
    for bound in (
        low,
        high,
    ):  # Wilson's bounds are those rates that the observed one is just 1.96 s.d. from
        deviation = abs(share.rate - bound) * sqrt(of)
        assert deviation == pytest.approx(1.959964 * sqrt(bound * (1 - bound)), abs=1e-4)
        assert bound == float(
            f"{bound:.12f}"
        )  # the last bits may differ from one machine to the next


def test_rows_without_hits_and_hits_on_own_items() -> None:
    assert hit_own(NONE, [4, 5]).tolist() == [False, False]
    hits = Hits(np.array([0, 0, 2]), np.array([9, 4, 5]), np.ones(3))
    assert hit_own(hits, [4, 5, 6]).tolist() == [True, False, False]


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_interval_is_wilsons(found: int, more: int) -> None:
    """Its ends are the rates at which what was seen lies 1.96 standard deviations away."""
    share = Share(found, found + more)
    for end in share.interval:
        if share.of and 1e-9 < end < 1 - 1e-9:
            assert abs(share.rate - end) == pytest.approx(
                1.959963984540054 * (end * (1 - end) / share.of) ** 0.5
            )
    assert share.interval[0] <= share.rate <= share.interval[1]
