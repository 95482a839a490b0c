"""Which outcome a text has, whatever engine gave it, and what the probabilities of labels are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from curate.engines.answer import Answer, Outcome
from curate.engines.request import Request
from curate.engines.structured import misfit

_ENDED: Mapping[str, tuple[Outcome, str]] = {
    "length": ("truncated", "the text reached max_tokens"),
    "content_filter": ("refused", "the provider withheld the answer"),
    "repetition": ("repeated", "the text repeated itself"),
}
"""By the reason for which a text ended, as OpenAI's API and vLLM call it."""


def judged(answer: Answer, request: Request) -> Answer:
    """The answer with the outcome that its finish reason and its text give it."""
    if answer.finish in _ENDED:
        return ended(answer, *_ENDED[answer.finish])
    if not answer.said.strip():
        return ended(answer, "invalid", "the text is empty")
    fault = misfit(answer.said, request.schema) if request.schema is not None else ""
    return ended(answer, "invalid", fault) if fault else answer


def labelled(answer: Answer, labels: Sequence[str], likely: Sequence[tuple[str, float]]) -> Answer:
    """The answer with the probability of each label: that of the tokens that begin it and no other.

    `likely` are tokens with their log-probabilities; a blank before a token does not count."""
    sums = dict.fromkeys(labels, 0.0)
    for token, logprob in likely:
        begun = [label for label in labels if token.strip() and label.startswith(token.strip())]
        if len(begun) == 1:
            sums[begun[0]] += math.exp(float(logprob))
    mass = sum(sums.values())
    if mass <= 0:
        return ended(answer, "invalid", "no label is among the likely tokens")
    shares = {label: value / mass for label, value in sums.items()}
    return replace(answer, probabilities=shares, mass=mass)


def ended(answer: Answer, outcome: Outcome, reason: str) -> Answer:
    """The same answer with another outcome, and why."""
    return replace(answer, outcome=outcome, reason=reason)
