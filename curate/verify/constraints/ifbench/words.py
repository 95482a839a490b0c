"""What holds for each word, or for one word after another."""

from __future__ import annotations

import re
import string
import warnings
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Any

from curate.errors import UserError, extra
from curate.verify.constraints.registry import IFBENCH, constraint, text, whole
from curate.verify.constraints.text import words

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CLUSTER = re.compile("[bcdfghjklmnpqrstvwxyz]{2}")
_PRIMES = frozenset((2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71))


def plain_words(answer: str) -> list[str]:
    """Pieces between blanks, in lower case, without punctuation: don't is dont."""
    return answer.lower().translate(_NO_PUNCTUATION).split()


@constraint("words:alphabet", IFBENCH)
def alphabet(answer: str) -> bool:
    """Each word begins with the letter after that of the word before; a follows z."""
    first = [word[0] for word in words(answer.lower())]
    in_order = all((ord(other) - ord(one)) % 26 == 1 for one, other in pairwise(first))
    return bool(first) and all("a" <= one <= "z" for one in first) and in_order


@constraint("words:consonants", IFBENCH)
def consonants(answer: str) -> bool:
    """Each word holds two consonants side by side; y counts as one."""
    return all(_CLUSTER.search(word) for word in words(answer.lower()))


@constraint("words:vowel", IFBENCH)
def three_vowels(answer: str) -> bool:
    """The answer is one line, in which at most three of a, e, i, o, u occur."""
    body = answer.strip().lower()
    return "\n" not in body and len(set("aeiou").intersection(body)) <= 3


@constraint("words:no_consecutive", IFBENCH)
def no_consecutive(answer: str) -> bool:
    """No two words in a row begin with the same letter, in any case."""
    return all(one[0] != other[0] for one, other in pairwise(plain_words(answer)))


@constraint("words:palindrome", IFBENCH)
def palindromes(answer: str) -> bool:
    """At least ten words of five letters or more read the same backwards, in any case."""
    found = [word for word in plain_words(answer) if len(word) >= 5 and word == word[::-1]]
    return len(found) >= 10


@constraint("words:prime_lengths", IFBENCH)
def prime_lengths(answer: str) -> bool:
    """The length of every word, without punctuation, is a prime number."""
    return all(len(word) in _PRIMES for word in plain_words(answer))


@constraint("words:repeats", IFBENCH, small_n=whole)
def repeats(answer: str, small_n: int) -> bool:
    """No word occurs more often than so many times, in any case."""
    return all(times <= small_n for times in Counter(plain_words(answer)).values())


@constraint("words:words_position", IFBENCH, keyword=text)
def second_and_second_last(answer: str, keyword: str) -> bool:
    """The second word and the last but one are the keyword, in any case."""
    found = words(answer.lower())
    return len(found) > 1 and found[1] == found[-2] == keyword.lower()


@constraint("words:paragraph_last_first", IFBENCH)
def paragraph_ends(answer: str) -> bool:
    """Every line ends with the word that it begins with, in any case."""
    lines = (words(line) for line in answer.lower().split("\n"))
    return all(line[0] == line[-1] for line in lines if line)


@constraint("words:odd_even_syllables", IFBENCH)
def odd_even(answer: str) -> bool:
    """Words with an odd and an even number of syllables take turns, as syllapy counts them."""
    odd = [_syllables(word) % 2 for word in plain_words(answer)]
    return all(one != other for one, other in pairwise(odd))


@constraint("words:start_verb", IFBENCH)
def starts_with_verb(answer: str) -> bool:
    """The first word is a verb, as textblob's tagger sees it in lower case."""
    first = next(iter(_tagged(answer.lower()[:400])), None)
    return first is not None and first[1].startswith("VB")


def _syllables(word: str) -> int:
    try:
        import syllapy
    except ImportError:
        raise _missing("syllapy") from None
    return int(syllapy.count(word))


def _tagged(answer: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = _tagger().tag(answer)
    return found


@lru_cache(maxsize=1)
def _tagger() -> Any:
    try:
        from textblob.taggers import PatternTagger
    except ImportError:
        raise _missing("textblob") from None
    tagger = PatternTagger()
    with warnings.catch_warnings():  # it leaves the file of its lexicon open
        warnings.simplefilter("ignore", ResourceWarning)
        tagger.tag("a")
    return tagger


def _missing(name: str) -> UserError:
    return UserError(f"this constraint needs {name}, which is not installed: {extra('verify')}")
