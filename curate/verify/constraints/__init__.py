"""Instruction following: the 25 types of IFEval, and of IFBench the 29 to train on and the 58 to
test with, each a small pure function.

`ifeval` judges a completion as it stands, `ifeval_loose` by the loose rule of IFEval: a constraint
holds if it does so in the completion or in one of seven versions of it, without its first line, its
last line or both, and without asterisks. The score is the share of the constraints that hold. A
blank completion is not parsed, and none holds in it. Completions and arguments are compared in NFC.

Refused: labels that cannot be read, unknown types, arguments that are missing or of another kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curate.verify.constraints import copying, ends, format, ifbench, keywords, language, length
from curate.verify.constraints.labels import Bound, canonical, constraints_of
from curate.verify.constraints.registry import CONSTRAINTS, Constraint, bind
from curate.verify.constraints.text import composed
from curate.verify.verdict import Verdict

FAMILIES = (keywords, length, format, ends, copying, language, *ifbench.FAMILIES)
"""The modules that fill the registry."""

__all__ = [
    "CONSTRAINTS",
    "Constraint",
    "bind",
    "canonical",
    "constraints_of",
    "followed",
    "ifeval",
    "ifeval_loose",
]


def ifeval(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The completion keeps every constraint of the ground truth, strictly.

    The score is the share of those that hold. Raises BadGroundTruth for a label that cannot be
    read."""
    return _verdict(completion, constraints_of(ground_truth), _strict)


def ifeval_loose(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The completion keeps every constraint of the ground truth by IFEval's loose rule."""
    return _verdict(completion, constraints_of(ground_truth), loose_versions)


def followed(completion: str, ground_truth: str, *, loose: bool = False) -> list[bool]:
    """Which constraints of a label hold, in its order."""
    versions = (loose_versions if loose else _strict)(completion)
    return [_holds(one, versions) for one in constraints_of(ground_truth)]


def loose_versions(completion: str) -> list[str]:
    """The completion and the seven versions of it by which IFEval's loose rule judges (arXiv
    2311.07911, §2.2).
    """
    completion = composed(completion)
    lines = completion.split("\n")
    cut = [completion, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return list(dict.fromkeys([*cut, *(text.replace("*", "") for text in cut)]))


def _strict(completion: str) -> list[str]:
    return [composed(completion)]


def _holds(constraint: Bound, versions: Sequence[str]) -> bool:
    return any(version.strip() != "" and constraint.holds(version) for version in versions)


def _verdict(
    completion: str, constraints: tuple[Bound, ...], versions_of: Callable[[str], list[str]]
) -> Verdict:
    if not completion.strip():
        return Verdict(0.0, False, "the completion is blank")
    versions = versions_of(completion)
    failed = [one for one in constraints if not _holds(one, versions)]
    score = (len(constraints) - len(failed)) / len(constraints)
    if not failed:
        return Verdict(score, True, f"all {len(constraints)} constraints hold")
    first = failed[0]
    return Verdict(
        score,
        True,
        f"{first.id}({first.arguments}) does not hold; {len(failed)} of {len(constraints)} fail",
    )
