"""The quickstart data: made the same every time, and each planted leak does what is written down."""

from __future__ import annotations

import csv
import importlib.util
import itertools
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from curate.audit.sql import sql
from curate.mixture import build_recipe_file
from curate.suite import load_suite, read_suite
from tests.oracle import score, tokens

FOLDER = Path(__file__).resolve().parent.parent / "mixtures" / "quickstart"
PLANTED = json.loads((FOLDER / "planted.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documents() -> dict[str, list[str]]:
    """Give the user turns of every row, by row id."""
    found: dict[str, list[str]] = {}
    for n, line in enumerate((FOLDER / "data/chats.jsonl").read_text(encoding="utf-8").splitlines()):
        messages = json.loads(line)["messages"]
        found[f"chats/{n}"] = [message["content"] for message in messages if message["role"] == "user"]
    for n, row in enumerate(json.loads((FOLDER / "data/instructions.json").read_text(encoding="utf-8"))):
        found[f"instructions/{n}"] = [row["instruction"] + (f"\n\n{row['input']}" if row["input"] else "")]
    with (FOLDER / "data/sums.csv").open(newline="", encoding="utf-8") as stream:
        found |= {f"sums/{n}": [row["question"]] for n, row in enumerate(csv.DictReader(stream))}
    return found


@pytest.fixture(scope="module")
def items() -> dict[str, tuple[str, ...]]:
    """Give the fields of every benchmark item, by instance id."""
    result = read_suite(load_suite("suite.yaml", base=FOLDER), base=FOLDER)
    return {item.instance_id: item.fields for item in result.items}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the recipe as it stands."""
    return build_recipe_file(FOLDER / "recipe.yaml", tmp_path_factory.mktemp("quickstart") / "out").folder


def generator() -> ModuleType:
    """Load make_data.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("quickstart_make_data", FOLDER / "make_data.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_committed_files_are_what_the_script_writes(tmp_path: Path) -> None:
    generator().make(tmp_path)
    for name in ("data/chats.jsonl", "data/instructions.json", "data/sums.csv", "planted.json"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_there_is_enough_of_it(documents: dict[str, list[str]], items: dict[str, tuple[str, ...]]) -> None:
    assert len(documents) >= 300
    assert {row.split("/")[0] for row in documents} == {"chats", "instructions", "sums"}
    assert len(items) >= 60
    lengths = [len(text.split()) for (text,) in items.values()]
    assert sum(length < 8 for length in lengths) == 3
    assert all(12 <= length <= 60 for length in lengths if length >= 8)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: f"{plant['row']} {plant['how']}")
def test_each_planted_row_is_caught_or_missed_as_written(
    plant: dict[str, Any], documents: dict[str, list[str]], items: dict[str, tuple[str, ...]]
) -> None:
    reached = score(items[plant["item"]], documents[plant["row"]])
    assert (reached > 0.5) == (plant["expected"] == "caught"), reached


def test_each_planted_row_is_found_by_the_matchers_that_are_written(built: Path) -> None:
    query = "SELECT doc_id, instance_id, list(matcher ORDER BY matcher) AS names FROM matches WHERE hit GROUP BY ALL"
    found = {(row["doc_id"], row["instance_id"]): row["names"] for row in sql(built, query).to_pylist()}
    assert [found.get((plant["row"], plant["item"]), []) for plant in PLANTED] == [p["matchers"] for p in PLANTED]
    assert all((plant["expected"] == "caught") == ("ngram" in plant["matchers"]) for plant in PLANTED)


def test_every_way_that_leaks_come_in_is_planted() -> None:
    ways = {plant["how"] for plant in PLANTED}
    assert ways >= {
        "verbatim",
        "embedded in long text",
        "wrapped lines",
        "upper case",
        "every 10th word changed",
        "spread over two user turns",
        "verbatim, fewer than eight tokens",
        "paraphrased",
    }
    assert {plant["expected"] for plant in PLANTED} == {"caught", "missed"}


def test_rows_without_a_planted_leak_share_no_8_gram_with_the_benchmark(
    documents: dict[str, list[str]], items: dict[str, tuple[str, ...]]
) -> None:
    planted = {(plant["row"], plant["item"]) for plant in PLANTED}
    for (row, turns), (item, fields) in itertools.product(documents.items(), items.items()):
        assert (row, item) in planted or score(fields, turns) == 0.0, (row, item)


def test_no_two_rows_are_near_duplicates(documents: dict[str, list[str]]) -> None:
    shingles = {}
    for row, turns in documents.items():
        words = tokens("\n".join(turns))
        shingles[row] = {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))}
    for (one, a), (two, b) in itertools.combinations(shingles.items(), 2):
        assert len(a & b) < 0.8 * len(a | b), (one, two)


def test_the_recipe_names_what_is_there() -> None:
    recipe = yaml.safe_load((FOLDER / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["kind"] == "sft"
    for source in recipe["sources"]:
        assert (FOLDER / source["from"]).is_file()
        assert source["licence"] == "Apache-2.0"
    assert (FOLDER / recipe["decontaminate"]["suite"]).is_file()
