"""The matcher `minhash`: scanned text whose word shingles are mostly those of an item, and the
other way round.

The score of a record and an item is the Jaccard value of their sets of shingles: shared ones over
all. Compared are each scanned turn and, where there are several, all scanned turns of the record
together; the best of these counts. An item's text is all its fields joined by a newline. So an item
inside a long text is not found (the long text has many shingles of its own): that is what n-grams
are for. A text that was edited here and there as a whole is.

Candidates come from locality-sensitive hashing: they share a band of their MinHash signatures. Each
is confirmed with the exact Jaccard value, so there are no false alarms of hashing; a pair may be
missed, with a chance that depends on its Jaccard value alone (`curate.text.minhash.chance`; at the
default settings 0.7 % at 0.5, the threshold). As confirming is cheap, the bands are those that
datasketch takes for a lower threshold than the one of hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from curate.kernels.minhash import (
    ShingleSets,
    band_keys,
    candidates,
    jaccards,
    shingle_sets,
    signatures,
    some_sets,
)
from curate.kernels.texts import Stretches
from curate.matching.ngram import STORED_FROM, Matches
from curate.matching.pairs import pairs, whole_items, whole_turns
from curate.matching.settings import MatcherSettings, Share, Window
from curate.text.buffer import lay_out
from curate.text.minhash import optimal_bands, permutations


class MinhashSettings(MatcherSettings):
    """A pair is a hit if its Jaccard value exceeds `threshold`; bands are datasketch's for
    `bands_for`.
    """

    shingle: Window = 3
    """Tokens of a shingle."""
    threshold: Share = 0.5
    bands_for: Share = 0.3
    places: int = Field(default=128, ge=1, le=4096)
    """Length of a signature (datasketch's num_perm)."""
    seed: int = Field(default=1, ge=0, le=2**31)


@dataclass(frozen=True)
class MinhashIndex:
    """The items' shingles and, band by band, the keys of the matchable ones in ascending order."""

    settings: MinhashSettings
    sets: ShingleSets
    keys: np.ndarray  # uint64 [bands, matchable items]
    items: np.ndarray  # int32 [bands, matchable items]: whose key it is
    sizes: np.ndarray  # int64 [2]: the fewest and the most shingles of an item
    spans: np.ndarray  # int32 [items, 2]
    matchable: np.ndarray  # bool [items]: those with a token


def build_minhash(items: Sequence[Sequence[str]], settings: MinhashSettings) -> MinhashIndex:
    """Index items, each given as the texts of its fields."""
    data, starts, stops = lay_out("\n".join(item) for item in items)
    sets = shingle_sets(
        data, starts, stops, np.arange(len(items), dtype=np.int32), len(items), settings.shingle
    )
    sizes = np.diff(sets.first)
    known = np.flatnonzero(sizes)
    keys = np.ascontiguousarray(_keys(sets, settings)[known].T)
    order = np.argsort(keys, axis=1, kind="stable")
    return MinhashIndex(
        settings=settings,
        sets=sets,
        keys=np.take_along_axis(keys, order, axis=1),
        items=known[order].astype(np.int32),
        sizes=np.array([sizes[known].min(initial=1), sizes.max(initial=0)], np.int64),
        spans=whole_items(items),
        matchable=sizes > 0,
    )


def _keys(sets: ShingleSets, settings: MinhashSettings) -> np.ndarray:
    signed = signatures(sets, permutations(settings.places, settings.seed))
    found: np.ndarray = band_keys(signed, *optimal_bands(settings.bands_for, settings.places))
    return found


def _similar(sets: ShingleSets, index: MinhashIndex) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(text, item, Jaccard value) of every candidate that scores at least STORED_FROM."""
    sizes = np.diff(sets.first)
    # Of two sets, the smaller over the larger is the most their Jaccard value can be.
    able = np.flatnonzero(
        (sizes > 0)
        & (sizes >= STORED_FROM * index.sizes[0])
        & (sizes * STORED_FROM <= index.sizes[1])
    )
    keys = _keys(some_sets(sets, able), index.settings)
    found = candidates(keys, index.keys, index.items, len(index.matchable))
    texts, items = able[found[:, 0]], found[:, 1]
    scores = jaccards(sets, texts, index.sets, items)
    kept = scores >= STORED_FROM
    return texts[kept], items[kept], scores[kept]


def match_minhash(turns: Stretches, index: MinhashIndex) -> list[Matches]:
    """The pairs of a record and an item that hashing proposes and that score at least STORED_FROM,
    as one `Matches`.

    Label `leak`. The spans are whole: of the turn that scores best, or of all scanned turns of the
    record where these together score better; and of the item."""
    n = len(turns.starts)
    if not n or not index.keys.size:
        return []
    new = np.append(True, np.diff(turns.docs) != 0)
    records, record_of = np.flatnonzero(new), np.cumsum(new) - 1
    alone = np.bincount(record_of)[record_of] == 1
    several = np.unique(record_of[~alone])  # the records whose turns are also compared together
    together = np.flatnonzero(~alone)
    # The texts: every turn, then the records of several turns.
    texts = np.append(np.arange(n), n + np.searchsorted(several, record_of[together])).astype(
        np.int64
    )
    starts, stops = (np.append(column, column[together]) for column in (turns.starts, turns.stops))
    sets = shingle_sets(turns.data, starts, stops, texts, n + len(several), index.settings.shingle)
    found, items, scores = _similar(sets, index)
    if not len(found):
        return []
    owner = np.append(record_of, several)[found]
    order = np.lexsort(
        (found, -scores, items, owner)
    )  # the best text of each pair first, a turn before all of them
    first = np.append(True, (np.diff(owner[order]) != 0) | (np.diff(items[order]) != 0))
    best = order[first]
    found, items, scores, owner = found[best], items[best], scores[best], owner[best]
    begin = np.where(found < n, found, records[owner])
    size = np.where(found < n, 1, np.bincount(record_of)[owner])
    rows = np.repeat(np.arange(len(found)), size)
    places = begin[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
    spans = whole_turns(turns, places)
    return [pairs(turns.docs[places], items[rows], scores[rows], spans, index.spans, "leak")]
