"""What became of a request: its outcome, what was said, and what it took.

| outcome | what it means | asked again |
|---|---|---|
| answered | a whole text, JSON that fits the schema, or the probabilities of the labels | no |
| truncated | the text reached `max_tokens`: it is never an answer | no |
| repeated | the engine stopped the text because it repeated itself | no |
| refused | the model or its provider declined | no |
| invalid | the text is no JSON or does not fit the schema; no label was among the likely tokens | no |
| failed | no usable reply, after every attempt | at the next run |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Outcome = Literal["answered", "truncated", "repeated", "refused", "invalid", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Attempt:
    """One sending of a request, and how it ended."""

    seconds: float
    error: str = ""
    """Empty where a reply came that could be read."""
    status: int | None = None
    """Of HTTP."""
    may_cost: bool = False
    """Whether it gave nothing though a model may have answered, so that it may have to be paid."""


@dataclass(frozen=True)
class Answer:
    """The end of a request. `text` is None unless the outcome is `answered`, so nothing half-said
    can be taken for an answer.
    """

    outcome: Outcome
    said: str = ""
    """All that came back, whatever became of it."""
    reason: str = ""
    """Why it is no answer."""
    finish: str = ""
    """Why the text ended, in the engine's own word."""
    probabilities: Mapping[str, float] | None = None
    """Of the labels; they sum to 1."""
    mass: float = 0.0
    """The probability of all labels together among all tokens: low where they were not understood."""
    logprobs: tuple[float, ...] = ()
    """Of the continuations, each the sum over its tokens."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's tokens, those that the engine had computed before."""
    completion_tokens: int = 0
    cost: float | None = None
    """In US dollars; None where no price is known."""
    served_by: str = ""
    """What the engine says that it answered with: a server's own name and version of its model."""
    tier: str = ""
    """How JSON was asked for: json_schema, json_object or text."""
    seconds: float = 0.0
    """From the first attempt to the end, pauses included."""
    attempts: tuple[Attempt, ...] = ()
    engine: str = ""
    model: str = ""
    revision: str = ""

    @property
    def text(self) -> str | None:
        """The answer's text; None where there is no answer, or where it is one of labels or
        continuations.
        """
        is_text = self.probabilities is None and not self.logprobs
        return self.said if self.outcome == "answered" and is_text else None

    @property
    def value(self) -> Any:
        """The JSON value of an answer to a request with a schema; None where there is no answer."""
        return None if self.text is None else json.loads(unfenced(self.text))

    def plain(self) -> dict[str, Any]:
        """The answer as plain data, which `answer_from` reads."""
        return vars(self) | {"attempts": [vars(attempt) for attempt in self.attempts]}


def answer_from(plain: Mapping[str, Any]) -> Answer:
    """The answer that plain data holds."""
    attempts = tuple(Attempt(**one) for one in plain["attempts"])
    logprobs = tuple(plain.get("logprobs", ()))
    return Answer(**{**plain, "attempts": attempts, "logprobs": logprobs})


def reason(error: object) -> str:
    """An error in one line of at most 300 characters, without the names and passwords of URLs."""
    line = " ".join(str(error).split())
    return re.sub("//[^/]*@", "//***@", line)[:300]


def unfenced(text: str) -> str:
    """The text within a fence, where all of the text is one fenced block; otherwise the text."""
    lines = text.strip().split("\n")  # JSON may hold U+2028, which ends a line for splitlines
    fenced = len(lines) > 2 and lines[0].strip() in ("```", "```json") and lines[-1] == "```"
    return "\n".join(lines[1:-1]) if fenced else text
