"""Not every hit counts: variants are stored and stay, and what a person said of two texts goes
before every label.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.mixture.summary import Summary
from curate.steps.decontaminate.in_memory import decontaminate
from curate.verdicts import Ruling, item_hash, save_verdicts
from tests.corpus import ask, build_in, chat, ids, write_lines

ITEM = "A baker sells 24 loaves in the morning and 18 loaves in the afternoon. How many loaves does she sell in all?"
VARIANT = "How many loaves does she sell? A baker sells 36 loaves in the morning and 12 rolls in the afternoon."
EDITED = "Our baker sells 24 fresh loaves in the morning and 18 rolls in the afternoon. How many does she sell in all?"
TEXTS = [VARIANT, EDITED, "Which tree is the oldest of all the trees behind the mill?", ITEM, ITEM]


@pytest.fixture
def recipe(tmp_path: Path) -> dict[str, Any]:
    write_lines(tmp_path / "bakery.jsonl", [{"question": ITEM}])
    write_lines(tmp_path / "chats.jsonl", [chat(text, "Yes.") for text in TEXTS])
    return {
        "sources": [{"name": "chats", "from": "chats.jsonl"}],
        "decontaminate": {"suite": "bakery.jsonl"},
    }


def matches(out: Path) -> dict[tuple[str, str], tuple[bool, str | None, str | None, bool]]:
    """By record and matcher: hit, label, verdict, counts."""
    rows = ask(out, "FROM matches")
    return {
        (row["doc_id"], row["matcher"]): (row["hit"], row["label"], row["verdict"], row["counts"])
        for row in rows
    }


def test_a_variant_is_a_hit_that_is_stored_and_stays(
    tmp_path: Path, recipe: dict[str, Any]
) -> None:
    out = build_in(tmp_path, recipe).folder
    found = matches(out)
    assert found["chats/0", "robust"] == (True, "variant", None, False)
    assert found["chats/1", "robust"] == (True, "leak", None, True)
    assert sorted(ids(out)) == ["chats/0", "chats/2"]
    (cell,) = ask(out, "SELECT overlapped FROM contamination")
    assert cell == {"overlapped": 1}


def test_a_variant_alone_is_no_overlap(tmp_path: Path, recipe: dict[str, Any]) -> None:
    write_lines(tmp_path / "chats.jsonl", [chat(VARIANT, "Yes."), chat(TEXTS[2], "The elm.")])
    built = build_in(
        tmp_path, recipe | {"decontaminate": {"suite": "bakery.jsonl", "policy": "drop-source"}}
    )
    assert sorted(ids(built.folder)) == ["chats/0", "chats/1"]
    assert built.summary.figures["decontaminate"]["contamination"] == []
    assert [row["hit"] for row in ask(built.folder, "FROM matches WHERE matcher = 'robust'")] == [
        True
    ]


def test_in_memory_a_variant_stays_too(tmp_path: Path, recipe: dict[str, Any]) -> None:
    data = pa.table({"prompt": TEXTS, "response": ["Yes."] * len(TEXTS)})
    found = decontaminate(data, suite=tmp_path / "bakery.jsonl")
    assert found.kept["id"].to_pylist() == ["data/0", "data/2"]
    (variant,) = (row for row in found.matches.to_pylist() if row["label"] == "variant")
    assert (variant["doc_id"], variant["matcher"], variant["hit"], variant["counts"]) == (
        "data/0",
        "robust",
        True,
        False,
    )


# ---- verdicts


def hashed(out: Path, row: str) -> str:
    (found,) = ask(out, f"SELECT content_hash FROM documents WHERE id = '{row}'")
    return str(found["content_hash"]).replace("-", "")


def judged(
    folder: Path,
    recipe: dict[str, Any],
    verdicts: Sequence[Ruling],
    name: str = "judged",
    **options: Any,
) -> tuple[Path, Summary]:
    """Build a recipe with these verdicts."""
    save_verdicts(folder / f"{name}.yaml", verdicts)
    spec = recipe["decontaminate"] | {"verdicts": f"{name}.yaml"}
    built = build_in(folder, recipe | {"decontaminate": spec}, name, **options)
    return built.folder, built.summary


def test_verdicts_go_before_labels_and_are_recorded(tmp_path: Path, recipe: dict[str, Any]) -> None:
    first = build_in(tmp_path, recipe).folder
    item = item_hash(ITEM)
    verdicts = [
        Ruling("chats/0", "bakery/0", "leak", "the same task", hashed(first, "chats/0"), item),
        Ruling("chats/1", "bakery/0", "false-alarm", None, hashed(first, "chats/1"), item),
        Ruling("old/9", "old/item", "allowed", None, hashed(first, "chats/4"), item),
        Ruling("chats/2", "bakery/0", "leak", None, hashed(first, "chats/2"), item),
        Ruling("chats/3", "bakery/0", "leak", None, "0" * 32, item),
        Ruling("chats/3", "bakery/1", "leak", None, hashed(first, "chats/3"), item_hash("gone")),
    ]
    out, summary = judged(tmp_path, recipe, verdicts)
    assert sorted(ids(out, "removed/*.parquet")) == ["chats/0"]
    found = matches(out)
    assert found["chats/0", "robust"] == (True, "variant", "leak", True)
    assert found["chats/1", "robust"] == (True, "leak", "false-alarm", False)
    # Records 3 and 4 say the same, so that one verdict is on both, and on every matcher's pair.
    for row in ("chats/3", "chats/4"):
        told = {matcher: found[row, matcher][2:] for doc, matcher in found if doc == row}
        assert told == dict.fromkeys(["ngram", "exact", "robust"], ("allowed", False))
    void = {
        row["doc_id"] + row["instance_id"]: row["void"]
        for row in ask(out, "FROM verdicts WHERE applied = 0")
    }
    assert void == {
        "chats/2bakery/0": "no matcher pairs the two any more",
        "chats/3bakery/0": "no row has this text any more",
        "chats/3bakery/1": "no item of the suite has this text any more",
    }
    applied = sum(1 for *_, said, _ in found.values() if said)
    assert f"verdicts applied: 3 of 6, to {applied} matches" in summary.notes
    (warning,) = (line for line in summary.warnings if line.startswith("verdicts that are void: "))
    assert warning.count(" × ") == 3


def test_no_verdict_changes_nothing(tmp_path: Path, recipe: dict[str, Any]) -> None:
    first = build_in(tmp_path, recipe).folder
    out, summary = judged(tmp_path, recipe, [])
    assert (ids(out), matches(out)) == (ids(first), matches(first))
    assert not any("verdict" in line for line in (*summary.notes, *summary.warnings))


def test_verdicts_are_the_same_in_any_pieces(tmp_path: Path, recipe: dict[str, Any]) -> None:
    first = build_in(tmp_path, recipe).folder
    verdicts = [Ruling("x", "y", "allowed", None, hashed(first, "chats/3"), item_hash(ITEM))]
    found = []
    for workers, size in ((1, 1), (2, 200), (3, 1 << 20)):
        out, _ = judged(
            tmp_path, recipe, verdicts, f"w{workers}", workers=workers, block_bytes=size
        )
        found.append((ids(out), matches(out), ask(out, "FROM verdicts")))
    assert found[0] == found[1] == found[2]
    assert sorted(found[0][0]) == ["chats/0", "chats/2", "chats/3", "chats/4"]
