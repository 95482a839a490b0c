"""Records, items and the matcher's answer in the plain shapes that the oracle speaks, and
strategies to draw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from curate.kernels.ngram import Table
from curate.matching.index import Index, build_index
from curate.matching.ngram import STORED_FROM, Matches, match
from curate.turns import Stretches

Record = list[str]
Item = list[str]


class Pair(NamedTuple):
    """What the matcher says of one record and one item."""

    score: float
    record_spans: list[tuple[int, int, int]]
    item_spans: list[tuple[int, int]]


def lay_out(records: Sequence[Record]) -> Stretches:
    """Lay turns one after the other into one buffer, as Arrow does; every turn is scanned."""
    turns = [
        (doc, place, text.encode())
        for doc, record in enumerate(records)
        for place, text in enumerate(record)
    ]
    stops = np.array(list(accumulate(len(text) for *_, text in turns)), np.int64)
    starts = stops - np.array([len(text) for *_, text in turns], np.int64)
    data = np.frombuffer(b"".join(text for *_, text in turns) or b"\0", np.uint8)
    docs, places = (np.array([turn[i] for turn in turns], np.int32) for i in (0, 1))
    return Stretches(data, starts, stops, docs, places)


def index_of(items: Sequence[Item], n: int) -> Index:
    """Index items under the published threshold."""
    return build_index(items, n, 0.5)


def pairs_of(found: Sequence[Matches]) -> dict[tuple[int, int], Pair]:
    """Read the arrays of the matcher pair by pair; a pair that comes twice would be a mistake."""
    pairs: dict[tuple[int, int], Pair] = {}
    for part in found:
        for i, (doc, item, score) in enumerate(
            zip(part.docs, part.items, part.scores, strict=True)
        ):
            in_doc = part.doc_spans[part.doc_first[i] : part.doc_first[i + 1]].tolist()
            in_item = part.item_spans[part.item_first[i] : part.item_first[i + 1]].tolist()
            assert (int(doc), int(item)) not in pairs
            pairs[int(doc), int(item)] = Pair(
                float(score), [(turn, a, b) for turn, a, b in in_doc], [(a, b) for a, b in in_item]
            )
    return pairs


def matched(
    records: Sequence[Record], table: Table, floor: float = STORED_FROM, room: int = 1 << 10
) -> dict[tuple[int, int], Pair]:
    """Match records against an index."""
    return pairs_of(match(lay_out(records), table, floor, room)[0])


# Few words, so that windows meet by chance; some differ only in case, one only in its last byte,
# two are one token because the Kelvin and the Ångström sign have lower-case letters elsewhere; İ
# and ẞ grow or shrink when lower-cased.
WORDS = "a b A B c é É \u212a k \u212b å İ ẞ Ⱥ 中 中文 😀 what's 3+4 antidisestablishmentarianism".split()
GAPS = [" ", "  ", ", ", "-", ".\n", '" (', "\\", "?!", " ; : "]

words = st.sampled_from(WORDS)
gaps = st.sampled_from(GAPS)


@st.composite
def phrases(draw: st.DrawFn, max_words: int = 12) -> list[str]:
    """Draw a run of words."""
    return draw(st.lists(words, min_size=1, max_size=max_words))


@st.composite
def samples(draw: st.DrawFn, max_words: int = 12) -> tuple[list[Record], list[Item]]:
    """Draw records and items that are put together from the same few phrases, each time with other
    gaps.
    """
    pool = draw(st.lists(phrases(max_words), min_size=1, max_size=4))

    def text(most: int) -> str:
        chosen = draw(st.lists(st.sampled_from(pool), max_size=most))
        run = [word for phrase in chosen for word in phrase]
        separators = draw(st.lists(gaps, min_size=1, max_size=3))
        return "".join(word + separators[i % len(separators)] for i, word in enumerate(run))

    records = [
        [text(4) for _ in range(draw(st.integers(1, 3)))] for _ in range(draw(st.integers(1, 4)))
    ]
    items = [
        [text(2) for _ in range(draw(st.integers(1, 3)))] for _ in range(draw(st.integers(1, 4)))
    ]
    return records, items
