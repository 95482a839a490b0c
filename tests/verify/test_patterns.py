"""Patterns, schemas, lengths, and several verifiers on one completion."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.verify import BadGroundTruth, load
from curate.verify.several import parts

regex = load("regex").verify
schema = load("json-schema").verify
length = load("max-length").verify
all_of = load("all-of").verify
weighted = load("weighted").verify


@given(
    st.text("ab1 \n", max_size=20),
    st.sampled_from(["a+b", "^b", "a$", r"\d", "(a|b)1", "[^a]", r"(.)\1", "(?=a)b?a"]),
)
def test_patterns_match_as_pythons_do(text: str, pattern: str) -> None:
    wanted = bool(text) and re.search(pattern, text) is not None
    assert regex(text, pattern).passed == wanted
    if text.strip():
        full = json.dumps({"pattern": pattern, "full": True, "flags": "s"})
        assert regex(text, full).passed == (
            re.fullmatch(pattern, text.strip(), re.DOTALL) is not None
        )


def test_a_pattern_without_an_end_is_stopped() -> None:
    started = time.monotonic()
    verdict = regex("a" * 60 + "!", r"^(a|aa)+$")
    assert verdict.reason == "the search was stopped after 1 s"
    assert (verdict.score, verdict.parsed) == (0.0, True)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    "label",
    [
        "",
        "(",
        '{"pattern": "("}',
        '{"pattern": ""}',
        '{"pattern": "a", "flags": "q"}',
        '{"pattern": 3}',
        '{"full"',
    ],
)
def test_an_unreadable_pattern_is_an_error(label: str) -> None:
    with pytest.raises(BadGroundTruth, match="regex: "):
        regex("a", label)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
    {"type": "array", "items": {"type": ["string", "null"]}, "minItems": 1},
    {"anyOf": [{"const": 3}, {"type": "string", "pattern": "^a"}]},
    {
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
    },
    {"not": {"type": "object"}},
]


@given(
    VALUES,
    st.sampled_from(SCHEMAS),
    st.sampled_from(["{}", "Here:\n```json\n{}\n```\n", "```\n{}\n```"]),
)
def test_values_fit_as_the_library_says(value: Any, wanted: dict[str, Any], text: str) -> None:
    fits = jsonschema.Draft202012Validator(wanted).is_valid(value)
    verdict = schema(text.replace("{}", json.dumps(value)), json.dumps(wanted))
    assert (verdict.passed, verdict.parsed) == (fits, True)


@pytest.mark.parametrize(
    "text", ["", "{", "Here it is: {}", "NaN", '{"a": 1, "a": 2}', "[" * 100_000]
)
def test_what_is_no_json_is_not_parsed(text: str) -> None:
    assert not schema(text, "{}").parsed


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("{", "is not JSON"),
        ("3", "is no schema"),
        ('{"type": "strin"}', "no valid schema"),
        ('{"$ref": "https://example.org/schema.json"}', "cannot be applied"),
        ('{"$ref": "#/$defs/none"}', "cannot be applied"),
    ],
)
def test_an_unreadable_schema_is_an_error_and_nothing_is_fetched(label: str, said: str) -> None:
    with pytest.raises(BadGroundTruth, match=said):
        schema('"a"', label)


def test_a_schema_can_be_anything_and_a_pattern_in_it_ends() -> None:
    assert schema("[1]", "true").passed
    slow = json.dumps({"type": "string", "pattern": "^(a|aa)+$"})
    assert "was stopped after 1 s" in schema(json.dumps("a" * 60 + "!"), slow).reason


DOUBLING: dict[str, Any] = {
    "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)},
    "$ref": "#/$defs/d0",
}
DOUBLING["$defs"]["d60"] = {}
SLOW_NAME = json.dumps({"a" * 60 + "!": 1})


@pytest.mark.parametrize(
    ("value", "wanted", "said"),
    [
        ("1", DOUBLING, "too much work"),
        (
            "1",
            DOUBLING | {"$schema": "https://json-schema.org/draft/2020-12/schema"},
            "too much work",
        ),
        (SLOW_NAME, {"patternProperties": {"^(a|aa)+$": {}}}, "stopped after 1 s"),
        (
            SLOW_NAME,
            {"patternProperties": {"^(a|aa)+$": {}}, "additionalProperties": False},
            "stopped",
        ),
        (json.dumps("a" * 60 + "!"), {"not": {"pattern": "^(a|aa)+$"}}, "stopped after 1 s"),
        (json.dumps("x" * 10**6), {"anyOf": [{"type": "integer"}] * 1000}, "too much work"),
        (
            json.dumps({f"k{n}": n for n in range(20_000)}),
            {"unevaluatedProperties": {}},
            "too much work",
        ),
    ],
)
def test_a_schema_without_an_end_is_no_fit(value: str, wanted: Any, said: str) -> None:
    verdict = schema(value, json.dumps(wanted))
    assert (verdict.score, verdict.parsed) == (0.0, True)
    assert said in verdict.reason


def test_thousands_of_items_are_compared() -> None:
    many = [[n] for n in range(20_000)] + [{"a": [True, 1.5]}]
    assert schema(json.dumps(many), '{"uniqueItems": true}').passed
    assert not schema(json.dumps([*many, many[-1]]), '{"uniqueItems": true}').passed


@given(st.lists(VALUES, max_size=5))
def test_items_are_unique_as_the_library_says(items: list[Any]) -> None:
    fits = jsonschema.Draft202012Validator({"uniqueItems": True}).is_valid(items)
    assert schema(json.dumps(items), '{"uniqueItems": true}').passed == fits


def test_patterns_beside_unevaluated_properties_are_refused() -> None:
    with pytest.raises(BadGroundTruth, match="no bound in time"):
        schema("{}", '{"patternProperties": {"a": {}}, "unevaluatedProperties": false}')


@given(st.integers(0, 40), st.integers(1, 20), st.booleans())
def test_length_falls_from_one_at_the_limit_to_nothing_at_twice(
    n: int, most: int, words: bool
) -> None:
    label = str(most) if words else json.dumps({"max": most, "unit": "characters"})
    verdict = length("\n" + ("é " if words else "é") * n, label)
    wanted = 0.0 if n == 0 else 1.0 if n <= most else max(0.0, 1 - (n - most) / most)
    assert verdict.score == pytest.approx(wanted)
    assert verdict.parsed == (n > 0)


@pytest.mark.parametrize(
    "label",
    ["", "0", "-3", "2.5", "true", '"5"', '{"max": 5, "unit": "tokens"}', '{"most": 5}', "[5]"],
)
def test_an_unreadable_length_is_an_error(label: str) -> None:
    with pytest.raises(BadGroundTruth, match="max-length: "):
        length("a", label)


def label_of(*given: tuple[str, str, float]) -> str:
    return json.dumps(
        [
            {"verifier": name, "ground_truth": truth, "weight": weight}
            for name, truth, weight in given
        ]
    )


SHORT = label_of(("gsm8k", "18", 1), ("max_length", "4", 3))


@pytest.mark.parametrize(
    ("completion", "whole", "score"),
    [
        ("It is 18.", 1.0, 1.0),
        ("It is 17.", 0.0, 0.75),
        ("It is, it seems, 18.", 0.0, (1 + 3 * 0.75) / 4),
        ("nothing of it", 0.0, 0.75),
    ],
)
def test_all_must_pass_or_scores_are_averaged(completion: str, whole: float, score: float) -> None:
    assert all_of(completion, SHORT).score == whole
    assert weighted(completion, SHORT).score == pytest.approx(score)
    assert weighted(completion, SHORT).passed == (score == 1)
    assert all_of(completion, SHORT).parsed == ("1" in completion)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=5))
def test_a_mean_is_one_only_if_every_part_passes(weights: list[float]) -> None:
    right = label_of(*(("gsm8k", "18", weight) for weight in weights))
    assert weighted("18", right).score == 1
    mixed = label_of(("gsm8k", "17", 1e-12), *(("gsm8k", "18", weight) for weight in weights))
    assert 0 < weighted("18", mixed).score < 1


def test_parts_may_hold_parts() -> None:
    nested = json.dumps([{"verifier": "all_of", "ground_truth": json.loads(SHORT)}])
    assert weighted("It is 18.", nested).passed
    assert [part.verifier for part in parts(nested)] == ["all-of"]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("", "is not JSON"),
        ("[]", "no list"),
        ("{}", "no list"),
        ('[{"verifier": "gsm8k"}]', "part 0 is none"),
        ('[{"verifier": "gsm9k", "ground_truth": "1"}]', "did you mean 'gsm8k'?"),
        ('[{"ground_truth": "1"}]', "names no verifier"),
        (label_of(("gsm8k", "1", -1)), "the weight must be a number above 0"),
        (label_of(("gsm8k", "one", 1)), "gsm8k: no number"),
        (
            label_of(("all-of", label_of(("all-of", label_of(("all-of", SHORT, 1)), 1)), 1)),
            "no list of one to 3 levels",
        ),
    ],
)
def test_an_unreadable_list_is_an_error(label: str, said: str) -> None:
    for verify in (all_of, weighted):
        with pytest.raises(BadGroundTruth, match=re.escape(said)):
            verify("1", label)
