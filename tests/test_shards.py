"""Cuts, runs and shards: the bytes of a shard follow from its rows, not from how they were staged."""

from __future__ import annotations

import errno
import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import shards
from curate.shards import (
    cut,
    fsync_tree,
    row_groups,
    sha256,
    shard_count,
    shard_names,
    staging,
    text_bytes,
    write_shard,
    write_stream,
    write_text,
)

SIZES = st.lists(st.integers(0, 50), max_size=40).map(lambda sizes: np.array(sizes, np.int32))


@given(SIZES, st.integers(0, 120), st.none() | st.integers(1, 7))
def test_stretches_are_as_long_as_the_limits_allow(
    sizes: np.ndarray, limit: int, rows: int | None
) -> None:
    bounds, start = [0], 0
    while start < len(sizes):  # the plain rule: take rows until one more would be too many
        stop = start + 1
        while (
            stop < len(sizes)
            and sum(sizes[start : stop + 1]) <= limit
            and (rows is None or stop - start < rows)
        ):
            stop += 1
        bounds.append(start := stop)
    assert cut(sizes, limit, rows) == bounds


def test_shards_are_about_as_large_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 100)
    assert [shard_count(size, "auto") for size in (0, 30, 149, 151, 1000)] == [1, 1, 1, 2, 10]
    assert shard_count(1000, 3) == 3


def test_names_are_those_that_datasets_writes() -> None:
    assert shard_names("train", 2) == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]


@given(SIZES, st.data())
def test_row_groups_are_cut_by_their_rows_alone(sizes: np.ndarray, data: st.DataObject) -> None:
    table = pa.table({"place": np.arange(len(sizes))})
    inner = sorted(data.draw(st.lists(st.integers(0, len(sizes)), max_size=5)))
    pieces = [
        (table.slice(start, stop - start), sizes[start:stop])
        for start, stop in pairwise([0, *inner, len(sizes)])
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "ROW_GROUP_BYTES", 60)
        patch.setattr(shards, "ROW_GROUP_ROWS", 4)
        groups = [group["place"].to_pylist() for group in row_groups(iter(pieces))]
    bounds = cut(sizes, 60, 4)
    assert groups == [list(range(start, stop)) for start, stop in pairwise(bounds)]


def test_the_bytes_of_a_shard_do_not_depend_on_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 4000)
    rng = np.random.default_rng(0)
    texts = ["x" * int(n) for n in rng.integers(0, 100, 500)]
    sizes = np.array([len(text) for text in texts])
    table = pa.table({"text": texts, "place": np.arange(500)})
    written = set()
    for name, bounds in (
        ("one", [0, 500]),
        ("few", [0, 3, 3, 200, 500]),
        ("many", list(range(501))),
    ):
        path = tmp_path / f"{name}.parquet"
        pieces = (
            (table.slice(start, stop - start), sizes[start:stop])
            for start, stop in pairwise(bounds)
        )
        write_shard(path, table.schema, pieces)
        written.add(sha256(path))
        assert pq.ParquetFile(path).metadata.num_row_groups > 3
        assert pq.read_table(path).equals(table)
    assert len(written) == 1


@pytest.mark.parametrize("n_pieces", [0, 1, 2])
def test_a_shard_without_rows_can_be_read(tmp_path: Path, n_pieces: int) -> None:
    schema = pa.schema([("text", pa.string())])
    write_shard(
        tmp_path / "a.parquet", schema, [(schema.empty_table(), np.empty(0, np.int64))] * n_pieces
    )
    assert pq.read_table(tmp_path / "a.parquet").schema == schema


def test_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    write_text(path, "new é")
    assert path.read_bytes() == "new é".encode()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_digests_are_those_of_hashlib(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    data = b"abc" * 100_000
    (tmp_path / "deep/a").write_bytes(data)
    fsync_tree(tmp_path)
    assert sha256(tmp_path / "deep/a") == hashlib.sha256(data).hexdigest()


def test_text_bytes_counts_all_text_of_a_value_in_lists_and_structs_too() -> None:
    rows = [
        [{"role": "user", "content": "é"}, {"role": "assistant", "content": None}],
        None,
        [],
        [{"role": "tool", "content": "xyz"}],
    ]
    column = pa.array(rows, pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))
    assert text_bytes(column).tolist() == [
        len("user") + 2 + len("assistant"),
        0,
        0,
        len("tool") + 3,
    ]
    assert text_bytes(column.slice(1)).tolist() == [0, 0, 7]
    assert text_bytes(pa.chunked_array([["ab"], ["c", None]])).tolist() == [2, 1, 0]
    assert text_bytes(pa.array([1.5, 2.0])).tolist() == [0, 0]


def test_a_stream_has_the_same_bytes_however_its_rows_came(tmp_path: Path) -> None:
    schema = pa.schema([("row", pa.int64()), ("raw", pa.string())])
    whole = pa.table({"row": range(25), "raw": [str(n) * 9 for n in range(25)]}, schema=schema)
    written = []
    for place, step in enumerate((1, 7, 25)):
        parts = [whole.slice(start, step) for start in range(0, 25, step)]
        write_stream(tmp_path / f"{place}.parquet", schema, parts, rows=10)
        written.append((tmp_path / f"{place}.parquet").read_bytes())
    assert written[0] == written[1] == written[2]
    assert pq.read_table(tmp_path / "0.parquet").equals(whole)


def test_errors_of_writing_name_the_file_and_leave_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(OSError, match="No space left") as caught, staging(path) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")  # as a full disk says it: no name
    assert caught.value.filename == str(path)
    with pytest.raises(OSError) as other:
        write_text(tmp_path / "none" / "a.txt", "text")
    assert "none" in str(other.value.filename)
    assert not list(tmp_path.iterdir())
