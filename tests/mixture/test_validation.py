"""No prompt stands on both sides of a validation split, against a search of what was written."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from curate.records import TURN_COLUMNS
from tests.corpus import build_in, read, write_lines

KINDS = ("sft", "prompt", "preference", "rlvr")


def conversation(rng: random.Random) -> list[dict[str, str]]:
    """A few turns of few words, so that first questions meet again and again."""
    asked = f"{rng.choice(['', ' ', chr(10)])}question {rng.randrange(60)}{rng.choice(['', '  ', chr(10)])}"
    turns = [{"role": "user", "content": asked}]
    if rng.random() < 0.4:
        turns.insert(0, {"role": "system", "content": f"system {rng.randrange(3)}"})
    while rng.random() < 0.4:
        turns.append({"role": "assistant", "content": f"answer {rng.randrange(3)}"})
        turns.append({"role": "user", "content": f"question {rng.randrange(60)}"})
    return turns


def row(kind: str, rng: random.Random) -> dict[str, Any]:
    said = conversation(rng)
    answers = [[{"role": "assistant", "content": f"answer {n} {rng.random()}"}] for n in range(2)]
    rows: dict[str, dict[str, Any]] = {
        "sft": {"messages": [*said, *answers[0]]},
        "prompt": {"messages": said},
        "preference": {"prompt": said, "chosen": answers[0], "rejected": answers[1]},
        "rlvr": {"messages": said, "ground_truth": "7", "dataset": "gsm8k"},
    }
    return rows[kind]


def asked(kind: str, record: dict[str, Any]) -> str:
    turns = record[TURN_COLUMNS[kind][0]]
    return next(str(turn["content"]).strip() for turn in turns if turn["role"] == "user")


@pytest.mark.parametrize("kind", KINDS)
def test_no_first_question_stands_in_both_splits(tmp_path: Path, kind: str) -> None:
    rng = random.Random(KINDS.index(kind))
    for name in "ab":
        write_lines(tmp_path / f"{name}.jsonl", [row(kind, rng) for _ in range(40)])
    recipe = {
        "kind": kind,
        "sources": [{"name": "a", "from": "a.jsonl"}, {"name": "b", "from": "b.jsonl", "rows": 30}],
        "output": {"validation": 15},
    }
    out = build_in(tmp_path, recipe).folder
    train, held_out = (
        [asked(kind, one) for one in read(out, f"data/{split}-*.parquet")]
        for split in ("train", "validation")
    )
    assert not {*train} & {*held_out}
    assert len(held_out) == 15 > len({*held_out}) > 3  # some questions with all their rows
