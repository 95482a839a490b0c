"""A verdict file through a build: honoured, counted, in the lock, and void where a text has
changed.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from curate.errors import UserError
from curate.verdicts import Ruling, item_hash, save_verdicts
from tests.corpus import ask, build_in, chat, ids, sentence, write_lines

RNG = random.Random(8)
ITEMS = [sentence(RNG, 24) for _ in range(3)]
RECIPE = {
    "sources": [{"name": "a", "from": "a.jsonl"}],
    "decontaminate": {"suite": "evals.jsonl", "profile": "default"},
}
WITH = RECIPE | {
    "decontaminate": {"suite": "evals.jsonl", "profile": "default", "verdicts": "verdicts.yaml"}
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three leaks among five rows, and verdicts on two of them, taken from the audit of a first
    build.
    """
    write_lines(tmp_path / "evals.jsonl", [{"question": item} for item in ITEMS])
    rows = [*ITEMS, sentence(RNG, 20), sentence(RNG, 20)]
    write_lines(tmp_path / "a.jsonl", [chat(row, "yes") for row in rows])
    first = build_in(tmp_path, RECIPE, "first").folder
    assert sorted(ids(first)) == ["a/3", "a/4"]
    hashes = {
        row["id"]: row["content_hash"].replace("-", "") for row in ask(first, "FROM documents")
    }
    words = ("false-alarm", "allowed")
    verdicts = [
        Ruling(f"a/{n}", f"evals/{n}", word, "said by hand", hashes[f"a/{n}"], item_hash(ITEMS[n]))
        for n, word in enumerate(words)
    ]
    save_verdicts(tmp_path / "verdicts.yaml", verdicts)
    return tmp_path


def test_rows_that_are_no_leak_or_allowed_stay_and_the_audit_says_so(folder: Path) -> None:
    built = build_in(folder, WITH)
    assert sorted(ids(built.folder)) == ["a/0", "a/1", "a/3", "a/4"]
    assert any(note.startswith("verdicts applied: 2 of 2, to ") for note in built.summary.notes)
    said = ask(
        built.folder,
        "SELECT doc_id, verdict, hit, counts FROM matches WHERE matcher = 'ngram' ORDER BY doc_id",
    )
    assert [tuple(row.values()) for row in said] == [
        ("a/0", "false-alarm", True, False),
        ("a/1", "allowed", True, False),
        ("a/2", None, True, True),
    ]
    lines = ask(
        built.folder,
        "SELECT doc_id, applied > 0 AS applied, void, note FROM verdicts ORDER BY doc_id",
    )
    assert [tuple(row.values()) for row in lines] == [
        (f"a/{n}", True, None, "said by hand") for n in (0, 1)
    ]


def test_a_verdict_goes_with_its_texts_to_another_row(folder: Path) -> None:
    write_lines(
        folder / "a.jsonl", [chat("Something else.", "no"), *(chat(item, "yes") for item in ITEMS)]
    )
    assert sorted(ids(build_in(folder, WITH).folder)) == ["a/0", "a/1", "a/2"]


def test_a_verdict_on_a_text_that_has_changed_is_void_and_said(folder: Path) -> None:
    write_lines(folder / "a.jsonl", [chat(ITEMS[0] + " Indeed?", "yes"), chat(ITEMS[1], "yes")])
    write_lines(folder / "evals.jsonl", [{"question": ITEMS[0]}, {"question": ITEMS[1] + " Why?"}])
    built = build_in(folder, WITH | {"decontaminate": WITH["decontaminate"] | {"policy": "report"}})  # type: ignore[operator]
    void = {row["doc_id"]: row["void"] for row in ask(built.folder, "FROM verdicts")}
    assert void == {
        "a/0": "no row has this text any more",
        "a/1": "no item of the suite has this text any more",
    }
    (warning,) = [
        line for line in built.summary.warnings if line.startswith("verdicts that are void")
    ]
    assert "a/0 × evals/0: no row has this text any more" in warning
    assert ask(built.folder, "SELECT DISTINCT verdict FROM matches") == [{"verdict": None}]


def test_a_verdict_file_that_differs_from_the_lock_is_refused(folder: Path) -> None:
    first = build_in(folder, WITH, "locked").folder
    lock = json.loads((first / "recipe.lock.json").read_text(encoding="utf-8"))
    assert set(lock["steps"]["decontaminate"]["verdicts"]) == {"sha256"}
    build_in(folder, WITH, "again", locked=first)
    save_verdicts(folder / "verdicts.yaml", [])
    with pytest.raises(UserError, match=r"steps\.decontaminate\.verdicts\.sha256"):
        build_in(folder, WITH, "third", locked=first)
