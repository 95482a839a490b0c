"""What was found out about a source is said by whatever reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import curate
from curate.check import check
from curate.compare import diff
from curate.errors import UserError
from curate.formats import check_columns
from curate.formats.kinds import guess_kind
from curate.mixture.plan import make_plan
from curate.recipe import make_recipe
from curate.sources import open_source
from curate.steps.decontaminate.against import with_data_sets
from tests.corpus import chat, write_lines

SAID = "reads only split train; test is left out (set `split` to read another)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two splits, found from the working folder as `d`."""
    for split in ("train", "test"):
        write_lines(tmp_path / f"d/{split}.jsonl", [chat(f"a question for {split}", "an answer")])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_plan_a_check_and_a_comparison_say_it(folder: Path) -> None:
    recipe = make_recipe(
        {"name": "r", "kind": "sft", "sources": [{"name": "s", "from": "d"}]}, "recipe"
    )
    assert f"source 's': {SAID}" in make_plan(recipe, folder, 1).notes
    checked = check("d")
    assert (checked.rows, checked.notes) == (1, [SAID])
    assert checked.as_dict()["notes"] == [SAID]
    assert diff("d", "d/train.jsonl").notes == [f"d: {SAID}"]


def test_a_data_set_to_hold_against_and_python_say_it(folder: Path) -> None:
    assert with_data_sets(None, ["d"], base=folder, roles=["user"]).warnings == [f"d: {SAID}"]
    with pytest.warns(UserWarning, match=re.escape(f"d: {SAID}")):
        result = curate.decontaminate("d", against="d/test.jsonl")
    assert result.kept.num_rows == 1


@pytest.mark.parametrize("columns", [None, ["prompt", "response"]])
def test_without_a_header_the_error_names_the_key(tmp_path: Path, columns: Any) -> None:
    (tmp_path / "a.csv").write_text("What is the oldest tree?,An elm.\nAnd the tallest?,A fir.\n")
    block = next(iter(open_source("s", "a.csv", base=tmp_path, columns=columns).blocks()))
    if columns:
        assert guess_kind(block) == "sft"
        return
    for look in (guess_kind, lambda block: check_columns(block, {"prompt": "q", "response": "a"})):
        with pytest.raises(
            UserError, match=r"if that is not a header, name the columns in a recipe: columns: \["
        ):
            look(block)
