"""Variants and other questions about an item's text, from the recipe to the summary and the card."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

import curate
from curate.audit.store import open_readonly
from curate.errors import UserError
from curate.steps.decontaminate.card import card
from curate.steps.decontaminate.facts import facts
from curate.steps.decontaminate.show import show
from tests.corpus import ask, build_in, chat, ids, write_lines

ITEM = (
    "A ferry crosses the narrow strait 14 times on a weekday and carries 230 passengers each time. "
    "The captain keeps a careful log of every crossing. How many passengers travel on a weekday?"
)
PASSAGE = ITEM[: ITEM.index("How many")]
ROWS = [
    ITEM,
    ITEM.replace("14", "9").replace("230", "410"),
    PASSAGE + "Why would anyone write down such a thing?",
    "Name two rivers that flow into the sea near a town with a harbour.",
]


def build(folder: Path, **more: str) -> Path:
    write_lines(folder / "ferry.jsonl", [{"question": ITEM}])
    write_lines(folder / "train.jsonl", [chat(text, "yes") for text in ROWS])
    build_in(
        folder,
        {
            "kind": "sft",
            "sources": [{"name": "train", "from": "train.jsonl"}],
            "decontaminate": {"suite": "ferry.jsonl", **more},
        },
    )
    return folder / "out"


def of_row(out: Path, row: int) -> set[tuple[str, bool, bool]]:
    found = ask(out, f"SELECT label, hit, counts FROM matches WHERE doc_id = 'train/{row}' AND hit")
    return {(one["label"], one["hit"], one["counts"]) for one in found}


@pytest.mark.parametrize(
    ("variants", "counts", "stay"),
    [(None, False, [1, 2, 3]), ("keep", False, [1, 2, 3]), ("report", True, [1, 2, 3]), ("drop", True, [3])],
)  # fmt: skip
def test_what_becomes_of_them(
    tmp_path: Path, variants: str | None, counts: bool, stay: list[int]
) -> None:
    out = build(tmp_path, **({"variants": variants} if variants else {}))
    assert of_row(out, 0) == {("leak", True, True)}
    assert of_row(out, 1) == {("variant", True, counts)}
    assert of_row(out, 2) == {("other question", True, counts)}
    assert sorted(ids(out)) == [f"train/{row}" for row in stay]
    lock = json.loads((out / "recipe.lock.json").read_text())
    assert lock["steps"]["decontaminate"]["variants"] == (variants or "keep")
    with open_readonly(out) as con:
        told, on_card = facts(con), card(con)
    rows = {"rows": 1, "kept": int(1 in stay)}
    assert told["variants"] == told["other_questions"] == rows
    assert "1 row with the wording of an item and other numbers" in on_card
    assert "1 row with another question about an item's text" in on_card
    assert f"(`variants: {variants or 'keep'}`)" in on_card


def test_variants_that_only_count_take_no_source_away(tmp_path: Path) -> None:
    write_lines(tmp_path / "ferry.jsonl", [{"question": ITEM}])
    data = [{"prompt": text, "response": "yes"} for text in ROWS[1:]]
    for variants, flagged, stay in (("report", 1, 3), ("drop", 1, 0), ("keep", 0, 3)):
        result = curate.decontaminate(
            data, suite=tmp_path / "ferry.jsonl", policy="drop-source", variants=variants
        )
        assert (result.overlaps["data"][0].hit, len(result.kept_rows["data"])) == (flagged, stay)
    write_lines(tmp_path / "train.jsonl", [chat(text, "yes") for text in ROWS[1:]])
    recipe = {
        "sources": [{"name": "train", "from": "train.jsonl"}],
        "decontaminate": {"suite": "ferry.jsonl", "policy": "drop-source", "variants": "report"},
    }
    assert len(ids(build_in(tmp_path, recipe).folder)) == 3


def test_the_summary_names_them(tmp_path: Path) -> None:
    out = build(tmp_path)
    with open_readonly(out) as con:
        told = facts(con)
    lock = json.loads((out / "recipe.lock.json").read_text())
    figures = lock["counts"]["steps"]["decontaminate"] | told
    console = Console(file=io.StringIO(), width=200)
    for line in show(figures, out):
        console.print(line)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "a variant of an item (the same wording, other numbers): 1; 1 kept" in said
    assert "another question about an item's text: 1; 1 kept" in said


def test_from_python_and_by_the_nearest_name(tmp_path: Path) -> None:
    write_lines(tmp_path / "ferry.jsonl", [{"question": ITEM}])
    data = [{"prompt": text, "response": "yes"} for text in ROWS]
    suite = tmp_path / "ferry.jsonl"
    for variants, stay in (("keep", [1, 2, 3]), ("report", [1, 2, 3]), ("drop", [3])):
        result = curate.decontaminate(data, suite=suite, variants=variants)
        assert result.kept_rows["data"].tolist() == stay
        assert result.overlaps["data"][0].hit == 1
    with pytest.raises(UserError, match="did you mean 'report'"):
        curate.decontaminate(data, suite=suite, variants="reprot")
