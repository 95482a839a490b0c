"""Constraints on how many words, sentences and paragraphs an answer has."""

from __future__ import annotations

import re

from curate.verify.constraints.punkt import count_sentences
from curate.verify.constraints.registry import (
    IFEVAL,
    IFTRAIN,
    constraint,
    positive,
    relation,
    text,
    whole,
)
from curate.verify.constraints.text import RUN, compare, count, paragraphs, parts, sentences, words


@constraint("length_constraints:number_words", IFEVAL, num_words=whole, relation=relation)
def number_words(answer: str, num_words: int, relation: str) -> bool:
    """The answer has less than, or at least, so many runs of letters and digits, with their marks."""
    return compare(count(RUN, answer), relation, num_words)


@constraint("length_constraints:number_sentences", IFEVAL, num_sentences=whole, relation=relation)
def number_sentences(answer: str, num_sentences: int, relation: str) -> bool:
    """The answer has less than, or at least, so many sentences, as Punkt counts them."""
    # No relation tells counts apart that exceed `n` by more than a tenth and two: the rest need not
    # be found.
    most = num_sentences + num_sentences // 10 + 3
    return compare(count_sentences(answer, most), relation, num_sentences)


@constraint("length_constraints:number_paragraphs", IFEVAL, num_paragraphs=whole)
def number_paragraphs(answer: str, num_paragraphs: int) -> bool:
    """The answer has exactly so many paragraphs, divided by `***`, none of them empty."""
    found = parts(answer)
    return all(found) and len(found) == num_paragraphs


@constraint(
    "length_constraints:nth_paragraph_first_word",
    IFEVAL,
    num_paragraphs=whole,
    nth_paragraph=positive,
    first_word=text,
)
def nth_paragraph_first_word(
    answer: str, num_paragraphs: int, nth_paragraph: int, first_word: str
) -> bool:
    """The answer has exactly so many paragraphs, divided by blank lines, and the n-th begins with
    the word.
    """
    found = answer.split("\n\n")
    filled = sum(1 for one in found if one.strip())
    if nth_paragraph > filled or filled != num_paragraphs or not found[nth_paragraph - 1].strip():
        return False
    first = found[nth_paragraph - 1].split()[0].lstrip("'").lstrip('"').lower()
    return re.split(r"[.,?!'\"]", first, maxsplit=1)[0] == first_word.lower()


@constraint("paragraphs:paragraphs", IFTRAIN)
def two_parts(answer: str) -> bool:
    """The answer has two paragraphs, divided by `***`."""
    return number_paragraphs(answer, 2)


@constraint("paragraphs:paragraphs2", IFTRAIN)
def two_paragraphs(answer: str) -> bool:
    """The answer has two paragraphs, divided by a blank line."""
    return len(paragraphs(answer)) == 2


@constraint("count:counting_composition", IFTRAIN, n_sent=positive, n_words=positive)
def composition(answer: str, n_sent: int, n_words: int) -> bool:
    """Three paragraphs, divided by `* * *` or `***`, each with so many sentences, each of so many
    words.
    """
    found = [[len(words(one)) for one in sentences(part)] for part in parts(answer)]
    return len(found) == 3 and all(len(part) == n_sent and set(part) == {n_words} for part in found)
