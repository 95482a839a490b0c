"""The changes to code that the benchmark plants, and the score of labelled pairs."""

from __future__ import annotations

import ast

from benchmarks.recall.code import CHANGES, java, javascript
from benchmarks.recall.precision import drawn, score

TASK = '''from typing import List


def has_near(numbers: List[float], limit: float) -> bool:
    """Say whether two of the numbers are nearer than the limit.

    >>> has_near([1.0, 2.0], 0.5)
    False
    """
'''


def test_what_is_still_python_can_be_parsed() -> None:
    for name in (
        "as it is",
        "identifiers renamed",
        "without type hints and imports",
        "without examples",
    ):
        ast.parse(CHANGES[name](TASK))


def test_each_change_does_what_it_says() -> None:
    changed = {name: change(TASK) for name, change in CHANGES.items()}
    assert len(set(changed.values())) == len(CHANGES)
    assert (
        "def item_0(item_1: List[float], item_2: float) -> bool:" in changed["identifiers renamed"]
    )
    assert "def has_near(numbers, limit):" in changed["without type hints and imports"]
    assert ">>>" not in changed["without examples"] and "False" not in changed["without examples"]
    assert "nearer than" in changed["without examples"]
    assert changed["docstring as comments above"].startswith("# Say whether two")
    assert '"""' not in changed["docstring as comments above"]
    assert "function has_near(numbers, limit) {" in javascript(TASK)
    assert "public Object hasNear(Object numbers, Object limit) {" in java(TASK)
    assert "Say whether" not in changed["the code alone, no docstring"]


def test_pairs_are_drawn_alike_and_scored_where_they_count() -> None:
    pairs = [("a", row, f"{name}/{row}") for name in ("x", "y") for row in range(30)]
    chosen = drawn(pairs)
    assert chosen == drawn(pairs) and len(chosen) == 24 and set(chosen) < set(pairs)
    labels = {pairs[0]: "leak", pairs[1]: "false", pairs[2]: "same", pairs[31]: "leak"}
    lines = [
        line.split("|")[1:4] for line in score(labels, {*pairs[:2], pairs[31]}).splitlines()[2:]
    ]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["x", "2", "50"], ["y", "1", "100"], ["all", "3", "67"],
    ]  # fmt: skip
