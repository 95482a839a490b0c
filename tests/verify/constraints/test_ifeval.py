"""The verdict over several constraints, strict and loose, and the counting beneath the types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.verify.constraints import (
    detector,
    followed,
    ifeval,
    ifeval_loose,
    language,
    loose_versions,
    punkt,
)
from curate.verify.constraints.text import paragraphs, parts, sentences, words
from curate.verify.verdict import Verdict
from tests.conftest import ROOT
from tests.verify.constraints.conftest import need

NO_COMMA = {"id": "punctuation:no_comma", "kwargs": {}}
QUOTED = {"id": "startend:quotation", "kwargs": {}}
THREE = {
    "id": "length_constraints:number_words",
    "kwargs": {"relation": "at least", "num_words": 3},
}


def test_the_score_is_the_share_and_the_reason_names_the_first_that_fails() -> None:
    label = json.dumps([NO_COMMA, THREE, QUOTED])
    assert ifeval('"one two three"', label) == Verdict(1.0, True, "all 3 constraints hold")
    one = ifeval("one two", label)
    assert one.score == pytest.approx(1 / 3)
    assert one.parsed and not one.passed
    assert one.reason == (
        "length_constraints:number_words(relation='at least', num_words='3') does not hold; 2 of 3 fail"
    )
    assert followed("one two", label) == [True, False, False]


@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_a_blank_completion_is_not_parsed(blank: str) -> None:
    for judge in (ifeval, ifeval_loose):
        assert judge(blank, json.dumps([NO_COMMA])) == Verdict(
            0.0, False, "the completion is blank"
        )
    assert followed(blank, json.dumps([NO_COMMA]), loose=True) == [False]


@pytest.mark.parametrize(
    "answer",
    [
        'Sure:\n"All of it"',
        '"All of it"\nBye',
        'Sure:\n"All of it"\nBye',
        '*"All of it"*',
        'Sure:\n**"All of it"**\nBye',
    ],
)
def test_the_loose_rule_forgives_a_first_and_last_line_and_asterisks(answer: str) -> None:
    label = json.dumps([QUOTED])
    assert not ifeval(answer, label).passed
    assert ifeval_loose(answer, label).passed


def test_the_loose_rule_takes_each_constraint_by_itself() -> None:
    label = json.dumps([QUOTED, THREE])
    answer = 'one two three\n"a"'
    assert ifeval(answer, label).score == 0.5
    assert ifeval_loose(answer, label).passed


@given(st.text(alphabet='a*\n" ', max_size=40))
def test_loose_versions_are_those_of_the_paper(answer: str) -> None:
    lines = answer.split("\n")
    cut = {
        answer,
        "\n".join(lines[1:]).strip(),
        "\n".join(lines[:-1]).strip(),
        "\n".join(lines[1:-1]).strip(),
    }
    assert set(loose_versions(answer)) == cut | {text.replace("*", "") for text in cut}
    label = json.dumps([QUOTED, NO_COMMA])
    assert ifeval_loose(answer, label).score >= ifeval(answer, label).score


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It rains. We stay! Why? …", ["It rains.", "We stay!", "Why?", "…"]),
        ("Dr. Smith of the U.S. Army paid 3.50. Mr. J. Doe did not.", [
            "Dr. Smith of the U.S. Army paid 3.50.", "Mr. J. Doe did not.",
        ]),
        ('He said: "Go." She went.', ['He said: "Go."', "She went."]),
        ("So do I. Then we go.", ["So do I.", "Then we go."]),
        ("A title\n\nA text without an end", ["A title", "A text without an end"]),
        ("One line\nand the next.", ["One line\nand the next."]),
        ("Wait... what?! Yes.", ["Wait...", "what?!", "Yes."]),
        ("今天下雨。我们不去！", ["今天下雨。", "我们不去！"]),
        ("", []),
        (" \n\n ", []),
        ("See example.com for v2.0 now", ["See example.com for v2.0 now"]),
        ("To Dr.", ["To Dr."]),
    ],
)  # fmt: skip
def test_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


@given(st.text(alphabet="aB. !?\n\"')Dr", max_size=80))
def test_sentences_lose_nothing_but_blanks(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_words_paragraphs_and_parts() -> None:
    assert words("It’s a well-known 3rd-rate – film, naïve 漢字_x") == [
        "It’s", "a", "well-known", "3rd-rate", "film", "naïve", "漢字_x",
    ]  # fmt: skip
    assert paragraphs("\n\na\nb\n \nc\n\n\n\nd\n") == ["a\nb", "c", "d"]
    assert parts("a *** b\n* * *\nc") == ["a", "b", "c"]
    assert parts("***a******b***") == ["a", "", "b"]
    assert parts("") == []


def test_capital_words_are_those_of_nltk() -> None:
    need("length_constraints:number_sentences")
    import nltk

    @given(st.text(alphabet="aAbB .,'\"-!?&N'Tt\n()[]{}:;", max_size=60) | st.text(max_size=60))
    def check(text: str) -> None:
        wanted = sum(token.isupper() for token in nltk.word_tokenize(text))
        assert punkt.count_capital_words(text) == wanted

    check()
    for text in (
        "CANNOT GIMME GONNA GOTTA LEMME WANNA 3D a DON'T I'M O'NEIL 'TIS",
        "A.B. U.S.A. OK. (NASA), \"WHO\" X--Y MORE'N D'YE",
    ):
        assert punkt.count_capital_words(text) == sum(
            token.isupper() for token in nltk.word_tokenize(text)
        )


def test_sentences_are_those_of_punkt() -> None:
    need("length_constraints:number_sentences")
    from nltk.tokenize.punkt import PunktTokenizer

    original = PunktTokenizer("english")
    piece = st.sampled_from(
        "Mr Dr etc vs inc no U.S a B I it We The st Jan 3 42 well-known word e.g and New".split()
    )
    joint = st.sampled_from(
        [" ", ". ", "! ", "? ", ".\n", ".\n\n", "... ", '." ', ", ", ".) ", "!! ", "; ", "-"]
    )

    @given(st.lists(st.tuples(piece, joint), max_size=12), st.integers(1, 20))
    def check(pieces: list[tuple[str, str]], most: int) -> None:
        text = "".join(word + end for word, end in pieces)
        assert punkt.count_sentences(text, most) == min(most, len(original.tokenize(text)))

    check()


def test_missing_punkt_says_what_is_missing_and_where_it_was_looked_for(tmp_path: Path) -> None:
    pytest.importorskip("nltk")
    code = "from curate.verify.constraints import punkt; punkt.count_sentences('A. B.', 3)"
    environment = {"NLTK_DATA": str(tmp_path), "HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode == 0:
        pytest.skip("nltk's data is installed where it is always found")
    last = done.stderr.strip().splitlines()[-1]
    assert "UserError: nltk's data tokenizers/punkt_tab is missing" in last
    assert f"NLTK_DATA (looked in: {tmp_path}" in last


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nltk", "langdetect"):
        monkeypatch.setitem(sys.modules, name, None)
    for cached in (punkt._tokeniser, punkt._punkt, detector.tables):
        cached.cache_clear()
    with pytest.raises(
        UserError,
        match="needs nltk, which is not installed: pip install -c constraints.txt '\\.\\[verify\\]'",
    ):
        punkt.count_capital_words("A new word: XY-ZQ")
    with pytest.raises(UserError, match="needs nltk"):
        punkt.count_sentences("A. B.", 2)
    with pytest.raises(UserError, match="needs langdetect"):
        language.detect("A text")


def test_languages_are_those_that_can_be_told() -> None:
    need("language:response_language")
    assert {*detector.tables().factory.get_lang_list(), "zh"} == language.LANGUAGES


def test_a_language_is_told_the_same_each_time() -> None:
    need("language:response_language")
    for text in ("oui non", "die an", "a", "hallo", "ok ok ok"):
        assert len({language.detect(text) for _ in range(20)}) == 1
    assert language.detect("123 ?!") is None
