"""A constraint with its arguments, and how a label holds several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Constraint:
    """One constraint: its type and its arguments, as the verifier `ifeval` takes them."""

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict)


def ground_truth(constraints: Sequence[Constraint]) -> str:
    """The label of the verifier `ifeval`: JSON, a list of `{id, kwargs}`."""
    plain = [{"id": one.id, "kwargs": one.kwargs} for one in constraints]
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)
