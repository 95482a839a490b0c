"""Hits of n-grams are judged by the rule of `robust` where they were found, in records of any length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from curate.matching.index import build_index
from curate.matching.ngram import LABELS, match
from curate.matching.robust import UNDECIDED, build_robust, labels_of
from tests.matching.samples import Item, Record, lay_out

BAKER = (
    "A baker in Ulm sells 24 loaves of the rye bread in the morning and 18 of the rolls in the day. "
    "Each of the loaves costs the baker 4 coins, and each of the rolls costs the baker 2. How many "
    "of the coins does she take in that day, and how many of the loaves are left in the evening?"
)
PHRASE = " ".join(BAKER.split()[:9])


def judged(records: Sequence[Record], items: Sequence[Item]) -> dict[tuple[int, int], str | None]:
    """The label of every pair that n-grams find."""
    turns, index = lay_out(records), build_robust(items)
    parts, _ = match(turns, build_index(items, 8, 0.5).table)
    return {
        (int(doc), int(item)): LABELS[label]
        for part in parts
        for doc, item, label in zip(
            part.docs, part.items, labels_of(turns, part, index), strict=True
        )
    }


def test_a_long_item_of_few_words_is_named_and_never_called_a_template() -> None:
    item = " ".join(f"w{word}" for word in np.random.default_rng(0).integers(0, 20, 12_000))
    undecided = build_robust([[item], [BAKER]]).undecided
    assert [UNDECIDED[why] for why in undecided] == [
        "too long for words that are all said so often",
        None,
    ]
    records = [[f"Please read this. {item} What is it about?"], [BAKER]]
    assert judged(records, [[item], [BAKER]]) == {(0, 0): None, (1, 1): "leak"}


@pytest.mark.parametrize("phrase", [PHRASE, f"{PHRASE} " * 60])
def test_a_copy_far_from_other_pieces_of_the_item_is_judged_where_it_stands(phrase: str) -> None:
    """What lies between has more words of the item than an alignment could look at."""
    far = "the baker, " * 200_000
    turns = [f"{phrase} {far}", f"Read this: {BAKER}", f"{far} {phrase}"]
    assert judged([turns], [[BAKER]]) == {(0, 0): "leak"}
    other = BAKER.replace("24", "31").replace("18", "7").replace("4 coins", "9 coins")
    other = other.replace("baker 2", "baker 5")
    assert judged([[turns[0], other, turns[2]]], [[BAKER]]) == {(0, 0): "variant"}


def test_pieces_that_lie_far_apart_are_no_leak() -> None:
    words, far = BAKER.split(), "and so it goes on " * 100
    pieces = [" ".join(words[i : i + 9]) for i in range(0, len(words), 9)]
    assert judged([[far.join(f"{piece} " for piece in pieces)]], [[BAKER]]) == {(0, 0): "template"}
    assert judged([[BAKER]], [[BAKER]]) == {(0, 0): "leak"}
