"""`curate.dedup`: duplicates in data that a program holds, held against plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import curate

RIVERS = ["Oder", "Elbe", "Weser", "Rhine", "Neckar"]
TEXT = "Tell a child of six, in two lines, why the river {} is never in the same place for long."
ROWS: list[dict[str, Any]] = [
    {"prompt": TEXT.format(RIVERS[i % 5]), "response": f"Since it flows, as {i} people know."}
    for i in range(12)
]


def first_of_each(rows: list[dict[str, Any]]) -> list[int]:
    seen: dict[str, int] = {}
    for place, row in enumerate(rows):
        seen.setdefault(row["prompt"], place)
    return sorted(seen.values())


@pytest.mark.parametrize(
    "held",
    [list, datasets.Dataset.from_list, pd.DataFrame, pl.DataFrame, pa.Table.from_pylist],
    ids=["list", "datasets", "pandas", "polars", "arrow"],
)
def test_positions_are_those_of_the_data_at_hand(held: Any) -> None:
    result = curate.dedup(held(ROWS), by="prompt", threshold=None)
    assert result.kept_rows["data"].tolist() == first_of_each(ROWS)
    dropped = {row["doc_id"]: row["kept_id"] for row in result.duplicates.to_pylist()}
    assert dropped == {f"data/{i}": f"data/{i % 5}" for i in range(5, 12)}


def test_a_shuffled_dataset_counts_in_its_own_order() -> None:
    shuffled = datasets.Dataset.from_list(ROWS).shuffle(seed=3)
    kept = curate.dedup(shuffled, by="prompt", threshold=None).kept_rows["data"]
    assert kept.tolist() == first_of_each(shuffled.to_list())
    assert len(set(shuffled.select(kept)["prompt"])) == 5


def test_near_duplicates_follow_the_threshold() -> None:
    rows = [{"prompt": text, "response": "x"} for text in (TEXT, TEXT + " Please.", "Why?")]
    alike = curate.dedup(rows, by="prompt", threshold=0.8)
    assert alike.kept_rows["data"].tolist() == [0, 2]
    assert alike.duplicates["kind"].to_pylist() == ["near"]
    assert len(curate.dedup(rows, by="prompt", threshold=1.0).kept_rows["data"]) == 3


def test_rows_of_another_set_go_whatever_the_rule(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pd.DataFrame(ROWS[:2]).to_parquet(other)
    for against in (ROWS[:2], str(other)):
        result = curate.dedup(ROWS[:5], by="prompt", against=against, keep=["longest"])
        assert result.kept_rows["data"].tolist() == [2, 3, 4]


def test_paths_are_sources_by_their_names(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pd.DataFrame(ROWS[:3]).to_json(tmp_path / f"{name}.jsonl", orient="records", lines=True)
    result = curate.dedup([tmp_path / "one.jsonl", tmp_path / "two.jsonl"], by="prompt")
    assert {name: rows.tolist() for name, rows in result.kept_rows.items()} == {
        "one": [0, 1, 2],
        "two": [],
    }
    assert repr(result) == "<Deduplicated: 3 rows kept, 3 dropped>"


def test_a_row_that_makes_no_record_is_named_and_moves_no_position() -> None:
    rows = [{"prompt": "Why?", "response": None}, *ROWS[:2]]
    result = curate.dedup(rows, by="prompt")
    assert result.kept_rows["data"].tolist() == [1, 2]
    assert result.quarantined["row"].to_pylist() == [0]
    assert "1 quarantined" in repr(result)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(curate.UserError, match="did you mean 'prompt'"):
        curate.dedup(ROWS, by="promt")
    with pytest.raises(curate.UserError, match="did you mean 'longest'"):
        curate.dedup(ROWS, keep=["longst"])


def test_a_rule_may_stand_alone_and_nothing_is_no_data() -> None:
    kept = [
        curate.dedup(ROWS, by="prompt", keep=rule).kept_rows for rule in ("longest", ["longest"])
    ]
    assert kept[0]["data"].tolist() == kept[1]["data"].tolist()
    with pytest.raises(curate.UserError, match="data: an empty list"):
        curate.dedup([])


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = curate.dedup(ROWS, by="prompt")
    assert list(tmp_path.iterdir()) == []
    assert isinstance(result.kept_rows["data"], np.ndarray)
