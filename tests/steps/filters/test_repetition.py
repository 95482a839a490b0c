"""How much texts repeat themselves, against plain Python."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.steps.filters.repetition import GOPHER, REPETITION, USUAL
from curate.text.tokenise import words as words_of
from tests.steps.filters.looking import answers, found_by, numbers_of, records_of

BLANK = " \t\r\n\x0b\x0c"
few_words = st.lists(st.sampled_from(["a", "B", "cé", "中", "d1", ", ", ". "]), max_size=40)
few_pieces = st.lists(st.sampled_from(["a", "bé c", " a ", "", "!", "?.", "\t"]), max_size=25)


def words(text: str) -> list[str]:
    return [word.text for word in words_of(text)]


def consecutive(text: str, longest: int) -> int:
    own = words(text)
    best = min(1, len(own))
    for size in range(1, longest + 1):
        for start in range(len(own)):
            unit, times = own[start : start + size], 1
            while (
                len(unit) == size and own[start + times * size : start + (times + 1) * size] == unit
            ):
                times += 1
            best = max(best, times)
    return best


def top(text: str, n: int) -> float:
    own = words(text)
    counts = Counter(tuple(own[i : i + n]) for i in range(len(own) - n + 1))
    most = max(counts.values(), default=0)
    if most < 2:
        return 0.0
    size = max(len("".join(gram)) for gram, times in counts.items() if times == most)
    return min(1.0, most * size / len("".join(own)))


def duplicate(text: str, n: int) -> float:
    own, seen, again, at = words(text), set(), 0, 0
    while at + n <= len(own):
        gram = tuple(own[at : at + n])
        if gram in seen:
            again += len("".join(gram))
            at += n
        else:
            seen.add(gram)
            at += 1
    return again / max(1, len("".join(own)))


def cut(text: str, at: str) -> list[str]:
    return [piece.strip(BLANK) for piece in re.split(at, text) if piece.strip(BLANK)]


LINES, PARAGRAPHS, SENTENCES = r"\n", r"\n(?=\n)", r"[.!?]"


@given(few_words, st.integers(1, 4))
@example(["a", " "] * 30, 3)
def test_a_unit_that_follows_itself(parts: list[str], longest: int) -> None:
    text = " ".join(parts)
    entry = {"repetition": {"n": longest}}
    assert numbers_of(entry, answers(text)) == [consecutive(text, longest)]


@given(few_words, st.integers(1, 4))
def test_the_most_frequent_ngram(parts: list[str], n: int) -> None:
    text = " ".join(parts)
    entry = {"repetition": {"measure": "top_ngram", "n": n, "at_most": 1}}
    assert numbers_of(entry, answers(text)) == [pytest.approx(top(text, n))]


@given(few_words, st.integers(1, 4))
def test_ngrams_that_had_been_there(parts: list[str], n: int) -> None:
    text = " ".join(parts)
    entry = {"repetition": {"measure": "duplicate_ngrams", "n": n, "at_most": 1}}
    assert numbers_of(entry, answers(text)) == [pytest.approx(duplicate(text, n))]


@pytest.mark.parametrize(
    ("measure", "at"),
    [
        ("duplicate_lines", LINES),
        ("duplicate_paragraphs", PARAGRAPHS),
        ("duplicate_line_characters", LINES),
        ("duplicate_paragraph_characters", PARAGRAPHS),
    ],
)
@settings(max_examples=30)
@given(parts=few_pieces, join=st.sampled_from(["\n", "\n\n"]))
def test_lines_and_paragraphs(measure: str, at: str, parts: list[str], join: str) -> None:
    text = join.join(parts)
    pieces = cut(text, at)
    again = [piece for number, piece in enumerate(pieces) if piece in pieces[:number]]
    wanted = len(again) / max(1, len(pieces))
    if "characters" in measure:
        wanted = len("".join(again)) / max(1, len("".join(pieces)))
    assert numbers_of({"repetition": {"measure": measure}}, answers(text)) == [
        pytest.approx(wanted)
    ]


@given(few_pieces)
def test_sentences_and_paragraphs_are_counted(parts: list[str]) -> None:
    text = ".".join(parts)
    pieces = cut(text, SENTENCES)
    entry = {"repetition": {"measure": "sentences"}}
    assert numbers_of(entry, answers(text)) == [max(Counter(pieces).values(), default=0)]
    entry = {"repetition": {"measure": "consecutive_sentences"}}
    runs = [len(list(group)) for _, group in groupby(pieces)]
    assert numbers_of(entry, answers(text)) == [max(runs, default=0)]


def test_a_reason_names_what_is_repeated() -> None:
    text = "Well, " + "foo bar " * 41
    assert found_by("repetition", text, "all is well") == ["'foo bar'", None]
    found = found_by({"repetition": {"measure": "sentences"}}, "Yes. " * 5 + "No!")
    assert found == ["'Yes'"]


def test_the_worst_turn_counts_and_short_ones_may_be_passed_over() -> None:
    chat = [("user", "x x x x"), ("assistant", "a b"), ("assistant", "c c c"), ("assistant", "d")]
    records = records_of([chat, [("user", "y"), ("assistant", "z")], [("user", "only")]])
    assert numbers_of("repetition", records) == [3, 1, 0]
    assert numbers_of({"repetition": {"last": True}}, records) == [1, 1, 0]
    assert numbers_of({"repetition": {"roles": ["user"]}}, records) == [4, 1, 1]
    assert numbers_of({"repetition": {"shortest": 4}}, records) == [0, 0, 0]


def test_many_texts_share_no_table() -> None:
    texts = ["p q p q p q"] * 3 + ["r s t u"] * 3 + [" ".join(map(str, range(5000)))]
    entry = {"repetition": {"measure": "top_ngram", "n": 2}}
    assert numbers_of(entry, answers(*texts)) == [1, 1, 1, 0, 0, 0, 0]
    lines = ["\n".join(map(str, range(n))) + "\n0" for n in (3, 3000, 4)]
    entry = {"repetition": {"measure": "duplicate_lines"}}
    assert numbers_of(entry, answers(*lines)) == pytest.approx([1 / 4, 1 / 3001, 1 / 5])


def test_the_published_numbers() -> None:
    gopher = REPETITION.presets["gopher"]
    assert len(gopher) == 13 and all(one["shortest"] == 50 for one in gopher)
    assert sorted(GOPHER.values()) == [0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.2]
    assert USUAL["consecutive"] == 31
