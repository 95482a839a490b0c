"""Constraints on how an answer, or each of its sentences, begins and ends."""

from __future__ import annotations

from curate.verify.constraints.registry import IFEVAL, IFTRAIN, constraint, text
from curate.verify.constraints.text import sentences, words


@constraint("startend:end_checker", IFEVAL, end_phrase=text)
def end_phrase(answer: str, end_phrase: str) -> bool:
    """The answer ends with the phrase, in any case; double quotation marks may follow."""
    return answer.strip().strip('"').lower().endswith(end_phrase.lower())


@constraint("startend:quotation", IFEVAL)
def quotation(answer: str) -> bool:
    """The whole answer stands in double quotation marks."""
    body = answer.strip()
    return len(body) > 1 and body[0] == body[-1] == '"'


@constraint("keywords:start_end", IFTRAIN)
def start_end(answer: str) -> bool:
    """The first and the last word are the same, in any case, and nothing follows the last."""
    body, found = answer.strip().lower(), words(answer.lower())
    return len(found) > 1 and found[0] == found[-1] and body.endswith(found[-1])


@constraint("first_word:first_word_answer", IFTRAIN, first_word=text)
def first_word(answer: str, first_word: str) -> bool:
    """The first word is the given one, in any case."""
    return _begins([answer], first_word)


@constraint("first_word:first_word_sent", IFTRAIN, first_word=text)
def first_word_of_sentences(answer: str, first_word: str) -> bool:
    """The first word of every sentence is the given one, in any case."""
    return _begins(sentences(answer), first_word)


@constraint("last_word:last_word_answer", IFTRAIN, last_word=text)
def last_word(answer: str, last_word: str) -> bool:
    """The last word is the given one, in any case; punctuation may follow."""
    return _ends([answer], last_word)


@constraint("last_word:last_word_sent", IFTRAIN, last_word=text)
def last_word_of_sentences(answer: str, last_word: str) -> bool:
    """The last word of every sentence is the given one, in any case; punctuation may follow."""
    return _ends(sentences(answer), last_word)


def _begins(pieces: list[str], word: str) -> bool:
    wanted = words(word.lower())
    return all(words(piece.lower())[: len(wanted)] == wanted for piece in pieces)


def _ends(pieces: list[str], word: str) -> bool:
    wanted = words(word.lower())
    return all(words(piece.lower())[-len(wanted) :] == wanted for piece in pieces)
