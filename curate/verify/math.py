"""Answers of competition mathematics: boxed, in Minerva's sentence, or found in the text (`math`).

The answer is found by `extract.answer`, brought into one spelling and compared part by part
(`same`); only expressions that are neither numbers, words nor equal in spelling go to the
computer algebra (`symbolic.equal`). A ground truth is the answer in LaTeX, or a whole solution
whose last box holds it; an empty one, one with unbalanced brackets or with a backslash before a
digit or a minus (both are traces of a broken export) is refused."""

from __future__ import annotations

import re
from functools import lru_cache

from curate.verify import symbolic
from curate.verify.extract import answer, boxed
from curate.verify.same import same
from curate.verify.value import LONGEST, Value, read
from curate.verify.verdict import BadGroundTruth, Verdict

_NONE = Verdict(0.0, False, "no answer in the completion")
_SPELLED = Verdict(1.0, True, "the answer is the same text")
_EQUAL = Verdict(1.0, True, "the answer is equal")
_BROKEN = re.compile(r"(?<!\\)\\[-0-9]")
_INTEGER = re.compile(r"(?<![0-9.])([0-9]+)(?![0-9.])")


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The boxed or stated answer of the completion equals the ground truth as mathematics."""
    text = _gold(ground_truth)
    found = answer(completion)
    if found is None:
        return _NONE
    if found == text:
        return _SPELLED
    if len(found) > LONGEST:
        return Verdict(
            0.0,
            True,
            f"the answer has {len(found)} characters; more than {LONGEST} are not compared",
        )
    if same(_read(text), read(found), symbolic.equal):
        return _EQUAL
    return Verdict(0.0, True, f"the answer is {found[:60]}, not {text[:60]}")


def golden(ground_truth: str) -> str:
    """The ground truth in a box."""
    return f"The answer is $\\boxed{{{_gold(ground_truth)}}}$."


def perturbed(ground_truth: str) -> list[str]:
    """The last whole number one higher, the whole answer with something added, and the right answer
    not last.
    """
    text = _gold(ground_truth)
    numbers = list(_INTEGER.finditer(text))
    changed = []
    if numbers:
        last = numbers[-1]
        changed.append(f"{text[: last.start(1)]}{int(last[1]) + 1}{text[last.end(1) :]}")
    changed.append(f"{text}+97" if numbers else f"not {text}")
    return [
        *(f"\\boxed{{{one}}}" for one in changed),
        f"\\boxed{{{text}}} or \\boxed{{{changed[0]}}}",
    ]


@lru_cache(maxsize=1 << 14)
def _gold(ground_truth: str) -> str:
    """The answer of a ground truth; raises BadGroundTruth."""
    text = ground_truth.strip()
    if "\\boxed" in text or "\\fbox" in text:
        text = boxed(text) or ""
    text = text.strip().removeprefix("$").removesuffix("$").strip()
    fault = _fault(text)
    if fault:
        raise BadGroundTruth(
            f"math: the ground truth {ground_truth[:60]!r} {fault}; give the answer in LaTeX"
        )
    return text


@lru_cache(maxsize=1 << 14)
def _read(text: str) -> Value:
    return read(text)


def _fault(text: str) -> str | None:
    """Why a ground truth is no answer in LaTeX; None if it is one."""
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if _BROKEN.search(text):
        return "has a backslash before a digit or a minus"
    plain = text.replace("\\\\", "").replace("\\{", "").replace("\\}", "")
    if plain.count("{") != plain.count("}"):
        return "has braces that are not closed"
    sides = [len(re.findall(rf"\\{side}(?![a-z])", plain)) for side in ("left", "right")]
    return "has a \\left without its \\right or the reverse" if sides[0] != sides[1] else None
