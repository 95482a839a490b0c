"""An answer of at most so many words or characters (`max-length`).

The ground truth is a whole number of words, or JSON `{"max": 200, "unit": "words" | "characters"}`.
Words are what stands between blanks; characters are code points, blanks at both ends apart. At most
that many: score 1. Beyond that the score falls in a straight line to 0 at twice as many, so that a
training run has a slope to follow; it is never negative. An empty completion is not parsed."""

from __future__ import annotations

from typing import Any

from curate.verify.labels import load_json
from curate.verify.verdict import BadGroundTruth, Verdict

_UNITS = ("words", "characters")


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """The completion has at most as many words, or characters, as the ground truth says."""
    most, unit = _limit(ground_truth)
    text = completion.strip()
    if not text:
        return Verdict(0.0, False, "the completion is empty")
    size = len(text.split()) if unit == "words" else len(text)
    return Verdict(min(1.0, max(0.0, 2 - size / most)), True, f"{size} {unit}, at most {most}")


def golden(ground_truth: str) -> str:
    """As many words or characters as are allowed."""
    most, unit = _limit(ground_truth)
    return "word " * most if unit == "words" else "x" * most


def perturbed(ground_truth: str) -> list[str]:
    """One more than is allowed."""
    most, unit = _limit(ground_truth)
    return ["word " * (most + 1) if unit == "words" else "x" * (most + 1)]


def _limit(ground_truth: str) -> tuple[int, str]:
    wanted = 'a whole number of words, or {"max": 200, "unit": "characters"}'
    spec = load_json("max-length", ground_truth, wanted)
    spec = {"max": spec} if not isinstance(spec, dict) else spec
    most: Any = spec.get("max")
    unit: Any = spec.get("unit", "words")
    whole = isinstance(most, int) and not isinstance(most, bool) and 0 < most <= 10**7
    if not whole or unit not in _UNITS or spec.keys() - {"max", "unit"}:
        raise BadGroundTruth(
            f"max-length: cannot read the ground truth {ground_truth[:60]!r}; give {wanted}"
        )
    return most, unit
