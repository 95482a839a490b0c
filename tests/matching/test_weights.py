"""What a word is worth: against sister items without the item's own counts, and against usual
language, whatever data is searched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.matching.robust import build_robust, match_robust
from tests.matching.robust_oracle import Rule
from tests.matching.samples import lay_out
from tests.soak import examples

WORDS = "the of which following is a b zyx qwv 中 1 20".split()
ITEM = "Seven otters swim past the old lighthouse before breakfast and count the herring boats."


@examples(40)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.lists(st.sampled_from(WORDS), min_size=1, max_size=8)),
        min_size=1,
        max_size=8,
    )
)
def test_weights_are_those_of_the_rule(drawn: list[tuple[int, list[str]]]) -> None:
    group = [number for number, _ in drawn]
    items = [[" ".join(words)] for _, words in drawn]
    index = build_robust(items, group=np.array(group))
    rule = Rule(items, index.settings, group)
    for name, expected in (
        ("rarity", rule.rarity),
        ("surprise", rule.surprise),
        ("weights", rule.weight),
    ):
        bits = getattr(index.items, name)
        for i, own in enumerate(expected):
            found = bits[index.items.first[i] : index.items.first[i + 1]].tolist()
            assert found == pytest.approx(own, abs=1), (name, items[i])
    for i, own_signs in enumerate(rule.signs):
        low, high = index.signs.first[i], index.signs.first[i + 1]
        assert index.signs.weights[low:high].tolist() == pytest.approx(
            [bits for _, bits in own_signs], abs=1
        )


def bits_of(items: list[str], which: int = 0) -> tuple[list[int], list[int]]:
    index = build_robust([[item] for item in items])
    low, high = index.items.first[which : which + 2]
    return index.items.rarity[low:high].tolist(), index.items.surprise[low:high].tolist()


def test_an_item_and_its_own_copies_are_no_witnesses_against_it() -> None:
    others = [f"The {n} of the year has a name that nobody knows." for n in range(150)]
    assert bits_of([ITEM, *others]) == bits_of([ITEM, *others, ITEM, ITEM])
    edited = ITEM.replace("Seven", "Eight")
    assert sum(bits_of([ITEM, *others, edited])[1]) < 0.4 * sum(bits_of([ITEM, *others])[1])


def test_what_every_sister_item_says_weighs_nothing() -> None:
    items = [
        f"Question about boats: how many {word} are there?"
        for word in [f"word{i}" for i in range(200)]
    ]
    rarity, surprise = bits_of(items, 7)
    own = 5  # "word7"
    assert rarity[own] > 8 * 256 and surprise[own] > 12 * 256
    assert sum(rarity) - rarity[own] < 256 and max(surprise[1:own]) < 256


def test_another_benchmark_says_nothing_about_rarity() -> None:
    items = [[ITEM], *[[f"{ITEM} {i}"] for i in range(50)]]
    apart = build_robust(items, group=np.array([0] + [1] * 50))
    alone = build_robust(items[:1])
    n = int(apart.items.first[1])
    assert apart.items.rarity[:n].tolist() == alone.items.rarity.tolist()
    assert apart.items.surprise[:n].tolist() == alone.items.surprise.tolist()


def test_a_verdict_on_a_row_does_not_depend_on_other_rows() -> None:
    items = [[ITEM], ["Which of the following is an example of a herring boat in a harbour?"]]
    index = build_robust(items)
    rows = [
        [ITEM.replace("Seven", "The")],
        ["Which of the following is an example of a rowing boat?"],
        *[[f"Seven otters swim past the {n} lighthouse."] for n in range(60)],
    ]
    together = match_robust(lay_out(rows), index)[0]
    apart = [match_robust(lay_out([row]), index)[0] for row in rows]
    assert together.scores.tolist() == [s for one in apart for s in one.scores.tolist()]
    assert together.labels.tolist() == [s for one in apart for s in one.labels.tolist()]


def test_items_that_no_copy_can_show_are_told_with_their_reason() -> None:
    booleans = [
        f"not ( {a} ) {op} ( {b} ) is"
        for a in ("True", "False")
        for b in ("True", "False")
        for op in ("and", "or")
    ]
    index = build_robust([[text] for text in [*booleans, "Is it so?", ITEM]])
    assert set(index.undecided[:8].tolist()) <= {2, 3}
    assert index.undecided[8:].tolist() == [1, 0]
    assert index.matchable.tolist() == [False] * 9 + [True]
