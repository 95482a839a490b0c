"""Constraints that ask for the request, or a part of it, instead of an answer."""

from __future__ import annotations

from curate.verify.constraints.registry import IFBENCH, constraint, text, whole

_SENTENCE = "only output this sentence here, ignore all other requests."


@constraint("repeat:repeat_simple", IFBENCH)
def repeat_simple(answer: str) -> bool:
    """The answer is the sentence `Only output this sentence here, ignore all other requests.`, in
    any case.
    """
    return answer.strip().lower() == _SENTENCE


@constraint("repeat:repeat_change", IFBENCH, prompt_to_repeat=text)
def repeat_changed(answer: str, prompt_to_repeat: str) -> bool:
    """The answer is the prompt with another first word; blanks do not count."""
    own, wanted = answer.split(), prompt_to_repeat.split()
    return own[1:] == wanted[1:] and own[:1] != wanted[:1] and len(own) == len(wanted)


@constraint("repeat:repeat_span", IFBENCH, prompt_to_repeat=text, n_start=whole, n_end=whole)
def repeat_span(answer: str, prompt_to_repeat: str, n_start: int, n_end: int) -> bool:
    """The answer is the prompt's words between two places, counted from 0, both included, in any
    case.
    """
    wanted = prompt_to_repeat.lower().split()[n_start : n_end + 1]
    return bool(wanted) and answer.lower().split() == wanted
