"""What judges are asked: which answers, in which order, by which aspect, and the request that says it.

    for question in questions(judge, slots=[0, 1, 2], seed=42, number=7):
        request = request_of(question, case, seed=42)

A question is plain data; what the judge says to it is read by `read`. Two answers are always shown
in both orders, and several together in seeded ones, so that a preference for a place shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from curate.engines.answer import Answer
from curate.engines.request import Message, Request, Sampling, digest, seed_of
from curate.make.prefer.rubrics import DIGEST, FORMS, LEVELS, about, filled, overall
from curate.make.prefer.spec import Judge

SIDES = ("A", "B", "C")
"""Verdicts on two answers: the one shown first, the one shown second, neither."""
NOT_APPLICABLE = "N/A"


@dataclass(frozen=True)
class Case:
    """A prompt with the answers that are judged, by slot."""

    number: int
    prompt: Sequence[Message]
    answers: Mapping[int, str]
    criteria: str | None = None
    """By what answers to this very prompt are judged besides."""
    reference: str | None = None


@dataclass(frozen=True)
class Question:
    """One request to a judge."""

    judge: Judge
    shown: tuple[int, ...]
    """The slots of the answers, in the order in which they are shown."""
    aspect: str | None = None
    """None: the answers are compared."""
    order: int = 0


def questions(judge: Judge, slots: Sequence[int], seed: int, number: int) -> list[Question]:
    """All that a judge is asked about the answers to row `number`."""
    if judge.ask == "pairs":
        return [Question(judge, pair) for pair in permutations(slots, 2)]
    if judge.ask == "each":
        return [Question(judge, (slot,), aspect) for aspect in judge.aspects for slot in slots]
    orders = _orders(slots, judge.orders, seed, number)
    return [
        Question(judge, shown, aspect, order)
        for aspect in judge.aspects
        for order, shown in enumerate(orders)
    ]


def _orders(slots: Sequence[int], n: int, seed: int, number: int) -> list[tuple[int, ...]]:
    """So many different orders, or all where there are fewer."""
    if len(slots) > 6:  # too many to list: each is drawn by itself
        keyed = [
            sorted(slots, key=lambda slot, i=i: digest(["order", seed, number, i, slot]))  # type: ignore[misc]
            for i in range(n)
        ]
        return list(dict.fromkeys(map(tuple, keyed)))
    every = list(permutations(slots))
    return sorted(every, key=lambda order: digest(["order", seed, number, list(order)]))[:n]


def request_of(question: Question, case: Case, seed: int) -> Request:
    """The request that puts a question to its judge."""
    judge = question.judge
    own = seed_of(seed, "judge", judge.name, case.number, question.aspect or "", *question.shown)
    return Request(
        messages=[{"role": "user", "content": _asked(question, case)}],
        seed=own,
        sampling=Sampling(max_tokens=judge.max_tokens, temperature=0.0),
        schema=_schema(question) if judge.mode == "json" else None,
        labels=_labels(question) if judge.mode == "labels" else (),
        template=DIGEST,
    )


def repair_of(question: Question, request: Request, answer: Answer) -> Request:
    """The request that asks once more for the form, after a text that did not keep it."""
    told = f"{filled('repair', {})}\n{FORMS[_form(question)]}"
    more = [{"role": "assistant", "content": answer.said}, {"role": "user", "content": told}]
    return replace(request, messages=[*request.messages, *more], sample=1)


def _form(question: Question) -> str:
    judge = question.judge
    what = "compare" if question.aspect is None else "rate"
    together = "_all" if judge.ask == "together" else ""
    return f"{what}{together}_{judge.mode}"


def _labels(question: Question) -> tuple[str, ...]:
    return SIDES if question.aspect is None else LEVELS


def _asked(question: Question, case: Case) -> str:
    texts = [case.answers[slot] for slot in question.shown]
    reference = filled("reference", {"reference": case.reference}) if case.reference else ""
    shared = {
        "conversation": _conversation(case.prompt),
        "reference": f"\n{reference}\n" if reference else "",
        "form": FORMS[_form(question)],
    }
    if question.aspect is None:
        sides = {"overall": overall(case.criteria), "a": texts[0], "b": texts[1]}
        return filled("compare", shared | sides)
    blanks = shared | about(question.aspect, case.criteria)
    if question.judge.ask == "each":
        return filled("rate", blanks | {"answer": texts[0]})
    numbered = [f"# Answer {place}\n{text}" for place, text in enumerate(texts, 1)]
    return filled("rate_all", blanks | {"answers": "\n\n".join(numbered)})


def _conversation(prompt: Sequence[Message]) -> str:
    if len(prompt) == 1:
        return prompt[0]["content"]
    return "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in prompt)


def _schema(question: Question) -> dict[str, Any]:
    """The JSON that a judge answers with: a reason, then the figure, for each answer shown."""
    if question.aspect is None:
        return _object({"reason": {"type": "string"}, "verdict": {"enum": list(SIDES)}})
    levels = [*map(int, LEVELS), NOT_APPLICABLE]
    one = _object({"reason": {"type": "string"}, "rating": {"enum": levels}})
    if question.judge.ask == "each":
        return one
    return _object({f"answer_{place}": one for place in range(1, len(question.shown) + 1)})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
