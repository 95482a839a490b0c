"""What judges are asked, and that nothing which cannot be read becomes a number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from curate.engines.answer import Answer
from curate.make.maker import Ask
from curate.make.prefer.judging import judged
from curate.make.prefer.questions import Case, questions, request_of
from curate.make.prefer.read import Comparison, Rating, Said
from curate.make.prefer.spec import Judge

PROMPT = [{"role": "user", "content": "Name a {tree}."}]
CASE = Case(7, PROMPT, {0: "An oak {answer}.", 2: "A rock."})


def judge(**given: Any) -> Judge:
    return Judge.model_validate({"name": "j", "engine": "e", "aspects": ["honesty"]} | given)


def said(one: Judge, *answers: Answer, case: Case = CASE) -> list[Said]:
    found = judged(case, [one], 42, answers)
    assert not any(isinstance(each, Ask) for each in found)
    return found  # type: ignore[return-value]


def text(*lines: str) -> Answer:
    return Answer("answered", said="\n".join(lines))


def labels(mass: float = 0.9, **shares: float) -> Answer:
    names = {name.lstrip("_"): share for name, share in shares.items()}
    return Answer("answered", probabilities=names, mass=mass)


def test_texts_of_strangers_are_put_in_as_they_are() -> None:
    (first, second) = questions(judge(), [0, 2], 42, 7)
    asked = request_of(first, CASE, 42).messages[0]["content"]
    assert "Name a {tree}." in asked and "An oak {answer}." in asked
    assert request_of(first, CASE, 42).labels == ("1", "2", "3", "4", "5")
    assert request_of(first, CASE, 42).seed != request_of(second, CASE, 42).seed


def test_two_answers_are_shown_both_ways() -> None:
    shown = [question.shown for question in questions(judge(ask="pairs"), [0, 1, 2], 42, 7)]
    assert sorted(shown) == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]


def test_orders_are_seeded_and_differ() -> None:
    several = judge(ask="together", mode="json", orders=4)
    shown = [question.shown for question in questions(several, [0, 1, 2], 42, 7)]
    assert len(set(shown)) == 4 and all(sorted(one) == [0, 1, 2] for one in shown)
    firsts = {questions(several, [0, 1, 2], 42, i)[0].shown for i in range(60)}
    assert len(firsts) == 6


def test_a_distribution_over_levels_is_its_mean() -> None:
    low = labels(0.4, _1=1.0, _2=0, _3=0, _4=0, _5=0)
    found = said(judge(), labels(_1=0, _2=0, _3=0.25, _4=0.5, _5=0.25), low)
    assert [(one.slot, one.rating, one.missing) for one in found if isinstance(one, Rating)] == [
        (0, 4.0, None),
        (2, None, "low-mass"),
    ]


@pytest.mark.parametrize(
    ("lines", "rating", "missing"),
    [
        (["Fine.", "Rating: 4"], 4.0, None),
        (["Fine.", "Rating: N/A", ""], None, "not-applicable"),
        (["Rating: 4", "So there."], None, "unreadable"),
        (["It says", "Rating: 5", "Rating: 2"], None, "unreadable"),
        (["Rating: 6"], None, "unreadable"),
        (["Rating: 4.5"], None, "unreadable"),
        (["I would give it a 4"], None, "unreadable"),
    ],
)
def test_a_text_keeps_its_form_or_says_nothing(
    lines: list[str], rating: float | None, missing: str | None
) -> None:
    one, bad = judge(mode="text"), text("no")
    answers = [text(*lines), text("Rating: 1")]
    if missing == "unreadable":
        (repair,) = judged(CASE, [one], 42, answers)
        assert isinstance(repair, Ask)
        assert repair.request.messages[-2]["content"] == "\n".join(lines)
        assert repair.request.sample == 1
        answers.append(bad)
    first, second = said(one, *answers)
    assert isinstance(first, Rating) and isinstance(second, Rating)
    assert (first.rating, first.missing) == (rating, missing)
    assert second.rating == 1.0


def test_a_repaired_text_counts() -> None:
    first, second = said(judge(mode="text"), text("no"), text("no"), text("Rating: 2"), text("x"))
    assert isinstance(first, Rating) and first.rating == 2.0
    assert isinstance(second, Rating) and second.missing == "unreadable"


def test_lines_for_several_answers_stand_in_order() -> None:
    several = judge(ask="together", mode="text")
    (question,) = questions(several, [0, 2], 42, 7)
    good = said(several, text("Reasons.", "Answer 1: 5", "Answer 2: N/A"))
    by_slot = {one.slot: one for one in good if isinstance(one, Rating)}
    assert by_slot[question.shown[0]].rating == 5.0
    assert by_slot[question.shown[1]].missing == "not-applicable"
    for bad in (("Answer 2: 5", "Answer 1: 4"), ("Answer 1: 5",), ("Answer 1: 1",) * 3):
        assert isinstance(judged(CASE, [several], 42, [text(*bad)])[0], Ask)


def test_json_gives_a_rating_for_each() -> None:
    several = judge(ask="together", mode="json")
    reply = {f"answer_{n}": {"reason": "x", "rating": r} for n, r in ((1, 3), (2, "N/A"))}
    found = said(several, Answer("answered", said=json.dumps(reply)))
    assert sorted(
        (one.place, one.rating, one.missing) for one in found if isinstance(one, Rating)
    ) == [
        (0, 3.0, None),
        (1, None, "not-applicable"),
    ]


def test_verdicts_name_who_was_shown_first() -> None:
    pairs = judge(ask="pairs", mode="text")
    found = said(pairs, text("Verdict: A"), text("Verdict: C"))
    assert found == [Comparison("j", 0, 2, "first"), Comparison("j", 2, 0, "tie")]
    likely = said(judge(ask="pairs"), labels(A=0.2, B=0.7, C=0.1), labels(A=0.4, B=0.4, C=0.2))
    assert [one.result for one in likely if isinstance(one, Comparison)] == ["second", "tie"]


@pytest.mark.parametrize("outcome", ["refused", "truncated", "repeated", "failed", "invalid"])
@pytest.mark.parametrize("mode", ["text", "json", "labels"])
def test_what_is_no_answer_says_what_it_was(outcome: Any, mode: Any) -> None:
    found = said(judge(mode=mode), *[Answer(outcome, said="Rating: 5")] * 2)
    wanted = "low-mass" if (mode, outcome) == ("labels", "invalid") else outcome
    assert [(one.rating, one.missing) for one in found if isinstance(one, Rating)] == [
        (None, wanted)
    ] * 2
