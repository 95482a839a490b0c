"""Prompts get constraints that can be kept, without a language model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from curate.errors import UserError
from curate.mixture import Options, build
from curate.recipe import load_recipe
from curate.verify import find
from tests.corpus import read, write_lines, write_recipe
from tests.make.test_made_source import data_of

TYPES = ["keywords:existence", "punctuation:no_comma", "detectable_format:title", "copy:copy"]


SAID = [f"Say something of tree {i}." for i in range(12)]


def built(
    folder: Path, out: str = "out", kind: str = "rlvr", said: Sequence[str] = SAID, **more: Any
) -> Path:
    """A folder of prompts with constraints; nobody may be asked."""
    rows = [{"prompt": prompt, "topic": f"trees {i}"} for i, prompt in enumerate(said)]
    write_lines(folder / "prompts.jsonl", rows)
    made = {"of": {"from": "prompts.jsonl", "keep": ["topic"]}, "types": TYPES} | more
    source = {"name": "constrained", "augment": made, "keep": ["topic"]}
    recipe = write_recipe(folder / f"{out}.yaml", kind=kind, sources=[source])
    build(load_recipe(recipe), folder / out, base=folder, options=Options(stages=None))
    return folder / out


def test_rows_of_rlvr_have_a_label_that_their_witness_keeps(tmp_path: Path) -> None:
    rows = read(built(tmp_path), "data/*.parquet")
    assert len(rows) == 12
    for row in rows:
        lineage = json.loads(row["lineage"])
        number = int(row["id"].rpartition("/")[2])
        assert lineage["prompt"] == f"rows/{number}"
        assert row["topic"] == f"trees {number}"
        assert row["verifier"] == "ifeval"
        assert find("ifeval")(lineage["witness"], row["ground_truth"]).passed
        told = row["prompt"][-1]["content"]
        assert f"Say something of tree {number}." in told
        for one in json.loads(row["ground_truth"]):
            assert all(word in told for word in one["kwargs"].get("keywords", []))
    assert len({row["ground_truth"] for row in rows}) > 6


def test_rows_of_prompts_have_their_constraints_in_a_column(tmp_path: Path) -> None:
    truths = {row["id"]: row for row in read(built(tmp_path), "data/*.parquet")}
    for row in read(built(tmp_path, "prompts", kind="prompt"), "data/*.parquet"):
        named = [
            {"id": one["id"], "kwargs": json.loads(one["kwargs"])} for one in row["constraints"]
        ]
        assert named == json.loads(truths[row["id"]]["ground_truth"])
        assert row["prompt"] == truths[row["id"]]["prompt"]


def test_a_rebuild_gives_the_same_bytes(tmp_path: Path) -> None:
    out = built(tmp_path)
    options = Options(stages=None, locked=out)
    build(load_recipe(out / "recipe.yaml"), tmp_path / "again", base=out, options=options)
    assert data_of(out) == data_of(tmp_path / "again")


def test_a_prompt_without_constraints_is_quarantined(tmp_path: Path) -> None:
    out = built(tmp_path, types=["copy:copy"], said=["Name a tree.", "word " * 99])
    assert [row["id"] for row in read(out, "data/*.parquet")] == ["constrained/0"]
    (bad,) = read(out, "quarantine/*.parquet")
    assert bad["row"] == 1
    assert bad["reason"].startswith("no constraints that can be kept together")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"types": ["words:vowel"]}, "never trained on"),
        ({"types": ["punctuation:no_coma"]}, "did you mean 'punctuation:no_comma'"),
        ({"least": 4, "most": 2}, "least .4. is more than most .2."),
        (
            {"least": 2, "types": ["punctuation:no_comma"]},
            "least is 2, but the types to draw from are 1",
        ),
        ({"mst": 2}, "did you mean 'most'"),
    ],
)
def test_wrong_keys_are_told_before_anything_is_read(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        built(tmp_path, **changed)
    assert not (tmp_path / "out").exists()


def test_a_recipe_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="makes rows of kind 'prompt'"):
        built(tmp_path, kind="sft")
