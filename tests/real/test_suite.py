"""Every real benchmark reads, with the published number of items; plain `json` and `csv` are the
oracle.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from curate.suites import load_suite, read_suite

HERE = Path(__file__).resolve().parent


def test_every_benchmark_reads_with_its_published_count(shared_data: Path) -> None:
    result = read_suite(load_suite("suite.yaml", base=HERE), base=HERE)
    # A count other than the suite's would have raised.
    assert len(result.benchmarks) == 13
    assert sum(benchmark.n_items for benchmark in result.benchmarks) == len(result.items) == 14050
    assert len({item.instance_id for item in result.items}) == len(result.items)
    assert all(benchmark.files and benchmark.revision is None for benchmark in result.benchmarks)
    assert result.warnings == []


def test_texts_equal_those_of_a_plain_reader(shared_data: Path) -> None:
    result = read_suite(load_suite("suite.yaml", base=HERE), base=HERE)
    texts: dict[str, list[str]] = {}
    for item in result.items:
        texts.setdefault(item.benchmark, []).append("\n".join(item.fields))
    folder = shared_data / "benchmarks"
    lines = (folder / "gsm8k/test.jsonl").read_text("utf-8").splitlines()
    assert texts["gsm8k"] == [json.loads(line)["question"] for line in lines]
    with (folder / "xstest/xstest_prompts.csv").open(newline="", encoding="utf-8") as stream:
        assert texts["xstest"] == [row["prompt"] for row in csv.DictReader(stream)]
    files = sorted((folder / "bbh/bbh").glob("*.json"))
    assert len(files) == 27
    assert texts["bbh"] == [
        row["input"] for file in files for row in json.loads(file.read_text("utf-8"))["examples"]
    ]
    lines = (folder / "mt_bench/mt_bench/question.jsonl").read_text("utf-8").splitlines()
    turns = [json.loads(line)["turns"] for line in lines]
    assert texts["mt_bench"] == ["\n".join(pair) for pair in turns]


def test_the_shipped_suite_takes_the_real_files_from_a_folder(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "evals"
    folder.mkdir()
    for name, path in (
        ("gsm8k.jsonl", "gsm8k/test.jsonl"),
        ("humaneval.jsonl.gz", "humaneval/HumanEval.jsonl.gz"),
        ("bbh", "bbh/bbh"),
        ("ifeval.jsonl", "ifeval/IFEval_541.jsonl"),
    ):
        (folder / name).symlink_to(shared_data / "benchmarks" / path)
    suite = load_suite("tulu3", base=tmp_path)
    given = ("humaneval", "gsm8k", "ifeval", "bbh")
    without = [benchmark.name for benchmark in suite.benchmarks if benchmark.name not in given]
    result = read_suite(suite, benchmarks_dir=folder, without=without, base=tmp_path)
    assert [(b.name, b.n_items) for b in result.benchmarks] == [
        ("humaneval", 164),
        ("gsm8k", 1319),
        ("ifeval", 541),
        ("bbh", 6511),
    ]
    assert result.warnings == []
