"""The matcher `exact`: a scanned turn that says what an item says and nothing else.

Two texts are equal if their token sequences are (`curate.text.tokenise`: lower case, cut at
thirteen separators), so case, line breaks, punctuation and blanks make no difference and everything
else does. An item's text is all its fields joined by a newline. This catches what n-grams never
can: items of fewer than n tokens.

That a turn equals a very short item ("yes") means nothing. An item needs `min_tokens` tokens, or
`min_points` code points in its tokens for the sake of scripts without blanks; others are
unmatchable, and `matchable` says which.

Hashes of token sequences only propose; every pair is confirmed token by token. Pure, without the
GIL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.kernels.exact import hash_texts, may_equal, same_tokens
from curate.kernels.texts import Stretches, Tokens, point_lengths, tokenise_all
from curate.matching.index import distinct, make_bloom
from curate.matching.ngram import Matches
from curate.matching.pairs import pairs
from curate.matching.settings import Count, MatcherSettings
from curate.text.buffer import lay_out

_BITS = 16


class ExactSettings(MatcherSettings):
    """Items with fewer than `min_tokens` tokens and fewer than `min_points` code points in them are
    not looked for.
    """

    min_tokens: Count = 3
    min_points: Count = 12


@dataclass(frozen=True)
class ExactIndex:
    """The items' texts, their tokens, and the hashes of their token sequences in ascending order."""

    data: np.ndarray  # uint8
    tokens: Tokens
    hashes: np.ndarray  # uint64, ascending: those of matchable items
    items: np.ndarray  # int32: whose hash it is
    spans: np.ndarray  # int32 [items, 2]: from the first token to the last, in code points
    openings: np.ndarray  # uint64 words: Bloom filter of the first tokens of matchable items
    matchable: np.ndarray  # bool [items]


def build_exact(items: Sequence[Sequence[str]], settings: ExactSettings) -> ExactIndex:
    """Index items, each given as the texts of its fields."""
    data, starts, stops = lay_out("\n".join(item) for item in items)
    tokens = tokenise_all(data, starts, stops)
    n_tokens = np.diff(tokens.first)
    points = np.append(0, np.cumsum(point_lengths(data, tokens.begins, tokens.ends)))
    n_points = np.diff(points[tokens.first])
    enough = (n_tokens >= settings.min_tokens) | (n_points >= settings.min_points)
    matchable = enough & (n_tokens > 0)
    known = np.flatnonzero(matchable)
    hashes, openings = hash_texts(tokens)[known].T
    order = np.argsort(hashes, kind="stable")
    return ExactIndex(
        data=data,
        tokens=tokens,
        hashes=hashes[order],
        items=known[order].astype(np.int32),
        spans=_extents(data, starts, tokens),
        openings=make_bloom(distinct(openings), _BITS),
        matchable=matchable,
    )


def _extents(data: np.ndarray, starts: np.ndarray, tokens: Tokens) -> np.ndarray:
    """From the first token of each text to its last, in code points of the text: int32 [texts, 2]."""
    out = np.zeros((len(starts), 2), np.int32)
    some = np.flatnonzero(np.diff(tokens.first))
    begins, ends = tokens.begins[tokens.first[some]], tokens.ends[tokens.first[some + 1] - 1]
    out[some, 0] = point_lengths(data, starts[some], begins)
    out[some, 1] = out[some, 0] + point_lengths(data, begins, ends)
    return out


def match_exact(turns: Stretches, index: ExactIndex) -> list[Matches]:
    """Every turn that equals an item, as one `Matches` (none if nothing is found): score 1, label
    `leak`.

    The spans go from the first token to the last on both sides.
    """
    places = np.flatnonzero(may_equal(turns.data, turns.starts, turns.stops, index.openings))
    starts = turns.starts[places]
    tokens = tokenise_all(turns.data, starts, turns.stops[places])
    hashes = hash_texts(tokens)[:, 0]
    low, high = (np.searchsorted(index.hashes, hashes, side) for side in ("left", "right"))
    counts = high - low
    texts = np.repeat(np.arange(len(places)), counts)
    within = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    items = index.items[low[texts] + within]
    same = same_tokens(turns.data, tokens, texts, index.data, index.tokens, items)
    texts, items = texts[same], items[same]
    if not len(texts):
        return []
    found = places[texts]
    spans = np.column_stack([turns.turns[found], _extents(turns.data, starts, tokens)[texts]])
    return [pairs(turns.docs[found], items, np.ones(len(found)), spans, index.spans, "leak")]
