"""Parquet and Arrow files as blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from curate.files import ArrowBlock, BadInput, SourceFile, read_file

ROWS = [{"q": f"question {n}", "n": n} for n in range(100)]


def write(path: Path, table: pa.Table) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=30)
    else:
        opened = pa.ipc.new_stream if path.suffix == ".arrow" else pa.ipc.new_file
        with opened(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=30)
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather"])
@pytest.mark.parametrize("block_bytes", [1, 500, 1 << 20])
def test_rows_come_in_order_with_their_positions(
    tmp_path: Path, name: str, block_bytes: int
) -> None:
    path = write(tmp_path / name, pa.Table.from_pylist(ROWS))
    blocks = list(read_file(SourceFile.of(path, name), first_row=7, block_bytes=block_bytes))
    assert [pair for block in blocks for pair in block.rows()] == list(enumerate(ROWS, 7))
    tables = [table for block in blocks if (table := block.table()) is not None]
    assert pa.concat_tables(tables).to_pylist() == ROWS
    assert blocks[0].head(1).n_rows == 1


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather"])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, pa.Table.from_pylist(ROWS))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match="not a readable .* file, or cut off") as caught:
        list(read_file(SourceFile.of(path, name)))
    assert name in str(caught.value)


def test_other_ways_to_write_text_become_plain_text() -> None:
    values: list[Any] = ["a", None, "b"]
    columns = [
        pa.array(values, pa.large_string()),
        pa.array(values, pa.string_view()),
        pa.array(values).dictionary_encode(),
        pa.array([[one] for one in values], pa.large_list(pa.large_string())),
        pa.array([{"x": one} for one in values], pa.struct([("x", pa.large_string())])),
    ]
    table = ArrowBlock.of("f", 0, pa.table(columns, names=list("abcde"))).table()
    assert table is not None
    assert table.schema.types == [
        *[pa.string()] * 3,
        pa.list_(pa.string()),
        pa.struct([("x", pa.string())]),
    ]
    assert table.column("c").to_pylist() == values


def test_text_that_is_no_utf8_makes_bad_rows() -> None:
    data = pa.array([b"good", b"\xff"], pa.binary())
    block = ArrowBlock.of("f", 0, pa.table({"a": data.view(pa.string())}))
    assert block.table() is None
    good, bad = (row for _, row in block.rows())
    assert good == {"a": "good"}
    assert isinstance(bad, BadInput)
    assert "not UTF-8" in bad.reason
    assert bad.raw == block.raw(1) == '{"a": "\\\\xff"}'


def test_columns_of_the_same_name_are_not_taken_for_one() -> None:
    block = ArrowBlock.of("f", 0, pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]))
    assert block.table() is None


def test_the_raw_text_of_a_row_is_json() -> None:
    assert ArrowBlock.of("f", 0, pa.Table.from_pylist(ROWS)).raw(3) == '{"q": "question 3", "n": 3}'
