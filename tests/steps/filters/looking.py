"""Filters over chats that lie in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.records import EXTRAS, body_schema
from curate.steps.filters.filter import Values
from curate.steps.filters.spec import FilterSpec
from curate.steps.filters.step import Filters, make
from curate.steps.filters.view import View
from curate.steps.step import Records
from curate.turns import all_turns

Turn = tuple[str, str]


def records_of(chats: Sequence[Sequence[Turn]], **columns: list[Any]) -> Records:
    """Records of chats, each a list of (role, text), with further columns."""
    rows = [
        [{"role": role, "content": text} | dict.fromkeys(EXTRAS) for role, text in chat]
        for chat in chats
    ]
    table = pa.table({"messages": rows, "tools": [None] * len(rows)}, schema=body_schema("sft"))
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    turns = all_turns("sft", table)
    return Records("a", "sft", table, np.arange(len(rows)), turns, turns.content_hashes())


def answers(*texts: str) -> Records:
    """A chat a text, which is its answer."""
    return records_of([[("user", "Q"), ("assistant", text)] for text in texts])


def ready(*entries: Any) -> Filters:
    """The step with some filters."""
    return make(FilterSpec.model_validate(list(entries)), base=Path(), kind="sft", seed=0)


def values_of(entry: Any, records: Records) -> Values:
    """What one filter gives every record."""
    (use,) = ready(entry).uses
    assert use.filter.value is not None
    return use.filter.value(View(records), use.args)


def numbers_of(entry: Any, records: Records) -> list[float]:
    """The same as plain numbers."""
    numbers: list[float] = np.asarray(values_of(entry, records).value, np.float64).tolist()
    return numbers


def found_by(entry: Any, *texts: str) -> list[str | None]:
    """What a filter found in answers, as its reasons quote it."""
    what = values_of(entry, answers(*texts)).what
    assert what is not None
    found: list[str | None] = what.to_pylist()
    return found
