"""A model of the published Tülu 3 decontamination rule, n-gram mode, for one item and the turns of
one record.

Written from a description of `decontamination/` in allenai/open-instruct, to hold the figures in
docs/decontamination.md. Words and single punctuation marks stand for the tokens of spaCy, which are
the same in plain English, and a search for consecutive terms of one turn stands for a phrase query
to Elasticsearch."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SEPARATORS = re.compile(r'[ ,.?!:;()"\-\n\\]+')
_SPACY = re.compile(r"\w+|[^\w\s]")


def score(fields: Sequence[str], turns: Sequence[str], n: int = 8) -> float:
    """The best mean of the fields' coverage over the turns, each of which is a document of its own."""
    return max(
        sum(_coverage(field, _terms(turn), n) for field in fields) / len(fields) for turn in turns
    )


def _coverage(field: str, terms: list[str], n: int) -> float:
    """The share of the field's tokens in an n-gram that the turn holds as a phrase."""
    tokens = [found.span() for found in _SPACY.finditer(field)]
    # A text that comes again takes the place of the earlier one, with its positions.
    positions = {
        field[tokens[i][0] : tokens[i + n - 1][1]]: range(i, i + n)
        for i in range(len(tokens) - n + 1)
    }
    covered = {
        place
        for text, places in positions.items()
        if _phrase(_terms(text), terms)
        for place in places
    }
    return len(covered) / len(tokens)


def _terms(text: str) -> list[str]:
    return [term for term in _SEPARATORS.split(text.lower()) if term]


def _phrase(wanted: list[str], terms: list[str]) -> bool:
    return bool(wanted) and any(
        terms[i : i + len(wanted)] == wanted for i in range(len(terms) - len(wanted) + 1)
    )
