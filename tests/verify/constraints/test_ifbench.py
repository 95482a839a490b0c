"""The types of IFBench's test set, against texts that were written before their checkers."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError
from curate.verify.constraints import CONSTRAINTS, bind
from curate.verify.constraints.ifbench import format, words
from curate.verify.constraints.registry import IFBENCH
from tests.soak import examples

WRITTEN: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("ifbench.yaml").read_text("utf-8")
)
NEEDS = {
    "format:emoji": "emoji",
    "words:odd_even_syllables": "syllapy",
    "words:start_verb": "textblob",
}


def checker(id: str) -> Any:
    if id in NEEDS:
        pytest.importorskip(NEEDS[id], reason="the extra 'verify' is not installed")
    return bind(id, WRITTEN[id]["kwargs"])


def test_the_set_is_whole_and_each_type_has_three_texts_of_either_kind() -> None:
    assert set(WRITTEN) == {id for id, one in CONSTRAINTS.items() if one.origin == IFBENCH}
    assert len(WRITTEN) == 58
    for case in WRITTEN.values():
        assert len(set(case["holds"])) == len(set(case["fails"])) == 3


@pytest.mark.parametrize("id", WRITTEN)
def test_the_texts_written_for_it(id: str) -> None:
    holds = checker(id)
    assert [text for text in WRITTEN[id]["holds"] if holds(text) is not True] == []
    assert [text for text in WRITTEN[id]["fails"] if holds(text) is not False] == []


@pytest.mark.parametrize("id", WRITTEN)
def test_no_answer_breaks_it(id: str) -> None:
    holds = checker(id)

    @examples(10)
    @given(st.text(max_size=60) | st.text(alphabet="aB.,!?* -()[]\"'<i>/\n1漢😀", max_size=60))
    def check(answer: str) -> None:
        assert holds(answer) in (True, False)

    check()
    assert holds("") in (True, False)


@pytest.mark.parametrize("id", WRITTEN)
def test_huge_answers_take_time_in_proportion(id: str) -> None:
    holds = checker(id)
    for piece in ("a. ", "* a\n", "(", '"a', "Question 1 ", "<i>", "aa", ","):
        start = time.process_time()
        assert holds(piece * (60_000 // len(piece))) in (True, False)
        assert time.process_time() - start < 4, piece


@pytest.mark.parametrize(
    ("options", "holds", "fails"),
    [
        ("I know or I don't know", ["i know.", "I don't know"], ["I know or not", "know"]),
        ("a), b), c), d)", ["b)", " d) "], ["b", "B)", "a), b)"]),
        ("for ever, never", ["for ever", "Never!"], ["ever"]),
    ],
)
def test_options_are_divided_as_they_are_written(
    options: str, holds: list[str], fails: list[str]
) -> None:
    check = bind("format:options", {"options": options})
    assert all(map(check, holds))
    assert not any(map(check, fails))


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    words._tagger.cache_clear()
    for name in ("emoji", "syllapy", "textblob", "textblob.taggers"):
        monkeypatch.setitem(sys.modules, name, None)
    for check, name in (
        (format.emoji_at_ends, "emoji"),
        (words.odd_even, "syllapy"),
        (words.starts_with_verb, "textblob"),
    ):
        with pytest.raises(UserError, match=f"needs {name}, which is not installed"):
            check("One word.")
