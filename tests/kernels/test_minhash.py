"""Shingles, signatures and bands: against sets in plain Python, against datasketch, and against the
theory.
"""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import LeanMinHash, MinHash, MinHashLSH
from datasketch.lsh import _optimal_param
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import minhash as kernels
from curate.kernels.minhash import ShingleSets, band_keys, shingle_sets, signatures
from curate.text.minhash import SCHEME, chance, optimal_bands, permutations, sure_bands
from curate.text.tokenise import tokens
from tests.kernels.compiled import compiled
from tests.matching.samples import gaps, lay_out, words

jaccard = compiled(kernels.jaccard)


def shingles(texts: list[str], n: int) -> set[tuple[str, ...]]:
    """The rule in plain Python: windows of n tokens of all stretches together, or all tokens if
    there are fewer.
    """
    own = [token.text for text in texts for token in tokens(text)]
    size = min(n, len(own))
    return {tuple(own[i : i + size]) for i in range(len(own) - size + 1)} if size else set()


def sets_of(texts: list[list[str]], n: int) -> ShingleSets:
    turns = lay_out(texts)
    found: ShingleSets = shingle_sets(
        turns.data, turns.starts, turns.stops, turns.docs.astype(np.int64), len(texts), n
    )
    return found


stretches = st.lists(
    st.lists(st.tuples(words, gaps), max_size=12).map(lambda p: "".join(w + g for w, g in p)),
    max_size=3,
)


@given(st.lists(stretches, min_size=2, max_size=4), st.integers(1, 5))
def test_jaccard_values_are_those_of_python_sets(texts: list[list[str]], n: int) -> None:
    sets = sets_of(texts, n)
    own = [shingles(text, n) for text in texts]
    assert np.diff(sets.first).tolist() == [len(one) for one in own]
    for i, a in enumerate(own):
        for j, b in enumerate(own):
            assert jaccard(sets, i, sets, j) == pytest.approx(
                len(a & b) / len(a | b) if a | b else 0.0, abs=1e-15
            )


@pytest.mark.parametrize("texts", [[], [[]], [[""]], [["", "  .,"]]])
def test_texts_without_tokens_have_no_shingles(texts: list[list[str]]) -> None:
    sets = sets_of(texts, 3)
    assert sets.first.tolist() == [0] * (len(texts) + 1)
    assert (signatures(sets, permutations(8)) == 0xFFFFFFFF).all()


def test_a_short_text_is_one_shingle_and_differs_from_the_same_words_in_a_longer_one() -> None:
    sets = sets_of([["a b"], ["a b c d"], ["A, B!"]], 3)
    assert np.diff(sets.first).tolist() == [1, 2, 1]
    assert jaccard(sets, 0, sets, 1) == 0
    assert jaccard(sets, 0, sets, 2) == 1


@pytest.mark.parametrize("text", ["the " * 50_000, "x" * 300_000 + " y", "é " * 5_000])
def test_long_repetitive_texts(text: str) -> None:
    sets = sets_of([[text], [text]], 5)
    assert np.diff(sets.first).tolist() == [len(shingles([text], 5))] * 2
    assert jaccard(sets, 0, sets, 1) == 1


def overlapping(
    similarity: float, size: int, rng: np.random.Generator
) -> tuple[set[int], set[int]]:
    """Two sets of `size` with about this Jaccard value."""
    shared = round(2 * size * similarity / (1 + similarity))
    drawn = rng.choice(2**62, 2 * size - shared, replace=False).tolist()
    return set(drawn[:size]), set(drawn[size - shared :])


def as_sets(*values: set[int]) -> ShingleSets:
    arrays = [np.array(sorted(one), np.uint64) * np.uint64(4) for one in values]
    return ShingleSets(np.concatenate(arrays), np.cumsum([0, *map(len, arrays)]).astype(np.int64))


def datasketched(values: set[int], places: int, seed: int) -> MinHash:
    """The signature that datasketch makes of the upper halves of some hashes."""
    minhash = MinHash(places, seed=seed, hashfunc=lambda x: x, scheme=SCHEME)
    minhash.update_batch([value >> 32 for value in values])
    return minhash


hashes = st.sets(st.integers(0, 2**64 - 1), max_size=40)


def whole_sets(*values: set[int]) -> ShingleSets:
    arrays = [np.array(sorted(one), np.uint64) for one in values]
    return ShingleSets(np.concatenate(arrays), np.cumsum([0, *map(len, arrays)]).astype(np.int64))


@given(st.lists(hashes, min_size=1, max_size=4), st.sampled_from([1, 16, 128]), st.integers(0, 5))
def test_signatures_are_those_of_datasketch_bit_for_bit(
    values: list[set[int]], places: int, seed: int
) -> None:
    signed = signatures(whole_sets(*values), permutations(places, seed))
    for own, one in zip(values, signed, strict=True):
        assert (datasketched(own, places, seed).hashvalues == one).all()


def test_datasketch_takes_the_signatures_for_its_own() -> None:
    rng = np.random.default_rng(5)
    a, b = overlapping(0.9, 200, rng)
    signed = signatures(as_sets(a, b), permutations(128))
    ours = [LeanMinHash(seed=1, hashvalues=one, scheme=SCHEME) for one in signed]
    buffer = bytearray(ours[0].bytesize())
    ours[0].serialize(buffer)
    assert LeanMinHash.deserialize(buffer) == ours[0]
    theirs = datasketched({4 * value for value in a}, 128, 1)
    assert ours[0] == LeanMinHash(theirs) and ours[1] != ours[0]
    index = MinHashLSH(params=sure_bands(0.8, 128), num_perm=128)
    index.insert("b", ours[1])
    assert index.query(theirs) == ["b"]


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8])
def test_signatures_estimate_the_jaccard_value(similarity: float) -> None:
    rng, functions = np.random.default_rng(1), permutations(128)
    errors = []
    for _ in range(60):
        a, b = overlapping(similarity, 120, rng)
        signed = signatures(as_sets(a, b), functions)
        errors.append(float(np.mean(signed[0] == signed[1])) - len(a & b) / len(a | b))
    assert abs(np.mean(errors)) < 0.02  # the standard error of 60 means is at most 0.006


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8, 0.9])
def test_sure_bands_make_the_fewest_candidates_of_those_that_find_enough(similarity: float) -> None:
    def candidates(bands: int, rows: int) -> float:
        grid = np.linspace(0, similarity, 2001)
        return float(np.trapezoid([chance(one, bands, rows) for one in grid], grid))

    bands, rows = sure_bands(similarity, 128)
    assert bands * rows <= 128 and chance(similarity, bands, rows) >= 0.995
    able = [
        (candidates(b, r), b, r)
        for r in range(1, 20)
        for b in range(1, 128 // r + 1)
        if chance(similarity, b, r) >= 0.995
    ]
    assert min(able)[1:] == (bands, rows)
    with pytest.raises(ValueError, match="no bands of 2 places"):
        sure_bands(0.5, 2, 0.999)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("places", [16, 64, 128])
def test_bands_are_those_of_datasketch(threshold: float, places: int) -> None:
    assert optimal_bands(threshold, places) == tuple(_optimal_param(threshold, places, 0.5, 0.5))


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.7])
def test_pairs_become_candidates_as_often_as_the_theory_says(similarity: float) -> None:
    rng, functions, (bands, rows) = (
        np.random.default_rng(2),
        permutations(128),
        optimal_bands(0.5, 128),
    )
    met, wanted, pairs = 0, 0.0, 400
    for _ in range(pairs):
        a, b = overlapping(similarity, 60, rng)
        keys = band_keys(signatures(as_sets(a, b), functions), bands, rows)
        met += bool(np.intersect1d(keys[0], keys[1]).size)
        wanted += chance(len(a & b) / len(a | b), bands, rows)
    assert abs(met - wanted) < 4 * np.sqrt(pairs / 4)


def test_keys_of_different_bands_differ_though_their_places_are_equal() -> None:
    keys = band_keys(np.full((2, 6), 7, np.uint32), 3, 2)
    assert len(set(keys[0].tolist())) == 3
    assert (keys[0] == keys[1]).all()


def test_functions_are_the_same_for_a_seed_and_odd() -> None:
    assert (permutations(128, 3) == permutations(128, 3)).all()
    assert (permutations(128, 3) != permutations(128, 4)).any()
    assert (permutations(128)[0] & np.uint64(1) == 1).all()
