"""The matcher says of every record and item what the oracle says: scores, hits and spans, whatever
the buffers.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curate.kernels import windows
from curate.kernels.ngram import Table
from curate.kernels.tokens import PIECE
from curate.matching.ngram import STORED_FROM, match
from tests.kernels.compiled import compiled
from tests.matching import oracle
from tests.matching.samples import Item, Pair, Record, index_of, lay_out, matched, samples
from tests.soak import examples

first_slot = compiled(windows.first_slot)

EIGHT = "one two three four five six seven eight"
SIZES = st.sampled_from([1, 2, 3, 8])
ANY = 0.0
"""A floor that keeps every pair that shares an n-gram."""


def expected(
    records: list[Record], items: list[Item], n: int, floor: float = ANY
) -> dict[tuple[int, int], Pair]:
    """Ask the oracle about every record and item."""
    pairs = {}
    for doc, record in enumerate(records):
        for place, item in enumerate(items):
            share = oracle.score(item, record, n)
            if share > 0 and share >= Fraction(str(floor)):
                exact = float(share) if len(item) == 1 else float(round(share, 12))
                spans = oracle.record_spans(item, record, n), oracle.item_spans(item, record, n)
                pairs[doc, place] = Pair(exact, *spans)
    return pairs


# ---- the rule, by hand


def test_a_record_that_quotes_an_item_covers_it_whole() -> None:
    pairs = matched([[f"Please solve: {EIGHT.upper()}, then stop."]], index_of([[EIGHT]], 8).table)
    assert pairs == {(0, 0): Pair(1.0, [(0, 14, 14 + len(EIGHT))], [(0, len(EIGHT))])}


def test_seven_of_eight_tokens_cover_nothing() -> None:
    assert matched([[EIGHT.removesuffix(" eight")]], index_of([[EIGHT]], 8).table, ANY) == {}


def test_exactly_half_of_the_tokens_is_no_hit_and_one_more_is() -> None:
    half, more = (f"{EIGHT} {' '.join('x' * 8)}", f"{EIGHT} {' '.join('x' * 7)}")
    pairs = matched([[EIGHT]], index_of([[half], [more]], 8).table)
    assert pairs[0, 0].score == 0.5
    assert pairs[0, 1].score == 8 / 15


def test_coverage_adds_up_over_the_turns_of_one_record_but_not_over_records() -> None:
    item = f"{EIGHT} a b c d e f g h"
    turns = [f"first {EIGHT} end", "then a b c d e f g h"]
    table = index_of([[item]], 8).table
    assert matched([turns], table)[0, 0].score == 1.0
    assert {pair.score for pair in matched([[turn] for turn in turns], table).values()} == {0.5}


def test_a_window_goes_from_no_turn_into_the_next() -> None:
    assert (
        matched([["one two three four", "five six seven eight"]], index_of([[EIGHT]], 8).table, ANY)
        == {}
    )


def test_a_window_goes_from_no_field_into_the_next() -> None:
    item = ["one two three four", "five six seven eight"]
    assert matched([[EIGHT]], index_of([item], 8).table, ANY) == {}


def test_the_score_of_several_fields_is_their_mean() -> None:
    item = [EIGHT, "a question that nobody has copied from anywhere at all"]
    assert matched([[EIGHT]], index_of([item], 8).table)[0, 0].score == 0.5


def test_a_short_field_scores_nothing_and_still_counts_in_the_mean() -> None:
    assert matched([[f"{EIGHT} paris"]], index_of([[EIGHT, "paris"]], 8).table)[0, 0].score == 0.5


def test_three_fields_that_meet_the_threshold_do_not_exceed_it() -> None:
    """20/34 + 7/8 + 5/136 is one and a half; summed as floating-point numbers it is a little more."""
    shares = [(20, 34), (7, 8), (5, 136)]
    fields = [" ".join(f"f{i}w{j}" for j in range(total)) for i, (_, total) in enumerate(shares)]
    copied = [
        " ".join(field.split()[:covered])
        for field, (covered, _) in zip(fields, shares, strict=True)
    ]
    assert oracle.score(fields, copied, 1) == Fraction(1, 2)
    assert matched([copied], index_of([fields], 1).table)[0, 0].score == 0.5


def test_a_window_that_repeats_covers_each_of_its_places_and_no_token_twice() -> None:
    item = "ha ha ha ha ha oh"
    assert matched([["ha ha ha"]], index_of([[item]], 3).table)[0, 0] == Pair(
        5 / 6, [(0, 0, 8)], [(0, 14)]
    )


def test_what_scores_less_than_the_floor_is_left_out() -> None:
    item = "a b c d e f g h i j"
    table = index_of([[item]], 1).table
    assert matched([["a"], ["a b"]], table).keys() == {(1, 0)}
    assert matched([["a"], ["a b"]], table, ANY).keys() == {(0, 0), (1, 0)}


# ---- against the oracle


@examples(300)
@given(samples(), SIZES)
def test_scores_and_spans_equal_those_of_the_oracle(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    records, items = sample
    assert matched(records, index_of(items, n).table, ANY) == expected(records, items, n)


@given(samples(), SIZES)
def test_hits_and_stored_pairs_are_decided_exactly(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    records, items = sample
    pairs = matched(records, index_of(items, n).table)
    assert pairs.keys() == expected(records, items, n, STORED_FROM).keys()
    for (doc, item), pair in pairs.items():
        assert (pair.score > 0.5) == oracle.hits(items[item], records[doc], n, Fraction(1, 2))


@given(samples(), SIZES, st.sampled_from([1, 2, 3, 4]))
def test_a_tiny_event_buffer_changes_nothing(
    sample: tuple[list[Record], list[Item]], n: int, room: int
) -> None:
    records, items = sample
    table = index_of(items, n).table
    roomy, roomy_counts = match(lay_out(records), table, ANY, 1 << 12)
    tight, tight_counts = match(lay_out(records), table, ANY, room)
    assert len(roomy) <= 1
    assert matched(records, table, ANY, room) == matched(records, table, ANY, 1 << 12)
    assert tight_counts.tolist() == roomy_counts.tolist()
    assert len(tight) >= len(roomy)


def test_the_buffer_was_really_emptied_in_between() -> None:
    found, counts = match(
        lay_out([["a b"], ["b a", "x"], ["a"]]), index_of([["a"], ["b"]], 1).table, ANY, 2
    )
    assert [part.docs.tolist() for part in found] == [[0, 0], [1, 1], [2]]
    assert counts.tolist() == [2, 2, 1, 1]


@given(samples(), SIZES)
def test_the_tokens_of_every_turn_are_counted(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    records, items = sample
    _, counts = match(lay_out(records), index_of(items, n).table)
    assert counts.tolist() == [len(oracle.words(turn)) for record in records for turn in record]


@examples(60)
@given(
    samples(),
    SIZES,
    st.integers(-40, 12),
    st.sampled_from(["w ", "w, ", "w" * 50 + " ", "w" * PIECE + " ", " ", "É "]),
)
def test_windows_are_found_across_the_ends_of_pieces(
    sample: tuple[list[Record], list[Item]], n: int, shift: int, filler: str
) -> None:
    """Before each turn stands so much else that a piece of the reader ends in the middle of what is
    matched.
    """
    records, items = sample
    size = len(filler.encode())
    before = filler * ((PIECE + shift) // size) + " " * ((PIECE + shift) % size)
    pushed = [[before + turn for turn in record] for record in records]
    assert matched(pushed, index_of(items, n).table, ANY) == expected(pushed, items, n)


@given(samples(), SIZES, st.data())
def test_records_may_be_matched_in_any_blocks(
    sample: tuple[list[Record], list[Item]], n: int, data: st.DataObject
) -> None:
    records, items = sample
    cut = data.draw(st.integers(0, len(records)))
    table = index_of(items, n).table
    parts = matched(records[:cut], table), matched(records[cut:], table)
    shifted = {(doc + cut, item): pair for (doc, item), pair in parts[1].items()}
    assert parts[0] | shifted == matched(records, table)


def test_nothing_matches_an_index_without_items_and_nothing_is_found_in_nothing() -> None:
    assert matched([[EIGHT]], index_of([], 8).table) == {}
    assert matched([[""], ["?!"]], index_of([[EIGHT]], 8).table) == {}
    found, counts = match(lay_out([]), index_of([[EIGHT]], 8).table)
    assert (found, len(counts)) == ([], 0)


# ---- spans


@examples(200)
@given(samples(), SIZES)
@example(([["É-\u212a 中 a b", "b, É k!"]], [["é k"], ["x\ny", "中  A", "B"]]), 2)
def test_spans_point_at_text_whose_tokens_match(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    records, items = sample
    for (doc, place), pair in matched(records, index_of(items, n).table, ANY).items():
        record, item = records[doc], items[place]
        _check_item_spans(item, record, pair.item_spans, n)
        _check_record_spans(item, record, pair.record_spans, n)


def _check_item_spans(item: Item, record: Record, spans: list[tuple[int, int]], n: int) -> None:
    text, at, covered = "\n".join(item), 0, set()
    for field in item:
        found = oracle.words(field)
        covered |= {
            (at + found[i].start, at + found[i].stop)
            for i in oracle.inside(field, oracle.grams(record, n), n)
        }
        at += len(field) + 1
    under = {(a + word.start, a + word.stop) for a, b in spans for word in oracle.words(text[a:b])}
    assert under == covered
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    for a, b in spans:
        assert set(oracle.windows(text[a:b], n)) & oracle.grams(record, n)


def _check_record_spans(
    item: Item, record: Record, spans: list[tuple[int, int, int]], n: int
) -> None:
    known = oracle.grams(item, n)
    shared = set()
    for turn, text in enumerate(record):
        found = oracle.words(text)
        shared |= {(turn, found[i].start, found[i].stop) for i in oracle.inside(text, known, n)}
    under = {
        (turn, a + w.start, a + w.stop)
        for turn, a, b in spans
        for w in oracle.words(record[turn][a:b])
    }
    assert under == shared
    assert all(0 <= a < b <= len(record[turn]) for turn, a, b in spans)
    for (turn, _, stop), (next_turn, start, _) in pairwise(spans):
        assert (turn, stop) < (next_turn, start)
    for turn, a, b in spans:
        assert set(oracle.windows(record[turn][a:b], n)) & known


def test_turns_in_spans_are_counted_through_the_whole_message_list() -> None:
    turns = lay_out([["hello", EIGHT]])
    found, _ = match(turns._replace(turns=np.array([1, 4], np.int32)), index_of([[EIGHT]], 8).table)
    assert found[0].doc_spans.tolist() == [[4, 0, len(EIGHT)]]


# ---- hashing proposes, tokens decide


def entries(table: Table) -> dict[int, list[int]]:
    """Read the look-up table: for each hash the n-grams entered under it."""
    found: dict[int, list[int]] = {}
    for window, entry in table.slots.tolist():
        if entry:
            found.setdefault(window, []).append((entry >> 32) - 1)
    return found


def lying(table: Table, records: list[Record]) -> Table:
    """Make every window of the records and of the items propose other n-grams before its own, past
    a filter that lets everything through: what happens when all hashes collide. So do windows that
    have just begun.
    """
    own = entries(table)
    turns = [[turn] for record in records for turn in record]
    seen = {
        window for size in range(1, table.n + 1) for window in entries(index_of(turns, size).table)
    }
    firsts = table.postings[table.postings_first[:-1]].tolist()
    size = 1 << (16 * (len(own) + len(seen)) + 64).bit_length()
    slots = np.zeros((size, 2), np.uint64)
    for window in sorted(own.keys() | seen):
        right = own.get(window, [])
        wrong = [ngram for ngram in range(len(firsts)) if ngram not in right]
        slot = first_slot(np.uint64(window), size)
        for ngram in [*dict.fromkeys(wrong[:3] + wrong[-3:]), *right]:
            while slots[slot, 1]:
                slot = (slot + 1) % size
            slots[slot] = window, (ngram + 1) << 32 | firsts[ngram]
    return table._replace(
        slots=slots,
        bloom=np.full_like(table.bloom, ~np.uint64(0)),
        pieces=np.full_like(table.pieces, ~np.uint64(0)),
    )


@given(samples(), SIZES)
def test_colliding_hashes_cost_time_and_never_a_wrong_answer(
    sample: tuple[list[Record], list[Item]], n: int
) -> None:
    records, items = sample
    table = lying(index_of(items, n).table, records)
    assert matched(records, table, ANY) == expected(records, items, n)


def test_the_lie_is_told_and_not_believed() -> None:
    """The record's only window proposes the n-gram of the item, whose tokens are others."""
    records = [["nine " * 8]]
    table = lying(index_of([[EIGHT]], 8).table, records)
    told = entries(table)
    assert len(told) == 1 + 8
    assert all(ngrams == [0] for ngrams in told.values())
    assert matched(records, table, ANY) == {}
    assert matched([[EIGHT]], table, ANY).keys() == {(0, 0)}


def test_tokens_left_over_from_the_turn_before_complete_no_window() -> None:
    records = [["one two three four", "five six seven eight"], ["five six seven eight"]]
    table = lying(index_of([[EIGHT]], 8).table, records)
    assert matched(records, table, ANY) == {}


@pytest.mark.parametrize(
    "changed", ["seven eighT.", "seven eight", "seven\neight!", "SEVEN - EIGHT"]
)
def test_a_window_is_the_same_in_other_case_and_with_other_separators(changed: str) -> None:
    record = EIGHT.replace("seven eight", changed)
    assert matched([[record]], index_of([[EIGHT]], 8).table).keys() == {(0, 0)}


@pytest.mark.parametrize(
    "changed", ["seven eighty", "sevens eight", "seve eight", "seven eigh\0t", "seveneight x"]
)
def test_a_window_is_another_when_one_letter_is(changed: str) -> None:
    record = EIGHT.replace("seven eight", changed)
    assert matched([[record]], index_of([[EIGHT]], 8).table, ANY) == {}
