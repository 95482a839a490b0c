"""The gate `verify`: what becomes of every row's answer before the row's own verifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from curate.steps.gates.spec import Verify
from curate.steps.step import Records
from curate.verify import answer_part
from curate.verify.batch import judge_rows
from curate.verify.pool import Row

NONE = "no verifier"
"""What becomes of a row that names none: it passes, and is counted."""
COLUMNS = {
    "sft": ("verifier", "ground_truth"),
    "rlvr": ("answer",),
}
"""By kind: the columns that are read beside the record's own."""


def judged(records: Records, gate: Verify) -> pa.Table:
    """A line a row: outcome, score and reason."""
    rows = records.table.select(_read(records.kind)).to_pylist()
    asked = [_row(records.kind, row) for row in rows]
    places = [place for place, one in enumerate(asked) if one is not None]
    found = judge_rows([one for one in asked if one is not None], 1, gate.seconds, lambda n: None)
    outcome = np.full(len(rows), NONE, object)
    score, reason = np.full(len(rows), np.nan), np.full(len(rows), "", object)
    for place, one in zip(places, found, strict=True):
        outcome[place], reason[place] = one.outcome, one.reason
        score[place] = np.nan if one.score is None else one.score
    return pa.table({"outcome": outcome.tolist(), "score": score, "reason": reason.tolist()})


def _read(kind: str) -> list[str]:
    own = ["messages"] if kind == "sft" else ["prompt", "verifier", "ground_truth"]
    return [*own, *COLUMNS[kind]]


def _row(kind: str, row: dict[str, Any]) -> Row | None:
    """What is judged of a row; None where it names no verifier."""
    if not row["verifier"] or not row["ground_truth"]:
        return None
    turns = row["messages"][:-1] if kind == "sft" else row["prompt"]
    answer = row["messages"][-1]["content"] if kind == "sft" else row["answer"]
    prompt = next((turn["content"] for turn in reversed(turns) if turn["role"] == "user"), "")
    return row["verifier"], answer_part(str(answer or ""), prompt), row["ground_truth"], prompt


def without(table: pa.Table) -> int:
    """How many rows name no verifier."""
    outcomes: list[str] = table["outcome"].to_pylist()
    return outcomes.count(NONE)


def refused(table: pa.Table, gate: Verify) -> Iterator[str | None]:
    """For every row why it does not pass; None where it does."""
    for one in table.to_pylist():
        passes = one["outcome"] == NONE or one["score"] >= gate.at_least
        yield None if passes else f"verify: {one['outcome']}: {one['reason']}"
