"""Candidates, partners and what stays, against sets in plain Python."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.asked import Asked
from curate.kernels.minhash import ShingleSets
from curate.kernels.similar import Numbers
from curate.steps.dedup.find import Piece, candidates, partnered, settle
from curate.steps.dedup.variants import Inside

values = st.sets(st.integers(0, 30), max_size=12)
corpora = st.lists(values, min_size=1, max_size=10)
thresholds = st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
MIXED = np.random.default_rng(1).integers(0, 2**64, 31, dtype=np.uint64)


def as_sets(texts: list[set[int]]) -> ShingleSets:
    arrays = [np.sort(MIXED[sorted(text)]) if text else np.empty(0, np.uint64) for text in texts]
    first = np.cumsum([0, *map(len, arrays)]).astype(np.int64)
    return ShingleSets(np.concatenate([np.empty(0, np.uint64), *arrays]), first)


def jaccard(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def similar(a: set[int], b: set[int], threshold: float) -> bool:
    return bool(a) and jaccard(a, b) >= threshold - 1e-9


def nothing(n: int) -> Inside:
    none, first = np.empty(0, np.uint64), np.zeros(n + 1, np.int64)
    sets = ShingleSets(none, first)
    return Inside(
        Numbers(none, none, first), Asked(none, ShingleSets(none, first[:1]), first), sets
    )


@given(corpora, thresholds, st.randoms(use_true_random=False), st.integers(0, 10))
def test_every_text_with_a_partner_is_found_and_no_other(
    texts: list[set[int]], threshold: float, order: Random, cut: int
) -> None:
    rank = np.array(order.sample(range(len(texts)), len(texts)))
    pieces = [
        Piece(0, as_sets(texts[:cut])),
        Piece(min(cut, len(texts)), as_sets(texts[cut:])),
    ]
    close = candidates(pieces, np.ones(len(texts), np.bool_), threshold)
    found = partnered(close, rank, threshold).rows.tolist()
    assert found == [
        i
        for i, a in enumerate(texts)
        if any(similar(a, b, threshold) for j, b in enumerate(texts) if j != i)
    ]


numbers = st.integers(0, 9)


@given(
    corpora, thresholds, st.sets(numbers), st.sets(numbers), st.sets(st.tuples(numbers, numbers))
)
def test_what_is_not_wanted_is_not_there_and_what_is_fixed_or_judged_apart_stays(
    texts: list[set[int]],
    threshold: float,
    left_out: set[int],
    held: set[int],
    judged: set[tuple[int, int]],
) -> None:
    n = len(texts)
    wanted, fixed = (np.isin(np.arange(n), list(some)) for some in (set(range(n)) - left_out, held))
    rank = np.argsort(np.argsort(~fixed, kind="stable"))  # those that are fixed come first
    close = candidates([Piece(0, as_sets(texts))], wanted, threshold)
    apart = np.array(sorted(judged), np.int64).reshape(-1, 2)
    inside = nothing(len(close.rows))
    found = settle(close, inside, rank, fixed, apart, threshold, drop_variants=False)
    stay: list[int] = []
    told = {}
    for row in sorted(np.flatnonzero(wanted).tolist(), key=lambda row: rank[row]):
        near = [
            (
                not {(row, other), (other, row)} & judged,
                jaccard(texts[row], texts[other]),
                -rank[other],
                other,
            )
            for other in stay
            if similar(texts[row], texts[other], threshold) and not fixed[row]
        ]
        if near:
            told[row] = max(near)[3], max(near)[0]
        if not near or not told[row][1]:
            stay.append(row)
    lines = zip(found.rows.tolist(), found.kept.tolist(), found.gone.tolist(), strict=True)
    assert {row: (kept, gone) for row, kept, gone in lines} == told
    assert not found.variant.any()
