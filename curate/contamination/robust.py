"""The matcher `robust`: benchmark items that were edited, re-ordered, split or put into a template.

A record is the words of all its scanned turns, an item the words of its fields (`tokenise.words`). A seed is a run of
`seed` words of an item that stands in at most `shared` items. Where a record holds seeds of one item that weigh enough
and lie close together, the two are aligned word by word (`align`), and the score is the mean over the item's fields of
the weight of the words found. Words weigh ln(1 + items / items that hold them): common phrases weigh little.

Bound: a stretch of a record that is held against an item is never longer than `reach` times the item, so a long record
does not collect a hit from all its parts, and the work grows with the length of the text alone. An item that no copy
could hit, because it is too short or has no words of its own, is not `matchable`; it is never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.contamination.align import (
    CAPITALISED,
    NUMBER,
    PLAIN,
    Items,
    Rule,
    Scratch,
    Words,
    align,
    best_stretch,
    confirm,
    is_variant,
    make_scratch,
    score_of,
)
from curate.contamination.index import (
    P,
    Tokens,
    field_offsets,
    fill_slots,
    first_slot,
    make_bloom,
    may_hold,
    power_of_two,
    token_points,
    window_hash,
)
from curate.contamination.ngram import STORED_FROM, Matches, Turns, grown
from curate.text.kernels import code_point, count_points, jit, lower_point
from curate.text.tokenise import DIGIT
from curate.text.words import find_words, sort_of_point

_SEED_BITS = 8
_REPEATS = 2
"""Places of one seed within one item that are kept."""
_UNIT = 256
"""Weights are whole numbers of this part of a nat, so that sums do not depend on their order."""
_LEAK, _VARIANT = 1, 2


@dataclass(frozen=True)
class RobustSettings:
    """Every number of the rule."""

    threshold: float = 0.5
    """A record hits an item if the score is higher."""
    seed: int = 3
    """Words of a seed."""
    shared: int = 32
    """A seed stands in no more items than this; what more of them share is a phrase or a template."""
    need: float = 0.2
    """Seeds that weigh this share of the item's words lead to an alignment."""
    rare: float = 0.1
    """Or this share of all its seeds, for an item that has few of its own."""
    reach: float = 2.0
    """How many times the item's length a stretch of a record may span."""
    misses: int = 4
    """Words in a row that differ at which an alignment ends."""
    chains: int = 64
    """Diagonals of one alignment that are looked at."""
    least: int = 5
    """An item of fewer words is not matchable."""
    short: float = 20
    """The score of an item of fewer words is raised to the power of short / words."""
    plain_agrees: float = 0.8
    """A hit is a variant if this share of the words that are neither numbers nor capitalised agrees ..."""
    numbers_differ: float = 0.5
    """... and this share of the numbers does not."""
    floor: float = STORED_FROM
    """Pairs that score less are not kept."""

    def rule(self) -> Rule:
        """What the kernels need of it."""
        return Rule(self.misses, self.chains, self.floor, self.short, self.plain_agrees, self.numbers_differ)


@dataclass(frozen=True)
class RobustIndex:
    """A built index: `items` for the kernels, `n_words` and `matchable` per item for people."""

    items: Items
    settings: RobustSettings
    n_words: np.ndarray  # int32 [items]
    matchable: np.ndarray  # bool [items]: a verbatim copy exceeds the threshold

    @property
    def n_items(self) -> int:
        """How many items the index holds."""
        return len(self.n_words)


# ---- the index


@jit
def _words_of_all(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> Tokens:
    """The words of every text `data[starts[i]:stops[i]]`."""
    room = 0
    for i in range(starts.size):
        room += (stops[i] - starts[i]) // 2 + 1
    begins, ends, hashes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64)
    first, k = np.zeros(starts.size + 1, np.int64), np.int64(0)
    for i in range(starts.size):
        k = find_words(data, starts[i], stops[i], begins, ends, hashes, k)
        first[i + 1] = k
    return Tokens(begins[:k].copy(), ends[:k].copy(), hashes[:k].copy(), first)


@jit
def _kinds(data: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """What each word is to the label: by its first code point."""
    kinds = np.empty(begins.size, np.int8)
    for i in range(begins.size):
        code = code_point(data, begins[i])[0]
        kinds[i] = PLAIN
        if sort_of_point(code) == DIGIT:
            kinds[i] = NUMBER
        elif lower_point(code) != code:
            kinds[i] = CAPITALISED
    return kinds


def _holders(values: np.ndarray, owners: np.ndarray, n_owners: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of each value among the distinct ones, and how many owners each distinct one has."""
    distinct, numbers = np.unique(values, return_inverse=True)
    pairs = np.unique(numbers.astype(np.int64) * n_owners + owners)
    return numbers, np.bincount(pairs // n_owners, minlength=len(distinct))


def _windows(hashes: np.ndarray, word_item: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The hash of every window of n words of one item, and where it begins; as `index.window_hash` has them."""
    size = max(0, len(hashes) - n + 1)
    windows, weight = np.zeros(size, np.uint64), np.array([P])
    for j in range(n):
        windows += hashes[j : j + size] * weight
        weight = weight * P
    inside = word_item[:size] == word_item[n - 1 : n - 1 + size]
    return windows[inside], np.flatnonzero(inside)


def _seeds(
    hashes: np.ndarray, word_item: np.ndarray, n_words: np.ndarray, settings: RobustSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hashes of the seeds, and their postings: positions sorted by seed, and where those of each begin."""
    windows, positions = _windows(hashes, word_item, settings.seed)
    numbers, holders = _holders(windows, word_item[positions], max(1, len(n_words)))
    rare = (holders[numbers] <= settings.shared) & (n_words[word_item[positions]] >= settings.least)
    windows, positions = windows[rare], positions[rare]
    order = np.lexsort((positions, windows))
    windows, positions = windows[order], positions[order]
    far = np.ones(len(windows), np.bool_)  # the first places of a seed within an item
    far[_REPEATS:] = (windows[_REPEATS:] != windows[:-_REPEATS]) | (
        word_item[positions[_REPEATS:]] != word_item[positions[:-_REPEATS]]
    )
    distinct, first = np.unique(windows[far], return_index=True)
    return distinct, np.append(first, np.count_nonzero(far)).astype(np.int64), positions[far].astype(np.int32)


def build_robust(items: Sequence[Sequence[str]], settings: RobustSettings | None = None) -> RobustIndex:
    """Index items, each given as the texts of its fields; an item's text is its fields joined by one newline."""
    settings = settings or RobustSettings()
    blobs = [field.encode() for item in items for field in item]
    lengths = np.array([len(blob) for blob in blobs], np.int64)
    stops = np.cumsum(lengths, dtype=np.int64)
    data = np.frombuffer(b"".join(blobs) + bytes(8), np.uint8)
    words = _words_of_all(data, stops - lengths, stops)
    item_fields = np.concatenate([[0], np.cumsum([len(item) for item in items], dtype=np.int64)]).astype(np.int64)
    n_words = np.diff(words.first[item_fields]).astype(np.int32)
    word_item = np.repeat(np.arange(len(items), dtype=np.int32), n_words)
    numbers, holders = _holders(words.hashes, word_item, max(1, len(items)))
    weights = np.round(_UNIT * np.log1p(len(items) / np.maximum(holders, 1)))[numbers].astype(np.int64)
    seeds, postings_first, postings = _seeds(words.hashes, word_item, n_words, settings)
    totals = np.bincount(word_item, weights, len(items))
    around = np.concatenate([[0], np.cumsum(weights)])
    posting_weights = around[postings + settings.seed] - around[postings]
    seed_weights = posting_weights[postings_first[:-1]]
    reachable = np.bincount(word_item[postings], posting_weights, len(items))
    slots = np.zeros((power_of_two(2 * len(seeds)), 2), np.uint64)
    fill_slots(slots, seeds, postings[postings_first[:-1]])
    table = Items(
        n=settings.seed,
        data=data,
        begins=words.begins,
        ends=words.ends,
        hashes=words.hashes,
        points=token_points(data, stops - lengths, words, field_offsets(items)),
        weights=weights,
        kinds=_kinds(data, words.begins),
        word_item=word_item,
        first=words.first[item_fields],
        field_first=words.first,
        item_fields=item_fields,
        needs=np.maximum(1, np.minimum(settings.need * totals, settings.rare * reachable)).astype(np.int64),
        reaches=np.maximum(settings.seed, settings.reach * n_words).astype(np.int64),
        bloom=make_bloom(seeds, _SEED_BITS),
        slots=slots,
        seeds=np.stack([postings_first[:-1], postings_first[1:], seed_weights], axis=1).astype(np.int32),
        postings=np.stack([postings, word_item[postings]], axis=1),
    )
    return RobustIndex(table, settings, n_words, (n_words >= settings.least) & (reachable > 0))


# ---- the scan


@jit
def _find_seed(window: np.uint64, slots: np.ndarray) -> int:
    """The number of a seed by its hash, or -1."""
    slot = first_slot(window, slots.shape[0])
    while slots[slot, 1] != 0:
        if slots[slot, 0] == window:
            return np.int64(slots[slot, 1] >> np.uint64(32)) - 1
        slot = (slot + 1) & (slots.shape[0] - 1)
    return -1


@jit
def _fresh_state(items: Items) -> np.ndarray:
    """What `_collect` keeps of every item, one cache line each (int64 [items, 8]): the last word with a seed of it,
    the weight of its seeds since the last gap, its last event or -1, its open candidate or -1, its reach, its need."""
    state = np.zeros((items.needs.size, 8), np.int64)
    for item in range(items.needs.size):
        state[item, 4], state[item, 5] = items.reaches[item], items.needs[item]
    return state


@jit
def _collect(hashes: np.ndarray, size: int, base: int, items: Items, state: np.ndarray, events: np.ndarray, candidates: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:  # fmt: skip  # noqa: E501
    """Find the seeds of a record, and the items whose seeds weigh enough close together.

    An event is (position of the seed's first word among those of all items, the record's word, the item's event before
    it or -1, the seed's weight), a candidate (item, its last event). Words are counted from `base` in `state`, so that records are far
    apart. Returns both arrays, which may have grown, and the number of candidates.
    """
    # Taken out of the tuple once, and no views of rows in the loops: each would count references.
    n, bloom, slots, seeds, postings = items.n, items.bloom, items.slots, items.seeds, items.postings
    found, n_candidates = np.int64(0), np.int64(0)
    for word in range(size - n + 1):
        window = window_hash(hashes, word, n)
        if not may_hold(bloom, window):
            continue
        seed = _find_seed(window, slots)
        if seed < 0:
            continue
        first, end, weight = seeds[seed, 0], seeds[seed, 1], np.int64(seeds[seed, 2])
        while found + end - first > events.shape[0]:
            events = grown(events)
        for p in range(first, end):
            item = postings[p, 1]
            if base + word - state[item, 0] > state[item, 4]:
                state[item, 1], state[item, 2], state[item, 3] = 0, -1, -1
            events[found, 0], events[found, 1], events[found, 2] = postings[p, 0], word, state[item, 2]
            events[found, 3] = weight
            total = state[item, 1] + weight
            state[item, 0], state[item, 1], state[item, 2] = base + word, total, found
            if total >= state[item, 5]:
                if state[item, 3] < 0:
                    if n_candidates == candidates.shape[0]:
                        candidates = grown(candidates)
                    state[item, 3] = n_candidates
                    candidates[n_candidates, 0] = item
                    n_candidates += 1
                candidates[state[item, 3], 1] = found
            found += 1
    return events, candidates, n_candidates


@jit
def _gather(events: np.ndarray, last: int, places: np.ndarray) -> int:
    """Write the places of an item's events from the last one back, as many as there is room for; gives their number."""
    size = np.int64(0)
    while last >= 0:
        if size < places.size:
            places[size] = last
        size += 1
        last = events[last, 2]
    return size


@jit
def _judge(events: np.ndarray, candidates: np.ndarray, n_candidates: int, items: Items, words: Words, taken: np.ndarray, mark: int, rule: Rule, scratch: Scratch, kept: np.ndarray, scores: np.ndarray, pairs: np.ndarray) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, Scratch]:  # fmt: skip  # noqa: E501
    """Align every candidate of a record and keep the best alignment of each item that scores `floor` or more.

    Gives their number, and, grown where needed: `kept` (item, label, first and end of its rows in `pairs`), `scores`,
    and `pairs` (word among those of all items, word of the record) in the item's order.
    """
    first_of, reaches, needs, known, hashes = items.first, items.reaches, items.needs, items.hashes, words.hashes
    n_kept, n_pairs = np.int64(0), np.int64(0)
    for c in range(n_candidates):
        item = candidates[c, 0]
        first, length = first_of[item], first_of[item + 1] - first_of[item]
        size = _gather(events, candidates[c, 1], scratch.places)
        if size > scratch.places.size:
            scratch = make_scratch(2 * size, scratch.partners.size)
            _gather(events, candidates[c, 1], scratch.places)
        low, high, weight = best_stretch(events, scratch.places, size, first, reaches[item], scratch.counts)
        if weight < needs[item]:
            continue
        align(events, scratch.places, low, high, first, length, known, hashes, words.size, taken, mark + c, scratch, rule)
        if score_of(item, items, scratch.partners, rule.short) < rule.floor:
            continue
        confirm(first, length, items, words, scratch.partners)
        score = score_of(item, items, scratch.partners, rule.short)
        if score < rule.floor:
            continue
        if n_kept == kept.shape[0]:
            kept, scores = grown(kept), grown(scores)
        kept[n_kept, 0], kept[n_kept, 1] = item, _LEAK
        if is_variant(item, items, scratch.partners, rule):
            kept[n_kept, 1] = _VARIANT
        scores[n_kept, 0] = score
        kept[n_kept, 2] = n_pairs
        for at in range(length):
            if scratch.partners[at] >= 0:
                if n_pairs == pairs.shape[0]:
                    pairs = grown(pairs)
                pairs[n_pairs, 0], pairs[n_pairs, 1] = first + at, scratch.partners[at]
                n_pairs += 1
        kept[n_kept, 3] = n_pairs
        n_kept += 1
    return n_kept, kept, scores, pairs, scratch


@jit
def _points(turns: Turns, first: int, turn_ends: np.ndarray, n_turns: int, words: Words) -> np.ndarray:
    """The turn of every word of a record, counted from its first scanned one, and the word's code points in it."""
    points = np.empty((words.size, 3), np.int32)
    word = np.int64(0)
    for t in range(n_turns):
        at, count = turns.starts[first + t], np.int64(0)
        while word < turn_ends[t]:
            count += count_points(words.data, at, words.begins[word])
            points[word, 0], points[word, 1] = t, count
            count += count_points(words.data, words.begins[word], words.ends[word])
            points[word, 2] = count
            at = words.ends[word]
            word += 1
    return points


@jit
def _add_item_spans(pairs: np.ndarray, low: int, high: int, item: int, items: Items, spans: np.ndarray, k: int) -> tuple[np.ndarray, int]:  # fmt: skip  # noqa: E501
    """Append the runs of words that were found, as code points of the item's text; a run ends with its field."""
    field, before = items.item_fields[item], np.int64(-2)
    for p in range(low, high):
        at = np.int64(pairs[p, 0])
        begins_field = at >= items.field_first[field + 1]
        while at >= items.field_first[field + 1]:
            field += 1
        if at != before + 1 or begins_field:
            if k == spans.shape[0]:
                spans = grown(spans)
            spans[k, 0] = items.points[at, 0]
            k += 1
        spans[k - 1, 1] = items.points[at, 1]
        before = at
    return spans, k


@jit
def _add_doc_spans(pairs: np.ndarray, low: int, high: int, points: np.ndarray, places: np.ndarray, spans: np.ndarray, k: int) -> tuple[np.ndarray, int]:  # fmt: skip  # noqa: E501
    """Append the runs of the record's words that were found, by turn; `places` are the positions of its turns."""
    found = np.empty(high - low, np.int64)
    for p in range(low, high):
        found[p - low] = pairs[p, 1]
    found.sort()
    for i in range(found.size):
        word = found[i]
        if i == 0 or word != found[i - 1] + 1 or points[word, 0] != points[word - 1, 0]:
            if k == spans.shape[0]:
                spans = grown(spans)
            spans[k, 0], spans[k, 1] = places[points[word, 0]], points[word, 1]
            k += 1
        spans[k - 1, 2] = points[word, 2]
    return spans, k


@jit
def _scan(turns: Turns, items: Items, rule: Rule) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Match every record.

    Returns (record, item, label, end of its doc spans, end of its item spans) of every pair, the scores, both lists of
    spans, and the number of words of each turn.
    """
    n_items, n_turns = items.needs.size, turns.starts.size
    state, far, longest = _fresh_state(items), np.int64(1), np.int64(1)
    for item in range(n_items):
        far = max(far, items.reaches[item] + 1)
        longest = max(longest, items.first[item + 1] - items.first[item])
    scratch = make_scratch(np.int64(1 << 10), longest)
    counts, ends_of = np.zeros(n_turns, np.int32), np.empty(n_turns, np.int64)
    room = np.int64(1 << 10)
    begins, ends, hashes, taken = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64), np.zeros(room, np.int64)  # fmt: skip  # noqa: E501
    events, candidates = np.empty((1 << 10, 4), np.int32), np.empty((64, 2), np.int64)
    kept, kept_scores, pairs = np.empty((64, 4), np.int64), np.empty((64, 1), np.float64), np.empty((1 << 10, 2), np.int32)  # fmt: skip  # noqa: E501
    out, scores = np.empty((64, 5), np.int64), np.empty((64, 1), np.float64)
    doc_spans, item_spans = np.empty((64, 3), np.int32), np.empty((64, 2), np.int32)
    base, mark = far, np.int64(1)
    k, k_doc, k_item, first = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    while first < n_turns:
        last, most = first, np.int64(0)
        while last < n_turns and turns.docs[last] == turns.docs[first]:
            most += (turns.stops[last] - turns.starts[last]) // 2 + 1
            last += 1
        if most > room:
            room = 2 * most
            begins, ends, hashes, taken = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64), np.zeros(room, np.int64)  # fmt: skip  # noqa: E501
        size = np.int64(0)
        for turn in range(first, last):
            before = size
            size = find_words(turns.data, turns.starts[turn], turns.stops[turn], begins, ends, hashes, size)
            counts[turn], ends_of[turn - first] = size - before, size
        events, candidates, n_candidates = _collect(hashes, size, base, items, state, events, candidates)
        base += size + far
        if n_candidates > 0:
            words = Words(turns.data, begins, ends, hashes, size)
            n_kept, kept, kept_scores, pairs, scratch = _judge(
                events, candidates, n_candidates, items, words, taken, mark, rule, scratch, kept, kept_scores, pairs
            )
            mark += n_candidates
            if n_kept > 0:
                points = _points(turns, first, ends_of, last - first, words)
                order = np.empty(n_kept, np.int64)
                for i in range(n_kept):
                    order[i] = (kept[i, 0] << np.int64(32)) | i
                order.sort()
                i = np.int64(0)
                while i < n_kept:
                    item = order[i] >> np.int64(32)
                    best = order[i] & np.int64(0xFFFFFFFF)
                    while i < n_kept and order[i] >> np.int64(32) == item:
                        other = order[i] & np.int64(0xFFFFFFFF)
                        if kept_scores[other, 0] > kept_scores[best, 0]:
                            best = other
                        i += 1
                    if k == out.shape[0]:
                        out, scores = grown(out), grown(scores)
                    low, high = kept[best, 2], kept[best, 3]
                    item_spans, k_item = _add_item_spans(pairs, low, high, item, items, item_spans, k_item)
                    doc_spans, k_doc = _add_doc_spans(pairs, low, high, points, turns.turns[first:last], doc_spans, k_doc)
                    out[k, 0], out[k, 1], out[k, 2], out[k, 3], out[k, 4] = turns.docs[first], item, kept[best, 1], k_doc, k_item  # fmt: skip  # noqa: E501
                    scores[k, 0] = kept_scores[best, 0]
                    k += 1
        first = last
    return out[:k], scores[:k, 0], doc_spans[:k_doc], item_spans[:k_item], counts


def match_robust(turns: Turns, index: RobustIndex) -> list[Matches]:
    """Match a run of records against an index; the pairs from the floor on, by record, then by item."""
    out, scores, doc_spans, item_spans, _ = _scan(turns, index.items, index.settings.rule())
    docs, items = out[:, 0].astype(np.int32), out[:, 1].astype(np.int32)
    doc_first, item_first = (np.concatenate([[0], out[:, column]]) for column in (3, 4))
    return [Matches(docs, items, scores, doc_first, doc_spans, item_first, item_spans, out[:, 2].astype(np.int8))]
