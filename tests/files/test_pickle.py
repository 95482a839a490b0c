"""Every kind of block goes to another process and says the same there; what lies in a file goes as
its place in it.
"""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from curate.files import ArrowBlock, Block, SourceFile, read_dataset, read_file

ROWS = [
    {"q": f"question {n} " + "x" * 300, "a": 'quo"te,\n' * (n % 3), "n": str(n)} for n in range(900)
]


def write(path: Path) -> Path:
    table = pa.Table.from_pylist(ROWS)
    lines = "".join(f"{json.dumps(row)}\n" for row in ROWS).encode()
    if path.suffix == ".parquet":
        pq.write_table(
            table, path, row_group_size=900 if path.stem == "one" else 100, compression="none"
        )
    elif path.suffix in (".arrow", ".feather"):
        opened = pa.ipc.new_stream if path.suffix == ".arrow" else pa.ipc.new_file
        with opened(path, table.schema) as writer:
            writer.write_table(table)
    elif path.suffix in (".csv", ".tsv"):
        part = "," if path.suffix == ".csv" else "\t"
        quoted = [
            [f'"{value.replace(chr(34), 2 * chr(34))}"' for value in row.values()] for row in ROWS
        ]
        path.write_text("".join(f"{part.join(row)}\n" for row in [list(ROWS[0]), *quoted]))
    elif path.suffix == ".json":
        path.write_text(json.dumps(ROWS))
    else:
        path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def same(block: Block) -> Any:
    """Send a block through pickle, before and after it was decoded; the second answer is compared
    with the first.
    """
    table = block.table()
    for copy in (
        pickle.loads(pickle.dumps(block)),
        pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(block)))),
    ):
        assert (copy.file, copy.first_row, copy.n_rows) == (
            block.file,
            block.first_row,
            block.n_rows,
        )
        other = copy.table()
        assert (table is None) == (other is None)
        assert table is None or table.equals(other)
        assert list(copy.rows()) == list(block.rows())
        assert list(copy.head(2).rows()) == list(block.head(2).rows())
        assert copy.raw(block.n_rows - 1) == block.raw(block.n_rows - 1)
    return table


NAMES = [
    "a.jsonl",
    "a.jsonl.gz",
    "a.json",
    "a.csv",
    "a.tsv",
    "a.parquet",
    "one.parquet",
    "a.arrow",
    "a.feather",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("block_bytes", [20_000, 1 << 25])
def test_a_block_pickles(tmp_path: Path, name: str, block_bytes: int) -> None:
    path = write(tmp_path / name)
    tables = [
        same(block)
        for block in read_file(SourceFile.of(path, name), first_row=5, block_bytes=block_bytes)
    ]
    assert pa.concat_tables(tables).to_pylist() == ROWS


def test_blocks_of_a_data_set_pickle() -> None:
    import datasets

    blocks = list(read_dataset(datasets.Dataset.from_list(ROWS), "org/name", 0, 20_000))
    assert len(blocks) > 3
    assert pa.concat_tables([same(block) for block in blocks]).to_pylist() == ROWS


def test_a_part_of_a_table_does_not_take_the_rest_along() -> None:
    table = pa.Table.from_pylist(ROWS)
    block = ArrowBlock.of("f", 0, table.slice(10, 2))
    same(block)
    assert len(pickle.dumps(block)) < table.nbytes / 50


def test_row_groups_pickle_as_their_place_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    for block in read_file(SourceFile.of(path, path.name), block_bytes=20_000):
        small = len(pickle.dumps(block))
        block.table()
        assert small == len(pickle.dumps(block)) < 1000


def test_row_groups_of_a_file_that_changed_are_refused_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    sent = [
        pickle.dumps(block)
        for block in read_file(SourceFile.of(path, path.name), block_bytes=20_000)
    ]
    other = tmp_path / "b.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS[::-1]), other, row_group_size=100)
    other.replace(path)
    with pytest.raises(UserError, match=r"a\.parquet: changed while it was read"):
        pickle.loads(sent[0]).table()
    path.write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"a\.parquet: changed while it was read"):
        pickle.loads(sent[1]).table()
