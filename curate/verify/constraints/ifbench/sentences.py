"""What holds for each sentence, or for one sentence after another."""

from __future__ import annotations

from itertools import groupby, pairwise

from curate.verify.constraints.ifbench.words import plain_words
from curate.verify.constraints.registry import IFBENCH, constraint, positive, text, whole
from curate.verify.constraints.text import sentences, whole_word, words

_CLOSING = "\"'”’)]*_"


@constraint("sentence:keyword", IFBENCH, word=text, N=positive)
def keyword_in_sentence(answer: str, word: str, N: int) -> bool:
    """The keyword occurs in sentence `N`, counted from 1, as a whole word, in any case."""
    found = sentences(answer)
    return len(found) >= N and whole_word(word, answer).search(found[N - 1]) is not None


@constraint("sentence:increment", IFBENCH, small_n=whole)
def more_words(answer: str, small_n: int) -> bool:
    """Each sentence has exactly so many words more than the one before."""
    lengths = [len(plain_words(one)) for one in sentences(answer)]
    return all(other - one == small_n for one, other in pairwise(lengths))


@constraint("sentence:alliteration_increment", IFBENCH)
def more_alliteration(answer: str) -> bool:
    """The longest run of words that begin alike grows from sentence to sentence."""
    runs = [_longest_run(one) for one in sentences(answer)]
    return all(one < other for one, other in pairwise(runs))


def _longest_run(sentence: str) -> int:
    first = (word[0] for word in words(sentence.lower()))
    return max((sum(1 for _ in run) for _, run in groupby(first)), default=0)


@constraint("words:last_first", IFBENCH)
def last_word_first(answer: str) -> bool:
    """The last word of each sentence is the first of the next, in any case."""
    found = [words(one) for one in sentences(answer.lower())]
    return all(found) and all(one[-1] == other[0] for one, other in pairwise(found))


@constraint("words:keywords_specific_position", IFBENCH, keyword=text, n=positive, m=positive)
def keyword_position(answer: str, keyword: str, n: int, m: int) -> bool:
    """The keyword is word `m` of sentence `n`, both counted from 1, in any case."""
    found = sentences(answer)
    inside = words(found[n - 1].lower()) if len(found) >= n else []
    return len(inside) >= m and inside[m - 1] == keyword.lower()


def _ends(answer: str, mark: str) -> int:
    """How many sentences end with a mark, quotes and brackets after it aside."""
    return sum(one.rstrip(_CLOSING).endswith(mark) for one in sentences(answer))


@constraint("ratio:sentence_type", IFBENCH)
def two_to_one(answer: str) -> bool:
    """There are twice as many sentences that end with a full stop as questions, and a question."""
    questions = _ends(answer, "?")
    return questions > 0 and _ends(answer, ".") == 2 * questions


@constraint("ratio:sentence_balance", IFBENCH)
def balanced(answer: str) -> bool:
    """As many sentences end with a full stop as with a question mark and an exclamation mark."""
    return 0 < _ends(answer, ".") == _ends(answer, "?") == _ends(answer, "!")


@constraint("ratio:sentence_words", IFBENCH)
def same_length(answer: str) -> bool:
    """There are three sentences of the same number of characters, in which no word occurs twice."""
    found, all_words = sentences(answer), plain_words(answer)
    alike = len(found) == 3 and len({len(one) for one in found}) == 1
    return alike and len(all_words) == len(set(all_words))
