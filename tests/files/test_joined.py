"""Small blocks put together say what each of them says."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.files import Block, SourceFile, read_file
from curate.files.joined import JoinedBlock, file_at, files_in, together
from curate.formats import parse

KINDS: dict[str, list[str | pa.Table]] = {
    "same": ['{"text": "a"}\n{"text": "b"}\n', '{"text": "c"}', '{"text": "d"}\n\n'],
    "bad": ['{"text": "a"}\nnonsense\n', '{"text": 3}\n', "\n\n", '{"text": "d"}'],
    "other columns": ['{"text": "a", "n": 1}', '{"text": "b", "n": "x"}', '{"text": "c"}'],
}


def blocks_of(folder: Path, texts: list[Any]) -> list[Block]:
    blocks: list[Block] = []
    first = 7
    for number, text in enumerate(texts):
        path = folder / f"{number}.{'jsonl' if isinstance(text, str) else 'parquet'}"
        if isinstance(text, str):
            path.write_text(text)
        else:
            pq.write_table(text, path)
        for block in read_file(SourceFile.of(path, path.name), first_row=first):
            first = block.first_row + block.n_rows
            blocks.append(block)
    return blocks


@pytest.mark.parametrize("kind", [*KINDS, "parquet"])
def test_a_joined_block_is_its_parts(tmp_path: Path, kind: str) -> None:
    texts = KINDS.get(kind) or [pa.table({"text": [one]}) for one in "abcd"]
    parts = blocks_of(tmp_path, texts)
    (whole,) = together(parts, 1 << 25)
    assert isinstance(whole, JoinedBlock)
    assert (whole.first_row, whole.n_rows) == (7, sum(part.n_rows for part in parts))
    assert list(whole.rows()) == [pair for part in parts for pair in part.rows()]
    assert list(whole.rows([whole.n_rows - 1, 0])) == [
        list(whole.rows())[-1],
        next(iter(whole.rows())),
    ]
    for n in range(1, whole.n_rows + 1):
        assert list(whole.head(n).rows()) == list(whole.rows())[:n]
    copy = pickle.loads(pickle.dumps(whole))
    assert list(copy.rows()) == list(whole.rows())

    def told(blocks: list[Block]) -> Any:
        found = [parse(block, "text", "prompt") for block in blocks]
        return (
            [row for one in found for row in one.records.to_pylist()],
            [row for one in found for row in one.rows.tolist()],
            [bad for one in found for bad in one.quarantine],
            {name for one in found for name in one.dropped_columns},
        )

    assert told([whole]) == told(parts)
    files = [(file_at(whole, place), whole.raw(place)) for place in range(whole.n_rows)]
    assert files == [(part.file, part.raw(n)) for part in parts for n in range(part.n_rows)]
    assert files_in(whole) == [(part.file, part.first_row) for part in parts]


def test_large_blocks_are_left_alone_and_the_order_stays(tmp_path: Path) -> None:
    long = json.dumps({"text": "x" * 1000})
    texts = ['{"text": "a"}', long, '{"text": "b"}', '{"text": "c"}', long, long]
    parts = blocks_of(tmp_path, list(texts))
    joined = list(together(parts, 2000))
    assert [block.n_rows for block in joined] == [1, 1, 2, 1, 1]
    assert [pair for block in joined for pair in block.rows()] == [
        pair for part in parts for pair in part.rows()
    ]
    assert list(together(parts, 1)) == parts
