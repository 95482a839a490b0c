"""Rows of anything, given to every format: each becomes a record or goes to quarantine, and the way
by columns says what the way by rows says.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from curate.files import SourceFile, read_file
from curate.formats import FORMATS
from curate.formats.parsing import parse_block
from tests.soak import ROWS

pytestmark = pytest.mark.slow
AT_ONCE = 500
TEXTS = [
    "",
    " ",
    "a",
    "#### 7",
    "\u2028\u202e",
    "é日🙂",
    "\x00",
    '{"a": 1}',
    "[]",
    "2020-01-01",
    "x" * 5000,
]
NUMBERS = [0, -1, 2**53 + 1, 10**30, 1.5, 1e308, True, False, None]
ROLES = ["user", "assistant", "system", "tool", "human", "gpt", "robot", ""]


def value(draw: random.Random, depth: int = 0) -> Any:
    """Anything that JSON can say."""
    kind = draw.randrange(3 if depth > 3 else 7)
    if kind == 0:
        return draw.choice(TEXTS)
    if kind == 1:
        return draw.choice(NUMBERS)
    if kind == 2:
        return [] if draw.random() < 0.5 else {}
    if kind == 3:
        return [value(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 4:
        return {draw.choice(["role", "content", "x", ""]): value(draw, depth + 1)}
    return [turn(draw, depth) for _ in range(draw.randrange(4))]


def turn(draw: random.Random, depth: int) -> Any:
    """What might be a message."""
    keys = draw.choice([("role", "content"), ("from", "value")])
    own = {keys[0]: draw.choice(ROLES), keys[1]: draw.choice(TEXTS)}
    if draw.random() < 0.3:
        own[draw.choice(["tool_calls", "name", "thinking", "weight", keys[1]])] = value(
            draw, depth + 1
        )
    return own


def row(draw: random.Random, columns: list[str]) -> Any:
    """A row with some of a format's columns, often texts where it wants texts."""
    if draw.random() < 0.02:
        return value(draw)
    return {
        name: draw.choice(TEXTS) if draw.random() < 0.5 else value(draw)
        for name in [*columns, "id", "more"]
        if draw.random() < 0.85
    }


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_is_a_record_or_in_quarantine(tmp_path: Path, name: str) -> None:
    form, draw = FORMATS[name], random.Random(name)
    columns = sorted(form.columns)
    for start in range(0, ROWS, AT_ONCE):
        path = tmp_path / "rows.jsonl"
        plain = draw.random() < 0.5  # of one shape, so that the way by columns is taken
        shape = {column: draw.choice([0, 1]) for column in columns}
        rows = [
            {column: draw.choice(TEXTS) if shape[column] else [turn(draw, 9)] for column in columns}
            if plain
            else row(draw, columns)
            for _ in range(AT_ONCE)
        ]
        path.write_text("".join(json.dumps(one) + "\n" for one in rows))
        for block in read_file(SourceFile.of(path, path.name)):
            for kind in form.kinds:
                ways = [
                    parse_block(block, form, kind, ["more"], columns=table)
                    for table in (block.table, None)
                ]
                for found in ways:
                    assert found.records.num_rows == len(found.rows)
                    assert len(found.rows) + len(found.quarantine) == block.n_rows == AT_ONCE
                one, other = ways
                assert one.rows.tolist() == other.rows.tolist(), start
                assert one.quarantine == other.quarantine
                assert one.records.drop_columns("more").equals(other.records.drop_columns("more"))
