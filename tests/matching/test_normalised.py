"""Disguised copies are found where they stand; other questions in the same disguise are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recall.disguises import DISGUISES
from curate.items import Item
from curate.matching.matchers import build_matchers, match_all
from curate.matching.normalised import _text, n_as_they_are, normalised
from curate.matching.profile import PROFILES
from curate.text.buffer import lay_out as lay
from curate.text.normalise import normalise
from tests.matching import samples
from tests.matching.samples import lay_out, pairs_of
from tests.matching.test_matchers import ALL, as_items
from tests.soak import examples
from tests.text.samples import AT_LINE_ENDS, texts

QUESTION = (
    "The ferry carries 340 passengers a day from the harbour, and a third of them come back in the evening. "
    "How many passengers stay on the island after four days of clear weather?"
)
OTHER = (
    "A gardener plants 18 tulips in every row, but the frost takes two of each nine overnight. If there are eleven "
    "rows behind the greenhouse, what is the number of flowers that she can still sell?"
)


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguised_copy_is_found_where_it_stands_and_a_control_is_not(name: str) -> None:
    matchers = build_matchers([Item("a", "a/0", (QUESTION,))], PROFILES["default"])
    leak, control = DISGUISES[name](QUESTION), DISGUISES[name](OTHER)
    found, counts = match_all(lay_out([["Plain words."], [f"Hello. {leak}"], [control]]), matchers)
    assert (
        counts.tolist()
        == match_all(lay_out([["Plain words."], [f"Hello. {leak}"], [control]]), RAW)[1].tolist()
    )
    for matcher in ("ngram", "robust"):
        [(key, pair)] = pairs_of(found[matcher]).items()
        assert key == (1, 0) and pair.score > 0.9, (matcher, pair)
        start, stop = pair.record_spans[0][1], pair.record_spans[-1][2]
        covered = f"Hello. {leak}"[start:stop]
        assert len(covered) > 0.9 * len(leak) and "Hello" not in covered
        assert all(0 <= a < b <= len(QUESTION) for a, b in pair.item_spans)


RAW = build_matchers([Item("a", "a/0", (QUESTION,))], PROFILES["tulu3"])


def test_an_item_in_disguise_is_found_in_plain_text_and_its_span_is_its_own() -> None:
    item = "“" + DISGUISES["soft hyphens"](QUESTION)
    matchers = build_matchers([Item("a", "a/0", ("x\u00ad", item))], PROFILES["default"])
    found, _ = match_all(lay_out([["x\n" + QUESTION]]), matchers)
    for pairs in found.values():
        [pair] = pairs_of(pairs).values()
        spans = [("x\u00ad\n" + item)[start:stop] for start, stop in pair.item_spans]
        assert spans[-1].removesuffix("?").endswith("cl\u00adear we\u00adather")


@examples(40)
@given(samples.samples())
def test_plain_text_gives_what_it_gives_without(
    sample: tuple[list[samples.Record], list[samples.Item]],
) -> None:
    records, fields = sample
    turns = lay_out(
        [[text.replace("\t", " ").replace("\r", " ") for text in own] for own in records]
    )
    if n_as_they_are(turns):
        return
    raw, read = (
        build_matchers(as_items(fields), profile)
        for profile in (replace(ALL, normalise=False), ALL)
    )
    if read.normalised is None or read.normalised.changed.any():
        return
    a, b = match_all(turns, raw), match_all(turns, read)
    assert {name: pairs_of(own) for name, own in a[0].items()} == {
        name: pairs_of(own) for name, own in b[0].items()
    }
    assert np.array_equal(a[1], b[1])


def test_rows_in_both_ways_come_in_their_order() -> None:
    rows = [[QUESTION], [DISGUISES["accents"](QUESTION)], ["é", QUESTION], [QUESTION]]
    matchers = build_matchers([Item("a", "a/0", (QUESTION,))], PROFILES["default"])
    found, counts = match_all(lay_out(rows), matchers)
    assert counts.tolist() == [len(QUESTION.split())] * 2 + [1] + [len(QUESTION.split())] * 2
    for pairs in found.values():
        own = pairs_of(pairs)
        assert list(own) == [(0, 0), (1, 0), (2, 0), (3, 0)]
        assert own[2, 0].record_spans[0][0] == 1


@examples(100)
@given(st.lists(st.one_of(texts(), st.text(st.sampled_from(AT_LINE_ENDS))), max_size=4))
def test_texts_that_are_read_are_those_whose_parts_go_back(own: list[str]) -> None:
    read = normalised(lay(own))
    assert [_text(read, i) for i in range(len(own))] == [normalise(text) for text in own]


@pytest.mark.parametrize(
    "before",
    ["w\u0336e\u0336l\u0336l\u0336-\u0336\nk\u0336nown. ", "Grade B-\nᵃ with retakes. ", "Qué-◌\u0301\nx? "],
)  # fmt: skip
def test_spans_behind_a_hyphen_at_a_line_end_are_those_of_the_copy(before: str) -> None:
    matchers = build_matchers([Item("a", "a/0", (before + QUESTION,))], PROFILES["default"])
    found, _ = match_all(lay_out([[before + QUESTION], ["é " + QUESTION]]), matchers)
    whole = len(before + QUESTION)
    for pair in pairs_of(found["ngram"]).values():
        assert pair.item_spans[-1][1] == whole - 1
    assert pairs_of(found["ngram"])[0, 0].record_spans[-1][2] == whole - 1


@pytest.mark.parametrize("other", ["Is 3 = 4 for all?", "Is 3 \u0338= 4 for all?"])
def test_a_sign_and_its_negation_are_no_copies(other: str) -> None:
    matchers = build_matchers([Item("a", "a/0", ("Is 3 ≠ 4 for all?",))], PROFILES["default"])
    found, _ = match_all(lay_out([[other], ["Is 3 =\u0338 4 for all?"]]), matchers)
    assert list(pairs_of(found["exact"])) == [(1, 0)]
