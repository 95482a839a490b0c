"""Which rows go: the two-percent edge in whole numbers, roles of benchmarks, and the reason of
every row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.steps.decontaminate.policy import (
    POLICIES,
    BenchmarkItems,
    Hits,
    Overlap,
    overlaps_of,
    removal,
)
from curate.steps.step import Removal

Triple = tuple[int, int, float]


def hits(*triples: Triple) -> Hits:
    """Make hits of (row, item, score)."""
    rows, items, scores = zip(*triples, strict=True) if triples else ((), (), ())
    return Hits(np.array(rows, np.int64), np.array(items, np.int32), np.array(scores, np.float64))


def benchmarks(*sized: tuple[str, str, int]) -> list[BenchmarkItems]:
    """Lay benchmarks (name, role, items) one after the other."""
    firsts = np.cumsum([0, *(n for *_, n in sized)])
    return [
        BenchmarkItems(name, role, int(first), n)
        for (name, role, n), first in zip(sized, firsts, strict=False)
    ]


def names(sized: Sequence[BenchmarkItems]) -> list[str]:
    return [f"{b.name}/{i}" for b in sized for i in range(b.n_items)]


def decide(policy: str, n_rows: int, found: Hits, sized: Sequence[BenchmarkItems]) -> Removal:
    """Fill the table and decide, as a build does for one source."""
    ids = names(sized)
    return removal(policy, n_rows, found, overlaps_of(found, len(ids), sized), ids)


def why(gone: Removal) -> dict[int, str]:
    """Give the reason of each row that goes."""
    return dict(zip(gone.rows.tolist(), gone.column(gone.reasons).to_pylist(), strict=True))


def overlap(hit: int, n_items: int) -> Overlap:
    return Overlap(BenchmarkItems("b", "development", 0, n_items), hit)


# ---- two percent


@pytest.mark.parametrize(
    ("hit", "n_items", "flagged"),
    [
        (2, 100, False),
        (3, 100, True),
        (1, 50, False),
        (2, 50, True),
        (1, 49, True),
        (0, 1, False),
        (1, 1, True),
        (3, 150, False),
        (4, 150, True),
        (26, 1319, False),
        (27, 1319, True),
        (281, 14042, True),
        (280, 14042, False),
        (20_000, 1_000_000, False),
        (20_001, 1_000_000, True),
    ],
)
def test_flagged_is_more_than_two_of_a_hundred(hit: int, n_items: int, flagged: bool) -> None:
    assert overlap(hit, n_items).flagged == flagged


def test_a_limit_in_percent_is_compared_without_rounding() -> None:
    """0.29 of 100 is 28.999999999999996 to a computer, 0.07 of 100 is 7.000000000000001; both are
    just met.
    """
    for n_items in (1, 7, 50, 100, 300, 1319, 14042, 100_000):
        for percent in range(101):
            met = percent * n_items // 100
            for hit in (met, min(met + 1, n_items)):
                expected = Fraction(hit, n_items) > Fraction(percent, 100)
                assert overlap(hit, n_items).over(percent / 100) == expected, (
                    hit,
                    n_items,
                    percent,
                )


def test_a_fail_over_rate_that_is_just_met_does_not_fail() -> None:
    assert not overlap(29, 100).over(0.29)
    assert not overlap(7, 100).over(0.07)
    assert overlap(8, 100).over(0.07)
    assert not overlap(0, 100).over(0.0)
    assert overlap(1, 100).over(0.0)
    assert not overlap(100, 100).over(1.0)
    assert overlap(29, 1000).rate == 0.029


# ---- the table


def test_an_item_that_many_rows_hit_is_counted_once() -> None:
    sized = benchmarks(("a", "development", 2), ("b", "unseen", 3))
    table = overlaps_of(hits((0, 1, 0.6), (1, 1, 0.9), (1, 2, 0.9), (2, 4, 1.0)), 5, sized)
    assert [(cell.benchmark.name, cell.hit) for cell in table] == [("a", 1), ("b", 2)]
    assert [cell.rate for cell in table] == [0.5, 2 / 3]


def test_no_hits_make_a_table_of_zeros() -> None:
    assert [cell.hit for cell in overlaps_of(hits(), 5, benchmarks(("a", "development", 5)))] == [0]


# ---- policies


def test_report_takes_nothing_away() -> None:
    assert why(decide("report", 9, hits((1, 0, 1.0)), benchmarks(("a", "unseen", 1)))) == {}


def test_drop_rows_takes_every_row_that_hits_however_few_they_are() -> None:
    sized = benchmarks(("a", "development", 1000))
    assert why(decide("drop-rows", 9, hits((7, 5, 0.75), (2, 5, 1.0)), sized)) == {
        2: "covers 100.0 % of a/5",
        7: "covers 75.0 % of a/5",
    }


def test_drop_rows_gives_the_best_item_as_the_reason_and_counts_the_others() -> None:
    sized = benchmarks(("a", "development", 3), ("b", "unseen", 3))
    found = hits((4, 0, 0.6), (4, 5, 0.9), (4, 2, 0.8), (6, 3, 0.7), (6, 1, 0.7))
    assert why(decide("drop-rows", 9, found, sized)) == {
        4: "covers 90.0 % of b/2 and hits 2 more",
        6: "covers 70.0 % of a/1 and hits 1 more",
    }


def test_a_pair_that_several_matchers_found_is_one_hit_of_its_best_score() -> None:
    """One after the other as matchers give them: rows 0 and 1 with n-grams, with equal turns, with
    edited copies.
    """
    sized = benchmarks(("a", "development", 10))
    found = hits(
        (0, 3, 0.7),
        (1, 5, 0.6),
        (1, 3, 0.9),
        (0, 3, 1.0),
        (0, 3, 0.8),
        (0, 4, 0.95),
        (0, 4, 0.6),
        (1, 3, 0.9),
    )
    assert why(decide("drop-rows", 3, found, sized)) == {
        0: "covers 100.0 % of a/3 and hits 1 more",
        1: "covers 90.0 % of a/3 and hits 1 more",
    }
    assert [cell.hit for cell in overlaps_of(found, 10, sized)] == [3]
    assert why(decide("drop-rows", 1, hits((0, 2, 0.6), (0, 2, 0.8), (0, 2, 0.7)), sized)) == {
        0: "covers 80.0 % of a/2"
    }


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 5), st.sampled_from([0.51, 0.75, 0.8, 1.0])),
        min_size=1,
        max_size=20,
    )
)
def test_hits_of_several_matchers_are_told_as_if_one_had_found_the_best_of_each_pair(
    triples: list[Triple],
) -> None:
    sized = benchmarks(("a", "development", 6))
    best: dict[tuple[int, int], float] = {}
    for row, item, score in triples:
        best[row, item] = max(score, best.get((row, item), 0.0))
    once = hits(*((row, item, score) for (row, item), score in best.items()))
    assert why(decide("drop-rows", 5, hits(*triples), sized)) == why(
        decide("drop-rows", 5, once, sized)
    )


@pytest.mark.parametrize("role", ["development", "unseen"])
def test_drop_source_takes_all_rows_of_a_flagged_source_and_none_of_another(role: str) -> None:
    sized = benchmarks(("small", "development", 10), ("big", role, 100))
    two, three = hits((0, 10, 1.0), (1, 11, 1.0)), hits((0, 10, 1.0), (1, 11, 1.0), (1, 109, 0.6))
    assert why(decide("drop-source", 5, two, sized)) == {}
    reason = f"the whole source goes: it hits 3.0 % of big ({role}); the limit is 2 %"
    assert why(decide("drop-source", 5, three, sized)) == dict.fromkeys(range(5), reason)


def test_drop_source_names_every_benchmark_that_is_flagged() -> None:
    sized = benchmarks(("a", "development", 1), ("clean", "unseen", 4), ("c", "unseen", 3))
    (reason,) = decide("drop-source", 2, hits((0, 0, 1.0), (0, 5, 1.0)), sized).reasons
    assert "it hits 100.0 % of a (development), 33.3 % of c (unseen);" in reason


def test_tulu3_drops_the_source_for_an_unseen_benchmark() -> None:
    sized = benchmarks(("dev", "development", 10), ("new", "unseen", 100))
    found = hits((0, 0, 1.0), (1, 10, 1.0), (2, 11, 1.0), (3, 12, 1.0))
    gone = decide("tulu3", 6, found, sized)
    assert gone.rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert set(why(gone).values()) == {
        "the whole source goes: it hits 3.0 % of new (unseen); the limit is 2 %"
    }


def test_tulu3_drops_the_matching_rows_for_a_development_benchmark_that_is_flagged() -> None:
    """Row 1 hits an unseen benchmark that is not flagged, row 3 a development one that is not: both
    stay.
    """
    sized = benchmarks(
        ("dev", "development", 10), ("new", "unseen", 100), ("big", "development", 100)
    )
    found = hits((0, 9, 0.6), (1, 10, 1.0), (2, 9, 0.8), (2, 10, 1.0), (3, 110, 1.0))
    assert why(decide("tulu3", 6, found, sized)) == {
        0: "covers 60.0 % of dev/9",
        2: "covers 80.0 % of dev/9",
    }


def test_tulu3_leaves_a_source_alone_that_is_not_flagged() -> None:
    sized = benchmarks(("dev", "development", 100), ("new", "unseen", 100))
    assert why(decide("tulu3", 6, hits((0, 1, 1.0), (1, 100, 1.0)), sized)) == {}


@given(
    st.sampled_from(POLICIES),
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 119), st.sampled_from([0.51, 0.75, 1.0])),
        max_size=12,
    ),
)
def test_random_hits_are_decided_by_the_words_of_each_policy(
    policy: str, triples: list[Triple]
) -> None:
    triples = list({(row, item): (row, item, score) for row, item, score in triples}.values())
    sized = benchmarks(
        ("dev", "development", 60), ("new", "unseen", 50), ("tiny", "development", 10)
    )
    spans = {b.name: range(b.first, b.first + b.n_items) for b in sized}
    flagged = {
        b.name
        for b in sized
        if 50 * len({item for _, item, _ in triples if item in spans[b.name]}) > b.n_items
    }
    whole = (policy == "drop-source" and flagged) or (policy == "tulu3" and "new" in flagged)
    rules: dict[str, Callable[[int], bool]] = {
        "report": lambda item: False,
        "drop-rows": lambda item: True,
        "drop-source": lambda item: False,
        "tulu3": lambda item: any(item in spans[name] for name in flagged),
    }
    counted = rules[policy]
    expected = set(range(10)) if whole else {row for row, item, _ in triples if counted(item)}
    gone = decide(policy, 10, hits(*triples), sized)
    assert gone.rows.tolist() == sorted(expected)
    if not whole:
        for row, reason in why(gone).items():
            own = sorted((-score, item) for r, item, score in triples if r == row and counted(item))
            assert reason.startswith(
                f"covers {-100 * own[0][0]:.1f} % of {names(sized)[own[0][1]]}"
            )
            assert reason.endswith(f" and hits {len(own) - 1} more") == (len(own) > 1)


# ---- when a source goes


def test_each_reason_says_which_benchmark_it_is_about() -> None:
    sized = benchmarks(("a", "unseen", 100), ("a/b", "unseen", 100), ("c", "development", 2))
    found = hits((0, 7, 0.9), (0, 150, 0.8), (2, 199, 1.0), (3, 201, 0.7))
    gone = decide("drop-rows", 5, found, sized)
    assert gone.about is not None
    assert gone.column(gone.about).to_pylist() == ["a", "a/b", "c"]
    whole = decide("drop-source", 5, found, sized)
    assert whole.about is not None and set(whole.column(whole.about).to_pylist()) == {"c"}
