"""Which items the training data touches: as the audit says it, and only by rows that were kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curate.errors import UserError
from curate.evaluation.touched import Touch, touch_of, touches
from tests.corpus import build_in, chat, write_lines

QUESTIONS = [
    "How many ferries cross the strait of Alder on a windless Sunday in late October?",
    "Which of the three lighthouse keepers wrote the long letter about the missing barometer?",
    "Why did the cartographer paint the northern marshes in violet and not in the usual green?",
]


def built(folder: Path, policy: str, *rows: str, n: int = 3) -> Path:
    write_lines(folder / "bench.jsonl", [{"question": text} for text in QUESTIONS[:n]])
    write_lines(folder / "chats.jsonl", [chat(text, "An answer.") for text in rows])
    recipe: dict[str, Any] = {
        "sources": [{"name": "chats", "from": "chats.jsonl"}],
        "decontaminate": {"suite": "bench.jsonl", "policy": policy},
    }
    build_in(folder, recipe)
    return folder / "out"


def test_rows_that_were_kept_touch_and_rows_that_went_do_not(tmp_path: Path) -> None:
    rows = [QUESTIONS[0], "What is a good soup for a cold evening by the sea?"]
    kept = touches([built(tmp_path / "kept", "report", *rows)])
    assert kept[QUESTIONS[0]] == Touch("touched", ("chats",))
    assert kept[QUESTIONS[1]].state == "clean"
    gone = touches([built(tmp_path / "gone", "drop-rows", *rows)])
    assert {touch.state for touch in gone.values()} == {"clean"}


def test_several_builds_add_up_and_what_one_did_not_look_for_is_unknown(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "report", QUESTIONS[0], "A plain question about bread?")
    second = built(tmp_path / "second", "report", QUESTIONS[1], "Another about butter?", n=2)
    found = touches([first, second])
    assert found[QUESTIONS[0]] == Touch("touched", ("out: chats",))
    assert found[QUESTIONS[1]].state == "touched"
    assert found[QUESTIONS[2]].state == "unknown"


def test_an_item_is_touched_by_any_of_its_texts_but_clean_by_its_own_alone() -> None:
    found = {"q": Touch("clean"), "q\nA\nB": Touch("touched", ("s",)), "r\nA": Touch("clean")}
    assert touch_of(["q", "q\nA\nB"], found) == Touch("touched", ("s",))
    assert touch_of(["q"], found).state == "clean"
    assert touch_of(["r", "r\nA"], found).state == "unknown"


def test_a_build_that_looked_for_nothing_says_so(tmp_path: Path) -> None:
    write_lines(tmp_path / "chats.jsonl", [chat("Hello there", "Hello")])
    build_in(tmp_path, {"sources": [{"name": "chats", "from": "chats.jsonl"}]})
    with pytest.raises(UserError, match="did not look for benchmarks"):
        touches([tmp_path / "out"])
