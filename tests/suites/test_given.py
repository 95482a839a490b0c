"""A folder of benchmarks at hand: what is taken from it, and what comes from the Hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curate.errors import UserError
from curate.suites import load_suite, read_suite
from tests.suites.samples import TULU3, jsonl, read, write_as


@pytest.mark.parametrize(
    "ending", ["jsonl", "jsonl.gz", "jsonl.zst", "json", "csv", "tsv", "parquet"]
)
def test_every_kind_of_file_gives_the_same_items(tmp_path: Path, no_hub: None, ending: str) -> None:
    rows = [{"question": "how many, and\nwhy?", "answer": "1"}, {"question": "é?", "answer": "2"}]
    folder = tmp_path / "evals"
    folder.mkdir()
    write_as(folder / f"gsm8k.{ending}", rows)
    suite = load_suite("tulu3", base=tmp_path)
    without = [name for name in TULU3 if name != "gsm8k"]
    result = read_suite(suite, benchmarks_dir=Path("evals"), without=without, base=tmp_path)
    assert [item.fields for item in result.items] == [("how many, and\nwhy?",), ("é?",)]
    assert [item.instance_id for item in result.items] == ["gsm8k/0", "gsm8k/1"]
    assert result.warnings == [
        f"benchmark gsm8k: gsm8k.{ending} holds 2 items where 1319 are expected"
    ]


def test_folders_unused_files_and_caps(tmp_path: Path, no_hub: None) -> None:
    folder = tmp_path / "evals"
    for name in ("snarks", "dyck"):
        (folder / "bbh" / "sub").mkdir(parents=True, exist_ok=True)
        (folder / f"bbh/sub/{name}.json").write_text(
            json.dumps({"canary": "x", "examples": [{"input": name}]})
        )
    jsonl(folder / "deepmind_math.jsonl", *[{"question": str(n)} for n in range(60)])
    jsonl(folder / "gms8k.jsonl", {"question": "misspelt"})
    jsonl(folder / "humaneval.txt", {"prompt": "unknown ending"})
    (folder / "README.md").write_text("about")
    suite = load_suite("tulu3", base=tmp_path)
    without = [name for name in TULU3 if name not in ("bbh", "deepmind_math")]
    result = read_suite(suite, benchmarks_dir=folder, without=without, base=tmp_path)
    assert [item.instance_id for item in result.items[:2]] == ["bbh/0", "bbh/1"]
    assert [item.fields[0] for item in result.items[:2]] == ["dyck", "snarks"]
    assert len(result.items) == 62
    assert result.warnings == [
        "benchmarks_dir: not named after a benchmark: gms8k.jsonl, humaneval.txt",
        "benchmark bbh: bbh holds 2 items where 6511 are expected",
        "benchmark deepmind_math: deepmind_math.jsonl is taken whole, not 50 rows a configuration",
    ]


def test_a_folder_of_several_splits_gives_the_one_of_the_benchmark(
    tmp_path: Path, no_hub: None
) -> None:
    for split in ("train", "test"):
        jsonl(tmp_path / f"evals/gsm8k/{split}.jsonl", {"question": f"{split}?"})
        jsonl(tmp_path / f"own/{split}-00000-of-00001.jsonl", {"question": f"{split}?"})
    jsonl(tmp_path / "evals/mmlu/a.jsonl", {"question": "unnamed?"})
    jsonl(tmp_path / "evals/ifeval/test.jsonl", {"prompt": "test?"})
    suite = load_suite("tulu3", base=tmp_path)
    without = [name for name in TULU3 if name not in ("gsm8k", "mmlu", "ifeval")]
    result = read_suite(suite, benchmarks_dir=tmp_path / "evals", without=without, base=tmp_path)
    assert [item.fields[0] for item in result.items] == ["unnamed?", "test?", "test?"]
    assert [line for line in result.warnings if "split" in line] == [
        "benchmark ifeval: reads split test, where train was asked for"
    ]
    spec = {"name": "own", "from": "own", "fields": ["question"]}
    assert read(tmp_path, spec | {"split": "test"}).items[0].fields == ("test?",)
    assert read(tmp_path, spec).warnings == [
        "benchmark own: reads only split train; test is left out (set `split` to read another)"
    ]
    with pytest.raises(UserError, match=r"no split 'dev' \(splits: train, test\)"):
        read(tmp_path, spec | {"split": "dev"})


def test_a_folder_of_several_configurations_gives_those_of_the_benchmark(
    tmp_path: Path, no_hub: None
) -> None:
    card = "---\nconfigs:\n"
    for name in ("main", "socratic"):
        jsonl(tmp_path / f"evals/gsm8k/{name}/test.jsonl", {"question": f"{name}?"})
        card += f"- config_name: {name}\n  data_files: [{{split: test, path: {name}/test.jsonl}}]\n"
    (tmp_path / "evals/gsm8k/README.md").write_text(f"{card}---\n")
    suite = load_suite("tulu3", base=tmp_path)
    without = [name for name in TULU3 if name != "gsm8k"]
    result = read_suite(suite, benchmarks_dir=tmp_path / "evals", without=without, base=tmp_path)
    assert [item.fields for item in result.items] == [("main?",)]


def test_a_folder_must_exist_hold_something_and_be_unambiguous(tmp_path: Path) -> None:
    suite = load_suite("tulu3", base=tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        read_suite(suite, benchmarks_dir=Path("evals"), base=tmp_path)
    (tmp_path / "evals").mkdir()
    with pytest.raises(UserError, match="is named after a benchmark of suite .*: such as "):
        read_suite(suite, benchmarks_dir=Path("evals"), base=tmp_path)
    for ending in ("jsonl", "csv"):
        write_as(tmp_path / f"evals/gsm8k.{ending}", [{"question": "one"}])
    with pytest.raises(
        UserError, match=r"gsm8k.csv and gsm8k.jsonl are both called like benchmark 'gsm8k'"
    ):
        read_suite(suite, benchmarks_dir=Path("evals"), base=tmp_path)


def test_what_is_not_given_comes_from_the_hub_and_is_named_where_that_is_out_of_reach(
    tmp_path: Path, no_hub: None
) -> None:
    jsonl(tmp_path / "evals/gsm8k.jsonl", {"question": "one"})
    suite = load_suite("tulu3", base=tmp_path)
    with pytest.raises(UserError) as caught:
        read_suite(suite, benchmarks_dir=tmp_path / "evals", without=["mmlu"], base=tmp_path)
    message = str(caught.value)
    assert message.startswith(
        "suite tulu3: 18 of 19 benchmarks cannot be read: humaneval, drop, math,"
    )
    assert message.count("the Hugging Face Hub cannot be reached") == 1
    assert "without=['humaneval', 'drop'," in message
    with pytest.raises(UserError, match="20 of 20 benchmarks cannot be read"):
        read_suite(suite, base=tmp_path)
