"""Cuts, runs and shards: the bytes of a shard follow from its rows, not from how they were staged."""

from __future__ import annotations

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
    Placed,
    cut,
    fsync_tree,
    gather,
    read_run,
    sha256,
    shard_bounds,
    shard_names,
    text_bytes,
    write_run,
    write_shard,
    write_stream,
    write_text,
)

SIZES = st.lists(st.integers(0, 50), max_size=40).map(lambda sizes: np.array(sizes, np.int32))


@given(SIZES, st.integers(0, 120), st.none() | st.integers(1, 7))
def test_stretches_are_as_long_as_the_limits_allow(sizes: np.ndarray, limit: int, rows: int | None) -> None:
    bounds, start = [0], 0
    while start < len(sizes):  # the plain rule: take rows until one more would be too many
        stop = start + 1
        while stop < len(sizes) and sum(sizes[start : stop + 1]) <= limit and (rows is None or stop - start < rows):
            stop += 1
        bounds.append(start := stop)
    assert cut(sizes, limit, rows) == bounds


@given(SIZES, st.integers(1, 9))
def test_a_number_of_shards_is_met_and_they_are_about_equal(sizes: np.ndarray, n: int) -> None:
    bounds = shard_bounds(sizes, n)
    assert len(bounds) == n + 1
    assert bounds == sorted(bounds)
    assert (bounds[0], bounds[-1]) == (0, len(sizes))
    whole, largest = int(sizes.sum()), int(sizes.max(initial=0))
    for start, stop in pairwise(bounds):
        assert abs(int(sizes[start:stop].sum()) - whole / n) <= largest + 1


def test_shards_are_about_as_large_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 100)
    assert len(shard_bounds(np.full(100, 10), "auto")) == 11
    assert shard_bounds(np.full(3, 10), "auto") == [0, 3]
    assert shard_bounds(np.empty(0, np.int32), "auto") == [0, 0]
    assert shard_bounds(np.full(4, 2**31 - 1, np.int32), 2) == shard_bounds(np.full(4, 9), 2)  # no overflow


def test_names_are_those_that_datasets_writes() -> None:
    assert shard_names("train", 2) == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]


def staged(folder: Path, table: pa.Table, keys: np.ndarray, bounds: list[int]) -> Placed:
    """Stage a table in runs cut at `bounds`, each sorted by key; give all rows in the order of keys."""
    folder.mkdir()
    run, at = np.empty(len(keys), np.int64), np.empty(len(keys), np.int32)
    for number, (start, stop) in enumerate(pairwise(bounds)):
        order = np.argsort(keys[start:stop], kind="stable")
        if len(order):
            write_run(folder / str(number), table.slice(start, stop - start).take(pa.array(order)))
        run[start:stop] = number
        at[start + order] = np.arange(len(order))
    by_key = np.argsort(keys, kind="stable")
    sizes = np.array([len(text) for text in table["text"].to_pylist()], np.int32)
    return Placed(run[by_key], at[by_key], sizes[by_key])


ROWS = st.lists(st.tuples(st.text("aé", max_size=9), st.integers(0, 20)), min_size=1, max_size=30)


@given(ROWS, st.data())
def test_gathered_rows_stand_in_the_order_of_keys_however_they_were_staged(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    table = pa.table({"text": [text for text, _ in rows], "place": range(len(rows))})
    keys = np.array([key for _, key in rows], np.uint64)
    inner = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    placed = staged(folder / "a", table, keys, [0, *inner, len(rows)])
    low = data.draw(st.integers(0, len(rows) - 1))
    wanted = placed.slice(low, data.draw(st.integers(low + 1, len(rows))))
    made = gather(wanted, lambda run, first, n: read_run(folder / "a" / str(run)).slice(first, n))
    expected = sorted(range(len(rows)), key=lambda place: (keys[place], place))[low : low + len(wanted)]
    assert made["place"].to_pylist() == expected
    assert made["text"].to_pylist() == [rows[place][0] for place in expected]


def test_the_bytes_of_a_shard_do_not_depend_on_how_runs_were_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 4000)
    rng = np.random.default_rng(0)
    texts = ["x" * int(n) for n in rng.integers(0, 100, 500)]
    table = pa.table({"text": texts, "place": np.arange(500)})
    keys = rng.integers(0, 2**63, 500).astype(np.uint64)
    written = set()
    for name, bounds in (("one", [0, 500]), ("few", [0, 3, 3, 200, 500]), ("many", list(range(501)))):
        placed = staged(tmp_path / name, table, keys, bounds)
        path = tmp_path / f"{name}.parquet"

        def make(start: int, stop: int, placed: Placed = placed, folder: Path = tmp_path / name) -> pa.Table:
            return gather(placed.slice(start, stop), lambda run, low, n: read_run(folder / str(run)).slice(low, n))

        write_shard(path, table.schema, placed, make)
        written.add(sha256(path))
        assert pq.ParquetFile(path).metadata.num_row_groups > 3
        assert pq.read_table(path)["place"].to_pylist() == np.argsort(keys, kind="stable").tolist()
    assert len(written) == 1


def test_a_shard_without_rows_can_be_read(tmp_path: Path) -> None:
    empty = np.empty(0, np.int64)
    schema = pa.schema([("text", pa.string())])
    write_shard(tmp_path / "a.parquet", schema, Placed(empty, empty, empty), lambda start, stop: schema.empty_table())
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
    assert text_bytes(column).tolist() == [len("user") + 2 + len("assistant"), 0, 0, len("tool") + 3]
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
