"""What columns of JSON, maps and structs mean; the oracle of JSON is `datasets` itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.files import BadInput, Block
from curate.files.columnar import ArrowBlock
from curate.sources import DatasetSource, open_source

MIXED: list[Any] = [
    [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "extra": [1, None]}],
    [{"a": None}, {"b": {"c": 1.5}}],
    [],
]


def rows_of(block: Block) -> list[Any]:
    return [row for _, row in block.rows()]


@pytest.mark.parametrize("values", [MIXED, [{"x": 1}, "text", [2, "y"], None, 3.5, "{half"]])
def test_columns_of_json_are_what_datasets_reads(tmp_path: Path, values: list[Any]) -> None:
    dataset = datasets.Dataset.from_dict(
        {"v": values, "n": list(range(len(values)))}, on_mixed_types="use_json"
    )
    assert "Json" in str(dataset.features["v"])
    dataset.to_parquet(tmp_path / "with.parquet")
    table = pq.read_table(tmp_path / "with.parquet")
    pq.write_table(table, tmp_path / "without.parquet", store_schema=False)
    sources = [open_source("v", f"{name}.parquet", base=tmp_path) for name in ("with", "without")]
    for source in (*sources, DatasetSource("v", "v", dataset)):
        (block,) = source.blocks()
        assert rows_of(block) == list(dataset)
        assert block.table() is None


def test_text_that_datasets_says_is_json(tmp_path: Path) -> None:
    """As after a writer that knows no JSON, but keeps the note of `datasets`."""
    dataset = datasets.Dataset.from_dict({"v": MIXED}, on_mixed_types="use_json")
    plain = dataset.data.table.cast(
        pa.schema([("v", pa.list_(pa.string()))], metadata=dataset.data.table.schema.metadata)
    )
    assert rows_of(ArrowBlock.of("v", 0, plain)) == list(dataset)


def test_nulls_that_a_struct_fills_in_are_no_keys() -> None:
    rows = [
        {"calls": [{"name": "move", "arguments": {"x": 0, "y": 1}}], "top": None},
        {"calls": [{"name": "say", "arguments": {"text": "hi"}}], "top": 1},
        {"calls": [{"name": "wait", "arguments": {}}], "top": 2},
        {"calls": None, "top": 3},
    ]
    assert rows_of(ArrowBlock.of("v", 0, pa.Table.from_pylist(rows))) == rows


def test_maps_are_objects() -> None:
    kind = pa.map_(pa.string(), pa.list_(pa.struct([("a", pa.int8()), ("b", pa.int8())])))
    table = pa.table({"m": pa.array([[("k", [{"a": 1}]), ("l", [])], None], kind)})
    block = ArrowBlock.of("v", 0, table)
    assert rows_of(block) == [{"m": {"k": [{"a": 1}], "l": []}}, {"m": None}]
    assert block.table() is None
    assert json.loads(block.raw(0)) == {"m": {"k": [{"a": 1}], "l": []}}


def test_json_that_is_none_is_a_bad_row() -> None:
    storage = pa.array(['{"a": 1}', "{half"])
    table = pa.table({"v": pa.ExtensionArray.from_storage(pa.json_(), storage)})
    good, bad = rows_of(ArrowBlock.of("v", 0, table))
    assert good == {"v": {"a": 1}}
    assert isinstance(bad, BadInput)
    assert "not readable JSON" in bad.reason
