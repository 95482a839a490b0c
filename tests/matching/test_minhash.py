"""The matcher `minhash` against Jaccard values of Python sets, and its candidates against
datasketch's index.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from curate.matching.minhash import MinhashSettings, build_minhash, match_minhash
from curate.matching.ngram import LABELS, STORED_FROM
from curate.text.minhash import chance, optimal_bands
from tests.kernels.test_minhash import shingles
from tests.matching.samples import Item, Pair, Record, lay_out, pairs_of, samples

DEFAULT = MinhashSettings()
ALL = MinhashSettings(shingle=2, bands_for=0.01)  # bands so loose that nothing above 0.2 is missed
VOCABULARY = [f"{a}{b}" for a in ("mill", "tree", "lake", "road", "wind") for b in range(60)]


def found(
    records: list[Record], items: list[Item], settings: MinhashSettings = DEFAULT
) -> dict[tuple[int, int], Pair]:
    return pairs_of(match_minhash(lay_out(records), build_minhash(items, settings)))


def value(a: list[str], b: list[str], n: int) -> float:
    left, right = shingles(a, n), shingles(b, n)
    return len(left & right) / len(left | right) if left | right else 0.0


def brute_force(records: list[Record], items: list[Item], n: int) -> dict[tuple[int, int], Pair]:
    """The best of each turn alone and all turns together, for every record and item."""
    pairs: dict[tuple[int, int], Pair] = {}
    for doc, record in enumerate(records):
        units = [[place] for place in range(len(record))] + (
            [list(range(len(record)))] if len(record) > 1 else []
        )
        for number, item in enumerate(items):
            scores = [value([record[place] for place in unit], item, n) for unit in units]
            if scores and max(scores) >= STORED_FROM:
                unit = units[scores.index(max(scores))]
                spans = [(place, 0, len(record[place])) for place in unit]
                pairs[doc, number] = Pair(max(scores), spans, [(0, len("\n".join(item)))])
    return pairs


@given(samples(max_words=5))
def test_scores_and_spans_are_those_of_brute_force(sample: tuple[list[Record], list[Item]]) -> None:
    records, items = sample
    bands, rows = optimal_bands(ALL.bands_for, ALL.places)
    assert chance(STORED_FROM, bands, rows) > 1 - 1e-9
    assert found(records, items, ALL) == brute_force(records, items, ALL.shingle)


any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(st.lists(any_text, max_size=2), max_size=3),
    st.lists(st.lists(any_text, max_size=2), max_size=3),
)
def test_any_text_at_all_is_scored_like_by_brute_force(
    records: list[Record], items: list[Item]
) -> None:
    records = [*records, *items]
    assert found(records, items, ALL) == brute_force(records, items, ALL.shingle)


def sentence(rng: random.Random, words: int = 40) -> str:
    return " ".join(rng.choice(VOCABULARY) for _ in range(words))


def edited(text: str, every: int, rng: random.Random) -> str:
    words = text.split()
    return " ".join(
        rng.choice(VOCABULARY) if i % every == every - 1 else word for i, word in enumerate(words)
    )


def test_an_edited_copy_is_found_and_one_inside_a_long_text_is_not() -> None:
    rng = random.Random(1)
    item = sentence(rng)
    records = [
        [item.upper()],
        [edited(item, 30, rng)],
        [sentence(rng, 400) + " " + item],
        [sentence(rng)],
    ]
    pairs = found(records, [[item]])
    assert sorted(pairs) == [(0, 0), (1, 0)]
    assert pairs[0, 0].score == 1
    assert pairs[1, 0].score == pytest.approx(value([records[1][0]], [item], 3))


def test_an_item_over_two_turns_is_found_in_both_together() -> None:
    rng = random.Random(2)
    words = sentence(rng).split()
    record = [" ".join(words[:20]), " ".join(words[20:])]
    ((key, pair),) = found([["x"], record], [[" ".join(words)]]).items()
    assert key == (1, 0)
    assert pair.score == 1
    assert pair.record_spans == [(0, 0, len(record[0])), (1, 0, len(record[1]))]


def test_the_fields_of_an_item_are_one_text() -> None:
    item = [
        "The mill stands by the river and has done so for years.",
        "Where does the old mill stand?",
    ]
    assert found([["\n".join(item)]], [item])[0, 0].score == 1


def test_items_without_tokens_are_unmatchable_and_nothing_is_found_in_nothing() -> None:
    index = build_minhash([["  .,"], ["a b"], [""]], MinhashSettings())
    assert index.matchable.tolist() == [False, True, False]
    assert list(pairs_of(match_minhash(lay_out([[" . "], ["A b"], []]), index))) == [(1, 1)]
    assert match_minhash(lay_out([]), index) == []
    assert found([["a b"]], []) == {}
    assert found([["a b"]], [[""]]) == {}


def test_hits_are_those_of_datasketch_confirmed() -> None:
    """Both propose nearly all pairs over the threshold; what one proposes and the other does not is
    of low score.
    """
    rng = random.Random(3)
    items = [[sentence(rng)] for _ in range(60)]
    records = [[edited(item[0], every, rng)] for item in items for every in (8, 12, 20, 40)]
    settings = MinhashSettings(shingle=5, threshold=0.5, bands_for=0.5)
    theirs = MinHashLSH(threshold=settings.bands_for, num_perm=settings.places)

    def sign(texts: list[str]) -> MinHash:
        minhash = MinHash(settings.places)
        minhash.update_batch(
            [" ".join(shingle).encode() for shingle in shingles(texts, settings.shingle)]
        )
        return minhash

    for number, item in enumerate(items):
        theirs.insert(number, sign(item))
    proposed = {
        (doc, number) for doc, record in enumerate(records) for number in theirs.query(sign(record))
    }
    exact = brute_force(records, items, settings.shingle)
    ours = found(records, items, settings)
    assert {key: pair.score for key, pair in ours.items()} == {
        key: pytest.approx(exact[key].score) for key in ours
    }  # confirmed with the exact value
    high = {key for key, pair in exact.items() if pair.score > 0.7}
    assert len(high) > 40
    assert high <= set(ours)
    assert high <= proposed
    middle = {key for key, pair in exact.items() if pair.score > settings.threshold}
    bands, rows = optimal_bands(settings.bands_for, settings.places)
    wanted = sum(chance(exact[key].score, bands, rows) for key in middle)
    assert abs(len(middle & set(ours)) - wanted) < 4 * np.sqrt(len(middle) / 4)
    assert abs(len(middle & proposed) - wanted) < 4 * np.sqrt(len(middle) / 4)


def test_labels_are_leaks_and_threads_share_an_index() -> None:
    rng = random.Random(4)
    items = [[sentence(rng)] for _ in range(50)]
    index, turns = build_minhash(items, MinhashSettings()), lay_out(items)
    with ThreadPoolExecutor(4) as pool:
        for (part,) in pool.map(lambda _: match_minhash(turns, index), range(4)):
            assert (part.docs == part.items).all() and len(part.docs) == 50
            assert {LABELS[label] for label in part.labels} == {"leak"}


def test_an_adversarial_repeat_is_no_work() -> None:
    items = [["the " * 200], *([f"item {n}"] for n in range(1000))]
    pairs = found([["the " * 100_000], ["the " * 6], ["item 7"]], items)
    assert sorted(pairs) == [(0, 0), (1, 0), (2, 8)]
