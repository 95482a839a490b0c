"""All matchers behind one call find what each finds alone, under its own name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from curate.items import Item
from curate.matching.exact import ExactSettings, build_exact, match_exact
from curate.matching.index import LeftOut, build_index
from curate.matching.matchers import build_matchers, match_all
from curate.matching.minhash import MinhashSettings, build_minhash, match_minhash
from curate.matching.ngram import STORED_FROM, match
from curate.matching.profile import PROFILES, with_matchers
from curate.matching.robust import RobustSettings, build_robust, match_robust
from tests.matching import oracle, samples
from tests.matching.samples import lay_out, pairs_of
from tests.soak import examples

ALL = with_matchers(
    replace(PROFILES["default"], normalise=False), {"ngram": {"n": 3}, "minhash": True}
)


def as_items(fields: list[samples.Item]) -> list[Item]:
    """Items of two benchmarks, turn by turn."""
    return [Item("ab"[place % 2], f"{place}", tuple(own)) for place, own in enumerate(fields)]


@examples(40)
@given(samples.samples())
def test_all_at_once_find_what_each_finds_alone(
    sample: tuple[list[samples.Record], list[samples.Item]],
) -> None:
    records, fields = sample
    turns, items = lay_out(records), as_items(fields)
    matchers = build_matchers(items, ALL)
    found, counts = match_all(turns, matchers)
    group = np.arange(len(fields)) % 2
    index = build_index(fields, 3, 0.5, LeftOut(0.02, group=group))
    exact, minhash = build_exact(fields, ExactSettings()), build_minhash(fields, MinhashSettings())
    robust = build_robust(fields, RobustSettings(), group)
    assert {name: pairs_of(pairs) for name, pairs in found.items()} == {
        "ngram": pairs_of(match(turns, index.table)[0]),
        "exact": pairs_of(match_exact(turns, exact)),
        "minhash": pairs_of(match_minhash(turns, minhash)),
        "robust": pairs_of(match_robust(turns, robust)),
    }
    assert counts.tolist() == [len(oracle.words(text)) for record in records for text in record]
    each = [index.matchable, exact.matchable, minhash.matchable, robust.matchable]
    assert matchers.matchable.tolist() == [any(own) for own in zip(*each, strict=True)]


@pytest.mark.parametrize(
    ("name", "ran"),
    [("tulu3", ["ngram"]), ("olmo3", ["ngram"]), ("default", ["ngram", "exact", "robust"])],
)
def test_a_profile_runs_its_matchers_in_this_order(name: str, ran: list[str]) -> None:
    matchers = build_matchers(
        [Item("a", "a/0", ("Which of the trees is oldest?",))], PROFILES[name]
    )
    assert list(match_all(lay_out([["x"]]), matchers)[0]) == list(matchers.thresholds) == ran
    assert list(matchers.stored_from) == ran


def test_thresholds_and_what_is_stored() -> None:
    matchers = build_matchers(
        [Item("a", "a/0", ("x",))], with_matchers(ALL, {"robust": {"threshold": 0.7}})
    )
    assert matchers.thresholds == {"ngram": 0.5, "exact": 0.0, "minhash": 0.5, "robust": 0.7}
    assert matchers.stored_from == {
        "ngram": STORED_FROM,
        "exact": 0.0,
        "minhash": STORED_FROM,
        "robust": 0.7,
    }


def test_a_short_item_can_be_hit_where_any_matcher_could_hit_it() -> None:
    items = [
        Item("a", str(i), (text,))
        for i, text in enumerate(["Yes.", "Who wrote it?", "a b c d e f g h"])
    ]
    assert build_matchers(items, PROFILES["tulu3"]).matchable.tolist() == [False, False, True]
    assert build_matchers(items, PROFILES["default"]).matchable.tolist() == [False, True, True]
    off = with_matchers(PROFILES["default"], {"exact": False})
    assert build_matchers(items, off).matchable.tolist() == [False, False, True]


def test_no_items_are_found_nowhere() -> None:
    found, counts = match_all(lay_out([["a b c d e f g h"]]), build_matchers([], ALL))
    assert {name: pairs_of(pairs) for name, pairs in found.items()} == {
        key: {} for key in ALL.matchers()
    }
    assert counts.tolist() == [8]
