"""The pass of the n-gram matcher over training text, and the scores of what it finds.

`scan` finds the benchmark n-grams of a run of turns, `score` turns those of each record into scores
and spans. They keep no state, so blocks of a corpus may be matched in any order, by any number of
threads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curate.kernels.arrays import grown, sort
from curate.kernels.jit import inner, jit
from curate.kernels.texts import Stretches
from curate.kernels.tokens import MAX_TOKENS, count_points, make_edges, next_tokens
from curate.kernels.windows import first_slot, may_hold, same_window, window_hash


class Table(NamedTuple):
    """What the kernels read: flat arrays only, so that numba passes them as one tuple."""

    n: int
    data: np.ndarray  # uint8: the fields' texts, one after the other
    begins: np.ndarray  # int64 [tokens]: byte offsets into data
    ends: np.ndarray
    points: np.ndarray  # int32 [tokens, 2]: code points of each token within its item's text
    field_first: np.ndarray  # int64 [fields + 1]: first token of each field
    item_first: np.ndarray  # int64 [items + 1]: first field of each item
    token_item: np.ndarray  # int32 [tokens]: the item a token belongs to
    pieces: np.ndarray  # uint64 words: Bloom filter of the runs of (n + 1) // 2 tokens
    bloom: np.ndarray  # uint64 words: Bloom filter of the n-grams
    # uint64 [slots, 2]: window hash; n-gram id + 1 (0: free) above, a token position where it begins below
    slots: np.ndarray
    postings_first: np.ndarray  # int64 [n-grams + 1]
    postings: np.ndarray  # int32: token positions where the n-gram begins, ascending


class Events(NamedTuple):
    """Benchmark n-grams found in training text, in text order: turn index, n-gram id, token number,
    code points.
    """

    turns: np.ndarray
    ngrams: np.ndarray
    tokens: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


@inner
def _same_bytes(a: np.ndarray, a0: int, b: np.ndarray, b0: int, size: int) -> bool:
    """Whether `size` bytes are equal as they stand."""
    for i in range(size):  # noqa: SIM110 - compiled
        if a[a0 + i] != b[b0 + i]:
            return False
    return True


@inner
def _find(
    window: np.uint64, table: Table, data: np.ndarray, begins: np.ndarray, ends: np.ndarray, at: int
) -> int:
    """The id of the benchmark n-gram equal to the n tokens from `at` on, or -1."""
    slot = first_slot(window, table.slots.shape[0])
    while table.slots[slot, 1] != 0:
        if table.slots[slot, 0] == window:
            known = np.int64(table.slots[slot, 1] & np.uint64(0xFFFFFFFF))
            size = ends[at + table.n - 1] - begins[at]
            alike = size == table.ends[known + table.n - 1] - table.begins[known]
            if (
                alike and _same_bytes(data, begins[at], table.data, table.begins[known], size)
            ) or same_window(
                data, at, begins, ends, table.data, known, table.begins, table.ends, table.n
            ):
                return np.int64(table.slots[slot, 1] >> np.uint64(32)) - 1
        slot = (slot + 1) & (table.slots.shape[0] - 1)
    return -1


@inner
def _propose(
    hashes: np.ndarray, begin: int, end: int, table: Table, places: np.ndarray, windows: np.ndarray
) -> tuple[int, int]:
    """Write where windows begin, from `begin` on and within the tokens up to `end`, that may be
    benchmark n-grams.

    A window is looked at from its end: where its last (n + 1) // 2 tokens stand in no item, no
    window that holds them can match, and the next one to look at begins after the first of them. In
    clean text that is every fifth of n = 8. Returns the number of places and the first window that
    was not looked at."""
    n, k = table.n, 0
    piece = (n + 1) // 2
    while begin + n <= end:
        if not may_hold(table.pieces, window_hash(hashes, begin + n - piece, piece)):
            begin += n - piece + 1
            continue
        window = window_hash(hashes, begin, n)
        if may_hold(table.bloom, window):
            places[k], windows[k] = begin, window
            k += 1
        begin += 1
    return k, begin


@jit
def scan(
    turns: Stretches, first: int, table: Table, events: Events, counts: np.ndarray
) -> tuple[int, int]:
    """Find the n-grams of turns from `first` on until all are done or `events` is full.

    Writes the number of tokens of each turn to `counts`. Returns the turn to go on from, always the
    first of a record, and the number of events; events of a record that did not fit are not
    counted."""
    n, room = table.n, events.turns.size
    begins, ends = np.empty(n + MAX_TOKENS, np.int64), np.empty(n + MAX_TOKENS, np.int64)
    hashes, windows = np.empty(n + MAX_TOKENS, np.uint64), np.empty(n + MAX_TOKENS, np.uint64)
    places, edges = np.empty(n + MAX_TOKENS, np.int64), make_edges()
    found, resume, found_before = 0, first, 0
    for turn in range(first, turns.starts.size):
        if turn == first or turns.docs[turn] != turns.docs[turn - 1]:
            resume, found_before = turn, found
        at, stop = turns.starts[turn], turns.stops[turn]
        # Of the turn, `gone` tokens are no longer held, the next `held` are; windows before
        # `next_window` are done.
        gone, held, next_window = np.int64(0), np.int64(0), np.int64(0)
        counted_to, points = at, np.int64(0)
        while at < stop:
            end, at = next_tokens(turns.data, at, stop, edges, begins, ends, hashes, held)
            proposed, next_window = _propose(hashes, next_window, end, table, places, windows)
            for c in range(proposed):
                begin = places[c]
                ngram = _find(windows[c], table, turns.data, begins, ends, begin)
                if ngram < 0:
                    continue
                if found == room:
                    return resume, found_before
                last = ends[begin + n - 1]
                points += count_points(turns.data, counted_to, begins[begin])
                counted_to = begins[begin]
                events.turns[found], events.ngrams[found], events.tokens[found] = (
                    turn,
                    ngram,
                    gone + begin,
                )
                events.begins[found] = points
                events.ends[found] = points + count_points(turns.data, counted_to, last)
                found += 1
            counts[turn] = gone + end
            if (
                at < stop
            ):  # windows may begin in this piece and end in the next: hold its last n - 1 tokens
                held = min(n - 1, end)
                gone += end - held
                next_window = max(next_window - (end - held), 0)
                for j in range(held):
                    begins[j], ends[j], hashes[j] = (
                        begins[end - held + j],
                        ends[end - held + j],
                        hashes[end - held + j],
                    )
    return turns.starts.size, found


@inner
def _distinct(ngrams: np.ndarray, low: int, high: int) -> np.ndarray:
    """The distinct values of `ngrams[low:high]`, ascending."""
    values = ngrams[low:high].copy()
    sort(values, values.size)
    k = 0
    for i in range(values.size):
        if i == 0 or values[i] != values[i - 1]:
            values[k] = values[i]
            k += 1
    return values[:k]


@inner
def _positions(ngrams: np.ndarray, table: Table) -> np.ndarray:
    """Token positions, ascending, where the given distinct n-grams begin in any item."""
    total = 0
    for ngram in ngrams:
        total += table.postings_first[ngram + 1] - table.postings_first[ngram]
    positions, k = np.empty(total, np.int32), 0
    for ngram in ngrams:
        for p in range(table.postings_first[ngram], table.postings_first[ngram + 1]):
            positions[k] = table.postings[p]
            k += 1
    sort(positions, positions.size)
    return positions


@inner
def _item_score(positions: np.ndarray, low: int, high: int, item: int, table: Table) -> float:
    """Mean over the item's fields of the share of tokens that the windows at `positions[low:high]`
    cover, to twelve decimals.
    """
    total, p = 0.0, low
    for field in range(table.item_first[item], table.item_first[item + 1]):
        begin, end = table.field_first[field], table.field_first[field + 1]
        covered, reach = 0, begin
        while p < high and positions[p] < end:
            covered += positions[p] + table.n - max(reach, np.int64(positions[p]))
            reach = np.int64(positions[p]) + table.n
            p += 1
        if end > begin:
            total += covered / (end - begin)
    fields = table.item_first[item + 1] - table.item_first[item]
    # Sums of three shares may come out a hair above what they are, and so a score above a threshold
    # that it meets.
    return total if fields == 1 else round(total / fields, 12)


@inner
def _in_item(ngram: int, first_token: int, last_token: int, table: Table) -> bool:
    """Whether an n-gram begins at some token of the item whose tokens are `first_token:last_token`."""
    low, high = table.postings_first[ngram], table.postings_first[ngram + 1]
    end = high
    while low < high:
        middle = (low + high) // 2
        if table.postings[middle] < first_token:
            low = middle + 1
        else:
            high = middle
    return low < end and table.postings[low] < last_token


@inner
def _add_item_spans(
    positions: np.ndarray, low: int, high: int, table: Table, spans: np.ndarray, k: int,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Append the runs of covered tokens as code points of the item's text; a run ends at the end of
    its field.
    """
    p, field = low, table.item_first[table.token_item[positions[low]]]
    while p < high:
        begin = np.int64(positions[p])
        while table.field_first[field + 1] <= begin:
            field += 1
        end = begin + table.n
        while (
            p + 1 < high
            and positions[p + 1] <= end
            and positions[p + 1] < table.field_first[field + 1]
        ):
            p += 1
            end = np.int64(positions[p]) + table.n
        if k == spans.shape[0]:
            spans = grown(spans)
        spans[k, 0], spans[k, 1] = table.points[begin, 0], table.points[end - 1, 1]
        k += 1
        p += 1
    return spans, k


@inner
def _add_doc_spans(
    events: Events, low: int, high: int, item: int, turns: Stretches, table: Table,
    spans: np.ndarray, k: int,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Append the runs of tokens of the record that lie in an n-gram of the item."""
    first_token = table.field_first[table.item_first[item]]
    last_token = table.field_first[table.item_first[item + 1]]
    open_turn, reach = -1, -1
    for e in range(low, high):
        if not _in_item(events.ngrams[e], first_token, last_token, table):
            continue
        if events.turns[e] != open_turn or events.tokens[e] > reach:
            if k == spans.shape[0]:
                spans = grown(spans)
            spans[k, 0], spans[k, 1] = turns.turns[events.turns[e]], events.begins[e]
            k += 1
        open_turn, reach = events.turns[e], events.tokens[e] + table.n
        spans[k - 1, 2] = events.ends[e]
    return spans, k


@jit
def score_pairs(
    turns: Stretches, events: Events, n_events: int, table: Table, floor: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Score every record against every item it shares an n-gram with, and keep the pairs from
    `floor` on.

    Returns (record, item, end of its doc spans, end of its item spans) of every pair, the scores,
    and both lists of spans."""
    pairs, scores = np.empty((64, 4), np.int64), np.empty((64, 1), np.float64)
    doc_spans, item_spans = np.empty((64, 3), np.int32), np.empty((64, 2), np.int32)
    # Typed, or numba compiles what is called with them once more for the literal 0.
    k, k_doc, k_item, low = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    while low < n_events:
        doc, high = turns.docs[events.turns[low]], low
        while high < n_events and turns.docs[events.turns[high]] == doc:
            high += 1
        positions = _positions(_distinct(events.ngrams, low, high), table)
        p = np.int64(0)
        while p < positions.size:
            item, q = table.token_item[positions[p]], p
            end = table.field_first[table.item_first[item + 1]]
            while q < positions.size and positions[q] < end:
                q += 1
            score = _item_score(positions, p, q, item, table)
            if score >= floor:
                if k == pairs.shape[0]:
                    pairs, scores = grown(pairs), grown(scores)
                item_spans, after_item = _add_item_spans(positions, p, q, table, item_spans, k_item)
                doc_spans, after_doc = _add_doc_spans(
                    events, low, high, item, turns, table, doc_spans, k_doc
                )
                k_item, k_doc = after_item, after_doc
                pairs[k, 0], pairs[k, 1], pairs[k, 2], pairs[k, 3] = doc, item, k_doc, k_item
                scores[k, 0] = score
                k += 1
            p = q
        low = high
    return pairs[:k], scores[:k, 0], doc_spans[:k_doc], item_spans[:k_item]
