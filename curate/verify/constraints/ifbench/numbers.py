"""How many words of a kind an answer has: numbers, names, pronouns, stop words, keywords."""

from __future__ import annotations

import re
import string

from curate.verify.constraints.registry import IFBENCH, constraint, positive, text, whole
from curate.verify.constraints.text import RUN, count, whole_word, words

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CONJUNCTIONS = frozenset(("and", "but", "for", "nor", "or", "so", "yet"))
NAMES = tuple(
    "Emma Liam Sophia Jackson Olivia Noah Ava Lucas Isabella Mason Mia Ethan Charlotte Alexander"
    " Amelia Benjamin Harper Leo Zoe Daniel Chloe Samuel Lily Matthew Grace Owen Abigail Gabriel"
    " Ella Jacob Scarlett Nathan Victoria Elijah Layla Nicholas Audrey David Hannah Christopher"
    " Penelope Thomas Nora Andrew Aria Joseph Claire Ryan Stella Jonathan".split()
)
"""The names that the instruction lists."""
_PRONOUNS = frozenset(
    "i me we us you he him she her it they them my mine our ours your yours his hers its their"
    " theirs myself ourselves yourself yourselves himself herself itself themselves this that these"
    " those who whom whose which what whoever whomever whatever whichever anybody anyone anything"
    " everybody everyone everything nobody nothing somebody someone something each either neither"
    " both all some any none".split()
)
_STOP_WORDS = _PRONOUNS | frozenset(
    "a an the and but or nor so if then than as because while until of at by for with about against"
    " between into through during before after above below to from up down in out on off over under"
    " again further once here there when where why how more most other such no not only own same"
    " too very few just now am is are was were be been being have has had having do does did doing"
    " can will should don doesn didn isn aren wasn weren hasn haven hadn won wouldn shouldn couldn"
    " mustn needn ain s t d ll m re ve".split()
)
_TIMES = (1, 2, 3, 5, 7)


@constraint("count:word_count_range", IFBENCH, min_words=whole, max_words=whole)
def word_count_range(answer: str, min_words: int, max_words: int) -> bool:
    """The answer has between so many and so many runs of letters and digits, both included."""
    return min_words <= count(RUN, answer) <= max_words


@constraint("count:unique_word_count", IFBENCH, N=whole)
def unique_words(answer: str, N: int) -> bool:
    """At least so many different words occur; the case does not count."""
    return len(set(words(answer.lower()))) >= N


@constraint("count:conjunctions", IFBENCH, small_n=whole)
def conjunctions(answer: str, small_n: int) -> bool:
    """At least so many different ones of and, but, for, nor, or, so, yet occur."""
    return len(_CONJUNCTIONS.intersection(words(answer.lower()))) >= small_n


@constraint("count:person_names", IFBENCH, N=whole)
def person_names(answer: str, N: int) -> bool:
    """At least so many different names of a list of fifty occur, as they are written."""
    return len(set(RUN.findall(answer)).intersection(NAMES)) >= N


@constraint("count:numbers", IFBENCH, N=whole)
def numbers(answer: str, N: int) -> bool:
    """Exactly so many numbers occur; points, commas and hyphens within one divide it not."""
    return len(re.findall(r"\d+", answer.translate(_NO_PUNCTUATION))) == N


@constraint("count:pronouns", IFBENCH, N=whole)
def pronouns(answer: str, N: int) -> bool:
    """At least so many pronouns occur, the same one as often as it does."""
    return sum(word in _PRONOUNS for word in RUN.findall(answer.lower())) >= N


@constraint("count:punctuation", IFBENCH)
def all_punctuation(answer: str) -> bool:
    """Each of . , ! ? ; : occurs, and an interrobang (?!, !? or ‽) besides."""
    rest = re.sub(r"\?!|!\?|‽", "", answer, count=1)
    return rest != answer and all(mark in rest for mark in ".,!?;:")


@constraint(
    "count:keywords_multiple",
    IFBENCH,
    keyword1=text,
    keyword2=text,
    keyword3=text,
    keyword4=text,
    keyword5=text,
)
def keywords_multiple(
    answer: str, keyword1: str, keyword2: str, keyword3: str, keyword4: str, keyword5: str
) -> bool:
    """Five keywords occur exactly once, twice, three, five and seven times, as whole words, in any
    case.
    """
    wanted = (keyword1, keyword2, keyword3, keyword4, keyword5)
    return all(
        count(whole_word(keyword, answer), answer) == times
        for keyword, times in zip(wanted, _TIMES, strict=True)
    )


@constraint("count:words_japanese", IFBENCH, N=positive)
def words_japanese(answer: str, N: int) -> bool:
    """Every n-th piece between blanks holds a Japanese character; numbers and signs may be there
    too.
    """
    pieces = answer.split()[N - 1 :: N]
    return all(re.search(r"[぀-ヿ一-鿿]", piece) for piece in pieces if _is_word(piece))


def _is_word(piece: str) -> bool:
    plain = piece.strip(string.punctuation)
    return plain != "" and not plain.isdigit()


@constraint("ratio:stop_words", IFBENCH, percentage=whole)
def stop_words(answer: str, percentage: int) -> bool:
    """At most this percentage of the words are English function words."""
    found = RUN.findall(answer.lower())
    return bool(found) and 100 * sum(one in _STOP_WORDS for one in found) <= percentage * len(found)


@constraint("ratio:overlap", IFBENCH, reference_text=text, percentage=whole)
def overlap(answer: str, reference_text: str, percentage: int) -> bool:
    """Of the answer's different runs of three words or signs, this percentage is in the reference,
    give or take two.
    """
    own, theirs = _trigrams(answer), _trigrams(reference_text)
    return bool(own) and abs(100 * len(own & theirs) - percentage * len(own)) <= 2 * len(own)


def _trigrams(text: str) -> set[tuple[str, ...]]:
    tokens = re.findall(rf"{RUN.pattern}|[^\w\s]", text)
    return set(zip(tokens, tokens[1:], tokens[2:], strict=False))
