"""The quickstart data: made the same every time; each planted leak does what is written down, and
answers are right.
"""

from __future__ import annotations

import csv
import importlib.util
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from curate.audit.sql import sql
from curate.check import check
from curate.mixture import build_recipe_file
from curate.suites import load_suite, read_suite
from curate.verify import find
from mixtures.quickstart import make_training
from mixtures.quickstart.make_data import values
from tests.known_bytes import assert_known_bytes
from tests.oracle import score, tokens

FOLDER = Path(__file__).resolve().parent.parent / "mixtures" / "quickstart"
PLANTED = json.loads((FOLDER / "planted.json").read_text(encoding="utf-8"))
LAPTOP = {"sft": "laptop-sft.yaml", "dpo": "laptop-dpo.yaml", "rlvr": "laptop-rlvr.yaml"}


@pytest.fixture(scope="module")
def documents() -> dict[str, list[str]]:
    """Give the user turns of every row, by row id."""
    found: dict[str, list[str]] = {}
    for n, line in enumerate(
        (FOLDER / "data/chats.jsonl").read_text(encoding="utf-8").splitlines()
    ):
        messages = json.loads(line)["messages"]
        found[f"chats/{n}"] = [
            message["content"] for message in messages if message["role"] == "user"
        ]
    for n, row in enumerate(
        json.loads((FOLDER / "data/instructions.json").read_text(encoding="utf-8"))
    ):
        found[f"instructions/{n}"] = [
            row["instruction"] + (f"\n\n{row['input']}" if row["input"] else "")
        ]
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
    return build_recipe_file(
        FOLDER / "recipe.yaml", tmp_path_factory.mktemp("quickstart") / "out"
    ).folder


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build the three mixtures to train on."""
    folder = tmp_path_factory.mktemp("laptop")
    return {
        purpose: build_recipe_file(FOLDER / name, folder / purpose).folder
        for purpose, name in LAPTOP.items()
    }


def lines(name: str) -> list[dict[str, Any]]:
    """Read the rows of a file of data/."""
    text = (FOLDER / f"data/{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def written(folder: Path, split: str = "*") -> list[dict[str, Any]]:
    """Read the rows that a build wrote."""
    return [
        row
        for path in sorted(folder.glob(f"data/{split}-*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def said(messages: list[Mapping[str, Any]]) -> str:
    return "\n".join(message["content"] for message in messages)


def size(text: str) -> int:
    """Count words, digits and signs: about as many as a tokeniser makes of it."""
    return len(re.findall(r"\d|[^\W\d]+|[^\w\s]", text))


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


def test_there_is_enough_of_it(
    documents: dict[str, list[str]], items: dict[str, tuple[str, ...]]
) -> None:
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
    found = {
        (row["doc_id"], row["instance_id"]): row["names"] for row in sql(built, query).to_pylist()
    }
    assert [found.get((plant["row"], plant["item"]), []) for plant in PLANTED] == [
        p["matchers"] for p in PLANTED
    ]
    assert all(
        (plant["expected"] == "caught") == ("ngram" in plant["matchers"]) for plant in PLANTED
    )


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


@pytest.mark.parametrize("name", ["recipe.yaml", *LAPTOP.values()])
def test_a_recipe_names_what_is_there(name: str) -> None:
    recipe = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    assert recipe["kind"] == {"laptop-dpo": "preference", "laptop-rlvr": "rlvr"}.get(
        recipe["name"], "sft"
    )
    assert recipe["name"] in (Path(name).stem, "quickstart")
    for source in recipe["sources"]:
        assert (FOLDER / source["from"]).is_file()
        assert source["licence"] == "Apache-2.0"
    assert (FOLDER / recipe["decontaminate"]["suite"]).is_file()


def test_the_committed_files_to_train_on_are_what_the_script_writes(tmp_path: Path) -> None:
    make_training.make(tmp_path)
    made = sorted((tmp_path / "data").iterdir())
    assert [path.stem for path in made] == ["lessons", "pairs", "small_sums", "tasks"]
    for path in made:
        assert path.read_bytes() == (FOLDER / "data" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("purpose", LAPTOP)
def test_a_mixture_to_train_on_is_sound_and_not_small(
    purpose: str, laptop: dict[str, Path]
) -> None:
    checked = check(laptop[purpose], purpose)
    assert checked.findings == []
    assert checked.only_read == (
        {"ifeval": 210} if purpose == "rlvr" else {}
    )  # a constraint has no answer of its own
    counts = [len(written(laptop[purpose], split)) for split in ("train", "validation")]
    assert counts == {"sft": [454, 40], "dpo": [260, 40], "rlvr": [280, 30]}[purpose]


def test_only_planted_rows_are_taken_out_of_what_is_trained_on(laptop: dict[str, Path]) -> None:
    planted = {plant["row"] for plant in PLANTED if plant["matchers"]}
    for purpose, folder in laptop.items():
        removed = {row["doc_id"] for row in sql(folder, "SELECT doc_id FROM decisions").to_pylist()}
        assert removed == (planted if purpose == "sft" else set())


def test_rows_to_train_on_are_short(laptop: dict[str, Path]) -> None:
    for row in written(laptop["sft"]):
        assert size(said(row["messages"])) <= 110, row["id"]
    for row in written(laptop["dpo"]):
        assert (
            max(size(said([*row["prompt"], *row[side]])) for side in ("chosen", "rejected")) <= 110
        ), row["id"]
    for row in written(laptop["rlvr"]):
        assert size(said(row["prompt"])) <= 60, row["id"]


def test_no_prompt_stands_in_two_stages_and_none_nearly_twice_in_one(
    laptop: dict[str, Path],
) -> None:
    prompts = {
        purpose: [
            said(row["messages"][:-1] if purpose == "sft" else row["prompt"])
            for row in written(folder)
        ]
        for purpose, folder in laptop.items()
    }
    everything = [prompt for stage in prompts.values() for prompt in stage]
    assert len(set(everything)) == len(everything)
    for stage in (prompts["dpo"], prompts["rlvr"]):
        shingles = [
            {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))}
            for words in map(tokens, stage)
        ]
        for a, b in itertools.combinations(range(len(stage)), 2):
            assert len(shingles[a] & shingles[b]) < 0.8 * len(shingles[a] | shingles[b]), (
                stage[a],
                stage[b],
            )


def given() -> tuple[dict[str, Any], dict[str, list[str]]]:
    training, templates = (
        yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("training", "templates")
    )
    return training, templates["slots"] | training["slots"]


def test_answers_keep_every_constraint_of_their_prompts_whichever_meet() -> None:
    training, slots = given()
    ifeval = find("ifeval")
    one_or_both = [
        *([one] for one in training["wordings"] + training["layouts"]),
        *map(list, itertools.product(training["wordings"], training["layouts"])),
    ]
    for constraints, (number, task) in itertools.product(one_or_both, enumerate(training["tasks"])):
        chosen = values(slots, "test", number, len(constraints), make_training.NUMBERS)
        asked = [make_training.Constraint(**one) for one in constraints]
        answered = make_training.constrained(task, asked, chosen)
        verdict = ifeval(answered.answer, json.dumps(answered.label))
        assert verdict.passed, (answered, verdict.reason)
        for one in answered.label:
            assert states(answered.prompt, one["kwargs"]), answered


def states(prompt: str, kwargs: Mapping[str, Any]) -> bool:
    """Tell whether a prompt names every word and number of a constraint's arguments."""
    flat = [
        one for value in kwargs.values() for one in (value if isinstance(value, list) else [value])
    ]
    spelt = {2: "twice|two|2"}
    return all(re.search(spelt.get(one, re.escape(str(one))), prompt) for one in flat)


def test_rewarded_rows_have_one_or_two_constraints_of_many_types_and_sums() -> None:
    labels = [json.loads(row["ground_truth"]) for row in lines("tasks")]
    types = Counter(one["id"] for label in labels for one in label)
    assert len(types) == 15
    assert min(types.values()) >= 9
    assert set(map(len, labels)) == {1, 2}
    assert all(
        states(row["messages"][0]["content"], one["kwargs"])
        for row in lines("tasks")
        for one in label_of(row)
    )
    assert len(lines("small_sums")) == 100


def label_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(json.loads(row["ground_truth"]))


def steps(text: str) -> list[tuple[str, int]]:
    """The steps of a sum in a text: what is worked out, and what is said to come out."""
    return [(left, int(right)) for left, right in re.findall(r"(\d+ [-+*] \d+) = (\d+)", text)]


def worked_out(left: str) -> int:
    a, sign, b = left.split()
    return {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]


def test_sums_are_right_and_use_every_number_of_their_question() -> None:
    sums = [(row["question"], row["answer"]) for row in lines("small_sums")]
    sums += [
        (row["messages"][0]["content"], row["messages"][1]["content"])
        for row in lines("lessons")[-40:]
    ]
    sums += [(row["prompt"], row["chosen"]) for row in lines("pairs")[-120:]]
    assert len(sums) == 260
    for question, answer in sums:
        shown = steps(answer)
        assert shown and all(worked_out(left) == result for left, result in shown), answer
        assert re.findall(r"\d+", answer)[-1] == str(shown[-1][1])
        operands = re.findall(r"\d+", shown[0][0]) + [left.split()[2] for left, _ in shown[1:]]
        assert sorted(operands) == sorted(re.findall(r"\d+", question)), question
        for (_, result), (left, _) in itertools.pairwise(shown):
            assert left.startswith(f"{result} ")


def test_a_rejected_sum_is_not_right_and_a_preferred_one_is() -> None:
    gsm8k = find("gsm8k")
    verdicts = [
        gsm8k(row["rejected"], re.findall(r"\d+", row["chosen"])[-1])
        for row in lines("pairs")[-120:]
    ]
    assert not any(verdict.passed for verdict in verdicts)
    assert sum(verdict.parsed for verdict in verdicts) >= 40  # a wrong number, not only none


def test_length_does_not_tell_which_answer_is_preferred() -> None:
    pairs = lines("pairs")
    longer = [size(row["chosen"]) - size(row["rejected"]) for row in pairs]
    assert 0.45 <= sum(difference > 0 for difference in longer) / len(pairs) <= 0.55
    for bound in range(
        40
    ):  # nor does the longer one win where the two differ by much, or by little
        right = sum(difference > bound or -bound <= difference < 0 for difference in longer)
        assert 0.4 <= right / len(pairs) <= 0.6, bound
    assert (
        0.9
        <= sum(size(row["chosen"]) for row in pairs) / sum(size(row["rejected"]) for row in pairs)
        <= 1.1
    )
    assert len({row["rejected"] for row in pairs}) >= 200
    assert len({row["rejected"].split(".")[0] for row in pairs}) >= 60


def test_the_bytes_are_those_on_record(built: Path) -> None:
    assert_known_bytes(built, "quickstart")
