"""A case before its judges: what is asked next, or all that was said of it.

    what = judged(case, judges, seed, answers)      # requests, or ratings and comparisons

First every question of every judge at once, then once more those whose text did not keep its form.
Pure: it is called again with the answers that there are. A verifier judges elsewhere, many answers
at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from curate.engines.answer import Answer
from curate.make.maker import Ask
from curate.make.prefer.questions import Case, Question, questions, repair_of, request_of
from curate.make.prefer.read import Said, is_unreadable, read
from curate.make.prefer.spec import Judge


def judged(
    case: Case, judges: Sequence[Judge], seed: int, answers: Sequence[Answer]
) -> list[Ask] | list[Said]:
    """What to ask, or, where `answers` has all that was asked, what the judges said."""
    asked = _questions(case, judges, seed)
    if len(answers) < len(asked):
        return [_ask(question, case, seed) for question in asked]
    pairs = list(zip(asked, answers, strict=False))
    again = [place for place, pair in enumerate(pairs) if is_unreadable(*pair)]
    if again and len(answers) == len(asked):
        return [_repair(*pairs[place], case, seed) for place in again]
    repaired = dict(zip(again, answers[len(asked) :], strict=True))
    return [
        said
        for place, (question, answer) in enumerate(pairs)
        for said in read(question, repaired.get(place, answer))
    ]


def is_asking(what: Sequence[object]) -> TypeGuard[list[Ask]]:
    """Whether something is still to be asked."""
    return bool(what) and isinstance(what[0], Ask)


def _questions(case: Case, judges: Sequence[Judge], seed: int) -> list[Question]:
    slots = list(case.answers)
    return [
        question
        for judge in judges
        if judge.engine
        for question in questions(judge, slots, seed, case.number)
    ]


def _ask(question: Question, case: Case, seed: int) -> Ask:
    return Ask(request_of(question, case, seed), str(question.judge.engine))


def _repair(question: Question, answer: Answer, case: Case, seed: int) -> Ask:
    request = repair_of(question, request_of(question, case, seed), answer)
    return Ask(request, str(question.judge.engine))
