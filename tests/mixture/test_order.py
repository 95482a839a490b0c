"""Rows in the order of their sources, as records, with their own columns, or as they stand in their
files: against the input itself, of which the rows that the audit calls kept are picked one by one.
"""

from __future__ import annotations

import bz2
import gzip
import importlib
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
from curate.errors import UserError
from tests.command import Done, call
from tests.corpus import Rows, ask, build_in, chat, digests, ids, read, sentence, write_lines

CLEAN = {"suite": "evals.jsonl"}
SOURCE: dict[str, Any] = {"order": "source"}
INPUT: dict[str, Any] = SOURCE | {"rows": "input"}
LINES: dict[str, Any] = SOURCE | {"rows": "lines"}
MARK = "\ufeff".encode()


@pytest.fixture(scope="module")
def items() -> list[str]:
    rng = random.Random(4)
    return [sentence(rng, 16) for _ in range(6)]


def pairs(items: list[str], n: int = 40, seed: int = 1) -> Rows:
    """Questions and answers with a column of their own; every ninth question is a benchmark's."""
    rng = random.Random(seed)
    return [
        {
            "n": i,
            "question": items[i % 6] if i % 9 == 4 else f"{sentence(rng, 7)}, 数 {i}?",
            "answer": f"{i}\r\nis it." if i % 5 == 0 else str(i),
        }
        for i in range(n)
    ]


def kept(out: Path, source: str = "data") -> list[int]:
    """The rows of a source that are kept, as its audit says."""
    query = f"SELECT row FROM documents WHERE fate = 'kept' AND source = '{source}' ORDER BY row"
    return [row["row"] for row in ask(out, query)]


def build_of(
    folder: Path, items: list[str], file: str, output: dict[str, Any], **options: Any
) -> Path:
    """Build the one source `data` from a file, against the items."""
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    recipe = {
        "sources": [{"name": "data", "from": file} | options.pop("source", {})],
        "decontaminate": CLEAN,
        "output": output,
    }
    shutil.rmtree(folder / "out", ignore_errors=True)
    return build_in(folder, recipe, **options).folder


def opened(out: Path, name: str | None = None, split: str = "train") -> Rows:
    """What `datasets` makes of a built folder."""
    cache = str(out.parent / "cache")
    found = datasets.load_dataset(str(out), name, split=split, cache_dir=cache)
    return [dict(row) for row in found]


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


# ---- what is refused


def refused(folder: Path, sources: list[dict[str, Any]], output: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        build_in(folder, {"sources": sources, "output": output})
    assert not (folder / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_sources_of_different_columns_are_named(tmp_path: Path) -> None:
    rows = [chat("question", "answer")]
    write_lines(tmp_path / "a.jsonl", rows)
    write_lines(tmp_path / "b.jsonl", [rows[0] | {"more": 1}])
    write_lines(tmp_path / "c.jsonl", [rows[0] | {"more": "x"}])
    for name, more in (("a", pa.int32()), ("b", pa.int64())):
        table = pa.Table.from_pylist(rows).append_column("more", pa.array([1], more))
        pq.write_table(table, tmp_path / f"{name}.parquet")
    for one, other, told in (
        ("a.jsonl", "b.jsonl", "(more)"),
        ("b.jsonl", "c.jsonl", "(more)"),
        ("a.parquet", "b.parquet", "(more)"),
    ):
        sources = [{"name": "one", "from": one}, {"name": "two", "from": other}]
        message = refused(tmp_path, sources, INPUT)
        assert f"sources 'one' and 'two' have different columns {told}" in message
        assert "rows: lines (--like-input) writes one file a source" in message
        out = build_in(tmp_path, {"sources": sources, "output": LINES}, f"{one}-out").folder
        assert len(list((out / "data").iterdir())) == 2


def test_files_that_are_not_of_one_kind_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    write_lines(folder / "a.jsonl", [chat("q", "a")])
    write_lines(folder / "b.jsonl.gz", [chat("q", "a")])
    source = [{"name": "s", "from": "s"}]
    assert "s/a.jsonl and " in (told := refused(tmp_path, source, LINES))
    assert "b.jsonl.gz are files of two kinds" in told
    for path in folder.iterdir():
        path.unlink()
    (folder / "a.csv").write_text("question,answer\n1,2\n")
    (folder / "b.csv").write_text("question,answer,more\n1,2,3\n")
    for output in (INPUT, LINES):
        told = refused(tmp_path, source, output)
        assert "s/a.csv and " in told
        assert "b.csv have different columns (more)" in told


@pytest.mark.parametrize(
    ("output", "source", "told"),
    [
        ({"rows": "lines"}, {}, "write order: source beside"),
        (LINES | {"shards": 2}, {}, "leave shards out"),
        (LINES, {"share": 2}, "source 'a' repeats rows"),
        ({"order": "sorce"}, {}, "did you mean 'source'?"),
        ({"rows": "line"}, {}, "did you mean 'lines'?"),
    ],
)
def test_what_lines_cannot_be(
    tmp_path: Path, output: dict[str, Any], source: dict[str, Any], told: str
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("q", "a")])
    assert told in refused(tmp_path, [{"name": "a", "from": "a.jsonl"} | source], output)


def test_columns_without_a_header_and_names_that_meet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n")
    source = {"name": "a", "from": "a.csv", "columns": ["question", "answer"]}
    assert "no header" in refused(tmp_path, [source], LINES)
    write_lines(tmp_path / "a.jsonl", [chat("q", "a")])
    sources = [{"name": name, "from": "a.jsonl"} for name in ("a/b", "a-b")]
    assert "would both be written to data/a-b.jsonl" in refused(tmp_path, sources, LINES)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([1, "x"], "row 1: column 'more' holds int64 and string"),
        ([{}, {}], "column 'more' holds objects without a key"),
    ],
)
def test_values_that_make_no_column_are_refused_and_lines_do(
    tmp_path: Path, more: list[Any], told: str
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("q", "a") | {"more": value} for value in more])
    source = [{"name": "a", "from": "a.jsonl"}]
    message = refused(tmp_path, source, INPUT)
    assert told in message
    assert "--like-input" in message
    out = build_in(tmp_path, {"sources": source, "output": LINES}).folder
    assert (out / "data/a.jsonl").read_bytes() == (tmp_path / "a.jsonl").read_bytes()


def test_a_row_that_makes_no_record_has_no_say_in_the_columns(
    tmp_path: Path, items: list[str]
) -> None:
    write_lines(tmp_path / "data.jsonl", [*pairs(items), {"question": ["x"], "odd": 1}])
    out = build_of(tmp_path, items, "data.jsonl", INPUT, source={"format": "gsm8k"})
    assert list(read(out, "data/*")[0]) == ["n", "question", "answer"]
    assert len(read(out, "quarantine/*")) == 1


# ---- what reads a built folder


@pytest.fixture(scope="module", params=["input", "lines"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, items: list[str]
) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    rows: list[Any] = [row | {"id": f"up-{row['n']}"} for row in pairs(items)]
    write_lines(folder / "data.jsonl", [*rows, b"{", rows[3] | {"answer": ""}])
    output = SOURCE | {"rows": request.param, "validation": 5}
    return build_of(folder, items, "data.jsonl", output)


def rows_of(out: Path) -> dict[str, str]:
    """The digests of the files of rows."""
    return {name: sha for name, sha in digests(out).items() if "/" in name}


def ask_cli(built: Path, *arguments: object) -> Done:
    return call(*arguments, cwd=built.parent)


def test_a_built_folder_holds_and_is_built_again(built: Path) -> None:
    done = ask_cli(built, "check", "out", "--lock")
    assert (done.code, done.err) == (0, "")
    assert "36 in data/, 4 in removed/, 2 in quarantine/" in done.out
    done = ask_cli(built, "check", "out")
    assert (done.code, "nothing found" in done.out) == (0, True)
    again = ["build", "out/recipe.yaml", "--locked", "out", "-o", "again", "--overwrite"]
    assert ask_cli(built, *again).code == 0
    assert rows_of(built.parent / "again") == rows_of(built)
    assert "same rows, same order: 36 rows" in ask_cli(built, "diff", "out", "again").out
    assert "stands in data/ once" in ask_cli(built, "why", "out", "data/0").out


def test_what_is_changed_in_a_built_folder_is_found(built: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(built, tmp_path / "out"))
    path = next(path for path in sorted(out.glob("data/*")) if path.is_file())
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        pq.write_table(table.slice(2), path)
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[2:]))
    done = call("check", "out", "--lock", cwd=tmp_path)
    assert done.code == 1
    assert "data/ holds 34 rows" in done.out
    changed = call("diff", built, "out", cwd=tmp_path)
    assert changed.code == 1
    assert "2" in changed.out


def test_a_built_folder_is_a_source(built: Path, tmp_path: Path) -> None:
    for split, n in (("train", 31), ("validation", 5)):
        recipe = {"sources": [{"name": "a", "from": str(built), "split": split}]}
        out = build_in(tmp_path, recipe, split).folder
        assert len(ids(out)) == n
    assert len(opened(built)) == 31
    assert len(opened(built, split="validation")) == 5
    if (built / "data/train-00000-of-00001.parquet").exists():  # one kind of files is opened
        assert len(opened(built, "removed", "removed")) == 4


def test_it_is_no_data_to_train_on(built: Path, tmp_path: Path) -> None:
    from curate_train.data import open_data

    with pytest.raises(UserError, match=r"not records \(rows: .*--records"):
        open_data(str(built), "sft", tmp_path)


def test_a_lock_that_knows_no_shape_is_one_of_records(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("q", "a")])
    recipe = {"sources": [{"name": "a", "from": "a.jsonl"}]}
    out = build_in(tmp_path, recipe).folder
    lock = json.loads((out / "recipe.lock.json").read_text())
    for key in ("order", "rows"):
        del lock["recipe"]["output"][key]
    (out / "recipe.lock.json").write_text(json.dumps(lock))
    build_in(tmp_path, recipe, "again", locked=out)
    with pytest.raises(UserError, match="recipe.output.order"):
        build_in(tmp_path, recipe | {"output": SOURCE}, "other", locked=out)


# ---- stages, and files that change


@pytest.mark.parametrize("rows", ["records", "input", "lines"])
def test_another_order_is_never_taken_from_a_stage(
    tmp_path: Path, items: list[str], rows: str
) -> None:
    write_lines(tmp_path / "data.jsonl", pairs(items))
    stages = tmp_path / "stages"
    before = digests(build_of(tmp_path, items, "data.jsonl", {"validation": 3}, stages=stages))
    output = SOURCE | {"rows": rows, "validation": 3}
    alone = digests(build_of(tmp_path, items, "data.jsonl", output))
    for _ in range(2):
        assert digests(build_of(tmp_path, items, "data.jsonl", output, stages=stages)) == alone
    again = digests(build_of(tmp_path, items, "data.jsonl", {"validation": 3}, stages=stages))
    assert again == before


@pytest.mark.parametrize("rows", ["input", "lines"])
def test_a_killed_build_goes_on(tmp_path: Path, items: list[str], rows: str) -> None:
    """A block whose receipt is missing is looked at again; the others are known."""
    write_lines(tmp_path / "data.jsonl", pairs(items))
    output, stages = SOURCE | {"rows": rows}, tmp_path / "stages"
    options: dict[str, Any] = {"stages": stages, "block_bytes": 500}
    whole = digests(build_of(tmp_path, items, "data.jsonl", output, **options))
    [stage] = stages.iterdir()
    (stage / "blocks").unlink()
    receipts = sorted(stage.glob("block-*"))
    receipts[1].unlink()
    recipe = {
        "sources": [{"name": "data", "from": "data.jsonl"}],
        "decontaminate": CLEAN,
        "output": output,
    }
    again = build_in(tmp_path, recipe, "again", **options)
    assert again.summary.blocks == (1, len(receipts) - 1)
    assert digests(again.folder) == whole


def test_a_file_that_changes_before_it_is_copied_stops_the_build(
    tmp_path: Path, items: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Any = importlib.import_module("curate.mixture.run")
    write_lines(tmp_path / "data.jsonl", pairs(items))
    before = run.settle

    def settle(*given: Any) -> Any:
        path = tmp_path / "data.jsonl"
        path.write_bytes(path.read_bytes().replace(b"is it.", b"or not"))
        return before(*given)

    monkeypatch.setattr(run, "settle", settle)
    with pytest.raises(UserError, match="data.jsonl: changed while it was read"):
        build_of(tmp_path, items, "data.jsonl", LINES)
    assert not (tmp_path / "out").exists()


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
