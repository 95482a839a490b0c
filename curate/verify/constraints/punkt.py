"""Sentences as nltk's Punkt finds them, and words in capitals as its word tokeniser finds them: as
IFEval's reference.

Punkt's English parameters are data that nltk does not come with. They are looked for where nltk
looks: the folders of the environment variable NLTK_DATA, `nltk_data` in the home folder, and the
usual places of the system; unpacked, or as the file punkt_tab.zip that is published. nltk is
imported when a constraint first needs it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Any

from curate.errors import UserError, extra

_LETTERS = re.compile(r"[A-Za-z]+")
_SPLIT = frozenset(("cannot", "gimme", "gonna", "gotta", "lemme", "wanna"))
"""Words of letters alone that nltk's tokeniser takes apart."""
_PLAIN = re.compile(r"([A-Za-z]{2,})[.!?](?:\s+[^\s.]\S*|[\"')”’])")


def count_sentences(text: str, most: int) -> int:
    """How many sentences a text has; counting stops at `most`. Raises UserError where nltk or its
    data is missing.
    """
    return sum(1 for _ in islice(_punkt().span_tokenize(text), most))


def count_capital_words(text: str) -> int:
    """How many of nltk's word tokens hold capitals and no small letters.

    No token spans white space, and a piece without a capital holds no such token: only the others
    are split up."""
    return sum(_capital_tokens(piece) for piece in text.split() if piece != piece.lower())


@lru_cache(maxsize=65536)
def _capital_tokens(piece: str) -> int:
    runs = _LETTERS.findall(piece) if piece.isascii() else []
    if (
        len(runs) == 1 and runs[0].lower() not in _SPLIT
    ):  # whichever token holds the letters, all else in it has no case
        return int(runs[0].isupper())
    return sum(1 for token in _tokeniser().tokenize(piece) if token.isupper())


def _nltk() -> Any:
    try:
        import nltk
    except ImportError:
        raise UserError(
            f"this constraint needs nltk, which is not installed: {extra('verify')}"
        ) from None
    return nltk


@lru_cache(maxsize=1)
def _tokeniser() -> Any:
    return _nltk().tokenize.destructive.NLTKWordTokenizer()


@lru_cache(maxsize=1)
def _punkt() -> Any:
    nltk = _nltk()
    punkt = nltk.tokenize.punkt
    try:
        parameters = punkt.load_punkt_params(nltk.data.find("tokenizers/punkt_tab/english/"))
    except LookupError:
        looked = ", ".join(dict.fromkeys(map(str, nltk.data.path)))
        raise UserError(
            "nltk's data tokenizers/punkt_tab is missing: python -m nltk.downloader punkt_tab, or name the folder that "
            f"holds tokenizers/punkt_tab in NLTK_DATA (looked in: {looked})"
        ) from None
    return _quickened(punkt.PunktSentenceTokenizer(parameters), parameters)


def _quickened(tokeniser: Any, parameters: Any) -> Any:
    """The tokeniser, which decides at once where Punkt knows nothing special of the word before a
    stop.

    Of a plain word its rules look at no more than the abbreviations and the pairs that go on after
    a stop."""
    thorough = tokeniser.text_contains_sentbreak
    special = parameters.abbrev_types | {word for word, _ in parameters.collocations}

    def ends_sentence(context: str) -> bool:
        plain = _PLAIN.fullmatch(context)
        return (plain is not None and plain[1].lower() not in special) or bool(thorough(context))

    tokeniser.text_contains_sentbreak = ends_sentence
    return tokeniser
