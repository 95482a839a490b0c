"""The matcher `semantic`: turns that seem to say what an item says, in other words. Suspects, never
proof.

The score of a turn and an item is (cosine + w · agreement) / (1 + w): the cosine of their
embeddings, and how far the numbers of both texts agree (`curate.text.numbers`; 0.5 where neither
has any). The cosine alone cannot tell a paraphrase of a question from another question about the
same things; their numbers can. Weight and threshold were chosen by measurement, for
all-MiniLM-L6-v2 (benchmarks/recall/SEMANTIC.md); another model needs a threshold of its own.

Each turn is compared with all items, by matrix products; of each turn the `top` nearest items are
looked at. What lies beyond the first words that the model reads is not seen, and an item inside a
long turn is hardly seen either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from curate.matching.embed import Embed
from curate.matching.ngram import Matches
from curate.matching.pairs import pairs, whole_items, whole_turns
from curate.matching.settings import Count, MatcherSettings, Share
from curate.text.numbers import agreement, numbers
from curate.turns import Stretches

_BLOCK = 1 << 24
"""Cosines in memory at a time."""


class SemanticSettings(MatcherSettings):
    """A pair is a suspect if its score exceeds `threshold`; those from `stored_from` on are kept."""

    threshold: Share = 0.765
    numbers: Share = 0.2
    """The weight of agreeing numbers beside the cosine's 1."""
    top: Count = 10
    stored_from: Share = 0.7
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A model of sentence-transformers (a folder, or a name on the Hub), or that of the server."""
    server: str | None = None
    """Where a server answers like OpenAI's `/embeddings`."""
    cache: str | None = Field(default=None, exclude=True)
    """A folder that keeps embeddings from one run to the next: where, not what."""


@dataclass(frozen=True)
class SemanticIndex:
    """The items' embeddings and numbers."""

    settings: SemanticSettings
    embed: Embed
    vectors: np.ndarray  # float32 [matchable items, dimensions]
    items: np.ndarray  # int32: which items these are
    numbers: list[Counter[str]]
    spans: np.ndarray  # int32 [items, 2]
    matchable: np.ndarray  # bool [items]: those with any text


def build_semantic(
    items: Sequence[Sequence[str]], settings: SemanticSettings, embed: Embed
) -> SemanticIndex:
    """Embed items, each given as the texts of its fields, with `embed` (see
    `curate.matching.embed`).
    """
    texts = ["\n".join(item) for item in items]
    matchable = np.array([bool(text.strip()) for text in texts], np.bool_)
    known = np.flatnonzero(matchable).astype(np.int32)
    own = [texts[i] for i in known]
    vectors = embed(own) if own else np.empty((0, 0), np.float32)
    return SemanticIndex(
        settings, embed, vectors, known, list(map(numbers, own)), whole_items(items), matchable
    )


def _nearest(
    vectors: np.ndarray, index: SemanticIndex
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(text, place of the item, cosine) of the `top` items nearest to each text that can reach
    `stored_from`.
    """
    weight, top = index.settings.numbers, min(index.settings.top, len(index.items))
    least = index.settings.stored_from * (1 + weight) - weight
    found = []
    step = max(1, _BLOCK // len(index.items))
    for at in range(0, len(vectors), step):
        cosines = vectors[at : at + step] @ index.vectors.T
        # With all numbers in agreement, this is what a pair needs.
        texts = np.flatnonzero(cosines.max(axis=1) >= least)
        best = np.argpartition(-cosines[texts], top - 1, axis=1)[:, :top]
        values = np.take_along_axis(cosines[texts], best, axis=1)
        rows, columns = np.nonzero(values >= least)
        found.append((at + texts[rows], best[rows, columns], values[rows, columns]))
    texts, places, values = (np.concatenate(column) for column in zip(*found, strict=True))
    return texts, places, values


def match_semantic(turns: Stretches, index: SemanticIndex) -> list[Matches]:
    """The suspects among the turns, as one `Matches` (none if there are none): label `suspect`,
    whole texts as spans.

    Scores are rounded to four decimals: how texts are put together in batches changes the digits
    beyond."""
    raw = turns.data.tobytes()
    spoken = [
        raw[a:b].decode() for a, b in zip(turns.starts.tolist(), turns.stops.tolist(), strict=True)
    ]
    places = np.array([i for i, text in enumerate(spoken) if text.strip()], np.int64)
    if not len(places) or not len(index.items):
        return []
    texts = [spoken[i] for i in places]
    rows, own, cosines = _nearest(index.embed(texts), index)
    named = {row: numbers(texts[row]) for row in np.unique(rows).tolist()}
    agreed = [
        agreement(named[row], index.numbers[item])
        for row, item in zip(rows.tolist(), own.tolist(), strict=True)
    ]
    weight = index.settings.numbers
    scores = np.clip((cosines + weight * np.array(agreed, np.float64)) / (1 + weight), 0, 1).round(
        4
    )
    kept = scores >= index.settings.stored_from
    if not kept.any():
        return []
    found = places[rows[kept]]
    items = index.items[own[kept]]
    return [
        pairs(
            turns.docs[found],
            items,
            scores[kept],
            whole_turns(turns, found),
            index.spans,
            "suspect",
        )
    ]
