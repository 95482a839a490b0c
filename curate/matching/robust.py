"""The matcher `robust`: benchmark items that were edited, re-ordered, split or put into a template.

A record is the words of all its scanned turns, an item the words of its fields (`tokenise.words`).
A seed is a run of `seed` words of an item that stands in at most `shared` items. Where a record
holds seeds of one item that weigh enough and lie close together, the two are aligned word by word
(`align`), and the score is the mean over the item's fields of the weight of the words found, as a
share of all. Words weigh ln(1 + items / items that hold them): common phrases weigh little, and
half of a short item counts less than half.

Bound: a stretch of a record that is held against an item is never longer than `reach` times the
item, so a long record does not collect a hit from all its parts, and the work grows with the length
of the text alone. An item that no copy could hit, because it is too short or has no words of its
own, is not `matchable`; it is never passed over in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from curate.kernels import ahead
from curate.kernels.align import Items, Rule
from curate.kernels.numbers import AND, number_words
from curate.kernels.seek import scan
from curate.kernels.texts import Stretches
from curate.kernels.windows import fill_slots
from curate.kernels.words import NUMBER, word_kinds, words_of_all
from curate.matching.index import (
    distinct,
    field_offsets,
    make_bloom,
    power_of_two,
    token_points,
    window_hashes,
)
from curate.matching.ngram import Matches
from curate.matching.settings import Count, Factor, MatcherSettings, Share, Window
from curate.text.buffer import lay_out

_SEED_BITS = 8
_REPEATS = 2
"""Places of one seed within one item that are kept."""
_UNIT = 256
"""Weights are whole numbers of this part of a nat, so that sums do not depend on their order ..."""
_HEAVIEST = 1 << 30
"""... or of a larger one, so that an item weighs no more than this: the kernels add in 32 bits."""


class RobustSettings(MatcherSettings):
    """Every number of the rule."""

    threshold: Share = 0.55
    """A record hits an item if the score is higher."""
    seed: Window = 3
    """Words of a seed."""
    shared: Count = 32
    """A seed stands in no more items than this; what more of them share is a phrase or a template.
    """
    need: Share = 0.35
    """Seeds that hold this share, by weight, of the words that any seed of the item holds lead to
    an alignment.
    """
    reach: Factor = 2.0
    """How many times the item's length a stretch of a record may span."""
    misses: int = Field(default=4, ge=1, le=1000)
    """Words in a row that differ at which an alignment ends."""
    chains: int = Field(default=64, ge=1, le=10_000)
    """Diagonals of one alignment that are looked at."""
    least: Count = 5
    """An item of fewer words is not matchable."""
    short: Factor = 20
    """The score of an item of fewer words is raised to the power of short / words."""
    plain_agrees: Share = 0.8
    """A hit is a variant if this share of the words that are neither numbers nor capitalised agrees
    ...
    """
    numbers_differ: Share = 0.5
    """... and other numbers have taken the place of this share of the numbers."""
    floor: Share = 0.4
    """Pairs that score less are not kept; of those under the threshold, copies with sparse seeds
    are not found.
    """

    def rule(self) -> Rule:
        """What the kernels need of it."""
        return Rule(
            self.misses,
            self.chains,
            self.floor,
            float(self.short),
            self.plain_agrees,
            self.numbers_differ,
        )


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


def _holders(
    values: np.ndarray, owners: np.ndarray, n_owners: int
) -> tuple[np.ndarray, np.ndarray]:
    """The number of each value among the distinct ones, and how many owners each distinct one has."""
    found, numbers = np.unique(values, return_inverse=True)
    pairs = distinct(numbers.astype(np.int64) * n_owners + owners)
    return numbers, np.bincount(pairs // n_owners, minlength=len(found))


def _seeds(
    hashes: np.ndarray, word_item: np.ndarray, n_words: np.ndarray, settings: RobustSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hashes of the seeds, and their postings: positions sorted by seed, and where those of
    each begin.
    """
    windows, positions = window_hashes(hashes, word_item, settings.seed)
    numbers, holders = _holders(windows, word_item[positions], max(1, len(n_words)))
    rare = (holders[numbers] <= settings.shared) & (n_words[word_item[positions]] >= settings.least)
    windows, positions = windows[rare], positions[rare]
    order = np.lexsort((positions, windows))
    windows, positions = windows[order], positions[order]
    far = np.ones(len(windows), np.bool_)  # the first places of a seed within an item
    far[_REPEATS:] = (windows[_REPEATS:] != windows[:-_REPEATS]) | (
        word_item[positions[_REPEATS:]] != word_item[positions[:-_REPEATS]]
    )
    seeds, first = np.unique(windows[far], return_index=True)
    return (
        seeds,
        np.append(first, np.count_nonzero(far)).astype(np.int64),
        positions[far].astype(np.int32),
    )


def build_robust(
    items: Sequence[Sequence[str]], settings: RobustSettings | None = None
) -> RobustIndex:
    """Index items, each given as the texts of its fields; an item's text is its fields joined by
    one newline.
    """
    settings = settings or RobustSettings()
    data, starts, stops = lay_out(field for item in items for field in item)
    words = words_of_all(data, starts, stops)
    item_fields = np.concatenate(
        [[0], np.cumsum([len(item) for item in items], dtype=np.int64)]
    ).astype(np.int64)
    n_words = np.diff(words.first[item_fields]).astype(np.int32)
    word_item = np.repeat(np.arange(len(items), dtype=np.int32), n_words)
    numbers, holders = _holders(words.hashes, word_item, max(1, len(items)))
    nats = np.log1p(len(items) / np.maximum(holders, 1))[numbers]
    heaviest = np.bincount(word_item, nats, len(items)).max(initial=1.0)
    weights = np.round(min(_UNIT, _HEAVIEST / heaviest) * nats).astype(np.int64)
    seeds, postings_first, postings = _seeds(words.hashes, word_item, n_words, settings)
    around = np.concatenate([[0], np.cumsum(weights)])
    leaders = postings[postings_first[:-1]]
    seed_weights = around[leaders + settings.seed] - around[leaders]
    held = np.zeros(len(weights), np.bool_)
    for j in range(settings.seed):
        held[postings + j] = True
    reachable = np.bincount(word_item, weights * held, len(items))
    slots = np.zeros((power_of_two(2 * len(seeds)), 2), np.uint64)
    fill_slots(slots, seeds, leaders)
    number_hashes, number_values = number_words()
    kinds = word_kinds(data, words.begins)
    kinds[np.isin(words.hashes, number_hashes[~np.isin(number_values, (AND, 1))])] = NUMBER
    table = Items(
        n=settings.seed,
        data=data,
        begins=words.begins,
        ends=words.ends,
        hashes=words.hashes,
        points=token_points(data, starts, words, field_offsets(items)),
        weights=weights,
        kinds=kinds,
        number_hashes=number_hashes,
        number_values=number_values,
        word_item=word_item,
        first=words.first[item_fields],
        field_first=words.first,
        item_fields=item_fields,
        needs=np.maximum(1, settings.need * reachable).astype(np.int64),
        reaches=np.maximum(settings.seed, settings.reach * n_words).astype(np.int64),
        bloom=make_bloom(seeds, _SEED_BITS),
        slots=slots,
        seeds=np.stack([postings_first[:-1], postings_first[1:], seed_weights], axis=1).astype(
            np.int32
        ),
        postings=np.stack([postings, word_item[postings]], axis=1),
    )
    return RobustIndex(table, settings, n_words, (n_words >= settings.least) & (reachable > 0))


def match_robust(turns: Stretches, index: RobustIndex) -> list[Matches]:
    """Match a run of records against an index; the pairs from the floor on, by record, then by
    item.
    """
    ahead.wait()
    out, scores, doc_spans, item_spans = scan(turns, index.items, index.settings.rule())
    docs, items = out[:, 0].astype(np.int32), out[:, 1].astype(np.int32)
    doc_first, item_first = (np.concatenate([[0], out[:, column]]) for column in (3, 4))
    return [
        Matches(
            docs,
            items,
            scores,
            doc_first,
            doc_spans,
            item_first,
            item_spans,
            out[:, 2].astype(np.int8),
        )
    ]
