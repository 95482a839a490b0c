"""Rows in the order of their sources, as records, with their own columns, or as they stand in their
files: against the input itself, of which the rows that the audit calls kept are picked one by one.
"""

from __future__ import annotations

import bz2
import gzip
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate import shards
from tests.command import Done, call
from tests.corpus import Rows, build_in, chat, digests, ids, read, write_lines
from tests.mixture.shapes import (
    CLEAN,
    INPUT,
    LINES,
    MARK,
    SOURCE,
    build_of,
    kept,
    opened,
    pairs,
    some_items,
)


@pytest.fixture(scope="module")
def items() -> list[str]:
    return some_items()


# ---- the order


def place(row_id: str, sources: list[str]) -> tuple[int, int, int]:
    """Where a row stands: its source, its row, its copy."""
    row, _, copy = row_id.rpartition("/")[2].partition("#")
    return sources.index(row_id.rpartition("/")[0]), int(row), int(copy or 1)


def test_rows_stand_as_in_their_sources_and_are_those_of_the_other_order(
    corpus: tuple[Path, dict[str, Any]],
) -> None:
    folder, recipe = corpus
    sources = [source["name"] for source in recipe["sources"]]
    shuffled = build_in(folder, recipe, "by-key").folder
    ordered = build_in(folder, recipe | {"output": recipe["output"] | SOURCE}, "in-order").folder
    for pattern in ("data/train-*", "data/validation-*", "removed/*"):
        one, other = ids(shuffled, pattern), ids(ordered, pattern)
        assert sorted(one) == sorted(other)
        assert other == sorted(other, key=lambda row_id: place(row_id, sources)) != one
    by_id = {row["id"]: row for row in read(shuffled, "data/*")}
    assert all(by_id[row["id"]] == row for row in read(ordered, "data/*"))
    assert any("#2" in row_id for row_id in ids(ordered))


@pytest.mark.parametrize("rows", ["records", "input", "lines"])
def test_workers_and_blocks_change_no_byte(
    tmp_path: Path, items: list[str], rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 700)
    monkeypatch.setattr(shards, "SHARD_BYTES", 1500)
    lines: list[Any] = [*pairs(items), b"{", {"question": 1}]
    write_lines(tmp_path / "data.jsonl", lines[::-1])
    output = SOURCE | {"rows": rows, "validation": 4}
    share = {} if rows == "lines" else {"share": 1.5}
    found = []
    for workers, size in ((1, 1 << 20), (1, 1), (2, 300), (4, 900)):
        out = build_of(
            tmp_path, items, "data.jsonl", output,
            workers=workers, block_bytes=size, source={"format": "gsm8k"} | share,
        )  # fmt: skip
        found.append(digests(out))
    assert all(one == found[0] for one in found)
    n_files = len(list((tmp_path / "out/data").rglob("*.*")))
    assert n_files > 3 or rows == "lines"


# ---- rows: input


def as_jsonl(path: Path, rows: Rows) -> None:
    write_lines(path, rows)


def as_csv(path: Path, rows: Rows) -> None:
    pv.write_csv(pa.Table.from_pylist(rows), path)


def as_parquet(path: Path, rows: Rows) -> None:
    """With types that records don't have, and metadata."""
    table = pa.Table.from_pylist(rows)
    small = table.set_column(0, "n", table["n"].cast(pa.int16()))
    large = small.set_column(1, "question", small["question"].cast(pa.large_string()))
    pq.write_table(large.replace_schema_metadata({"who": "me"}), path, row_group_size=7)


def as_arrow(path: Path, rows: Rows) -> None:
    table = pa.Table.from_pylist(rows)
    coded = table.set_column(2, "answer", table["answer"].dictionary_encode())
    with pa.ipc.new_file(path, coded.schema) as writer:
        writer.write_table(coded, max_chunksize=9)


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "data.jsonl": as_jsonl,
    "data.csv": as_csv,
    "data.parquet": as_parquet,
    "data.arrow": as_arrow,
}


@pytest.mark.parametrize("file", WRITERS)
def test_rows_come_back_with_their_own_columns(tmp_path: Path, items: list[str], file: str) -> None:
    rows = pairs(items)
    WRITERS[file](tmp_path / file, rows)
    if file == "data.csv":
        rows = [row | {"n": str(row["n"])} for row in rows]
    out = build_of(tmp_path, items, file, INPUT)
    assert len(kept(out)) == 36
    wanted = [rows[n] for n in kept(out)]
    written = pq.read_table(out / "data/train-00000-of-00001.parquet")
    assert written.to_pylist() == wanted == opened(out)
    if file == "data.parquet":
        assert written.schema.equals(pq.read_schema(tmp_path / file), check_metadata=True)
    if file == "data.arrow":
        assert written.schema == pa.ipc.open_file(tmp_path / file).schema
    gone = read(out, "removed/*")
    assert [row["id"] for row in gone] == [f"data/{n}" for n in (4, 13, 22, 31)]
    assert [row["messages"][0]["content"] for row in gone] == [
        items[n % 6] for n in (4, 13, 22, 31)
    ]


def test_a_saved_dataset_comes_back_with_its_features(tmp_path: Path, items: list[str]) -> None:
    rows = pairs(items)
    features = datasets.Features(
        {
            "n": datasets.ClassLabel(names=[f"label {n}" for n in range(40)]),
            "question": datasets.Value("string"),
            "answer": datasets.Value("string"),
        }
    )
    saved = datasets.Dataset.from_list(rows, features=features)
    saved.save_to_disk(tmp_path / "saved", num_shards=3)
    out = build_of(tmp_path, items, "saved", INPUT)
    found = datasets.load_dataset(str(out), split="train", cache_dir=str(tmp_path / "cache"))
    assert found.features == features
    assert [row["n"] for row in found] == kept(out)


def test_nested_columns_and_those_of_few_rows_stay(tmp_path: Path, items: list[str]) -> None:
    rows = [
        chat(f"question {n}", "answer") | {"meta": {"tags": [n], **({"x": 0.5} if n > 25 else {})}}
        for n in range(30)
    ]
    rows[7]["late"] = True
    write_lines(tmp_path / "data.jsonl", rows)
    out = build_of(tmp_path, items, "data.jsonl", INPUT, block_bytes=200)
    found = read(out, "data/*")
    assert [row["meta"]["tags"] for row in found] == [[n] for n in range(30)]
    assert [row["meta"]["x"] for row in found] == [0.5 if n > 25 else None for n in range(30)]
    assert [row["late"] for row in found] == [True if n == 7 else None for n in range(30)]
    assert list(found[0]) == ["messages", "meta", "late"]


def test_own_columns_can_be_repeated_and_shuffled(tmp_path: Path, items: list[str]) -> None:
    write_lines(tmp_path / "data.jsonl", pairs(items))
    source = {"share": 1.5}
    ordered = build_of(tmp_path, items, "data.jsonl", INPUT | {"validation": 3}, source=source)
    numbers = [row["n"] for row in read(ordered, "data/train-*")]
    held_out = [row["n"] for row in read(ordered, "data/validation-*")]
    assert numbers == sorted(numbers)
    assert held_out == sorted(held_out)
    assert len(numbers) == 33 + 16
    by_key = build_of(
        tmp_path, items, "data.jsonl", {"rows": "input", "validation": 3}, source=source
    )
    again = [row["n"] for row in read(by_key, "data/train-*")]
    assert sorted(again) == numbers != again
    records = build_of(tmp_path, items, "data.jsonl", {"validation": 3}, source=source)
    told = [int(row_id.split("/")[1].split("#")[0]) for row_id in ids(records, "data/train-*")]
    assert again == told


# ---- rows: lines


def text_of(kind: str, rows: Rows, rng: random.Random) -> tuple[bytes, list[bytes], bytes]:
    """A text file: what stands before its rows, the rows, and what stands behind."""
    end = rng.choice([b"\n", b"\r\n"])
    if kind == "json":
        shown = [json.dumps(row, ensure_ascii=False, indent=1).encode() for row in rows]
        return (
            b"[",
            [line + (b"," if n + 1 < len(rows) else b"") for n, line in enumerate(shown)],
            b"]",
        )
    if kind == "csv":
        cells = [[f'"{value!s}"' for value in row.values()] for row in rows]
        lines = [",".join(row).encode() + end for row in cells]
        return MARK + b"n,question,answer" + end, lines, b""
    lines = [json.dumps(row, ensure_ascii=False).encode() + end for row in rows]
    lines[-1] = lines[-1].removesuffix(end)
    return MARK + end, lines, b""


PACK: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "": (bytes, bytes),
    ".gz": (gzip.compress, gzip.decompress),
    ".bz2": (bz2.compress, bz2.decompress),
    ".zst": (
        lambda data: pa.compress(data, "zstd", asbytes=True),
        lambda data: pa.CompressedInputStream(pa.BufferReader(data), "zstd").read(),
    ),
}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("kind", ["jsonl", "csv", "json"])
def test_lines_come_back_byte_for_byte(
    tmp_path: Path, items: list[str], kind: str, packing: str
) -> None:
    rng = random.Random(f"{kind}{packing}")
    head, lines, tail = text_of(kind, pairs(items), rng)
    pack, unpack = PACK[packing]
    file = f"data.{kind}{packing}"
    (tmp_path / file).write_bytes(pack(head + b"".join(lines) + tail))
    out = build_of(tmp_path, items, file, LINES, block_bytes=rng.choice([40, 900, 1 << 20]))
    left = [lines[n] for n in kept(out)]
    assert len(left) == 36
    if kind == "json":
        left[-1] = left[-1].removesuffix(b",")
    assert unpack((out / "data" / file).read_bytes()) == head + b"".join(left) + tail
    assert [path.name for path in (out / "data").iterdir()] == [file]
    if packing != ".zst":  # `datasets` needs another package for it
        wanted = [row["question"] for n, row in enumerate(pairs(items)) if n in kept(out)]
        assert [row["question"] for row in opened(out)] == wanted


SHAPES = st.sampled_from(["fine", "leak", "broken", "blank", "open"])


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    shapes=st.lists(SHAPES, min_size=1, max_size=14),
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    size=st.sampled_from([1, 90, 400]),
    validation=st.integers(0, 3),
    rows=st.none() | st.integers(1, 5),
)
def test_random_lines_come_back(
    tmp_path: Path, items: list[str], shapes: list[str], end: bytes, last: bool, size: int,
    validation: int, rows: int | None,
) -> None:  # fmt: skip
    lines = []
    for n, shape in enumerate(["fine", *shapes]):
        text = items[n % 6] if shape == "leak" else f"question {n} 数"
        row = json.dumps(chat(*([text] if shape == "open" else [text, "x"])), ensure_ascii=False)
        lines.append({"broken": b"{", "blank": b" "}.get(shape, row.encode()) + end)
    if not last:
        lines[-1] = lines[-1].removesuffix(end)
    (tmp_path / "data.jsonl").write_bytes(b"".join(lines))
    source = {"format": "messages"} | ({"rows": rows} if rows else {})
    out = build_of(
        tmp_path, items, "data.jsonl", LINES | {"validation": validation},
        block_bytes=size, source=source,
    )  # fmt: skip
    numbers = [n for n, line in enumerate(lines) if line.strip()]
    stays = {numbers[row] for row in kept(out)}
    blank = {n for n, line in enumerate(lines) if not line.strip()}
    files = [out / "data/data.jsonl", out / "data/validation/data.jsonl"]
    written = [path.read_bytes() if path.exists() else None for path in files]
    found = [n for n in stays for data in written if data and lines[n].strip() in data]
    assert sorted(found) == sorted(stays)
    for data in filter(None, written):
        own = {n for n in stays if lines[n].strip() in data}
        assert data == b"".join(lines[n] for n in sorted(own | blank))
    assert validation or written[1] is None


def test_a_file_for_each_source(tmp_path: Path, items: list[str]) -> None:
    """Text is copied, what has columns keeps them; `datasets` opens those of the first kind."""
    rows = pairs(items)
    write_lines(tmp_path / "evals.jsonl", [{"question": item} for item in items])
    write_lines(tmp_path / "a.jsonl.gz", rows)
    write_lines(tmp_path / "b.jsonl", [chat(f"question {n}", "x") for n in range(9)])
    as_parquet(tmp_path / "c.parquet", rows)
    as_arrow(tmp_path / "d.arrow", rows)
    files = {"a": "a.jsonl.gz", "x/b": "b.jsonl", "c": "c.parquet", "d": "d.arrow"}
    sources = [{"name": name, "from": file} for name, file in files.items()]
    recipe = {"sources": sources, "decontaminate": CLEAN, "output": LINES}
    built = build_in(tmp_path, recipe)
    out = built.folder
    names = ["a.jsonl.gz", "c.parquet", "d.parquet", "x-b.jsonl"]
    assert sorted(path.name for path in (out / "data").iterdir()) == names
    assert opened(out, "a") == [rows[n] for n in kept(out, "a")]
    assert opened(out, "x-b") == [
        json.loads(line) for line in (tmp_path / "b.jsonl").read_bytes().splitlines()
    ]
    for name in ("c", "d"):
        assert pq.read_table(out / f"data/{name}.parquet").to_pylist() == opened(out, "a")
    assert any("c.parquet, d.parquet" in warning for warning in built.summary.warnings)
    assert built.summary.config == "a"
    alike = recipe | {"sources": [sources[0], sources[0] | {"name": "again"}]}
    out = build_in(tmp_path, alike, "alike").folder
    assert opened(out) == 2 * opened(out, "again")


# ---- curate decontaminate


def test_decontaminate_gives_the_rows_back(tmp_path: Path, items: list[str]) -> None:
    rows = pairs(items)
    write_lines(tmp_path / "evals.jsonl", [{"question": item} for item in items])
    write_lines(tmp_path / "train.jsonl", rows)

    def run(*more: str) -> Done:
        shutil.rmtree(tmp_path / "clean", ignore_errors=True)
        return call(
            "decontaminate", "train.jsonl", *more, "--suite", "evals.jsonl", "-o", "clean",
            "--no-stages", cwd=tmp_path,
        )  # fmt: skip

    out = tmp_path / "clean"
    assert run().code == 0
    left = kept(out, "train")
    assert read(out, "data/*") == [rows[n] for n in left]
    assert run("--like-input").code == 0
    lines = (tmp_path / "train.jsonl").read_bytes().splitlines(keepends=True)
    assert (out / "data/train.jsonl").read_bytes() == b"".join(lines[n] for n in left)
    assert run("--records").code == 0
    assert ids(out) == [f"train/{n}" for n in left]
    assert "messages" in read(out, "data/*")[0]
    done = run("--records", "--like-input")
    assert (done.code, "give one of them" in done.error) == (2, True)
    write_lines(tmp_path / "more.jsonl", [chat("q", "a")])
    done = run("more.jsonl")
    assert done.code == 2
    assert "sources 'train' and 'more' have different columns" in done.error
    for shape in ("--like-input", "--records"):
        assert run("more.jsonl", shape).code == 0
