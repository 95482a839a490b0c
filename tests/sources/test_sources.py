"""What a `from` means, what is refused before reading, and that rows are counted through all files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import UserError
from curate.files import BadInput
from curate.formats import detect, parse
from curate.sources import (
    Source,
    content_digests,
    estimated_bytes,
    expand,
    open_source,
    read_rows,
    source_names,
    verify_read,
)


def lines(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def opened(base: Path, from_: str, **options: Any) -> Source:
    return open_source("s", from_, base=base, **options)


def rows(source: Source, **options: Any) -> list[tuple[str, int, Any]]:
    return [
        (block.file, place, row)
        for block in source.blocks(**options)
        for place, row in block.rows()
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines(tmp_path / "d/b.jsonl", {"n": 2}, {"n": 3})
    lines(tmp_path / "d/a/z.jsonl", {"n": 0}, {"n": 1})
    lines(tmp_path / "d/c.jsonl", {"n": 4})
    lines(tmp_path / "d/.hidden.jsonl", {"n": 9})
    (tmp_path / "d/README.md").write_text("no data")
    return tmp_path


ALL = [
    ("a/z.jsonl", 0, 0),
    ("a/z.jsonl", 1, 1),
    ("b.jsonl", 2, 2),
    ("b.jsonl", 3, 3),
    ("c.jsonl", 4, 4),
]


@pytest.mark.parametrize("from_", ["d", "./d", "d/**/*.jsonl", "d/**"])
def test_files_are_read_in_the_order_of_their_names(folder: Path, from_: str) -> None:
    for block_bytes in (4, 1 << 20):
        found = rows(opened(folder, from_), block_bytes=block_bytes)
        assert [(file, place, row["n"]) for file, place, row in found] == ALL


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 99])
def test_a_limit_counts_rows_of_the_source(folder: Path, limit: int) -> None:
    for block_bytes in (4, 1 << 20):
        assert len(rows(opened(folder, "d"), limit=limit, block_bytes=block_bytes)) == min(limit, 5)


def test_files_of_mixed_schemas_are_read_and_what_does_not_fit_is_quarantined(
    tmp_path: Path,
) -> None:
    lines(tmp_path / "d/a.jsonl", {"question": "q", "answer": "a #### 1"})
    lines(
        tmp_path / "d/b.jsonl",
        {"question": 7, "answer": "a"},
        {"text": "t"},
        {"question": "q", "answer": "b"},
    )
    blocks = list(opened(tmp_path, "d").blocks())
    parsed = [parse(block, detect(blocks[0], "sft"), "sft") for block in blocks]
    assert [part.rows.tolist() for part in parsed] == [[0], [3]]
    assert [(bad.file, bad.row, bad.reason) for bad in parsed[1].quarantine] == [
        ("b.jsonl", 1, "field 'question' is a number, not text"),
        ("b.jsonl", 2, "field 'question' is missing"),
    ]


def test_one_file_and_paths_of_every_kind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    for from_ in ("d/b.jsonl", "./d/b.jsonl", str(folder / "d/b.jsonl"), "~/d/b.jsonl", "d/b*"):
        assert [(file, place) for file, place, _ in rows(opened(folder, from_))] == [
            ("b.jsonl", 0),
            ("b.jsonl", 1),
        ]


@pytest.mark.parametrize("from_", ["d/*.jsonl", "./**/*.jsonl", "~/d/*.jsonl"])
def test_the_recipe_s_folder_is_no_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_: str
) -> None:
    base = tmp_path / "x[1]*"
    lines(base / "d/a.jsonl", {"n": 0})
    lines(tmp_path / "x1/d/no.jsonl", {"n": 9})
    monkeypatch.setenv("HOME", str(base))
    assert [row for _, _, row in rows(opened(base, from_))] == [{"n": 0}]
    assert [file.path for file in opened(base, from_).files] == [base / "d/a.jsonl"]


def test_a_home_that_is_not_known_is_refused(tmp_path: Path) -> None:
    for from_ in ("~nobody-of-this-name/x.jsonl", "~nobody-of-this-name/*.jsonl"):
        with pytest.raises(
            UserError, match=r"no home folder found for '~nobody-of-this-name'; write the path out"
        ):
            opened(tmp_path, from_)
    with pytest.raises(UserError, match="no home folder found"):
        expand(Path("~nobody-of-this-name"))
    assert expand("~") == Path.home()


@pytest.mark.parametrize("from_", [os.fsdecode(b"d/\xff.jsonl"), "d", "d/*.jsonl"])
def test_a_file_name_that_is_not_utf8_is_refused(tmp_path: Path, from_: str) -> None:
    lines(tmp_path / os.fsdecode(b"d/\xff.jsonl"), {"n": 0})
    with pytest.raises(
        UserError, match=r"d/\\xff\.jsonl: the file's name is not UTF-8; rename it"
    ) as caught:
        opened(tmp_path, from_)
    str(caught.value).encode("utf-8")


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jsonl")
    for from_ in ("x.jsonl", "/dev/null"):
        with pytest.raises(UserError, match=f"{from_}: not a regular file"):
            opened(tmp_path, from_)


NAMED = [
    (["train.v1.csv", "train.v2.csv"], ["train.v1", "train.v2"]),
    (["日本.parquet", "中国.parquet"], ["日本", "中国"]),
    (["d/a.jsonl.gz", "B.TSV.ZST", "c.tar.gz", "straße 1.json"], ["a", "B", "c.tar", "straße-1"]),
    (["one/train.csv", "two/train.jsonl"], ["one/train", "two/train"]),
    (["data.v1", "org/name"], ["data.v1", "name"]),
]


@pytest.mark.parametrize(("paths", "names"), NAMED)
def test_names_of_bare_paths(paths: list[str], names: list[str]) -> None:
    assert source_names(paths) == names


def test_a_folder_given_by_dots_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.v1/inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "mine.v1/inner")
    assert source_names([".", ".."]) == ["inner", "mine.v1"]


def test_two_paths_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="two inputs would both be called 'd/a'"):
        source_names(["d/a.csv", "d/a.jsonl"])


REFUSED = [
    ("missing.jsonl", {}, "missing.jsonl: no such file or folder"),
    ("./missing", {}, "no such file or folder"),
    ("d/*.csv", {}, "no file that is read matches"),
    ("empty.jsonl", {}, "empty.jsonl: the file is empty"),
    ("./d/README.md", {}, "rename it to end in one of .jsonl"),
    ("none", {}, "the folder holds no file that is read"),
    ("mixed", {}, "files of several kinds .csv, json lines.; give a glob"),
    ("d", {"columns": ["a"]}, "`columns` names the columns of CSV and TSV files"),
    ("no such thing", {}, "neither a path that exists nor a Hub data set"),
]


@pytest.mark.parametrize(
    ("from_", "options", "message"), REFUSED, ids=[from_ for from_, _, _ in REFUSED]
)
def test_what_cannot_be_opened_is_refused_before_reading(
    folder: Path, from_: str, options: dict[str, Any], message: str
) -> None:
    (folder / "empty.jsonl").touch()
    (folder / "none").mkdir()
    lines(folder / "mixed/a.jsonl", {})
    (folder / "mixed/a.csv").write_text("a\n1\n")
    with pytest.raises(UserError, match=message) as caught:
        opened(folder, from_, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "[]"), ("a.csv", "q,a\n"), ("a.jsonl", "\n\n")]
)
def test_a_source_without_rows_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=rf"source 's' \({name}\) holds no rows"):
        rows(opened(tmp_path, name))


def test_a_truncated_file_names_itself(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a": 1}\n' * 10_000)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[:-20])
    with pytest.raises(UserError, match=r"a\.jsonl\.gz: the compressed file is cut off or damaged"):
        rows(opened(tmp_path, "a.jsonl.gz"))


def test_a_row_of_fifty_megabytes(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"a": "x"}, {"a": "y" * 50_000_000}, {"a": "z"})
    tables = [block.table() for block in opened(tmp_path, path.name).blocks()]
    texts = [
        text for table in tables if table is not None for text in table.column("a").to_pylist()
    ]
    assert [len(text) for text in texts] == [1, 50_000_000, 1]


def test_columns_name_the_fields_of_files_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('"One" q\tyes\tso\n')
    found = rows(opened(tmp_path, "a.tsv", columns=["question", "answer", "explanation"]))
    assert found == [("a.tsv", 0, {"question": '"One" q', "answer": "yes", "explanation": "so"})]


def test_digests_are_those_of_the_files(folder: Path) -> None:
    data = (folder / "d/b.jsonl").read_bytes()
    assert content_digests(opened(folder, "d"))[1] == (
        "b.jsonl",
        hashlib.sha256(data).hexdigest(),
        len(data),
    )


def test_files_that_were_read_to_the_end_are_not_digested_again(folder: Path) -> None:
    source = opened(folder, "d")
    hashes: dict[str, str] = {}
    assert len(rows(source, hashes=hashes)) == 5
    assert {name: sha256 for name, sha256, _ in content_digests(source)} == hashes
    assert [sha256 for _, sha256, _ in content_digests(source, {"b.jsonl": "known"})][1] == "known"


def test_after_a_limit_only_whole_files_have_a_hash(folder: Path) -> None:
    source = opened(folder, "d")
    hashes: dict[str, str] = {}
    assert len(rows(source, limit=3, hashes=hashes)) == 3
    assert list(hashes) == ["a/z.jsonl"]
    verify_read(source, content_digests(source), hashes)


def settled(source: Source) -> Source:
    """The source as if its files had been left alone for long before it was opened."""
    old = tuple(replace(file, opened=file.opened + 10**10) for file in source.files)
    return replace(source, files=old)  # type: ignore[type-var]


def test_what_streamed_past_must_be_what_was_digested(folder: Path) -> None:
    source = settled(opened(folder, "d"))
    digests, hashes = content_digests(source), dict[str, str]()
    rows(source, hashes=hashes)
    verify_read(source, digests, hashes)
    verify_read(source, digests)
    with pytest.raises(
        UserError, match=r"d/b\.jsonl: changed while it was read; nothing was written; run again"
    ):
        verify_read(source, digests, hashes | {"b.jsonl": "0" * 64})


def test_a_change_that_leaves_the_stamp_of_a_young_file_is_found(folder: Path) -> None:
    digests = content_digests(opened(folder, "d"))
    lines(folder / "d/b.jsonl", {"n": 3}, {"n": 2})
    source = opened(
        folder, "d"
    )  # its stamps are those of the changed file, as after a change in the same tick
    verify_read(settled(source), digests)
    with pytest.raises(UserError, match=r"b\.jsonl: changed while it was read"):
        verify_read(source, digests)


def test_sources_pickle(folder: Path, hub: Path) -> None:
    for source in (opened(folder, "d"), opened(folder, "d/c.jsonl"), opened(hub, "org/name")):
        copy = pickle.loads(pickle.dumps(source))
        assert (copy.name, copy.from_, copy.origin, copy.files) == (
            source.name,
            source.from_,
            source.origin,
            source.files,
        )
        assert rows(copy) == rows(source)
        assert content_digests(copy) == content_digests(source)


def test_sizes_are_estimated_for_every_kind(folder: Path, hub: Path) -> None:
    text = (folder / "d/c.jsonl").read_bytes()
    (folder / "d/c.jsonl.gz").write_bytes(gzip.compress(text))
    assert estimated_bytes(opened(folder, "d/c.jsonl")) == len(text)
    assert estimated_bytes(opened(folder, "d/c.jsonl.gz")) == 4 * len(gzip.compress(text))
    assert estimated_bytes(opened(hub, "org/name")) >= 5 * 8
    pq.write_table(pa.table({"n": list(range(1000))}), folder / "a.parquet")
    source = opened(folder, "a.parquet")
    assert estimated_bytes(source) > 1000
    (folder / "a.parquet").write_bytes(b"PAR1")  # whoever reads it says what is wrong
    assert estimated_bytes(source) > 4


def test_parquet_and_its_positions(tmp_path: Path) -> None:
    for part in range(2):
        pq.write_table(pa.table({"n": [part * 2, part * 2 + 1]}), tmp_path / f"{part}.parquet")
    assert [(place, row["n"]) for _, place, row in rows(opened(tmp_path, "*.parquet"))] == [
        (n, n) for n in range(4)
    ]


def test_folders_that_datasets_saved(tmp_path: Path) -> None:
    import datasets

    one = datasets.Dataset.from_dict({"n": list(range(10))})
    one.filter(lambda row: row["n"] % 2 == 0).save_to_disk(tmp_path / "one", num_shards=2)
    assert [(place, row["n"]) for _, place, row in rows(opened(tmp_path, "one"))] == list(
        enumerate(range(0, 10, 2))
    )
    datasets.DatasetDict({"train": one, "test": one.select([7])}).save_to_disk(tmp_path / "two")
    assert [row["n"] for _, _, row in rows(opened(tmp_path, "two", split="test"))] == [7]
    assert len(rows(opened(tmp_path, "two"))) == 10
    with pytest.raises(UserError, match=r"no split 'dev' \(splits: train, test\)"):
        opened(tmp_path, "two", split="dev")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set repository in a local folder, found under its Hub name from the working folder;
    the Hub is off.
    """
    lines(tmp_path / "org/name/train.jsonl", *({"n": n} for n in range(5)))
    lines(tmp_path / "org/name/more.jsonl", {"n": 7})
    config = "configs:\n- config_name: main\n  default: true\n  data_files: [{split: train, path: train.jsonl}]\n"
    config += "- config_name: more\n  data_files: [{split: test, path: more.jsonl}]\n"
    (tmp_path / "org/name/README.md").write_text(f"---\n{config}---\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_a_hub_data_set_is_read_through_datasets(hub: Path) -> None:
    source = opened(hub, "org/name")
    assert source.origin == "hub"
    assert content_digests(source) == []
    for block_bytes in (20, 1 << 20):
        found = rows(source, block_bytes=block_bytes)
        assert found == [("org/name", n, {"n": n}) for n in range(5)]
    assert [row for _, _, row in rows(opened(hub, "org/name:more", split="test"))] == [{"n": 7}]


def test_a_missing_split_or_subset_is_named(hub: Path) -> None:
    with pytest.raises(UserError, match="org/name: no split 'dev'.*train"):
        opened(hub, "org/name", split="dev")
    with pytest.raises(UserError, match="org/name:none: the subset is missing or unknown.*main"):
        opened(hub, "org/name:none")


def test_rows_of_small_files_with_their_file_and_place(folder: Path) -> None:
    found = list(read_rows("d", base=folder))
    assert found[2:4] == [("b.jsonl", 0, {"n": 2}), ("b.jsonl", 1, {"n": 3})]


def test_rows_under_a_key(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"canary": "x", "examples": [{"input": "a"}, {"input": "b"}]}'
    )
    found = list(read_rows("a.json", base=tmp_path, field="examples"))
    assert found == [("a.json", 0, {"input": "a"}), ("a.json", 1, {"input": "b"})]
    with pytest.raises(
        UserError, match=r"no list of rows under 'rows' \(found: canary, examples\)"
    ):
        list(read_rows("a.json", base=tmp_path, field="rows"))
    assert list(read_rows("a.json", base=tmp_path)) == found
    assert opened(tmp_path, "a.json").notes == (
        "a.json: one JSON object; its rows are the list under 'examples'",
    )
    assert opened(tmp_path, "a.json", field="examples").notes == ()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.parquet", {"encoding": "cp1252"}, "`encoding` is that of files of text"),
        ("a.csv", {"field": "rows"}, "`field` names a list in a JSON file"),
        ("a.parquet", {"field": "rows"}, "`field` names a list in a JSON file"),
        ("org/name", {"encoding": "cp1252"}, "`encoding` is that of files of text"),
    ],
)
def test_keys_of_text_are_refused_where_there_is_none(
    tmp_path: Path, name: str, options: dict[str, Any], message: str
) -> None:
    if "/" not in name:
        (tmp_path / name).write_text("q,a\n1,2\n")
    with pytest.raises(UserError, match=message):
        opened(tmp_path, name, **options)


def test_a_note_that_holds_for_several_files_is_said_once(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("q;a\none;two\n")
    source = opened(tmp_path, ".")
    assert source.notes == ("a.csv and 2 more: fields are separated by semicolons",)
    assert [row for _, _, row in rows(source)] == [{"q": "one", "a": "two"}] * 3


def test_a_bad_row_of_a_benchmark_is_an_error_with_its_place(folder: Path) -> None:
    with (folder / "d/c.jsonl").open("a") as out:
        out.write('{"half')
    with pytest.raises(UserError, match=r"c\.jsonl: row 1: not JSON"):
        list(read_rows("d", base=folder))


def test_a_bad_row_of_a_source_keeps_its_place(folder: Path) -> None:
    with (folder / "d/a/z.jsonl").open("a") as out:
        out.write("half\n")
    found = rows(opened(folder, "d"))
    assert [place for _, place, _ in found] == list(range(6))
    assert isinstance(found[2][2], BadInput)
