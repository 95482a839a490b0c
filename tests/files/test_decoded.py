"""Columns that say much in few bytes, and Arrow files whose offsets lead out of their buffers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from curate.files import ArrowBlock, BadInput, SourceFile, read_file
from curate.files.decoded import check, most_bytes
from curate.files.footer import groups_of
from curate.shards import text_bytes

LONG = "x" * 10_000
N = 500


def codes(values: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * N, pa.int32()), pa.array(values))


def nested(column: pa.Array) -> pa.Array:
    turns = pa.StructArray.from_arrays([column], names=["content"])
    return pa.ListArray.from_arrays(pa.array(range(N + 1), pa.int32()), turns)


def most_of(path: Path) -> int:
    return sum(most_bytes(path, pq.read_metadata(path), groups_of(path)))


def views() -> pa.Array:
    """A thousand views of the same bytes."""
    one = pa.array([LONG], pa.string_view())
    entry = one.buffers()[1].to_pybytes()
    buffers = [None, pa.py_buffer(entry * N), one.buffers()[2]]
    return pa.Array.from_buffers(pa.string_view(), N, buffers)


def written(path: Path, column: pa.Array, **how: object) -> Path:
    table = pa.table({"a": column, "n": range(N)})
    if path.suffix == ".parquet":
        pq.write_table(table, path, store_schema=False, **how)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    return path


MADE: dict[str, Callable[[], pa.Array]] = {
    "text.parquet": lambda: codes([LONG]),
    "nested.parquet": lambda: nested(codes([LONG])),
    "text.arrow": lambda: codes([LONG]),
    "nested.arrow": lambda: nested(codes([LONG])),
    "views.arrow": views,
}


@pytest.mark.parametrize("name", MADE)
def test_a_text_that_is_stored_once_and_used_often_is_decoded_in_pieces(
    tmp_path: Path, name: str
) -> None:
    path = written(tmp_path / name, MADE[name]())
    assert path.stat().st_size < 60_000
    limit = 200_000
    tables = []
    for block in read_file(SourceFile.of(path, name), block_bytes=limit):
        table = block.table()
        assert table is not None
        assert table.nbytes <= 1.1 * limit
        tables.append(table)
    whole = pa.concat_tables(tables)
    assert whole["n"].to_pylist() == list(range(N))
    texts = whole["a"].combine_chunks()
    texts = texts.flatten().field("content") if name.startswith("nested") else texts
    assert texts.type == pa.string() and pc.all(pc.equal(texts, LONG)).as_py()


def test_prefixes_that_grow_are_counted_too(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.parquet",
        pa.array([LONG] * N),
        use_dictionary=False,
        column_encoding={"a": "DELTA_BYTE_ARRAY", "n": "PLAIN"},
    )
    assert path.stat().st_size < 60_000
    assert most_of(path) >= N * len(LONG)
    for block in read_file(SourceFile.of(path, path.name), block_bytes=200_000):
        table = block.table()
        assert table is not None and table.nbytes < 250_000


@pytest.mark.parametrize("first", [[], None, ["", None]])
def test_the_most_is_never_less_than_what_comes(tmp_path: Path, first: list[str] | None) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"a": [first, *[[LONG, None, "b"]] * 50], "i": range(51)})
    pq.write_table(table, path)
    assert most_of(path) >= pq.read_table(path).nbytes


def test_bytes_of_text_are_those_of_what_codes_and_views_stand_for() -> None:
    plain = pa.array(["ab", None, "", "longer than the twelve bytes that a view holds itself"])
    for array in (plain.dictionary_encode(), plain.cast(pa.string_view())):
        assert text_bytes(array).tolist() == text_bytes(plain).tolist()
        assert text_bytes(array.slice(2)).tolist() == text_bytes(plain.slice(2)).tolist()


def test_small_batches_are_put_together(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    table = pa.table({"a": [f"text {n}" for n in range(N)]})
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    (block,) = read_file(SourceFile.of(path, path.name))
    assert [row for _, row in block.rows()] == table.to_pylist()


def test_only_columns_that_are_asked_for_are_decoded(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", pa.array([str(n) for n in range(N)]))
    for name in ("a.parquet", "a.arrow"):
        written(tmp_path / name, pa.array([str(n) for n in range(N)]))
        (block,) = read_file(SourceFile.of(tmp_path / name, name))
        assert isinstance(block, ArrowBlock)
        some, others = block.of_columns({"n", "id"})
        assert some.columns.column_names == ["n"] and others == {"a"}
        assert some.raw(3) == '{"a": "3", "n": 3}'  # what people see is the whole row
        assert block.of_columns({"nothing"}) == (block, frozenset())
    twice = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "b"])
    block = ArrowBlock.of("f", 0, twice)
    assert block.of_columns({"b"}) == (block, frozenset())
    assert path.exists()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([10**15], pa.timestamp("s")),
        pa.array([10**8], pa.date32()),
        pa.array([10**17], pa.duration("s")),
        pa.array([2**62], pa.timestamp("ns", tz="Nowhere/Land")),
    ],
)
def test_a_date_far_away_is_a_bad_row(column: pa.Array) -> None:
    block = ArrowBlock.of("f", 0, pa.table({"when": column, "text": ["here"]}))
    ((_, row),) = block.rows()
    assert isinstance(row, BadInput)
    assert row.reason.startswith("a value that Python has no room for: ")
    assert "here" in block.raw(0)


def damaged(array: pa.Array, buffer: int, at: int, value: int) -> pa.Array:
    """An array with another number in one of its buffers."""
    held = [None if one is None else bytearray(one.to_pybytes()) for one in array.buffers()]
    own = held[buffer]
    assert own is not None
    own[at : at + 4] = np.int32(value).tobytes()
    buffers = [None if one is None else pa.py_buffer(bytes(one)) for one in held]
    return pa.Array.from_buffers(array.type, len(array), buffers)


TEXTS = pa.array(["some text", "another one", "more than twelve bytes of it"])
BROKEN = {
    "far": damaged(TEXTS, 1, 8, 2**30),
    "back": damaged(TEXTS, 1, 8, -5),
    "code": pa.DictionaryArray.from_arrays(pa.array([0, 10**9], pa.int32()), TEXTS, safe=False),
    "view": damaged(TEXTS.cast(pa.string_view()), 1, 2 * 16 + 12, 2**30),
    "list": pa.ListArray.from_buffers(
        pa.list_(pa.string()),
        2,
        [None, pa.array([0, 2**30, 3], pa.int32()).buffers()[1]],
        children=[TEXTS],
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_offsets_that_lead_nowhere_are_refused_before_anything_follows_them(
    tmp_path: Path, what: str
) -> None:
    batch = pa.record_batch([BROKEN[what]], names=["a"])
    with pytest.raises(pa.ArrowException):
        check(batch)
    inner = pa.StructArray.from_arrays([BROKEN[what]], names=["x"])
    with pytest.raises(pa.ArrowException):
        check(pa.record_batch([inner], names=["a"]))


def test_a_file_with_offsets_that_lead_nowhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    batch = pa.record_batch([TEXTS], names=["a"])
    with pa.ipc.new_file(path, batch.schema) as writer:
        writer.write_batch(batch)
    data, offsets = path.read_bytes(), TEXTS.buffers()[1].to_pybytes()
    assert data.count(offsets[:16]) == 1
    wrong = np.array([0, 2**30, 2**30 + 1, 2**30 + 2], np.int32).tobytes()
    path.write_bytes(data.replace(offsets[:16], wrong))
    with pytest.raises(UserError, match="not a readable Arrow file"):
        list(read_file(SourceFile.of(path, path.name)))


def test_text_that_is_no_utf8_is_no_damage_wherever_it_stands() -> None:
    wrong = pa.array([b"\xff", b"good"]).view(pa.string())
    columns = [
        wrong,
        wrong.dictionary_encode(),
        pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), wrong),
        pa.StructArray.from_arrays([wrong], names=["x"]),
    ]
    batch = pa.record_batch(columns, names=list("abcd"))
    assert check(batch) is batch


def test_a_process_survives_what_kills_others(tmp_path: Path) -> None:
    """The oracle: without the check, the very same array brings a process down."""
    code = (
        "import pyarrow as pa\n"
        "text = pa.array(['a' * 100, 'b'])\n"
        "far = pa.array([0, 2**30, 2**30 + 9999, 101], pa.int32()).buffers()[1]\n"
        "bad = pa.Array.from_buffers(pa.string(), 3, [None, far, text.buffers()[2]])\n"
    )
    follow = "for _ in range(3): bad[1].as_py()\n"
    checked = (
        "from curate.files.decoded import check\n"
        "try: check(pa.record_batch([bad], names=['a']))\n"
        "except pa.ArrowInvalid: raise SystemExit(7)\n"
    )
    died = subprocess.run([sys.executable, "-c", code + follow], capture_output=True).returncode
    held = subprocess.run([sys.executable, "-c", code + checked + follow], check=False).returncode
    assert died < 0 and held == 7


@pytest.mark.parametrize("how", [{}, {"use_dictionary": False}, {"row_group_size": 9}])
def test_the_end_of_a_parquet_file_says_what_pyarrow_reads_there(
    tmp_path: Path, how: dict[str, Any]
) -> None:
    path = tmp_path / "a.parquet"
    columns = {
        "text": [f"text {n}" for n in range(50)],
        "nested": [[{"role": "user", "n": n}] for n in range(50)],
        "fixed": pa.array([b"1234567"] * 50, pa.binary(7)),
        "truth": [True] * 50,
        "price": pa.array([1] * 50).cast(pa.decimal128(30, 3)),
        "wide column " + "x" * 500: [1.5] * 50,
    }
    pq.write_table(pa.table(columns), path, **how)
    metadata = pq.read_metadata(path)
    groups = groups_of(path)
    assert len(groups) == metadata.num_row_groups
    for number, group in enumerate(groups):
        own = metadata.row_group(number)
        assert (group.n_rows, group.size) == (own.num_rows, own.total_byte_size)
        for place, column in enumerate(group.columns):
            told = own.column(place)
            assert column.path == told.path_in_schema
            assert (column.n_values, column.size) == (told.num_values, told.total_uncompressed_size)
            assert column.has_dictionary == told.has_dictionary_page
            assert (column.width is None) == (told.physical_type == "BYTE_ARRAY")
            if told.physical_type == "FIXED_LEN_BYTE_ARRAY":
                assert column.width == metadata.schema.column(place).length
