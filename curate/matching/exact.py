"""The matcher `exact`: a scanned turn that says what an item says and nothing else; of a short item,
a line or sentence of a turn too.

Two texts are equal if their token sequences are (`curate.text.tokenise`: lower case, cut at
thirteen separators), so case, line breaks, punctuation and blanks make no difference and everything
else does. An item's text is all its fields joined by a newline. This catches what n-grams never
can: items of fewer than n tokens.

An item of up to `in_lines` tokens, and of up to a few hundred bytes, is also found where it stands
in lines or sentences of its own (`curate.kernels.exact.lines`): behind `Question:`, say. Within a
sentence its words are a common phrase.

That a turn equals a very short item ("yes") means nothing. An item needs `min_tokens` tokens, or
`min_points` code points in its tokens for the sake of scripts without blanks; others are
unmatchable, and `matchable` says which.

Hashes of token sequences only propose; every pair is confirmed token by token. Pure, without the
GIL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from curate.kernels.exact import beginnings, hash_texts, lines, may_equal, same_tokens
from curate.kernels.texts import Stretches, Tokens, extents, point_lengths, tokenise_all
from curate.matching.index import distinct, make_bloom
from curate.matching.ngram import Matches
from curate.matching.pairs import pairs
from curate.matching.settings import Count, MatcherSettings
from curate.text.buffer import lay_out

_BITS = 16
_LONGEST, _ROOM = 256, 8
"""Bytes of an item that is looked for in lines, and by how many more a line may be longer: by
punctuation and blanks.
"""


class ExactSettings(MatcherSettings):
    """Items with fewer than `min_tokens` tokens and fewer than `min_points` code points in them are
    not looked for.
    """

    min_tokens: Count = 3
    min_points: Count = 12
    in_lines: int = Field(default=7, ge=0, le=64)
    """Items of up to so many tokens are found in lines and sentences of turns too."""


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
    short: np.ndarray  # bool [items]: matchable, and found in lines
    sizes: np.ndarray  # int64 [3]: of lines to look at, least and most bytes, and most tokens
    beginnings: np.ndarray  # bool: how short items begin


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
    n_bytes = stops - starts
    short = matchable & (n_tokens <= settings.in_lines) & (n_bytes <= _LONGEST)
    sizes = (
        (n_points[short] + n_tokens[short] - 1).min(initial=_LONGEST),
        (n_bytes[short] + _ROOM).max(initial=0),
        n_tokens[short].max(initial=0),
    )
    begins = tokens.begins[tokens.first[:-1][short]]
    some = np.flatnonzero(n_tokens)
    spans = np.zeros((len(starts), 2), np.int32)
    spans[some] = _spans(data, starts[some], tokens, some)
    return ExactIndex(
        data=data,
        tokens=tokens,
        hashes=hashes[order],
        items=known[order].astype(np.int32),
        spans=spans,
        openings=make_bloom(distinct(openings), _BITS),
        matchable=matchable,
        short=short,
        sizes=np.array(sizes, np.int64),
        beginnings=beginnings(data, begins, stops[short]),
    )


def _spans(data: np.ndarray, starts: np.ndarray, tokens: Tokens, texts: np.ndarray) -> np.ndarray:
    """From the first token of `texts` to the last, in code points of what begins at `starts`: int32
    [texts, 2].
    """
    begins, ends = tokens.begins[tokens.first[texts]], tokens.ends[tokens.first[texts + 1] - 1]
    own = extents(data, starts, begins, ends)
    own[:, 1] += own[:, 0]
    return own


def match_exact(turns: Stretches, index: ExactIndex) -> list[Matches]:
    """Every turn that equals an item, and every line that equals a short one, as one `Matches` (none
    if nothing is found): score 1, label `leak`.

    The spans go from the first token to the last on both sides.
    """
    everything = np.arange(len(turns.starts))
    found, items, spans = _equal(turns, everything, turns.starts, turns.stops, index)
    if index.short.any():
        least, longest, most = index.sizes.tolist()
        known = index.beginnings
        own = lines(turns.data, turns.starts, turns.stops, least, longest, most, known)
        owners, starts, stops = np.ascontiguousarray(own.T)
        of, more, its = _equal(turns, owners, starts, stops, index)
        few = index.short[more]
        found, items = np.append(found, of[few]), np.append(items, more[few])
        spans = np.concatenate([spans, its[few]])
    if not len(found):
        return []
    # A line and what follows it without a token are equal to the same item in the same place.
    once = np.unique(np.column_stack([turns.docs[found], items, spans]), axis=0)
    docs, items, spans = once[:, 0], once[:, 1], once[:, 2:]
    return [pairs(docs, items, np.ones(len(once)), spans, index.spans, "leak")]


def _equal(
    turns: Stretches, owners: np.ndarray, starts: np.ndarray, stops: np.ndarray, index: ExactIndex
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of parts of turns that equal an item: the turn's place, the item, and the span in the turn."""
    places = np.flatnonzero(may_equal(turns.data, starts, stops, index.openings))
    tokens = tokenise_all(turns.data, starts[places], stops[places])
    hashes = hash_texts(tokens)[:, 0]
    low, high = (np.searchsorted(index.hashes, hashes, side) for side in ("left", "right"))
    counts = high - low
    texts = np.repeat(np.arange(len(places)), counts)
    within = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    items = index.items[low[texts] + within]
    same = same_tokens(turns.data, tokens, texts, index.data, index.tokens, items)
    texts, items = texts[same], items[same]
    found = owners[places[texts]]
    once, which = np.unique(texts, return_inverse=True)  # in the order in which they stand
    spans = _spans(turns.data, turns.starts[owners[places[once]]], tokens, once)
    return found, items, np.column_stack([turns.turns[found], spans[which]])
