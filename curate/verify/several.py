"""Several verifiers on one completion: all of them must pass (`all-of`), or their scores are
averaged (`weighted`).

The ground truth is a JSON list `[{"verifier": "math", "ground_truth": "4", "weight": 2}, ...]`; a
weight is a number above 0, 1 where none is given, and counts in `weighted` alone. A completion is
parsed if every part finds an answer in it. Parts may be lists themselves, three deep. An unknown
verifier in a part is an unreadable ground truth."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from curate.verify import BadGroundTruth, UnknownVerifier, Verdict, find, load
from curate.verify.labels import load_json

_WANTED = '[{"verifier": ..., "ground_truth": ..., "weight": 1}, ...]'
_DEEPEST = 3


class Part(NamedTuple):
    """One of several verifiers, what it is given, and how much it counts."""

    verifier: str
    ground_truth: str
    weight: float


def all_of(
    completion: str,
    ground_truth: str,
    prompt: str | None = None,
    *,
    allow_weaker: bool = False,
    engine: Any = None,
) -> Verdict:
    """Every one of several verifiers passes the completion."""
    verdicts = _verdicts(completion, ground_truth, prompt, allow_weaker, engine)
    failed = [
        f"{part.verifier}: {verdict.reason}" for part, verdict in verdicts if not verdict.passed
    ]
    parsed = all(verdict.parsed for _, verdict in verdicts)
    isolated = all(verdict.isolated for _, verdict in verdicts)
    reason = "; ".join(failed) or "all parts pass"
    return Verdict(float(not failed), parsed, reason, isolated)


def weighted(
    completion: str,
    ground_truth: str,
    prompt: str | None = None,
    *,
    allow_weaker: bool = False,
    engine: Any = None,
) -> Verdict:
    """The weighted mean of the scores of several verifiers."""
    verdicts = _verdicts(completion, ground_truth, prompt, allow_weaker, engine)
    total = math.fsum(part.weight for part, _ in verdicts)
    score = math.fsum(part.weight * verdict.score for part, verdict in verdicts) / total
    passed = all(verdict.passed for _, verdict in verdicts)
    reason = "; ".join(
        f"{part.verifier} {verdict.score:g}: {verdict.reason}" for part, verdict in verdicts
    )
    parsed = all(verdict.parsed for _, verdict in verdicts)
    isolated = all(verdict.isolated for _, verdict in verdicts)
    return Verdict(1.0 if passed else min(score, math.nextafter(1, 0)), parsed, reason, isolated)


def parts(ground_truth: str) -> list[Part]:
    """The parts of a ground truth; raises BadGroundTruth where they cannot be read or name an
    unknown verifier.
    """
    return _parts(load_json("all-of", ground_truth, _WANTED), 1)


def _parts(listed: object, depth: int) -> list[Part]:
    if not isinstance(listed, list) or not listed or depth > _DEEPEST:
        raise BadGroundTruth(
            f"all-of: the ground truth is no list of one to {_DEEPEST} levels; give {_WANTED}"
        )
    found = []
    for place, part in enumerate(listed):
        if (
            not isinstance(part, dict)
            or part.keys() - set(Part._fields)
            or "ground_truth" not in part
        ):
            raise BadGroundTruth(f"all-of: part {place} is none; give {_WANTED}")
        name, truth, weight = part.get("verifier"), part["ground_truth"], part.get("weight", 1)
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float)
            or not 0 < weight < math.inf
        ):
            raise BadGroundTruth(
                f"all-of: part {place}: the weight must be a number above 0, not {weight!r}"
            )
        if not isinstance(name, str):
            raise BadGroundTruth(f"all-of: part {place} names no verifier; give {_WANTED}")
        try:
            plain = load(name).name
        except UnknownVerifier as error:
            raise BadGroundTruth(f"all-of: part {place}: {error}") from error
        if plain in ("all-of", "weighted"):
            _parts(
                truth if not isinstance(truth, str) else load_json("all-of", truth, _WANTED),
                depth + 1,
            )
        found.append(
            Part(plain, truth if isinstance(truth, str) else json.dumps(truth), float(weight))
        )
    return found


def asks_a_model(name: str, ground_truth: str) -> bool:
    """Whether a verifier, or a part of its ground truth, asks a language model."""
    verifier = load(name)
    if verifier.name not in ("all-of", "weighted"):
        return verifier.asks_a_model
    try:
        listed = parts(ground_truth)
    except BadGroundTruth:  # whoever judges it says so
        return False
    return any(asks_a_model(part.verifier, part.ground_truth) for part in listed)


def _verdicts(
    completion: str, ground_truth: str, prompt: str | None, allow_weaker: bool, engine: Any
) -> list[tuple[Part, Verdict]]:
    """Each part with its verdict; all ground truths are read, even where one part has failed."""
    judged = []
    for part in parts(ground_truth):
        verify = find(part.verifier, engine, allow_weaker=allow_weaker)
        judged.append((part, verify(completion, part.ground_truth, prompt)))
    return judged
