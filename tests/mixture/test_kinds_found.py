"""What a build says of rows whose kind or fields it had to find out, and answers judged one by one from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

import curate
from curate.errors import UserError
from tests.command import call
from tests.corpus import ask, build_in, ids, read, reconcile, write_lines

ITEM = "Which of the nine old bridges over the slow river was built first of all?"


def judged(n: int) -> list[dict[str, Any]]:
    """Three answers to each prompt."""
    return [
        {"prompt": f"Question {i // 3}?", "completion": f"Answer {i}.", "label": i % 2 == 0}
        for i in range(n)
    ]


def decontaminated(folder: Path, rows: list[Any], *more: str) -> dict[str, Any]:
    write_lines(folder / "rows.jsonl", rows)
    write_lines(folder / "bench.jsonl", [{"question": ITEM}])
    done = call(
        "decontaminate", "rows.jsonl", "--suite", "bench.jsonl", "-o", "out", "--json", *more,
        cwd=folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    summary: dict[str, Any] = json.loads(done.out)
    return summary


def test_a_kind_that_was_found_is_said_with_what_is_in_no_record(tmp_path: Path) -> None:
    rows = [{"prompt": "q", "chosen": "a", "rejected": "b", "margin": 2, "chosen_rating": "N/A"}]
    said = decontaminated(tmp_path, rows * 2, "--records")
    assert said["kind"] == "preference"
    assert (
        said["notes"][0]
        == "kind preference, detected from the rows of rows.jsonl; --kind sets another"
    )
    assert said["warnings"] == [
        "source 'rows': columns dropped: margin (list them under `keep` to carry them)",
        "source 'rows': field 'chosen_rating' is text, not a number; left out of 2 rows "
        '(the first: rows/0 has "N/A")',
    ]
    decisions = ask(tmp_path / "out", "SELECT * FROM decisions ORDER BY doc_id")
    assert [(one["step"], one["doc_id"], one["action"], one["detail"]) for one in decisions] == [
        ("validate", "rows/0", "field-unused", '"N/A"'),
        ("validate", "rows/1", "field-unused", '"N/A"'),
    ]
    reconcile(tmp_path / "out")
    assert "notes" in said
    named = decontaminated(tmp_path, rows, "--kind", "preference", "--overwrite")
    assert not [note for note in named["notes"] if note.startswith("kind")]


def test_data_at_hand_goes_the_same_way(tmp_path: Path) -> None:
    write_lines(tmp_path / "bench.jsonl", [{"question": ITEM}])
    bench = tmp_path / "bench.jsonl"
    mixed = [
        [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 1}],
        [{"role": "user", "content": ITEM}, {"role": "assistant", "content": "a"}],
    ]
    dataset = datasets.Dataset.from_dict({"messages": mixed}, on_mixed_types="use_json")
    result = curate.decontaminate(dataset, suite=bench)
    assert result.kept_rows["data"].tolist() == [0]
    assert result.notes == [
        "data: kind sft, format messages, detected from its columns",
        "data: columns left out: messages[].weight",
    ]
    pairs = datasets.Dataset.from_list([{"prompt": "q", "chosen": 0, "rejected": 1}])
    with pytest.raises(
        UserError, match="look like kind 'preference'.* row 0: field 'chosen' is a number"
    ):
        curate.decontaminate(pairs, suite=bench)


def test_judged_answers_are_scanned_removed_and_written(tmp_path: Path) -> None:
    rows = [*judged(9), {"prompt": ITEM, "completion": "The last.", "label": True}]
    rows += [{"prompt": "Question 0?", "completion": ITEM, "label": False}]
    assert decontaminated(tmp_path, rows)["kind"] == "unpaired"
    assert ids(tmp_path / "out", "removed/*.parquet") == ["rows/9"]
    opened = datasets.load_dataset(str(tmp_path / "out"), split="train")
    assert opened.features["label"].dtype == "bool"
    written = {one["completion"][0]["content"]: one["label"] for one in opened}
    assert written == {row["completion"]: row["label"] for row in rows[:9] + rows[10:]}
    decontaminated(tmp_path, rows, "--role", "assistant", "--overwrite")
    assert ids(tmp_path / "out", "removed/*.parquet") == ["rows/10"]
    again = call(
        "decontaminate", "out", "--suite", "bench.jsonl", "-o", "again", "--json", cwd=tmp_path
    )
    assert json.loads(again.out)["kind"] == "unpaired"


def test_all_rows_of_a_prompt_are_on_one_side(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", judged(60))
    recipe = {
        "kind": "unpaired",
        "sources": [{"name": "rows", "from": "rows.jsonl"}],
        "output": {"validation": 10},
    }
    built = build_in(tmp_path, recipe)
    sides = [
        {row["prompt"][0]["content"] for row in read(built.folder, f"data/{split}-*.parquet")}
        for split in ("train", "validation")
    ]
    assert not sides[0] & sides[1]
    assert (built.summary.train, built.summary.validation) == (51, 9)


def test_a_kept_column_that_no_row_has(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", [{"text": "t", "lang": "en"}])
    for keep, said in (
        ("lnag", "unknown column 'lnag'; did you mean 'lang'"),
        ("messages[].w", ""),
    ):
        recipe = {
            "kind": "prompt",
            "sources": [{"name": "r", "from": "rows.jsonl", "keep": [keep]}],
        }
        with pytest.raises(
            UserError, match="source 'r': rows.jsonl: keep: unknown column"
        ) as error:
            build_in(tmp_path, recipe)
        assert said in str(error.value)
