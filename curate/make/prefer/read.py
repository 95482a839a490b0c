"""What a judge said, as ratings and comparisons: a number, or by name why there is none.

    read(question, answer)      # [Rating(slot=2, judge="self", aspect="honesty", rating=4.2, …)]

Nothing that cannot be read becomes a number. What is missing says why: the outcome of the request
(refused, truncated, repeated, invalid, failed), `unreadable` where a text does not keep the form,
`not-applicable` where the judge says so, `low-mass` where a judge that was to say one label put its
probability elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from curate.engines.answer import Answer
from curate.make.prefer.questions import NOT_APPLICABLE, SIDES, Question

UNREADABLE, NO_ASPECT, LOW_MASS = "unreadable", "not-applicable", "low-mass"
_RATING = re.compile(r"Rating: ([1-5]|N/A)")
_VERDICT = re.compile(r"Verdict: ([ABC])")
_LINE = re.compile(r"Answer (\d+): ([1-5]|N/A)")
_RESULTS = dict(zip(SIDES, ("first", "second", "tie"), strict=True))


@dataclass(frozen=True)
class Rating:
    """What one judge says of one answer by one aspect; `rating` or `missing` is None."""

    slot: int
    judge: str
    aspect: str
    order: int
    """Of the orders in which answers were shown, the number of this one."""
    place: int
    """Where the answer stood among those shown, from 0."""
    rating: float | None = None
    """From 1 to 5: the level that was said, or the mean of the distribution over the levels."""
    missing: str | None = None
    mass: float | None = None
    """The probability of all labels together, where labels were read."""


@dataclass(frozen=True)
class Comparison:
    """What one judge says of two answers in one order; `result` or `missing` is None."""

    judge: str
    first: int
    second: int
    result: str | None = None
    """`first`, `second` or `tie`."""
    missing: str | None = None
    mass: float | None = None


Said = Rating | Comparison


def read(question: Question, answer: Answer) -> Sequence[Said]:
    """All that an answer to a question says: a rating of each answer shown, or a comparison."""
    figures, missing = _figures(question, answer)
    mass = answer.mass if answer.probabilities else None
    name = question.judge.name
    if question.aspect is None:
        first, second = question.shown
        result = _RESULTS[figures[0]] if figures else None
        return [Comparison(name, first, second, result, missing, mass)]
    ratings = []
    for place, slot in enumerate(question.shown):
        figure = figures[place] if figures else None
        none = NO_ASPECT if figure == NOT_APPLICABLE else missing
        value = float(figure) if figure not in (None, NOT_APPLICABLE) else None
        ratings.append(
            Rating(slot, name, question.aspect, question.order, place, value, none, mass)
        )
    return ratings


def is_unreadable(question: Question, answer: Answer) -> bool:
    """Whether a text was said that does not keep its form: then it is asked for once more."""
    return question.judge.mode == "text" and _figures(question, answer)[1] == UNREADABLE


def _figures(question: Question, answer: Answer) -> tuple[list[str], str | None]:
    """A figure for each answer shown, or one verdict; or nothing, and why."""
    if answer.outcome != "answered":
        unlikely = question.judge.mode == "labels" and answer.outcome == "invalid"
        return [], LOW_MASS if unlikely else answer.outcome
    if question.judge.mode == "labels":
        return _of_labels(question, answer)
    found = (
        _of_json(question, answer) if question.judge.mode == "json" else _of_text(question, answer)
    )
    return (found, None) if found else ([], UNREADABLE)


def _of_labels(question: Question, answer: Answer) -> tuple[list[str], str | None]:
    likely = answer.probabilities or {}
    if not likely or answer.mass < question.judge.least_mass:
        return [], LOW_MASS
    if question.aspect is None:
        return [_likeliest(likely["A"], likely["B"], likely["C"])], None
    return [repr(sum(int(level) * share for level, share in likely.items()))], None


def _likeliest(first: float, second: float, tie: float) -> str:
    """The side with the most probability; neither where both sides have the same."""
    if first == second or tie >= max(first, second):
        return "C"
    return "A" if first > second else "B"


def _of_json(question: Question, answer: Answer) -> list[str]:
    value = answer.value
    if question.aspect is None:
        return [value["verdict"]]
    if question.judge.ask == "each":
        return [str(value["rating"])]
    places = range(1, len(question.shown) + 1)
    return [str(value[f"answer_{place}"]["rating"]) for place in places]


def _of_text(question: Question, answer: Answer) -> list[str]:
    """The figures of a text that keeps its form; none of one that does not, or says two things."""
    lines = [line.strip() for line in answer.said.splitlines() if line.strip()]
    if question.judge.ask == "together":
        return _of_lines(lines, len(question.shown))
    form = _VERDICT if question.aspect is None else _RATING
    figures = [found[1] for line in lines if (found := form.fullmatch(line))]
    last = bool(lines) and form.fullmatch(lines[-1]) is not None
    return figures[-1:] if last and len(set(figures)) == 1 else []


def _of_lines(lines: Sequence[str], n: int) -> list[str]:
    """The figures of the last `n` lines, each of which names its answer, in order."""
    found = [_LINE.fullmatch(line) for line in lines]
    last = [one for one in found[-n:] if one is not None]
    in_order = [int(one[1]) for one in last] == list(range(1, n + 1))
    told = sum(one is not None for one in found)
    return [one[2] for one in last] if in_order and told == n else []
