"""Labels of every published form name the same constraints; what cannot be read raises and says
why.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.verify.constraints import CONSTRAINTS, canonical, constraints_of, ifeval
from curate.verify.constraints.labels import FUNCTIONS
from curate.verify.constraints.registry import IFEVAL
from curate.verify.verdict import BadGroundTruth

IDS = ["punctuation:no_comma", "keywords:frequency"]
KWARGS: list[dict[str, Any]] = [{}, {"keyword": "oak", "frequency": 2, "relation": "at least"}]
OURS = [{"id": id, "kwargs": kwargs} for id, kwargs in zip(IDS, KWARGS, strict=True)]
WITH_GAPS = [{"keyword": None, "frequency": None}, KWARGS[1] | {"num_words": None}]

FORMS = {
    "ours": json.dumps(OURS),
    "ours, one": json.dumps(OURS[1:]),
    "ifeval": json.dumps({"key": 7, "instruction_id_list": IDS, "kwargs": WITH_GAPS}),
    "if-rlvr": json.dumps([{"instruction_id": IDS, "kwargs": [None, KWARGS[1]]}]),
    "if-rlvr, Python": str([{"instruction_id": IDS, "kwargs": [None, KWARGS[1]]}]),
    "if-rlvr, JSON in a list": str(
        [json.dumps({"instruction_id": IDS, "kwargs": [None, KWARGS[1]]})]
    ),
    "pairs": json.dumps(
        [
            {"instruction_id": id, "kwargs": kwargs}
            for id, kwargs in zip(IDS, WITH_GAPS, strict=True)
        ]
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_the_same_constraints(form: str) -> None:
    wanted = OURS[1:] if form == "ours, one" else OURS
    assert json.loads(canonical(FORMS[form])) == wanted
    assert [one.id for one in constraints_of(FORMS[form])] == [one["id"] for one in wanted]
    verdict = ifeval("oak, oak", FORMS[form])
    assert verdict.score == (1 if form == "ours, one" else 0.5)


@pytest.mark.parametrize(
    ("label", "good", "bad"),
    [
        ({"func_name": "verify_keywords", "keyword_list": ["oak", "elm"]}, "Elms and oaks", "oak"),
        (
            {"func_name": "verify_keyword_frequency", "word": "oak", "N": 2},
            "oak Oak oaks",
            "oak oaks",
        ),
        ({"func_name": "validate_forbidden_words", "forbidden_words": ["oak"]}, "oaks", "An Oak."),
        ({"func_name": "verify_letter_frequency", "letter": "z", "N": 2}, "Zz", "zzz"),
        ({"func_name": "verify_paragraph_count", "N": 2}, "a\n* * *\nb", "a\n\nb"),
        (
            {"func_name": "validate_word_constraint", "N": 30, "quantifier": "around"},
            "oak " * 33,
            "oak " * 34,
        ),
        (
            {"func_name": "validate_word_constraint", "N": 3, "quantifier": "at most"},
            "a b c",
            "a b c d",
        ),
        (
            {"func_name": "validate_paragraphs", "N": 2, "first_word": "Oak", "i": 2},
            "a\n\noak b",
            "oak b\n\na",
        ),
        ({"func_name": "verify_postscript", "postscript_marker": "P.S."}, "a\nP.S. b", "a"),
        ({"func_name": "validate_placeholders", "N": 2}, "[a] [b]", "[a]"),
        ({"func_name": "verify_bullet_points", "N": 2}, "* a\n- b", "* a"),
        ({"func_name": "validate_title"}, "<<a>>", "a"),
        ({"func_name": "validate_choice", "options": ["yes", "no"]}, "no.", "nothing"),
        ({"func_name": "validate_highlighted_sections", "N": 2}, "*a* *b*", "*a*"),
        (
            {"func_name": "validate_sections", "N": 2, "section_splitter": "SECTION"},
            "SECTION 1 a SECTION 2",
            "SECTION 1",
        ),
        ({"func_name": "validate_json_format"}, "[1]", "[1"),
        ({"func_name": "validate_repeat_prompt", "original_prompt": "Say a."}, "Say a. a", "a"),
        ({"func_name": "validate_two_responses"}, "a******b", "a******a"),
        ({"func_name": "validate_end", "end_phrase": "The end."}, "a The end.", "The end. a"),
        ({"func_name": "validate_quotation"}, '"a"', "a"),
        ({"func_name": "validate_no_commas"}, "a", "a,"),
    ],
)
def test_functions_of_rlvr_ifeval(label: dict[str, Any], good: str, bad: str) -> None:
    text = json.dumps(
        label | {"N": label.get("N"), "quantifier": label.get("quantifier"), "other": None}
    )
    assert ifeval(good, text).passed, ifeval(good, text)
    assert not ifeval(bad, text).passed


def test_the_functions_are_the_types_of_ifeval() -> None:
    of_ifeval = {id for id, one in CONSTRAINTS.items() if one.origin == IFEVAL}
    named = {id for id, _, _ in FUNCTIONS.values()}
    assert len(FUNCTIONS) == 25
    assert named - of_ifeval == {
        "keywords:word_count_different_numbers"
    }  # there "N times" is meant as it is said
    assert of_ifeval - named == {"keywords:frequency"}
    for id, names, always in FUNCTIONS.values():
        assert {*names.values(), *always} <= CONSTRAINTS[id].arguments.keys()
        assert CONSTRAINTS[id].required <= {*names.values(), *always}


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("", "neither JSON nor"),
        ("{'a': ", "neither JSON nor"),
        ("[" * 10_000, "neither JSON nor"),
        ("__import__('os').abort()", "neither JSON nor"),
        ("[]", "names no constraint"),
        ("{}", "no 'id'"),
        ("7", "an object or a list"),
        ("[[7]]", "an object or a list"),
        (
            '[{"id": "punctuation:no_coma"}]',
            "unknown constraint 'punctuation:no_coma'; did you mean 'punctuation:no_comma'",
        ),
        ('[{"id": 3}]', "neither a name nor a list"),
        (
            '[{"id": "keywords:frequency", "kwargs": {"keyword": "a", "frequency": 2}}]',
            "needs the argument 'relation'",
        ),
        (
            '[{"id": "keywords:word_once", "kwargs": {"keywrd": "a"}}]',
            "unknown argument 'keywrd'; did you mean 'keyword'",
        ),
        (
            '[{"id": "keywords:word_once", "kwargs": {"keyword": " "}}]',
            "argument 'keyword' is ' ', not a text",
        ),
        ('[{"id": "keywords:existence", "kwargs": {"keywords": "oak"}}]', "not a list of texts"),
        ('[{"id": "keywords:existence", "kwargs": {"keywords": []}}]', "not a list of texts"),
        (
            '[{"id": "length_constraints:number_paragraphs", "kwargs": {"num_paragraphs": -1}}]',
            "not a whole number",
        ),
        (
            '[{"id": "length_constraints:number_paragraphs", "kwargs": {"num_paragraphs": 2.5}}]',
            "not a whole number",
        ),
        (
            '[{"id": "length_constraints:number_paragraphs", "kwargs": {"num_paragraphs": true}}]',
            "not a whole number",
        ),
        (
            '[{"id": "copy:repeat_phrase", "kwargs": {"phrase": "a b c", "small_n": 0}}]',
            "from 1 on",
        ),
        (
            '{"id": "letters:letter_counting2", "kwargs": '
            '{"letter": "ab", "let_frequency": 1, "let_relation": "around"}}',
            "a single character",
        ),
        (
            '[{"id": "length_constraints:number_words", "kwargs": {"num_words": 1, "relation": "atleast"}}]',
            "one of less than, at least",
        ),
        (
            '[{"id": "language:response_language", "kwargs": {"language": "German"}}]',
            "unknown language 'German'",
        ),
        (
            '{"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}, {}]}',
            "names 1 constraints",
        ),
        (
            '{"instruction_id_list": ["punctuation:no_comma"], "kwargs": [3]}',
            "neither an object nor null",
        ),
        ('{"func_name": "verify_keyword"}', "did you mean 'verify_keywords'"),
        ('{"func_name": "validate_title", "N": 3}', "unknown argument 'N'"),
        ('{"func_name": "verify_bullet_points"}', "needs the argument 'num_bullets'"),
        ('{"func_name": 3}', "unknown constraint function '3'"),
    ],
)
def test_a_label_that_cannot_be_read_raises(label: str, said: str) -> None:
    with pytest.raises(BadGroundTruth, match=said.replace("(", r"\(")) as raised:
        ifeval("An answer.", label)
    assert "\n" not in str(raised.value)


@given(st.text(max_size=60) | st.text(alphabet="[]{}\"':, idkwargsno_1", max_size=60))
def test_any_other_text_raises_too(label: str) -> None:
    with pytest.raises(BadGroundTruth):
        ifeval("An answer.", label)


def test_zero_is_a_number_and_not_a_gap() -> None:
    label = [
        {
            "id": "keywords:letter_frequency",
            "kwargs": {"letter": "z", "let_frequency": 0, "let_relation": "at most"},
        }
    ]
    assert ifeval("aaa", json.dumps(label)).passed
    assert not ifeval("aza", json.dumps(label)).passed
