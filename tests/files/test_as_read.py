"""The columns of rows as they were read: types that lose nothing, however the file is cut."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from curate.files import SourceFile, read_file
from curate.files.as_read import as_read, file_columns, join, joined


def read(path: Path, block_bytes: int, skipped: frozenset[int] = frozenset()) -> pa.Table:
    """All rows of a file but some, block by block, in the types that hold them all."""
    tables = []
    for block in read_file(SourceFile.of(path, path.name), block_bytes=block_bytes):
        own = range(block.first_row, block.first_row + block.n_rows)
        places = np.array([r - block.first_row for r in own if r not in skipped], np.int64)
        if len(places):
            tables.append(as_read(block, places, block.table()))
    schema = joined([table.schema for table in tables])
    rows = [row for table in tables for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema)


def filled(value: Any) -> Any:
    """A value without what is null in it: a column has a value, or null, in every row."""
    if isinstance(value, dict):
        return {name: filled(one) for name, one in value.items() if one is not None}
    return [filled(one) for one in value] if isinstance(value, list) else value


def value(rng: random.Random, kind: str) -> Any:
    values: dict[str, Any] = {
        "whole": rng.randrange(-9, 9),
        "number": rng.choice([rng.randrange(9), 0.5, 1e300]),
        "text": rng.choice(["", "数", "2020-01-01", "1"]),
        "truth": rng.random() < 0.5,
        "list": [rng.choice([None, "a", "b"]) for _ in range(rng.randrange(3))],
        "turns": [{"role": "user", "content": "x"} | ({"n": 1} if rng.random() < 0.3 else {})],
        "object": {rng.choice("xyz"): rng.choice([1, 2.5, None])},
        "null": None,
    }
    return values[kind]


KINDS = ("whole", "number", "text", "truth", "list", "turns", "object", "null")


@pytest.mark.parametrize("seed", range(60))
def test_json_says_the_same_in_any_pieces(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    kinds = {f"c{n}": rng.choice(KINDS) for n in range(4)}
    rows: list[Any] = [
        {name: value(rng, kind) for name, kind in kinds.items() if rng.random() < 0.8} | {"i": n}
        for n in range(12)
    ]
    skipped = frozenset(rng.sample(range(12), rng.choice([0, 0, 3])))
    shown: list[bytes] = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    for n in skipped:
        shown[n] = rng.choice([b"{", b'{"c0": {"else": [1]}, "new": 1}'])
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(shown))
    whole = read(path, 1 << 20, skipped)
    assert [filled(row) for row in whole.to_pylist()] == [
        filled(row) for n, row in enumerate(rows) if n not in skipped
    ]
    assert "new" not in whole.column_names
    for size in (1, 50, 200):
        again = read(path, size, skipped)
        assert again.schema == whole.schema
        assert again.equals(whole)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (['{"a": 1}', '{"a": "x"}'], "column 'a' holds int64 and string"),
        (['{"a": {"b": [1]}}', '{"a": {"b": [true]}}'], r"column 'a.b\[\]' holds int64 and bool"),
        (['{"a": [1, "x"]}', '{"a": []}'], r"column 'a\[\]' holds int64 and string"),
        ([f'{{"a": {2**60 + 1}}}', '{"a": 0.5}'], "outside of the range|not in range"),
        ([f'{{"a": {2**70}}}', '{"a": 1}'], "too large|too big|not in range"),
    ],
)
def test_values_of_which_no_type_says_each_are_refused(
    tmp_path: Path, rows: list[str], told: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(rows))
    for size in (1, 1 << 20):
        with pytest.raises((UserError, pa.ArrowInvalid), match=told):
            read(path, size)


def test_large_numbers_stay_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"a": {2**60 + 1}, "b": 1e300}}\n{{"a": null, "b": 2}}\n')
    for size in (1, 1 << 20):
        assert read(path, size).to_pylist() == [
            {"a": 2**60 + 1, "b": 1e300},
            {"a": None, "b": 2.0},
        ]


def test_columns_of_files_are_known_before_rows_are_read(tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([1], pa.int16()), "b": pa.array(["x"], pa.large_string())})
    pq.write_table(table, tmp_path / "a.parquet")
    for name, new in (("a.arrow", pa.ipc.new_stream), ("b.arrow", pa.ipc.new_file)):
        with new(tmp_path / name, table.schema) as writer:
            writer.write_table(table)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    known = {path.name: file_columns(SourceFile.of(path, path.name)) for path in tmp_path.iterdir()}
    text = pa.schema([("a", pa.string()), ("b", pa.string())])
    columns = {name: table.schema for name in ("a.parquet", "a.arrow", "b.arrow")}
    assert known == {**columns, "a.csv": text, "a.jsonl": None}
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(UserError, match="twice.parquet: two columns are named 'a'"):
        file_columns(SourceFile.of(tmp_path / "twice.parquet", "twice.parquet"))


def test_types_join_without_a_loss() -> None:
    whole, number, text = pa.int64(), pa.float64(), pa.string()
    assert join(whole, number) == join(number, whole) == number
    assert join(pa.null(), text) == text
    one, other = pa.struct([("a", whole)]), pa.struct([("b", text), ("a", number)])
    assert join(pa.list_(one), pa.list_(other)) == pa.list_(pa.struct([("a", number), ("b", text)]))
    named = pa.schema([("a", whole)], {"who": "me"})
    assert joined([named, named]).metadata == {b"who": b"me"}
    assert joined([named, pa.schema([("a", whole)])]).metadata is None
