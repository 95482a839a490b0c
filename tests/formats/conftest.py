"""Small blocks for the tests of formats, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from curate.files import Block
from curate.files.json_rows import JsonBlock
from curate.formats import Parsed, parse

Fmt = str | dict[str, Any]


def _block(*rows: Any) -> Block:
    """The rows as a block of JSON lines; bytes stand for themselves."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    starts = ends - [len(line) for line in lines]
    return JsonBlock(
        "rows.jsonl", 0, b"\n".join(lines), starts.astype(np.int64), ends.astype(np.int64)
    )


def _records(fmt: Fmt, kind: str, *rows: Any, keep: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The records that the rows make, message lists as lists of `role: content`; none may be
    quarantined.
    """
    parsed = parse(_block(*rows), fmt, kind, keep)
    assert parsed.quarantine == []
    return [
        {name: _short(value) for name, value in row.items() if value is not None}
        for row in parsed.records.to_pylist()
    ]


def _short(value: Any) -> Any:
    if isinstance(value, list) and value and "role" in value[0]:
        return [f"{turn['role']}: {turn['content']}" for turn in value]
    return value


def _reasons(fmt: Fmt, kind: str, *rows: Any) -> list[str]:
    """Why the rows are quarantined; all of them must be."""
    parsed: Parsed = parse(_block(*rows), fmt, kind)
    assert parsed.records.num_rows == 0
    assert [bad.row for bad in parsed.quarantine] == list(range(len(rows)))
    return [bad.reason for bad in parsed.quarantine]


@pytest.fixture(scope="session")
def block() -> Callable[..., Block]:
    return _block


@pytest.fixture
def records() -> Callable[..., list[dict[str, Any]]]:
    return _records


@pytest.fixture
def reasons() -> Callable[..., list[str]]:
    return _reasons
