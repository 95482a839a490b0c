"""Constraints that ask to repeat something: the prompt, part of it, a phrase, or the answer in two
versions.
"""

from __future__ import annotations

from typing import Any

from curate.verify.constraints.registry import (
    IFEVAL,
    IFTRAIN,
    as_written,
    constraint,
    positive,
    text,
    whole,
)
from curate.verify.constraints.text import composed, words

_STARS = "******"


@constraint("combination:two_responses", IFEVAL)
def two_responses(answer: str) -> bool:
    """Two different responses stand there, divided by six asterisks."""
    found = [one.strip() for one in answer.split(_STARS)]
    filled = [one for one in found if one]
    return len(filled) == 2 and filled[0] != filled[1] and all(found[1:-1])


@constraint("combination:repeat_prompt", IFEVAL, prompt_to_repeat=text)
def repeat_prompt(answer: str, prompt_to_repeat: str) -> bool:
    """The answer begins with the prompt, in any case."""
    return answer.strip().lower().startswith(prompt_to_repeat.lower())


def _copy(answer: str, prompt_to_repeat: str) -> bool:
    """The answer is the prompt, in any case, and nothing else."""
    return answer.strip().lower() == prompt_to_repeat.lower()


for _id in ("copy:copy", "copy:copying_simple"):
    constraint(_id, IFTRAIN, prompt_to_repeat=text)(_copy)


@constraint("copy:copying_multiple", IFTRAIN, prompt_to_repeat=text, N=positive)
def copy_multiple(answer: str, prompt_to_repeat: str, N: int) -> bool:
    """The answer is the prompt so many times, in any case, divided by six asterisks."""
    found = answer.split(_STARS)
    return len(found) == N and all(_copy(one, prompt_to_repeat) for one in found)


@constraint("new:copy_span_idx", IFTRAIN, prompt_to_repeat=as_written, n_start=whole, n_end=whole)
def copy_span(answer: str, prompt_to_repeat: str, n_start: int, n_end: int) -> bool:
    """The answer is the part of the prompt between two places, counted in characters from 0, both
    included.
    """
    wanted = composed(prompt_to_repeat[n_start : n_end + 1].strip())
    return bool(wanted) and _copy(answer, wanted)


def _phrase(value: Any) -> str:
    """A text that holds a word."""
    if not words(text(value)):
        raise ValueError("a text that holds a word")
    return text(value)


@constraint("copy:repeat_phrase", IFTRAIN, phrase=_phrase, small_n=positive)
def repeat_phrase(answer: str, phrase: str, small_n: int) -> bool:
    """The phrase occurs exactly so many times, each time with one word between its first and last
    replaced.
    """
    wanted, found = words(phrase.lower()), words(answer.lower())
    runs = (found[at : at + len(wanted)] for at in range(len(found) - len(wanted) + 1))
    ends = (run for run in runs if run[0] == wanted[0] and run[-1] == wanted[-1])
    changed = [sum(one != other for one, other in zip(run, wanted, strict=True)) for run in ends]
    close = [one for one in changed if one <= 1]
    return len(close) == small_n and all(close)
