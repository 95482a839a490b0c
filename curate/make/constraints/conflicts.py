"""Pairs of constraints that exclude each other whatever the text: the fast path beside the witness
rule. It looks at arguments, and says only what is certain; what it does not know, a search for a
witness decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from curate.make.constraints.constraint import Constraint
from curate.verify.constraints.text import words

Kwargs = Mapping[str, Any]
Rule = Callable[[Kwargs, Kwargs], bool]

_UPPER, _LOWER = "change_case:english_capital", "change_case:english_lowercase"
_LANGUAGE, _OPTION = "language:response_language", "detectable_format:constrained_response"
_SECTIONS, _CAPITALS = "detectable_format:multiple_sections", "change_case:capital_word_frequency"
_BRACKETS, _PAIRS = "detectable_format:square_brackets", "detectable_format:bigram_wrapping"
_QUOTED, _END, _SAME_ENDS = "startend:quotation", "startend:end_checker", "keywords:start_end"
_LAST, _LAST_ALL = "last_word:last_word_answer", "last_word:last_word_sent"
_FIRST, _FIRST_ALL = "first_word:first_word_answer", "first_word:first_word_sent"
_STARRED, _TWO_STARRED = "length_constraints:number_paragraphs", "paragraphs:paragraphs"
_THREE, _TWICE = "count:counting_composition", "combination:two_responses"
_BLANK, _NTH = "paragraphs:paragraphs2", "length_constraints:nth_paragraph_first_word"
_NO_STOP, _POSTSCRIPT = "punctuation:punctuation_dot", "detectable_content:postscript"
_COPY, _COPY_TOO, _COPIES = "copy:copy", "copy:copying_simple", "copy:copying_multiple"
_LETTER, _LETTER_TOO = "keywords:letter_frequency", "letters:letter_counting2"
_OFTEN, _ONCE, _TIMES = (
    f"keywords:{name}" for name in ("frequency", "word_once", "word_count_different_numbers")
)
_NEVER = "keywords:exclude_word_harder"


def _always(one: Kwargs, other: Kwargs) -> bool:
    return True


def _same_word_but(differ: Rule) -> Rule:
    """A rule for two types with the same keyword."""

    def rule(one: Kwargs, other: Kwargs) -> bool:
        same = bool(one["keyword"].lower() == other["keyword"].lower())
        return same and differ(one, other)

    return rule


def _too_often(one: Kwargs, times: int) -> bool:
    """Whether a word may not occur so often: inside longer words it may occur more."""
    return bool(one["relation"] == "less than" and times >= one["frequency"])


def _letters(one: Kwargs, other: Kwargs) -> bool:
    """At least so many of a letter, and less than as many."""
    both = {each["let_relation"]: each["let_frequency"] for each in (one, other)}
    same = one["letter"].lower() == other["letter"].lower()
    return (
        same and both.keys() >= {"at least", "less than"} and both["at least"] >= both["less than"]
    )


RULES: dict[tuple[str, str], Rule] = {
    (_UPPER, _LOWER): _always,
    (_UPPER, _LANGUAGE): lambda _, other: other["language"] != "en",
    (_LOWER, _LANGUAGE): lambda _, other: other["language"] != "en",
    (_UPPER, _OPTION): _always,
    (_LOWER, _OPTION): _always,
    (_UPPER, _SECTIONS): lambda _, other: not other["section_spliter"].isupper(),
    (_LOWER, _SECTIONS): lambda _, other: not other["section_spliter"].islower(),
    (_LOWER, _CAPITALS): lambda _, other: other["capital_relation"] == "at least",
    (_BRACKETS, _PAIRS): _always,
    (_QUOTED, _BRACKETS): _always,
    (_QUOTED, _PAIRS): _always,
    (_QUOTED, _SAME_ENDS): _always,
    (_END, _SAME_ENDS): lambda one, _: not one["end_phrase"][-1].isalnum(),
    (_END, _LAST): lambda one, other: words(one["end_phrase"])[-1].lower() != other["last_word"],
    (_END, _LAST_ALL): lambda one, other: (
        words(one["end_phrase"])[-1].lower() != other["last_word"]
    ),
    (_LAST, _LAST_ALL): lambda one, other: one["last_word"] != other["last_word"],
    (_FIRST, _FIRST_ALL): lambda one, other: one["first_word"] != other["first_word"],
    (_STARRED, _TWO_STARRED): lambda one, _: one["num_paragraphs"] != 2,
    (_STARRED, _THREE): lambda one, _: one["num_paragraphs"] != 3,
    (_TWO_STARRED, _THREE): _always,
    (_TWICE, _STARRED): _always,
    (_TWICE, _TWO_STARRED): _always,
    (_TWICE, _THREE): _always,
    (_BLANK, _NTH): lambda _, other: other["num_paragraphs"] > 2,
    (_NO_STOP, _OPTION): _always,
    (_NO_STOP, _POSTSCRIPT): lambda _, other: "." in other["postscript_marker"],
    (_NO_STOP, _END): lambda _, other: "." in other["end_phrase"],
    (_COPY, _COPIES): _always,
    (_COPY_TOO, _COPIES): _always,
    (_LETTER, _LETTER_TOO): _letters,
    (_OFTEN, _ONCE): _same_word_but(lambda one, _: _too_often(one, 1)),
    (_OFTEN, _TIMES): _same_word_but(lambda one, other: _too_often(one, other["frequency"])),
    (_ONCE, _TIMES): _same_word_but(lambda _, other: other["frequency"] != 1),
    (_NEVER, _ONCE): _same_word_but(_always),
    (_NEVER, _TIMES): _same_word_but(lambda _, other: other["frequency"] > 0),
}


def conflict(one: Constraint, other: Constraint) -> bool:
    """Whether no text holds both."""
    rule = RULES.get((one.id, other.id))
    if rule is not None:
        return rule(one.kwargs, other.kwargs)
    rule = RULES.get((other.id, one.id))
    return rule is not None and rule(other.kwargs, one.kwargs)
