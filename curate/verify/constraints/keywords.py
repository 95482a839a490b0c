"""Constraints on which words and letters occur, how often, and where.

Words are taken as they stand, never as regular expressions. IFEval's `existence` and `frequency`
find a keyword inside longer words too, as their reference does; every other type here means whole
words."""

from __future__ import annotations

import re
from itertools import pairwise

from curate.verify.constraints.registry import (
    IFEVAL,
    IFTRAIN,
    character,
    constraint,
    positive,
    relation,
    text,
    texts,
)
from curate.verify.constraints.registry import whole as number
from curate.verify.constraints.text import (
    compare,
    count,
    part_of_word,
    sentences,
    whole_word,
    words,
)

_LETTER = re.compile(r"[^\W\d_]")
_LETTER_OR_DIGIT = re.compile(r"\w")


@constraint("keywords:existence", IFEVAL, keywords=texts)
def existence(answer: str, keywords: tuple[str, ...]) -> bool:
    """Every keyword occurs, in any case, be it inside a longer word."""
    return all(part_of_word(keyword).search(answer) for keyword in keywords)


@constraint("keywords:frequency", IFEVAL, keyword=text, frequency=number, relation=relation)
def frequency(answer: str, keyword: str, frequency: int, relation: str) -> bool:
    """The keyword occurs less than, or at least, so many times, in any case, be it inside a longer
    word.
    """
    return compare(count(part_of_word(keyword), answer), relation, frequency)


@constraint("keywords:forbidden_words", IFEVAL, forbidden_words=texts)
def forbidden_words(answer: str, forbidden_words: tuple[str, ...]) -> bool:
    """None of the words occurs, in any case, as a whole word."""
    return not any(whole_word(word, answer).search(answer) for word in forbidden_words)


def _letters(answer: str, letter: str, let_frequency: int, let_relation: str) -> bool:
    """The letter, in either case, occurs less than, or at least, so many times."""
    return compare(answer.lower().count(letter), let_relation, let_frequency)


for _id, _origin in (("keywords:letter_frequency", IFEVAL), ("letters:letter_counting2", IFTRAIN)):
    constraint(_id, _origin, letter=character, let_frequency=number, let_relation=relation)(
        _letters
    )


@constraint("keywords:word_once", IFTRAIN, keyword=text)
def word_once(answer: str, keyword: str) -> bool:
    """The keyword occurs exactly once, as a whole word, in any case."""
    return count(whole_word(keyword, answer), answer) == 1


@constraint(
    "keywords:word_count_different_numbers",
    IFTRAIN,
    keyword=text,
    frequency=number,
    relation=relation,
)
def word_count(answer: str, keyword: str, frequency: int, relation: str = "exactly") -> bool:
    """The keyword occurs exactly so many times, as a whole word, in any case.

    The instruction says "should appear N times" whatever `relation` the label has, so `relation` is
    read and not used."""
    return count(whole_word(keyword, answer), answer) == frequency


@constraint("keywords:exclude_word_harder", IFTRAIN, keyword=text, instruction=text)
def exclude_word(answer: str, keyword: str, instruction: str = "") -> bool:
    """The keyword does not occur as a whole word, in any case (`instruction`, where the word is
    from, is not used).
    """
    return not whole_word(keyword, answer).search(answer)


@constraint("count:count_increment_word", IFTRAIN, keyword1=text, keyword2=text)
def increment_word(answer: str, keyword1: str, keyword2: str) -> bool:
    """The first keyword occurs exactly once and the second exactly twice, as whole words, in any
    case.
    """
    return (
        count(whole_word(keyword1, answer), answer) == 1
        and count(whole_word(keyword2, answer), answer) == 2
    )


@constraint("keywords:no_adjacent_consecutive", IFTRAIN)
def no_adjacent_consecutive(answer: str) -> bool:
    """No word begins with the letter that follows, in the alphabet, the first letter of the word
    before it.
    """
    found = (_LETTER_OR_DIGIT.search(word) for word in answer.lower().split())
    first = [one[0] for one in found if one]
    return not any(
        "a" <= one < "z" and ord(other) - ord(one) == 1 for one, other in pairwise(first)
    )


@constraint("keywords:palindrome", IFTRAIN)
def palindrome(answer: str) -> bool:
    """Some word of three or more letters reads the same backwards, in any case."""
    return any(
        len(word) > 2 and word.isalpha() and word == word[::-1] for word in words(answer.lower())
    )


@constraint("keywords:keyword_specific_position", IFTRAIN, keyword=text, n=positive, m=positive)
def keyword_position(answer: str, keyword: str, n: int, m: int) -> bool:
    """The keyword is word `m` of sentence `n`, both counted from 1, in any case."""
    found = sentences(answer)
    inside = words(found[n - 1]) if len(found) >= n else []
    return len(inside) >= m and inside[m - 1].lower() == keyword.lower()


@constraint("letters:letter_counting", IFTRAIN, N=number, relation=relation)
def letter_counting(answer: str, N: int, relation: str) -> bool:
    """The answer has less than, or at least, so many letters."""
    return compare(count(_LETTER, answer), relation, N)


@constraint("count:lowercase_counting", IFTRAIN, N=number)
def lowercase_counting(answer: str, N: int) -> bool:
    """At most so many words are wholly in lower case."""
    return sum(word.islower() for word in words(answer)) <= N


@constraint("count:count_unique", IFTRAIN)
def unique(answer: str) -> bool:
    """No word occurs twice, in any case; punctuation is no word."""
    found = words(answer.lower())
    return len(found) == len(set(found))
