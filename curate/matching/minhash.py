"""The matcher `minhash`: scanned text whose word shingles are mostly those of an item, and the other way round.

The score of a record and an item is the Jaccard value of their sets of shingles: shared ones over all. Compared are
each scanned turn and, where there are several, all scanned turns of the record together; the best of these counts. An
item's text is all its fields joined by a newline. So an item inside a long text is not found (the long text has many
shingles of its own): that is what n-grams are for. A text that was edited here and there as a whole is.

Candidates come from locality-sensitive hashing: they share a band of their MinHash signatures. Each is confirmed with
the exact Jaccard value, so there are no false alarms of hashing; a pair may be missed, with a chance that depends on
its Jaccard value alone (`curate.text.minhash.chance`; at the default settings 0.7 % at 0.5, the threshold). As
confirming is cheap, the bands are those that datasketch takes for a lower threshold than the one of hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.matching.ngram import STORED_FROM, Matches
from curate.matching.pairs import pairs, whole_items, whole_turns
from curate.text.buffer import lay_out
from curate.text.kernels import jit
from curate.text.minhash import (
    ShingleSets,
    band_keys,
    jaccard,
    optimal_bands,
    permutations,
    shingle_sets,
    signatures,
)
from curate.turns import Stretches


@dataclass(frozen=True)
class MinhashSettings:
    """A pair is a hit if its Jaccard value exceeds `threshold`; bands are datasketch's for `bands_for`."""

    shingle: int = 3
    """Tokens of a shingle."""
    threshold: float = 0.5
    bands_for: float = 0.3
    places: int = 128
    """Length of a signature (datasketch's num_perm)."""
    seed: int = 1


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
    sets = shingle_sets(data, starts, stops, np.arange(len(items), dtype=np.int32), len(items), settings.shingle)
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


@jit
def _some(sets: ShingleSets, texts: np.ndarray) -> ShingleSets:
    """The sets of some texts."""
    first = np.zeros(texts.size + 1, np.int64)
    for i in range(texts.size):
        first[i + 1] = first[i] + sets.first[texts[i] + 1] - sets.first[texts[i]]
    hashes = np.empty(first[texts.size], np.uint64)
    for i in range(texts.size):
        for j in range(first[i + 1] - first[i]):
            hashes[first[i] + j] = sets.hashes[sets.first[texts[i]] + j]
    return ShingleSets(hashes, first)


@jit
def _first(keys: np.ndarray, key: np.uint64) -> int:
    """Where `key` begins in ascending keys, or would."""
    low, high = 0, keys.size
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def _doubled(pairs: np.ndarray) -> np.ndarray:
    """A copy with room for twice as many pairs."""
    larger = np.empty((2 * pairs.shape[0], 2), np.int64)
    for i in range(pairs.shape[0]):
        larger[i, 0], larger[i, 1] = pairs[i, 0], pairs[i, 1]
    return larger


@jit
def _candidates(keys: np.ndarray, known: np.ndarray, items: np.ndarray, n_items: int) -> np.ndarray:
    """The pairs (text, item) that share a key of some band, each once: int64 [pairs, 2]."""
    pairs, k = np.empty((64, 2), np.int64), np.int64(0)
    seen = np.full(n_items, -1, np.int64)  # the last text that each item was found for
    for text in range(keys.shape[0]):
        for band in range(known.shape[0]):
            place = _first(known[band], keys[text, band])
            while place < known.shape[1] and known[band, place] == keys[text, band]:
                item = items[band, place]
                if seen[item] != text:
                    seen[item] = text
                    if k == pairs.shape[0]:
                        pairs = _doubled(pairs)
                    pairs[k, 0], pairs[k, 1] = text, item
                    k += 1
                place += 1
    return pairs[:k]


@jit
def _jaccards(sets: ShingleSets, texts: np.ndarray, others: ShingleSets, items: np.ndarray) -> np.ndarray:
    scores = np.empty(texts.size, np.float64)
    for i in range(texts.size):
        scores[i] = jaccard(sets, texts[i], others, items[i])
    return scores


def _similar(sets: ShingleSets, index: MinhashIndex) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(text, item, Jaccard value) of every candidate that scores at least STORED_FROM."""
    sizes = np.diff(sets.first)
    # Of two sets, the smaller over the larger is the most their Jaccard value can be.
    able = np.flatnonzero(
        (sizes > 0) & (sizes >= STORED_FROM * index.sizes[0]) & (sizes * STORED_FROM <= index.sizes[1])
    )
    keys = _keys(_some(sets, able), index.settings)
    candidates = _candidates(keys, index.keys, index.items, len(index.matchable))
    texts, items = able[candidates[:, 0]], candidates[:, 1]
    scores = _jaccards(sets, texts, index.sets, items)
    kept = scores >= STORED_FROM
    return texts[kept], items[kept], scores[kept]


def match_minhash(turns: Stretches, index: MinhashIndex) -> list[Matches]:
    """The pairs of a record and an item that hashing proposes and that score at least STORED_FROM, as one `Matches`.

    Label `leak`. The spans are whole: of the turn that scores best, or of all scanned turns of the record where these
    together score better; and of the item.
    """
    n = len(turns.starts)
    if not n or not index.keys.size:
        return []
    new = np.append(True, np.diff(turns.docs) != 0)
    records, record_of = np.flatnonzero(new), np.cumsum(new) - 1
    alone = np.bincount(record_of)[record_of] == 1
    several = np.unique(record_of[~alone])  # the records whose turns are also compared together
    together = np.flatnonzero(~alone)
    # The texts: every turn, then the records of several turns.
    texts = np.append(np.arange(n), n + np.searchsorted(several, record_of[together])).astype(np.int64)
    starts, stops = (np.append(column, column[together]) for column in (turns.starts, turns.stops))
    sets = shingle_sets(turns.data, starts, stops, texts, n + len(several), index.settings.shingle)
    found, items, scores = _similar(sets, index)
    if not len(found):
        return []
    owner = np.append(record_of, several)[found]
    order = np.lexsort((found, -scores, items, owner))  # the best text of each pair first, a turn before all of them
    first = np.append(True, (np.diff(owner[order]) != 0) | (np.diff(items[order]) != 0))
    best = order[first]
    found, items, scores, owner = found[best], items[best], scores[best], owner[best]
    begin = np.where(found < n, found, records[owner])
    size = np.where(found < n, 1, np.bincount(record_of)[owner])
    rows = np.repeat(np.arange(len(found)), size)
    places = begin[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
    spans = whole_turns(turns, places)
    return [pairs(turns.docs[places], items[rows], scores[rows], spans, index.spans, "leak")]
