"""The matcher `exact`: a scanned turn that says what an item says and nothing else.

Two texts are equal if their token sequences are (`curate.text.tokenise`: lower case, cut at thirteen separators), so
case, line breaks, punctuation and blanks make no difference and everything else does. An item's text is all its fields
joined by a newline. This catches what n-grams never can: items of fewer than n tokens.

That a turn equals a very short item ("yes") means nothing. An item needs `min_tokens` tokens, or `min_points` code
points in its tokens for the sake of scripts without blanks; others are unmatchable, and `matchable` says which.

Hashes of token sequences only propose; every pair is confirmed token by token. Pure, without the GIL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.kernels.exact import extents, hash_turns, may_equal, openings, openings_of, same_tokens, token_point_counts
from curate.kernels.texts import Stretches, Tokens, tokenise_all
from curate.matching.index import distinct, make_bloom
from curate.matching.ngram import Matches
from curate.matching.pairs import pairs
from curate.text.buffer import lay_out

_BITS = 16


@dataclass(frozen=True)
class ExactSettings:
    """Items with fewer than `min_tokens` tokens and fewer than `min_points` code points in them are not looked for."""

    min_tokens: int = 3
    min_points: int = 12


@dataclass(frozen=True)
class ExactIndex:
    """The items' texts, their tokens, and the hashes of their token sequences in ascending order."""

    data: np.ndarray  # uint8
    tokens: Tokens
    hashes: np.ndarray  # uint64, ascending: those of matchable items
    items: np.ndarray  # int32: whose hash it is
    spans: np.ndarray  # int32 [items, 2]: from the first token to the last, in code points
    longest: int  # tokens of the longest item
    openings: np.ndarray  # uint64 words: Bloom filter of the first tokens of matchable items
    matchable: np.ndarray  # bool [items]


def build_exact(items: Sequence[Sequence[str]], settings: ExactSettings) -> ExactIndex:
    """Index items, each given as the texts of its fields."""
    data, starts, stops = lay_out("\n".join(item) for item in items)
    tokens = tokenise_all(data, starts, stops)
    n_tokens = np.diff(tokens.first)
    enough = (n_tokens >= settings.min_tokens) | (token_point_counts(data, tokens) >= settings.min_points)
    matchable = enough & (n_tokens > 0)
    longest = int(n_tokens.max(initial=0))
    known = np.flatnonzero(matchable)
    hashes = hash_turns(data, starts[known], stops[known], longest)
    order = np.argsort(hashes, kind="stable")
    spans = extents(data, starts, tokens)
    known_openings = make_bloom(distinct(openings_of(tokens, known)), _BITS)
    ids = known[order].astype(np.int32)
    return ExactIndex(data, tokens, hashes[order], ids, spans, longest, known_openings, matchable)


def match_exact(turns: Stretches, index: ExactIndex) -> list[Matches]:
    """Every turn that equals an item, as one `Matches` (none if nothing is found): score 1, label `leak`.

    The spans go from the first token to the last on both sides.
    """
    places = np.flatnonzero(may_equal(openings(turns.data, turns.starts, turns.stops), index.openings))
    hashes = hash_turns(turns.data, turns.starts[places], turns.stops[places], index.longest)
    low, high = (np.searchsorted(index.hashes, hashes, side) for side in ("left", "right"))
    known = high > low
    places, low, high = places[known], low[known], high[known]
    if not len(places):
        return []
    starts = turns.starts[places]
    tokens = tokenise_all(turns.data, starts, turns.stops[places])
    counts = high - low
    texts = np.repeat(np.arange(len(places)), counts)
    within = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    items = index.items[low[texts] + within]
    same = same_tokens(turns.data, tokens, texts, index.data, index.tokens, items)
    texts, items = texts[same], items[same]
    found = places[texts]
    spans = np.column_stack([turns.turns[found], extents(turns.data, starts, tokens)[texts]])
    return [pairs(turns.docs[found], items, np.ones(len(found)), spans, index.spans, "leak")] if len(found) else []
