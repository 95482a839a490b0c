"""Verdicts go with two texts: they apply wherever both stand, and say why where they do not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curate.items import Item, item_text
from curate.kernels.hashing import hash_rows
from curate.matching.exact import ExactSettings, build_exact, match_exact
from curate.matching.ngram import LABELS, NO_MATCHES, Matches
from curate.records import MESSAGES
from curate.steps.decontaminate.found import VERDICTS, hits_of, judge
from curate.steps.decontaminate.verdict_use import Given, ready, seen_by, verdicts_of, void
from curate.turns import all_turns
from curate.verdicts import Ruling, item_hash

ITEMS = [
    Item("a", "a/0", ("Which tree is the oldest?",)),
    Item("a", "a/1", ("Which tree is", "the tallest?")),
    Item("b", "b/renamed", ("Which tree is the oldest?",)),
]
TEXTS = [
    "which tree is the oldest",
    "Which tree is the tallest?",
    "Which tree is the oldest?",
    "Anything else",
] * 2


def matched(texts: list[str]) -> tuple[Matches, np.ndarray]:
    """The pairs of equal texts, and the content hash of every record."""
    rows = [[{"role": "user", "content": text}] for text in texts]
    turns = all_turns("prompt", pa.table({"prompt": pa.array(rows, MESSAGES)}))
    hashes = hash_rows(
        *turns.stretches[:3], turns.roles + 8 * turns.columns, turns.stretches.docs, turns.n_docs
    )
    found = match_exact(
        turns.only(["user"]), build_exact([item.fields for item in ITEMS], ExactSettings())
    )
    return (found[0] if found else NO_MATCHES), hashes


def verdict(text: str, item: Item, said: str = "allowed") -> Ruling:
    """What a person said of a text and an item, under ids that no longer hold."""
    _, hashes = matched([text])
    high, low = hashes[0].tolist()
    return Ruling(
        "gone/77", "gone/item", said, None, f"{high:016x}{low:016x}", item_hash(item_text(item))
    )


def applied(
    *verdicts: Ruling, texts: list[str] = TEXTS
) -> tuple[dict[tuple[int, int], str], list[str | None]]:
    """What was said of every pair, and why each verdict is void."""
    pairs, hashes = matched(texts)
    given = ready(verdicts, ITEMS)
    codes, times = verdicts_of(pairs, hashes, given)
    places = zip(pairs.docs.tolist(), pairs.items.tolist(), codes.tolist(), strict=True)
    said = {(doc, item): VERDICTS[code] for doc, item, code in places}
    assert sum(times.tolist()) >= sum(one is not None for one in said.values())
    return {at: one for at, one in said.items() if one is not None}, void(
        given, times, seen_by(hashes, given)
    )


def test_a_verdict_applies_to_equal_texts_whatever_their_ids() -> None:
    """Rows 2 and 6 have the text, items 0 and 2 too; row 0 differs in case, which is another text."""
    said, reasons = applied(verdict(TEXTS[2], ITEMS[0]))
    assert said == dict.fromkeys([(2, 0), (2, 2), (6, 0), (6, 2)], "allowed")
    assert reasons == [None]


def test_each_verdict_keeps_to_its_own_pair() -> None:
    said, reasons = applied(
        verdict(TEXTS[1], ITEMS[1], "leak"), verdict(TEXTS[0], ITEMS[2], "false-alarm")
    )
    assert said == dict.fromkeys([(1, 1), (5, 1)], "leak") | dict.fromkeys(
        [(0, 0), (0, 2), (4, 0), (4, 2)], "false-alarm"
    )
    assert reasons == [None, None]


def test_of_two_verdicts_on_one_pair_the_later_one_holds() -> None:
    said, reasons = applied(
        verdict(TEXTS[1], ITEMS[1], "leak"), verdict(TEXTS[1], ITEMS[1], "allowed")
    )
    assert set(said.values()) == {"allowed"}
    assert reasons == [None, None]


def test_every_reason_to_be_void() -> None:
    verdicts = [
        verdict(TEXTS[2], Item("a", "a/0", ("Which tree was the oldest?",))),
        verdict("Which tree is the oldest then?", ITEMS[0]),
        verdict(TEXTS[3], ITEMS[0]),
        verdict("No such row", Item("a", "a/0", ("No such item",))),
    ]
    said, reasons = applied(*verdicts)
    no_item, no_row = "no item of the suite has this text any more", "no row has this text any more"
    assert said == {}
    assert reasons == [no_item, no_row, "no matcher pairs the two any more", no_item]


def test_fields_are_one_text() -> None:
    joined = Item("a", "a/9", ("Which tree is\nthe tallest?",))
    assert applied(verdict(TEXTS[1], joined))[1] == [None]
    other = Item("a", "a/9", ("Which tree is the tallest?",))
    assert applied(verdict(TEXTS[1], other))[1] == ["no item of the suite has this text any more"]


def test_no_verdicts_and_no_pairs() -> None:
    pairs, hashes = matched(TEXTS)
    codes, times = verdicts_of(pairs, hashes, ready([], ITEMS))
    assert (set(codes.tolist()), times.tolist(), void(ready([], ITEMS), times, times > 0)) == (
        {0},
        [],
        [],
    )
    given = ready([verdict(TEXTS[2], ITEMS[0])], ITEMS)
    codes, times = verdicts_of(NO_MATCHES, hashes, given)
    assert (codes.tolist(), times.tolist()) == ([], [0])


def test_many_verdicts_are_looked_up_as_one_by_one() -> None:
    """Hashes of two bits each, so that first halves alone often meet, and records are there twice."""
    rng = np.random.default_rng(7)
    hashes = rng.integers(0, 4, (60, 2)).astype(np.uint64)
    docs = rng.integers(0, 60, 400).astype(np.int32)
    pairs = NO_MATCHES._replace(docs=docs, items=rng.integers(0, 3, 400).astype(np.int32))
    given = Given(
        np.arange(30), rng.integers(0, 5, (30, 2)).astype(np.uint64),
        rng.integers(-1, 3, 30).astype(np.int32), rng.integers(1, 4, 30).astype(np.int8), 30,
    )  # fmt: skip
    codes, times = verdicts_of(pairs, hashes, given)
    wanted, applied = np.zeros(400, np.int8), np.zeros(30, np.int64)
    for line, (doc, item) in enumerate(zip(given.docs.tolist(), given.items.tolist(), strict=True)):
        for pair in range(400):
            if hashes[docs[pair]].tolist() == doc and pairs.items[pair] == item:
                wanted[pair] = given.codes[line]
                applied[line] += 1
    assert codes.tolist() == wanted.tolist()
    assert times.tolist() == applied.tolist()
    there = [doc in hashes.tolist() for doc in given.docs.tolist()]
    assert seen_by(hashes, given).tolist() == there


# ---- what a verdict makes of a pair


@pytest.mark.parametrize("label", range(len(LABELS)))
@pytest.mark.parametrize("given", VERDICTS)
@pytest.mark.parametrize(("score", "hit"), [(0.5, False), (0.6, True)])
def test_a_pair_counts_by_its_verdict_and_else_by_its_label(
    score: float, hit: bool, given: str | None, label: int
) -> None:
    one = NO_MATCHES._replace(
        docs=np.array([3], np.int32), items=np.array([7], np.int32), scores=np.array([score]),
        labels=np.array([label], np.int8),
    )  # fmt: skip
    judged = judge("robust", 0.5, one, np.array([VERDICTS.index(given)], np.int8))
    by_rule = hit and LABELS[label] in (None, "leak")
    wanted = {None: by_rule, "leak": True, "false-alarm": False, "allowed": False}[given]
    assert (judged.hit.tolist(), judged.counts.tolist()) == ([hit], [wanted])
    assert hits_of([judged]).rows.tolist() == [3] * wanted
