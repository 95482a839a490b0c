"""Builds at their edges: every kind, policies, nothing left, limits, folders that are taken, faults."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from curate.errors import CurateError, FailOver, UserError
from curate.lock import load as load_lock
from curate.mixture import build_recipe_file
from curate.mixture.merge import Output, Rows, Writer
from tests.corpus import (
    build_in,
    chat,
    digests,
    ids,
    read,
    reconcile,
    sentence,
    write_csv,
    write_lines,
    write_recipe,
)

KINDS: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "prompt": ([{"text": f"Tell me about tree number {n}, please."} for n in range(6)], {"prompt"}),
    "sft": ([chat(f"What is tree {n}?", "An elm.") for n in range(6)], {"messages"}),
    "preference": (
        [
            {"prompt": f"Which is tree {n}?", "chosen": "The elm.", "rejected": "No."}
            for n in range(6)
        ],
        {"prompt", "chosen", "rejected"},
    ),
    "rlvr": (
        [
            {**chat(f"What is {n} + 1?"), "ground_truth": str(n + 1), "dataset": "gsm8k"}
            for n in range(6)
        ],
        {"prompt", "verifier", "ground_truth"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_record_is_built_and_read_by_datasets(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    rows, columns = KINDS[kind]
    write_lines(tmp_path / "a.jsonl", rows)
    write_lines(tmp_path / "evals.jsonl", [{"question": sentence(random.Random(1), 20)}])
    recipe = {
        "kind": kind,
        "sources": [{"name": "a", "from": "a.jsonl"}],
        "decontaminate": {"suite": "evals.jsonl"},
        "output": {"validation": 2},
    }
    out = build_in(tmp_path, recipe).folder
    reconcile(out)
    loaded = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert (loaded["train"].num_rows, loaded["validation"].num_rows) == (4, 2)
    assert columns | {"id", "source"} <= set(loaded["train"].column_names)
    assert all(row[name] for row in loaded["train"] for name in columns)


def test_without_decontamination_nothing_is_removed(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat(f"question {n}", "answer") for n in range(9)])
    out = build_in(tmp_path, {"sources": [{"name": "a", "from": "a.jsonl"}]}).folder
    assert sorted(ids(out)) == [f"a/{n}" for n in range(9)]
    assert not (out / "removed").exists()
    assert not (out / "quarantine").exists()
    reconcile(out)


def leaking(folder: Path) -> dict[str, Any]:
    """Every row of one source hits the one item of the benchmark, no row of the other does."""
    item = sentence(random.Random(2), 20)
    write_lines(folder / "evals.jsonl", [{"question": item}])
    write_lines(folder / "bad.jsonl", [chat(item, f"answer {n}") for n in range(3)])
    write_lines(folder / "good.jsonl", [chat(f"question {n}", "answer") for n in range(3)])
    sources = [{"name": name, "from": f"{name}.jsonl"} for name in ("bad", "good")]
    return {"sources": sources, "decontaminate": {"suite": "evals.jsonl"}}


def test_a_source_may_go_to_its_last_row(tmp_path: Path) -> None:
    out = build_in(tmp_path, leaking(tmp_path)).folder
    reconcile(out)
    assert sorted(ids(out)) == ["good/0", "good/1", "good/2"]


@pytest.mark.parametrize(
    ("policy", "gone"), [("report", 0), ("drop-rows", 3), ("drop-source", 3), ("tulu3", 3)]
)
def test_policies(tmp_path: Path, policy: str, gone: int) -> None:
    recipe = leaking(tmp_path)
    recipe["decontaminate"]["policy"] = policy
    out = build_in(tmp_path, recipe).folder
    reconcile(out)
    assert len(ids(out, "removed/*.parquet")) == gone


def test_a_mixture_may_lose_all_its_rows(tmp_path: Path) -> None:
    recipe = leaking(tmp_path)
    recipe["sources"] = recipe["sources"][:1]
    built = build_in(tmp_path, recipe | {"output": {"validation": 5}})
    reconcile(built.folder)
    table = pq.read_table(built.folder / "data/train-00000-of-00001.parquet")
    assert (table.num_rows, table.column_names) == (0, ["id", "source", "messages"])
    assert built.summary.validation_shortfall == 5


def test_more_shards_than_rows_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    write_lines(tmp_path / "a.jsonl", [chat(f"question {n}", "answer") for n in range(3)])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}], "output": {"shards": 7}}
    out = build_in(tmp_path, recipe).folder
    assert len(list((out / "data").iterdir())) == 7
    assert (
        datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"), split="train").num_rows
        == 3
    )


def test_a_row_can_be_written_as_often_as_a_run_has_numbers_for(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("one", "1"), chat("two", "2")])
    out = build_in(
        tmp_path, {"sources": [{"name": "a", "from": "a.jsonl", "share": 256}]}, block_bytes=8
    ).folder
    found = read(out, "data/*.parquet")
    assert len({row["id"] for row in found}) == 512
    assert {(row["id"].split("#")[0], row["messages"][0]["content"]) for row in found} == {
        ("a/0", "one"),
        ("a/1", "two"),
    }
    reconcile(out)


def test_a_limit_takes_the_first_rows_and_is_marked(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat(f"question {n}", "answer") for n in range(9)])
    write_csv(tmp_path / "b.csv", [{"question": str(n), "answer": "x"} for n in range(2)])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}, {"name": "b", "from": "b.csv"}]}
    built = build_in(tmp_path, recipe, limit=4)
    assert sorted(ids(built.folder)) == ["a/0", "a/1", "a/2", "a/3", "b/0", "b/1"]
    assert load_lock(built.folder)["limit"] == 4
    assert "first 4 rows" in (built.folder / "README.md").read_text(encoding="utf-8")


def test_an_overlap_over_the_limit_fails_after_the_folder_is_finished(tmp_path: Path) -> None:
    recipe = leaking(tmp_path)
    recipe["decontaminate"]["fail_over"] = 0.02
    with pytest.raises(FailOver, match=r"over the limit of 2 %: bad hits 100\.00 % of evals"):
        build_in(tmp_path, recipe)
    reconcile(tmp_path / "out")


def test_a_full_folder_is_refused_and_only_a_built_one_is_replaced(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("question", "answer")])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}]}
    (tmp_path / "empty").mkdir()
    assert ids(build_in(tmp_path, recipe, "empty").folder) == ["a/0"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("dear to me")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="mine: "):
            build_in(tmp_path, recipe, "mine", overwrite=overwrite)
    assert (tmp_path / "mine/thesis.txt").read_text() == "dear to me"
    with pytest.raises(UserError, match="empty: already exists"):
        build_in(tmp_path, recipe, "empty")
    before = digests(tmp_path / "empty")
    write_lines(tmp_path / "a.jsonl", [chat("question", "answer"), chat("another", "answer")])
    assert len(ids(build_in(tmp_path, recipe, "empty", overwrite=True).folder)) == 2
    assert digests(tmp_path / "empty") != before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.jsonl",
        "empty",
        "mine",
        "recipe.yaml",
    ]


def test_a_build_that_fails_leaves_the_folder_it_would_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("question", "answer")])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}]}
    before = digests(build_in(tmp_path, recipe).folder)

    def fails(*_: object) -> None:
        raise CurateError("the audit does not reconcile")

    monkeypatch.setattr("curate.mixture.record.store.reconcile", fails)
    with pytest.raises(CurateError, match="does not reconcile"):
        build_in(tmp_path, recipe, overwrite=True)
    assert digests(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "out", "recipe.yaml"]


def test_a_shard_with_fewer_rows_than_were_decided_on_fails_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat(f"question {n}", "answer") for n in range(10)])
    write_recipe(tmp_path / "r.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    whole = Writer.rows

    def half(self: Writer, output: Output, part: int) -> Rows:
        rows = whole(self, output, part)
        return rows.slice(0, len(rows.sizes) // 2)

    monkeypatch.setattr(Writer, "rows", half)
    with pytest.raises(CurateError, match="data/ holds 5 rows where 10 were to be written"):
        build_recipe_file(tmp_path / "r.yaml", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_row_groups_are_cut_by_all_text_of_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.shards.ROW_GROUP_BYTES", 50_000)
    answer = {"role": "assistant", "content": "a", "reasoning_content": "x" * 20_000}
    thought = [{"messages": [{"role": "user", "content": f"q {n}"}, answer]} for n in range(10)]
    write_lines(tmp_path / "a.jsonl", thought)
    write_recipe(tmp_path / "r.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    build_recipe_file(tmp_path / "r.yaml", tmp_path / "out")
    assert pq.read_metadata(tmp_path / "out/data/train-00000-of-00001.parquet").num_row_groups == 5
