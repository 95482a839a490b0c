"""Ground truths that hold more than one answer or are JSON: read once, with errors that say what is
wrong.
"""

from __future__ import annotations

import json
from typing import Any

from curate.verify.verdict import BadGroundTruth


def load_json(verifier: str, ground_truth: str, wanted: str) -> Any:
    """The JSON of a ground truth; raises BadGroundTruth, which says what is `wanted`, where it is
    none.
    """
    try:
        return json.loads(ground_truth)
    except (ValueError, RecursionError) as error:
        shown = ground_truth[:60]
        raise BadGroundTruth(
            f"{verifier}: the ground truth {shown!r} is not JSON ({error}); give {wanted}"
        ) from error


def answers(verifier: str, ground_truth: str) -> tuple[str, ...]:
    """One answer as text, or a JSON list of texts any of which is right; raises BadGroundTruth for
    an empty one.
    """
    listed: Any = None
    if ground_truth.lstrip().startswith("["):
        try:
            listed = json.loads(ground_truth)
        except ValueError:  # an answer that begins with a bracket
            listed = None
    found = (
        tuple(listed)
        if isinstance(listed, list) and all(isinstance(one, str) for one in listed)
        else ()
    )
    found = found or (ground_truth,)
    if not all(one.strip() for one in found):
        raise BadGroundTruth(
            f"{verifier}: the ground truth {ground_truth[:60]!r} holds an empty answer"
        )
    return found
