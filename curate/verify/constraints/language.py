"""Constraints on language and case. Languages are told by langdetect, as IFEval's reference does.

langdetect draws random numbers, so that the same short text may be called by two names in two
calls. Here every call starts from the same seed, and the detector is our own: its state is shared
with no other user of the library. A text without a feature of any language (digits, signs) is in
none; the reference counts it as in the one asked for."""

from __future__ import annotations

from typing import Any

from curate.errors import unknown
from curate.verify.constraints.punkt import count_capital_words
from curate.verify.constraints.registry import IFEVAL, constraint, relation, whole
from curate.verify.constraints.text import compare

LANGUAGES = frozenset(
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ne nl no pa pl pt ro"
    " ru sk sl so sq sv sw ta te th tl tr uk ur vi zh zh-cn zh-tw".split()
)
"""What langdetect tells apart, and `zh` for either Chinese."""


def language(value: Any) -> str:
    """A language that can be told: its ISO 639-1 code."""
    if not isinstance(value, str) or value.lower() not in LANGUAGES:
        raise ValueError(f"a language code: {unknown('language', str(value)[:40], LANGUAGES)}")
    return value.lower()


def detect(text: str) -> str | None:
    """The code of the language a text is in, or None where nothing tells. Raises UserError without
    langdetect.
    """
    from curate.verify.constraints import detector  # compiled code, which few labels need

    return detector.detect(text)


@constraint("language:response_language", IFEVAL, language=language)
def response_language(answer: str, language: str) -> bool:
    """The answer is in the language."""
    found = detect(answer) or ""
    return found == language or found.partition("-")[0] == language


@constraint("change_case:english_capital", IFEVAL)
def english_capital(answer: str) -> bool:
    """The answer is in English, without small letters."""
    return answer.isupper() and detect(answer) == "en"


@constraint("change_case:english_lowercase", IFEVAL)
def english_lowercase(answer: str) -> bool:
    """The answer is in English, without capitals."""
    return answer.islower() and detect(answer) == "en"


@constraint(
    "change_case:capital_word_frequency", IFEVAL, capital_frequency=whole, capital_relation=relation
)
def capital_words(answer: str, capital_frequency: int, capital_relation: str) -> bool:
    """Less than, or at least, so many words are in capitals."""
    return compare(count_capital_words(answer), capital_relation, capital_frequency)
