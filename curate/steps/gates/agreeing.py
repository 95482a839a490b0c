"""The gate `agree`: which share of the answers to a prompt state what the row's answer does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from curate.steps.gates.spec import Agree
from curate.steps.step import Records
from curate.verify.agreement import majority


def shares(records: Records, gate: Agree) -> np.ndarray:
    """The share of every row; nan where it has none."""
    verifiers = (
        records.table.column("verifier").to_pylist()
        if "verifier" in records.table.column_names
        else [None] * records.n
    )
    values = records.table.column(gate.column).to_pylist()
    pairs = zip(values, verifiers, strict=True)
    return np.array([_share(value, verifier) for value, verifier in pairs], np.float64)


def _share(value: Any, verifier: str | None) -> float:
    if isinstance(value, int | float):
        return float(value)
    answers = _answers(value)
    if not answers or not verifier:
        return float("nan")
    found = majority(verifier, answers)
    return 0.0 if found is None else found.share


def _answers(value: Any) -> list[str]:
    """The texts of a column that holds a list of them as JSON."""
    try:
        found = json.loads(value) if isinstance(value, str) else []
    except ValueError:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def refused(found: np.ndarray, gate: Agree) -> Iterator[str | None]:
    """For every row why it does not pass; None where it does, or has no share."""
    for share in found.tolist():
        few = share < gate.at_least
        yield f"agree: {share:.0%} of the answers, fewer than {gate.at_least:.0%}" if few else None
