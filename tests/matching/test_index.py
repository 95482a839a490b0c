"""The index knows every n-gram of the items once, where it begins, and where its tokens stand in
the item's text.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import windows
from curate.kernels.ngram import Table
from curate.kernels.windows import number_windows
from curate.matching.index import Index, build_index, distinct
from tests.kernels.compiled import compiled
from tests.matching import oracle
from tests.matching.samples import Item, Record, index_of, samples

bloom_word, same_window = compiled(windows.bloom_word), compiled(windows.same_window)

SIZES = st.sampled_from([1, 2, 3, 8])
EIGHT = "one two three four five six seven eight"


def texts_of(table: Table) -> list[str]:
    """Read every indexed token back from the buffer."""
    places = zip(table.begins.tolist(), table.ends.tolist(), strict=True)
    return [oracle.words(bytes(table.data[a:b]).decode())[0].text for a, b in places]


def listed(index: Index) -> dict[oracle.Gram, list[int]]:
    """Read the postings back: each n-gram's tokens and the positions where it begins."""
    table, words = index.table, texts_of(index.table)
    found: dict[oracle.Gram, list[int]] = {}
    for first, last in zip(table.postings_first[:-1], table.postings_first[1:], strict=True):
        positions = table.postings[first:last].tolist()
        grams = {tuple(words[p : p + table.n]) for p in positions}
        assert len(grams) == 1, "one n-gram, one list of tokens"
        (gram,) = grams
        assert gram not in found, "every n-gram stands once"
        found[gram] = positions
    return found


def expected_postings(items: list[Item], n: int) -> dict[oracle.Gram, list[int]]:
    found: dict[oracle.Gram, list[int]] = {}
    at = 0
    for field in [field for item in items for field in item]:
        for i, gram in enumerate(oracle.windows(field, n)):
            found.setdefault(gram, []).append(at + i)
        at += len(oracle.words(field))
    return found


@given(samples(), SIZES)
def test_every_ngram_stands_once_with_all_places_where_it_begins(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    _, items = sample
    assert listed(index_of(items, n)) == expected_postings(items, n)


@given(samples())
def test_tokens_stand_where_they_do_in_the_fields_joined_by_a_newline(
    sample: tuple[list[Record], list[Item]],
) -> None:
    _, items = sample
    table = index_of(items, 8).table
    words, at = texts_of(table), 0
    for number, item in enumerate(items):
        text = "\n".join(item)
        for _ in oracle.words(text):
            start, stop = table.points[at].tolist()
            assert [word.text for word in oracle.words(text[start:stop])] == [words[at]]
            assert table.token_item[at] == number
            at += 1
    assert at == len(words)


@given(samples())
def test_items_and_fields_know_their_tokens(sample: tuple[list[Record], list[Item]]) -> None:
    _, items = sample
    index = index_of(items, 8)
    sizes = [len(oracle.words(field)) for item in items for field in item]
    assert index.table.field_first.tolist() == [0, *accumulate(sizes)]
    assert index.table.item_first.tolist() == [0, *accumulate(len(item) for item in items)]
    assert index.n_tokens.tolist() == [
        sum(len(oracle.words(field)) for field in item) for item in items
    ]
    assert index.n_items == len(items)


@given(samples(), SIZES)
def test_an_item_is_matchable_iff_its_own_text_hits_it(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    """No record covers more of an item than one that quotes all its fields."""
    _, items = sample
    best = [oracle.score(item, item, n) > 0.5 for item in items]
    assert index_of(items, n).matchable.tolist() == best


def test_items_shorter_than_a_window_are_counted_and_called_unmatchable() -> None:
    index = index_of([["Paris?"], [EIGHT], [EIGHT, "Paris"], [EIGHT, EIGHT, "Paris"], ["?!"]], 8)
    assert index.n_tokens.tolist() == [1, 8, 9, 17, 0]
    assert index.matchable.tolist() == [False, True, False, True, False]
    assert build_index([[EIGHT, "Paris"]], 8, 0.4).matchable.tolist() == [True]


def test_an_index_without_items_is_an_index() -> None:
    assert index_of([], 8).n_items == 0


@given(samples(), SIZES)
def test_the_filter_lets_every_ngram_through(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    _, items = sample
    table = index_of(items, n).table
    entries = table.slots[table.slots[:, 1] != 0]
    assert len(entries) == len(table.postings_first) - 1
    for window in entries[:, 0]:
        word, bits = bloom_word(window, table.bloom.size)
        assert int(table.bloom[word]) & int(bits) == int(bits)


def test_the_filter_keeps_most_other_windows_out() -> None:
    """16 bits for a key and three of 64 bits in one word: about one wrong window in two hundred
    passes.
    """
    table = index_of([[" ".join(f"w{i}" for i in range(4000))]], 8).table
    strangers = np.random.default_rng(7).integers(0, 1 << 63, 2000, np.uint64)
    words = [bloom_word(window, table.bloom.size) for window in strangers]
    passed = sum(int(table.bloom[word]) & int(bits) == int(bits) for word, bits in words)
    assert passed < 60


# ---- windows whose hashes are equal


def numbered(text: str, n: int, hashes: list[int]) -> list[int]:
    """Number the windows of a text as if these were their hashes."""
    table = index_of([[text]], 1).table
    positions = np.arange(len(hashes), dtype=np.int64)
    ids, n_ids = number_windows(
        np.array(hashes, np.uint64), positions, table.data, table.begins, table.ends, n
    )
    assert sorted(set(ids.tolist())) == list(range(n_ids))
    return [int(number) for number in ids]


def test_windows_of_one_hash_are_one_ngram_only_if_their_tokens_are_equal() -> None:
    assert numbered("a b A b c", 2, [7, 7, 7, 7]) == [0, 1, 0, 2]


def test_the_search_for_an_equal_window_stays_within_its_hash() -> None:
    assert numbered("a b a b a", 1, [1, 1, 2, 2, 3]) == [0, 1, 2, 3, 4]


@given(
    st.lists(st.sampled_from("a A b é É \u212a k".split()), min_size=1, max_size=12),
    st.integers(1, 3),
)
def test_equal_hashes_everywhere_still_number_windows_by_their_tokens(
    words: list[str], n: int
) -> None:
    grams = oracle.windows(" ".join(words), n)
    ids = numbered(" ".join(words), n, [0] * len(grams))
    order = list(dict.fromkeys(grams))
    assert ids == [order.index(gram) for gram in grams]


def test_same_window_compares_every_token() -> None:
    left, right = (index_of([[text]], 1).table for text in ("x a b C d", "A, b-c e"))

    def same(left_at: int, right_at: int, n: int) -> bool:
        return bool(
            same_window(
                left.data,
                left_at,
                left.begins,
                left.ends,
                right.data,
                right_at,
                right.begins,
                right.ends,
                n,
            )
        )

    assert same(1, 0, 3)
    assert not same(1, 0, 4)
    assert not same(0, 0, 1)
    assert not same(1, 1, 1)


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3)))
def test_distinct_values_are_those_of_numpy(values: list[int]) -> None:
    given_values = np.array(values, np.uint64)
    found = distinct(given_values)
    assert found.dtype == np.uint64
    assert found.tolist() == np.unique(given_values).tolist()
    assert given_values.tolist() == values, "what was given is not sorted in place"
