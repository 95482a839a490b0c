"""Overlap of words with the best of several answers (`token-f1`): SQuAD's F1 (Rajpurkar et al.,
2016).

The answer is found and normalised as in `string`; the score is the harmonic mean of precision and
recall over words, counted with multiplicity. The ground truth is an answer, or a JSON list of them:
the best counts."""

from __future__ import annotations

from collections import Counter

from curate.verify.labels import answers
from curate.verify.string import golden, normalise, stated
from curate.verify.string import perturbed as _others
from curate.verify.verdict import Verdict

__all__ = ["golden", "perturbed", "verify"]


def verify(completion: str, ground_truth: str, prompt: str | None = None) -> Verdict:
    """How many words the stated answer, or the completion, shares with the ground truth (F1)."""
    wanted = answers("token-f1", ground_truth)
    words = normalise(stated(completion)).split()
    if not words:
        return Verdict(0.0, False, "the answer is empty")
    score = max(_f1(words, normalise(one).split()) for one in wanted)
    return Verdict(score, True, f"F1 of words is {score:.3f}")


def perturbed(ground_truth: str) -> list[str]:
    """Those of `string`, except that an answer of which only the order is wrong would be right
    here.
    """
    return _others(ground_truth)


def _f1(found: list[str], wanted: list[str]) -> float:
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))
