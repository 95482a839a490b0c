"""The pass of `robust` over training text: seeds, the stretches of a record where they are dense,
their alignment.

Record after record, in five steps: its words; every seed among them, an event for each place where
an item has it; the items whose events lie close together and weigh enough (candidates); an
alignment of each; of every item the best one, as a score, a label and spans. Pure and without the
GIL; nothing is kept from one record to the next."""

from __future__ import annotations

import numpy as np

from curate.kernels.align import MORE, WINDOW, Scratch, Words, best_stretch, make_scratch
from curate.kernels.arrays import grown, sort
from curate.kernels.items import Items, Rule, Signs
from curate.kernels.jit import inner, jit
from curate.kernels.judge import TEMPLATE, judge, may_be
from curate.kernels.signs import SignRoom, make_sign_room
from curate.kernels.spans import add_doc_spans, add_item_spans, word_points
from curate.kernels.texts import Stretches
from curate.kernels.windows import first_slot, may_hold, window_hash
from curate.kernels.words import find_words

_FORGET = 1 << 30
"""Words after which the state of all items is made anew, so that 32 bits hold it; a record has
fewer.
"""
_AT_ONCE = 256
"""Windows that are looked up at a time."""
_EVENTS = 1 << 20
"""Events after which those of a long record are judged before the pass goes on."""


@inner
def _fresh_state(items: Items) -> np.ndarray:
    """What `_collect` keeps of every item, close together (int32 [items, 8]): the last word with a
    seed of it, the weight of its seeds since the last gap, its last event or -1, its open candidate
    or -1, its reach, its need.
    """
    state = np.zeros((items.needs.size, 8), np.int32)
    for item in range(items.needs.size):
        state[item, 4], state[item, 5] = items.reaches[item], items.needs[item]
    return state


@inner
def _find_seed(window: np.uint64, slots: np.ndarray) -> int:
    """The number of a seed by its hash, or -1."""
    slot = first_slot(window, slots.shape[0])
    while slots[slot, 1] != 0:
        if slots[slot, 0] == window:
            return np.int64(slots[slot, 1] >> np.uint64(32)) - 1
        slot = (slot + 1) & (slots.shape[0] - 1)
    return -1


@inner
def _collect(
    hashes: np.ndarray, begin: int, size: int, base: int, n: int, bloom: np.ndarray,
    slots: np.ndarray, seeds: np.ndarray, postings: np.ndarray, weights: np.ndarray,
    state: np.ndarray, windows: np.ndarray, proposed: np.ndarray, events: np.ndarray,
    candidates: np.ndarray,
) -> tuple[int, int]:  # fmt: skip
    """Find the seeds of a record from the word `begin` on, and the items whose seeds weigh enough
    close together.

    An event is (position of the seed's first word among those of all items, the record's word, the
    item's event before it or -1), a candidate (item, its last event). In `state` words are counted
    from `base`, so that records are far apart; `windows` and `proposed` are scratch. Returns the
    word to go on from and the number of candidates."""
    found, n_candidates, word = np.int64(0), np.int64(0), np.int64(begin)
    while word <= size - n:
        # Step by step for many windows at once, so that the look-ups of one step overlap.
        stop, k = min(word + proposed.shape[0], size - n + 1), np.int64(0)
        for at in range(word, stop):
            window = window_hash(hashes, at, n)
            windows[k], proposed[k, 0] = window, at
            k += np.int64(may_hold(bloom, window))
        for c in range(k):
            proposed[c, 1] = _find_seed(windows[c], slots)
        word = stop
        for c in range(k):
            here, seed = proposed[c, 0], proposed[c, 1]
            if seed < 0:
                continue
            if found >= _EVENTS:
                return here, n_candidates
            weight = np.int64(seeds[seed, 2])
            for p in range(seeds[seed, 0], seeds[seed, 1]):
                at, item = postings[p, 0], postings[p, 1]
                if base + here - state[item, 0] > state[item, 4]:
                    state[item, 1], state[item, 2], state[item, 3] = 0, -1, -1
                before, fresh = state[item, 2], weight
                if before >= 0 and events[before, 0] + 1 == at and events[before, 1] + 1 == here:
                    fresh = weights[at + n - 1]  # the words before it lie in the last seed too
                events[found, 0], events[found, 1], events[found, 2] = at, here, before
                total = min(state[item, 1] + fresh, np.int64(state[item, 5]))
                state[item, 0], state[item, 1], state[item, 2] = base + here, total, found
                if total == state[item, 5]:
                    if state[item, 3] < 0:
                        state[item, 3] = n_candidates
                        candidates[n_candidates, 0] = item
                        n_candidates += 1
                    candidates[state[item, 3], 1] = found
                found += 1
    return word, n_candidates


@inner
def _gather(events: np.ndarray, last: int, places: np.ndarray) -> int:
    """Write the places of an item's events from the last one back; gives their number."""
    size = np.int64(0)
    while last >= 0:
        places[size] = last
        size += 1
        last = events[last, 2]
    return size


@inner
def _judge_all(
    events: np.ndarray, candidates: np.ndarray, n_candidates: int, items: Items, signs: Signs,
    words: Words, mark: int, rule: Rule, scratch: Scratch, room: SignRoom, kept: np.ndarray,
    scores: np.ndarray, pairs: np.ndarray, n_kept: int,
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Hold the candidates against the record and append every pair that is worth keeping to those
    that were kept.

    `kept` has (item, label, first and end of its rows in `pairs`), `scores` (score, share of
    signs), `pairs` (word among those of all items, word of the record) in the item's order. Returns
    the number kept, and what may have grown."""
    n, first_of, reaches, needs, weights = (
        items.n,
        items.first,
        items.reaches,
        items.needs,
        items.weights,
    )
    places, counts, partners = scratch.places, scratch.counts, scratch.partners
    n_pairs = kept[n_kept - 1, 3] if n_kept > 0 else np.int64(0)
    for c in range(n_candidates):
        item = candidates[c, 0]
        first, length = first_of[item], first_of[item + 1] - first_of[item]
        size = _gather(events, candidates[c, 1], places)
        low, high, weight = best_stretch(
            events, places, size, first, reaches[item], n, weights, counts
        )
        if weight < needs[item]:
            continue
        span, begin = WINDOW * length + MORE, np.int64(events[places[high - 1], 1])
        start = max(np.int64(0), min(begin, events[places[low], 1] + n - span))
        stop = min(np.int64(words.size), max(events[places[low], 1] + n, begin + span))
        bare = signs.first[item + 1] > signs.first[item]
        if not may_be(item, items, bare, words, start, stop, rule, scratch):
            continue
        judged = judge(
            item, items, signs, words, start, stop, mark + c, rule, scratch, room
        )  # fmt: skip
        if judged.label == 0 or judged.score < rule.floor:
            continue
        if n_kept == kept.shape[0]:
            kept, scores = grown(kept), grown(scores)
        kept[n_kept, 0], kept[n_kept, 1], kept[n_kept, 2] = item, judged.label, n_pairs
        for at in range(length):
            if partners[at] >= 0:
                if n_pairs == pairs.shape[0]:
                    pairs = grown(pairs)
                pairs[n_pairs, 0], pairs[n_pairs, 1] = first + at, partners[at]
                n_pairs += 1
        kept[n_kept, 3] = n_pairs
        scores[n_kept, 0], scores[n_kept, 1] = judged.score, judged.share
        n_kept += 1
    return n_kept, kept, scores, pairs


@inner
def _best_of_each(kept: np.ndarray, scores: np.ndarray, n_kept: int) -> tuple[np.ndarray, int]:
    """Which alignments are the best of their item (of equal ones the first), by item, and how many
    items there are.
    """
    order, k = np.empty(n_kept, np.int64), np.int64(0)
    for i in range(n_kept):
        order[i] = (kept[i, 0] << np.int64(32)) | np.int64(i)
    sort(order, n_kept)
    for i in range(n_kept):
        own = order[i] & np.int64(0xFFFFFFFF)
        if k > 0 and kept[order[k - 1], 0] == kept[own, 0]:
            if scores[own, 0] > scores[order[k - 1], 0]:
                order[k - 1] = own
        else:
            order[k] = own
            k += 1
    return order, k


@inner
def record_end(docs: np.ndarray, first: int) -> int:
    """The turn after the last one of the record whose turns begin with `first`."""
    last = first
    while last < docs.size and docs[last] == docs[first]:
        last += 1
    return last


@inner
def most_words(turns: Stretches) -> tuple[int, int]:
    """The most words that a record can have, and the most turns one has."""
    words, most, first = np.int64(0), np.int64(0), np.int64(0)
    while first < turns.docs.size:
        last, size = record_end(turns.docs, first), np.int64(0)
        for turn in range(first, last):
            size += (turns.stops[turn] - turns.starts[turn]) // 2 + 1
        words, most, first = max(words, size), max(most, last - first), last
    return words, most


@inner
def _least_beaten(
    order: np.ndarray, n: int, kept: np.ndarray, scores: np.ndarray, signs: Signs
) -> None:
    """Of items without words of their own the ones whose siblings the record holds better are a
    template.
    """
    for i in range(n):
        own = order[i]
        share, group = scores[own, 1], signs.group[kept[own, 0]]
        if share == 0.0 or kept[own, 1] == TEMPLATE:
            continue
        for j in range(n):
            other = order[j]
            if scores[other, 1] > share and signs.group[kept[other, 0]] == group:
                kept[own, 1] = TEMPLATE
                break


@jit
def scan(
    turns: Stretches, items: Items, signs: Signs, rule: Rule
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Match every record.

    Returns (record, item, label, end of its doc spans, end of its item spans) of every pair, the
    scores, and both lists of spans."""
    far, longest, postings = np.int64(1), np.int64(1), np.int64(1)
    for item in range(items.needs.size):
        far = max(far, items.reaches[item] + 1)
        longest = max(longest, items.first[item + 1] - items.first[item])
        longest = max(longest, signs.first[item + 1] - signs.first[item])
    for seed in range(items.seeds.shape[0]):
        postings = max(postings, np.int64(items.seeds[seed, 1] - items.seeds[seed, 0]))
    # Room for the largest there can be; pages that are never touched cost nothing.
    most, most_turns = most_words(turns)
    begins, ends, hashes, taken = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint64), np.zeros(most, np.int64)  # fmt: skip  # noqa: E501
    turn_ends, room = np.empty(most_turns, np.int64), _EVENTS + postings
    events, candidates, scratch = np.empty((room, 3), np.int32), np.empty((room, 2), np.int64), make_scratch(room, longest)  # fmt: skip  # noqa: E501
    windows, proposed = np.empty(_AT_ONCE, np.uint64), np.empty((_AT_ONCE, 2), np.int64)
    kept, kept_scores = np.empty((64, 4), np.int64), np.empty((64, 2), np.float64)
    pairs, out, scores = (
        np.empty((1 << 10, 2), np.int32),
        np.empty((64, 5), np.int64),
        np.empty((64, 1), np.float64),
    )
    doc_spans, item_spans = np.empty((64, 3), np.int32), np.empty((64, 2), np.int32)
    state, base, mark, first = _fresh_state(items), far, np.int64(1), np.int64(0)
    k, k_doc, k_item = np.int64(0), np.int64(0), np.int64(0)
    sign_room = make_sign_room()
    # Arrays taken out of tuples once: in the loop each would count references.
    data, starts, stops, docs = turns.data, turns.starts, turns.stops, turns.docs
    n, bloom, slots, seeds, places, weights = items.n, items.bloom, items.slots, items.seeds, items.postings, items.weights  # fmt: skip  # noqa: E501
    while first < docs.size:
        last, size = record_end(docs, first), np.int64(0)
        for turn in range(first, last):
            size = find_words(data, starts[turn], stops[turn], begins, ends, hashes, size)
            turn_ends[turn - first] = size
        n_kept, begin = np.int64(0), np.int64(0)
        while begin <= size - n:
            end, n_candidates = _collect(
                hashes, begin, size, base, n, bloom, slots, seeds, places, weights, state, windows, proposed,
                events, candidates,
            )  # fmt: skip
            if n_candidates > 0:
                words = Words(
                    data, begins, ends, hashes, taken, size, turn_ends, starts[first:last],
                    stops[first:last], last - first,
                )  # fmt: skip
                n_kept, kept, kept_scores, pairs = _judge_all(
                    events, candidates, n_candidates, items, signs, words, mark, rule, scratch,
                    sign_room, kept, kept_scores, pairs, n_kept,
                )  # fmt: skip
                mark += n_candidates
            # What goes on beyond this part is found whole from a little before its end.
            begin = end if end > size - n else max(end - far, (begin + end) // 2)
            base += size + far
            if base > _FORGET:
                for item in range(state.shape[0]):
                    state[item, 0] = 0
                base = far
        if n_kept > 0:
            points = word_points(turns, first, turn_ends, last - first, begins, ends, size)
            order, n_items = _best_of_each(kept, kept_scores, n_kept)
            _least_beaten(order, n_items, kept, kept_scores, signs)
            for i in range(n_items):
                if k == out.shape[0]:
                    out, scores = grown(out), grown(scores)
                own = order[i]
                low, high, item = kept[own, 2], kept[own, 3], kept[own, 0]
                item_spans, k_item = add_item_spans(
                    pairs, low, high, item, items, item_spans, k_item
                )
                doc_spans, k_doc = add_doc_spans(pairs, low, high, points, doc_spans, k_doc)
                out[k, 0], out[k, 1], out[k, 2] = docs[first], item, kept[own, 1]
                out[k, 3], out[k, 4], scores[k, 0] = k_doc, k_item, kept_scores[own, 0]
                k += 1
        first = last
    return out[:k], scores[:k, 0], doc_spans[:k_doc], item_spans[:k_item]
