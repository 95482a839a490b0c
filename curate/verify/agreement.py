"""Several answers to one question: what most of them say, and how large a share that is.

    found = majority("gsm8k", ["so it is 18.", "#### 18", "17"])   # Majority("18", 0, 0.67)

Two answers agree if the verifier passes one of them by what the other states. Answers in which
nothing is stated agree with none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from curate.verify import ALIASES, BadGroundTruth, answer_part, find
from curate.verify.extract import answer
from curate.verify.multiple_choice import chosen
from curate.verify.numbers import last_number


class Majority(NamedTuple):
    """What most answers say, the first answer that says it, and the share of those that do."""

    truth: str
    place: int
    share: float


def _number(text: str) -> str | None:
    found = last_number(text)
    return None if found is None else found[0]


def _line(text: str) -> str | None:
    return text.strip() or None


STATED: Mapping[str, Callable[[str], str | None]] = {
    "gsm8k": _number,
    "math": answer,
    "multiple-choice": chosen,
    "string": _line,
}
"""By verifier: what a completion states, as a ground truth; only of these can answers agree."""


def stated(verifier: str, completion: str) -> str | None:
    """What a completion states; None where it states nothing that its verifier could compare."""
    name = ALIASES.get(verifier, verifier)
    if name not in STATED:
        return None
    found = STATED[name](answer_part(completion))
    return found if found and _holds(name, completion, found) else None


def majority(verifier: str, completions: Sequence[str]) -> Majority | None:
    """The answer with most votes, of several the one that was given first; None where no completion
    states one.
    """
    truths: list[tuple[str, int]] = []
    votes: list[int] = []
    for place, completion in enumerate(completions):
        own = stated(verifier, completion)
        if own is None:
            continue
        same = (n for n, (truth, _) in enumerate(truths) if _holds(verifier, completion, truth))
        found = next(same, None)
        if found is None:
            truths.append((own, place))
            votes.append(1)
        else:
            votes[found] += 1
    if not votes:
        return None
    best = votes.index(max(votes))
    return Majority(*truths[best], votes[best] / len(completions))


def _holds(verifier: str, completion: str, truth: str) -> bool:
    try:
        return find(verifier)(answer_part(completion), truth).passed
    except BadGroundTruth:
        return False
