"""How often each verifier is known to be wrong: figures measured by `benchmarks/verifiers`, shipped
as `rates.json`.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from curate.errors import UserError
from curate.verify import load, names


def rates() -> dict[str, dict[str, int]]:
    """Verifier -> right and wrong cases, and how many of them got the other verdict (false_rejects,
    false_accepts).
    """
    found: dict[str, dict[str, int]] = json.loads(
        (files(__package__) / "rates.json").read_text("utf-8")
    )
    return found


def described() -> dict[str, dict[str, Any]]:
    """Every verifier with its summary and, where they were measured, its rates.

    One of another package that cannot be imported is listed with the reason: it must not hide the
    others."""
    measured = rates()
    listed: dict[str, dict[str, Any]] = {}
    for name in names():
        try:
            summary = load(name).summary
        except UserError as error:
            summary = str(error)
        listed[name] = {"summary": summary, **measured.get(name, {})}
    return listed
