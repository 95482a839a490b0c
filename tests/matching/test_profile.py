"""Profiles hold the numbers that the documentation states, and a recipe may change them within
bounds.
"""

from __future__ import annotations

from typing import Any

import pytest

from curate.errors import UserError
from curate.matching.exact import ExactSettings
from curate.matching.minhash import MinhashSettings
from curate.matching.profile import MATCHERS, PROFILES, profile, with_matchers
from curate.matching.robust import RobustSettings

NUMBERS: dict[str, dict[str, dict[str, Any]]] = {
    "tulu3": {"ngram": {"n": 8, "threshold": 0.5, "common": None, "singles": False, "judged": False}},
    "olmo3": {"ngram": {"n": 8, "threshold": 0.5 - 1e-9, "common": 0.02, "singles": True, "judged": False}},
    "default": {
        "ngram": {"n": 8, "threshold": 0.5, "common": None, "singles": False, "judged": True},
        "exact": {"min_tokens": 3, "min_points": 12, "in_lines": 7},
        "robust": {
            "threshold": 0.5, "seed": 3, "shared": 32, "need": 0.25, "need_bits": 18, "reach": 2.0,
            "least": 4, "gap": 0.3, "moved": 3, "moved_bits": 8, "moved_words": 3, "rarity": 18,
            "surprise": 20, "lost": 1.0, "run": 2, "cut_words": 8, "cut_rarity": 25,
            "cut_surprise": 35, "signs": 30, "sign_gap": 0.6, "plain_agrees": 0.8,
            "numbers_differ": 0.5, "asked": 0.5, "told": 0.7, "each_field": 0.5, "floor": 0.4,
        },
    },
}  # fmt: skip


def test_every_number_of_every_profile() -> None:
    assert {name: one.matchers() for name, one in PROFILES.items()} == NUMBERS


def test_a_profile_is_found_by_its_name_or_the_nearest_is_told() -> None:
    assert [profile(name).name for name in NUMBERS] == list(NUMBERS)
    with pytest.raises(UserError, match="unknown profile 'defualt'; did you mean 'default'"):
        profile("defualt")


def test_nothing_given_changes_nothing() -> None:
    for one in PROFILES.values():
        assert with_matchers(one, {}) == one
        assert (
            with_matchers(one, {"ngram": {}, "exact": True} if one.exact else {"ngram": True})
            == one
        )


@pytest.mark.parametrize("name", [name for name in MATCHERS if name != "ngram"])
@pytest.mark.parametrize("base", PROFILES)
def test_matchers_are_turned_on_and_off(base: str, name: str) -> None:
    on = with_matchers(PROFILES[base], {name: True})
    off = with_matchers(on, {name: False})
    assert name in on.matchers()
    assert set(off.matchers()) == set(on.matchers()) - {name}
    assert off.matchers() == {key: value for key, value in on.matchers().items() if key != name}


def test_settings_turn_a_matcher_on_and_change_only_themselves() -> None:
    changed = with_matchers(PROFILES["tulu3"], {"minhash": {"threshold": 0.7}, "ngram": {"n": 13}})
    assert changed.minhash == MinhashSettings(threshold=0.7)
    assert (changed.n, changed.threshold) == (13, 0.5)
    assert (changed.exact, changed.robust, changed.semantic) == (None, None, None)
    changed = with_matchers(
        PROFILES["default"], {"robust": {"least": 8, "reach": 3}, "exact": False}
    )
    assert changed.robust == RobustSettings(least=8, reach=3.0)
    assert changed.exact is None
    assert changed.ngram == PROFILES["default"].ngram
    assert (
        with_matchers(PROFILES["default"], {"ngram": {"judged": False}}).ngram
        == PROFILES["tulu3"].ngram
    )


def test_settings_of_a_matcher_that_runs_are_kept_where_others_are_given() -> None:
    once = with_matchers(PROFILES["tulu3"], {"exact": {"min_tokens": 5}})
    assert with_matchers(once, {"exact": {"min_points": 20}}).exact == ExactSettings(
        min_tokens=5, min_points=20
    )


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"ngrams": True}, "unknown matcher 'ngrams'; did you mean 'ngram'?"),
    (
        {"robust": {"treshold": 0.6}},
        "matcher 'robust': unknown key 'treshold'; did you mean 'threshold'?",
    ),
    (
        {"ngram": False},
        "matcher 'ngram' always runs; to let it find nothing, give it the threshold 1",
    ),
    ({"ngram": {"threshold": 1.5}}, "matcher 'ngram': threshold: must be from 0 to 1, not 1.5"),
    ({"ngram": {"threshold": -0.1}}, "matcher 'ngram': threshold: must be from 0 to 1, not -0.1"),
    (
        {"ngram": {"threshold": float("nan")}},
        "matcher 'ngram': threshold: must be from 0 to 1, not nan",
    ),
    ({"ngram": {"common": 2}}, "matcher 'ngram': common: must be from 0 to 1, not 2"),
    ({"ngram": {"n": 0}}, "matcher 'ngram': n: must be from 1 to 64, not 0"),
    ({"ngram": {"n": 65}}, "matcher 'ngram': n: must be from 1 to 64, not 65"),
    ({"ngram": {"n": "8"}}, "matcher 'ngram': n: "),
    ({"ngram": {"n": 8.5}}, "matcher 'ngram': n: "),
    ({"ngram": {"n": True}}, "matcher 'ngram': n: "),
    ({"ngram": {"singles": 1}}, "matcher 'ngram': singles: "),
    ({"ngram": {"singles": "yes"}}, "matcher 'ngram': singles: "),
    ({"ngram": {"threshold": "half"}}, "matcher 'ngram': threshold: "),
    ({"minhash": {"places": 5000}}, "matcher 'minhash': places: must be from 1 to 4096, not 5000"),
    ({"robust": {"moved": 101}}, "matcher 'robust': moved: must be from 0 to 100, not 101"),
    ({"robust": {"reach": 0.5}}, "matcher 'robust': reach: "),
    ({"exact": {"min_tokens": 0}}, "matcher 'exact': min_tokens: "),
    ({"exact": {"min_tokens": None}}, "matcher 'exact': min_tokens: "),
    ({"semantic": {"model": 3}}, "matcher 'semantic': model: "),
]


@pytest.mark.parametrize(("given", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_unknown_or_out_of_range_is_refused_in_one_line(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError) as caught:
        with_matchers(PROFILES["default"], given)
    message = str(caught.value)
    assert message.startswith(told), message
    assert "\n" not in message


def test_every_number_has_a_bound_on_both_sides() -> None:
    for name in MATCHERS:
        own = with_matchers(PROFILES["tulu3"], {name: True}).matchers()[name]
        for key, value in own.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            for beyond in (-1, 2**31 + 1):
                with pytest.raises(UserError, match=f"matcher '{name}': {key}: "):
                    with_matchers(PROFILES["tulu3"], {name: {key: beyond}})


def test_what_is_not_given_stays_as_it_was_to_the_letter() -> None:
    before = PROFILES["default"].matchers()["robust"]
    after = with_matchers(PROFILES["default"], {"robust": {"least": 8}}).matchers()["robust"]
    assert repr(after) == repr(before | {"least": 8})  # 20 and 20.0 are two locks


def test_the_bounds_themselves_are_allowed() -> None:
    for given in (
        {"n": 1},
        {"n": 64},
        {"threshold": 0},
        {"threshold": 1},
        {"common": 0.0},
        {"common": 1},
    ):
        settings = with_matchers(PROFILES["tulu3"], {"ngram": given}).matchers()["ngram"]
        assert settings == NUMBERS["tulu3"]["ngram"] | given


def test_where_embeddings_lie_is_not_part_of_the_rule() -> None:
    one = with_matchers(PROFILES["tulu3"], {"semantic": {"cache": "here"}})
    assert one.semantic is not None and one.semantic.cache is not None
    assert one.matchers() == with_matchers(PROFILES["tulu3"], {"semantic": True}).matchers()
