"""Labels of instruction following, in every published form, to the list of constraints they name.

    ours            [{"id": "punctuation:no_comma", "kwargs": {}}, ...]
    IFEval          {"instruction_id_list": [...], "kwargs": [{...}, ...]}
    IF-RLVR         [{"instruction_id": [...], "kwargs": [{...}, null, ...]}], often in Python's notation, not JSON
    RLVR-IFeval     {"func_name": "verify_paragraph_count", "N": 3, "quantifier": null, ...}: one constraint

Columns that hold null are left out. A label that is none of these, or names a type or argument that
does not exist, is an error of the data and raises; it never scores 0 in silence."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from curate.errors import unknown
from curate.verify.constraints.registry import bind
from curate.verify.verdict import BadGroundTruth


class Bound(NamedTuple):
    """One constraint of a label, ready to be checked: its id, its arguments in words, and the
    check.
    """

    id: str
    arguments: str
    holds: Callable[[str], bool]


# Functions of RLVR-IFeval: the id they became, what their arguments are called there, and what is
# always given.
FUNCTIONS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "verify_keywords": ("keywords:existence", {"keyword_list": "keywords"}, {}),
    "verify_keyword_frequency": (
        "keywords:word_count_different_numbers", {"word": "keyword", "N": "frequency"}, {},
    ),
    "validate_forbidden_words": ("keywords:forbidden_words", {"forbidden_words": "forbidden_words"}, {}),
    "verify_letter_frequency": (
        "keywords:letter_frequency", {"letter": "letter", "N": "let_frequency"}, {"let_relation": "exactly"},
    ),
    "validate_response_language": ("language:response_language", {"language": "language"}, {}),
    "verify_paragraph_count": ("length_constraints:number_paragraphs", {"N": "num_paragraphs"}, {}),
    "validate_word_constraint": (
        "length_constraints:number_words", {"N": "num_words", "quantifier": "relation"}, {},
    ),
    "verify_sentence_constraint": (
        "length_constraints:number_sentences", {"N": "num_sentences", "quantifier": "relation"}, {},
    ),
    "validate_paragraphs": (
        "length_constraints:nth_paragraph_first_word",
        {"N": "num_paragraphs", "first_word": "first_word", "i": "nth_paragraph"}, {},
    ),
    "verify_postscript": ("detectable_content:postscript", {"postscript_marker": "postscript_marker"}, {}),
    "validate_placeholders": ("detectable_content:number_placeholders", {"N": "num_placeholders"}, {}),
    "verify_bullet_points": ("detectable_format:number_bullet_lists", {"N": "num_bullets"}, {}),
    "validate_title": ("detectable_format:title", {}, {}),
    "validate_choice": ("detectable_format:constrained_response", {"options": "options"}, {}),
    "validate_highlighted_sections": ("detectable_format:number_highlighted_sections", {"N": "num_highlights"}, {}),
    "validate_sections": (
        "detectable_format:multiple_sections", {"N": "num_sections", "section_splitter": "section_spliter"}, {},
    ),
    "validate_json_format": ("detectable_format:json_format", {}, {}),
    "validate_repeat_prompt": ("combination:repeat_prompt", {"original_prompt": "prompt_to_repeat"}, {}),
    "validate_two_responses": ("combination:two_responses", {}, {}),
    "validate_uppercase": ("change_case:english_capital", {}, {}),
    "validate_lowercase": ("change_case:english_lowercase", {}, {}),
    "validate_frequency_capital_words": (
        "change_case:capital_word_frequency", {"N": "capital_frequency", "quantifier": "capital_relation"}, {},
    ),
    "validate_end": ("startend:end_checker", {"end_phrase": "end_phrase"}, {}),
    "validate_quotation": ("startend:quotation", {}, {}),
    "validate_no_commas": ("punctuation:no_comma", {}, {}),
}  # fmt: skip


@lru_cache(maxsize=16384)
def constraints_of(ground_truth: str) -> tuple[Bound, ...]:
    """The constraints that a label names, in its order; raises BadGroundTruth where it cannot be
    read.
    """
    named = _pairs(_parsed(ground_truth))
    if not named:
        raise BadGroundTruth(f"the label names no constraint: {ground_truth[:80]}")
    return tuple(Bound(id, _words(kwargs), bind(id, kwargs)) for id, kwargs in named)


def canonical(ground_truth: str) -> str:
    """A label of any published form as ours: JSON `[{"id", "kwargs"}]`, without arguments that are
    null, in order.
    """
    named = [{"id": id, "kwargs": _given(kwargs)} for id, kwargs in _pairs(_parsed(ground_truth))]
    return json.dumps(named, ensure_ascii=False, sort_keys=True)


def _parsed(ground_truth: str) -> Any:
    try:
        return json.loads(ground_truth)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(ground_truth)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise BadGroundTruth(
            f"the label is neither JSON nor a Python literal: {ground_truth[:80]}"
        ) from None


def _pairs(label: Any) -> list[tuple[str, dict[str, Any]]]:
    """(id, arguments) of every constraint in a parsed label."""
    if isinstance(label, list):
        return [
            pair for one in label for pair in _pairs(_parsed(one) if isinstance(one, str) else one)
        ]
    if not isinstance(label, dict):
        raise BadGroundTruth(f"a label is an object or a list of objects, not {str(label)[:80]}")
    if "func_name" in label:
        return [_of_function(label)]
    for key in ("id", "instruction_id", "instruction_id_list"):
        if key in label:
            return _zipped(key, label[key], label.get("kwargs"))
    raise BadGroundTruth(
        f"no 'id', 'instruction_id' or 'func_name' in the label: {str(label)[:80]}"
    )


def _zipped(key: str, ids: Any, kwargs: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(ids, str):
        ids, kwargs = [ids], [kwargs] if not isinstance(kwargs, list) else kwargs
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise BadGroundTruth(f"'{key}' is {str(ids)[:80]}, neither a name nor a list of names")
    kwargs = [None] * len(ids) if kwargs is None else kwargs
    if not isinstance(kwargs, list) or len(kwargs) != len(ids):
        raise BadGroundTruth(
            f"the label names {len(ids)} constraints, and 'kwargs' is not a list of as many"
        )
    if not all(one is None or isinstance(one, dict) for one in kwargs):
        raise BadGroundTruth("'kwargs' holds something that is neither an object nor null")
    return list(zip(ids, [one or {} for one in kwargs], strict=True))


def _of_function(label: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = label["func_name"]
    if name not in FUNCTIONS:
        raise BadGroundTruth(unknown("constraint function", str(name), FUNCTIONS))
    id, names, always = FUNCTIONS[name]
    given = {key: value for key, value in label.items() if key != "func_name" and value is not None}
    for key in given:
        if key not in names:
            raise BadGroundTruth(f"constraint function '{name}': {unknown('argument', key, names)}")
    return id, {names[key]: value for key, value in given.items()} | always


def _given(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if value is not None}


def _words(kwargs: dict[str, Any]) -> str:
    return ", ".join(f"{name}={str(value)[:40]!r}" for name, value in _given(kwargs).items())
