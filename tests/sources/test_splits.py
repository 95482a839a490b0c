"""Splits of folders and globs, with `datasets` as the oracle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets.data_files import DataFilesDict, get_data_patterns
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import UserError
from curate.sources import Source, open_source, rows_of
from curate.sources.splits import by_names


def written(folder: Path, *names: str) -> Path:
    """A folder of these files, each with one row that says its name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        row = {"name": name}
        if name.endswith(".parquet"):
            datasets.Dataset.from_list([row]).to_parquet(path)
        else:
            path.write_text(json.dumps(row) + "\n")
    return folder


def opened(folder: Path, from_: str = "./d", **options: Any) -> Source:
    return open_source("s", from_, base=folder, **options)


def names(source: Source) -> list[str]:
    return sorted(row["name"] for _, _, row in rows_of(source))


SHARDS = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]
LAYOUTS: dict[str, Sequence[str]] = {
    "shards": [*SHARDS, "data/test-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet"],
    "a split of any name": [*SHARDS, "data/my_split-00000-of-00001.parquet"],
    "shards with a hash": ["data/train-00000-of-00001-a1b2c3.parquet", "data/x.y-00000-of-00001.parquet"],
    "shards elsewhere": ["more/train-00000-of-00001.parquet", "more/mine-00000-of-00001.parquet"],
    "files": ["train.jsonl", "test.jsonl"],
    "files with more in their names": ["my-train_v1.jsonl", "x.dev.jsonl", "eval 2.jsonl", "val-b.jsonl"],
    "files below folders": ["a/train.jsonl", "b/train.jsonl", "b/valid.jsonl", "evaluation.jsonl"],
    "folders": ["train/a.jsonl", "train/b.jsonl", "dev/a.jsonl", "testing/x/y.jsonl"],
    "folders before files": ["my-test/train.jsonl", "other/train.jsonl", "train.jsonl"],
    "no names": ["a.jsonl", "sub/b.jsonl", "contest.jsonl", "training1.jsonl"],
    "no splits": ["a.jsonl", "sub/b.jsonl", "latest.jsonl", "devil.jsonl", "TEST.jsonl"],
    "one split": ["test.jsonl"],
    "in two splits": ["train_test.jsonl", "test.jsonl"],
}  # fmt: skip
README = """---
licence: mit
configs:
- config_name: small
  data_files:
  - {split: train, path: "in/*.jsonl"}
  - {split: held, path: [x.jsonl, "out/**"]}
- config_name: large
  default: true
  data_files: [{split: dev, path: y.jsonl}, {split: train, path: [in/a.jsonl, x.jsonl]}]
---
# A set
"""
ONE = "---\nconfigs:\n- config_name: only\n  data_files: in/*.jsonl\n---\n"
DIRECTORY = "---\nconfigs:\n- config_name: only\n  data_dir: in\n---\n"
CARDS = {"several": README, "patterns alone": ONE, "a folder": DIRECTORY}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_split_is_what_datasets_loads(tmp_path: Path, layout: str) -> None:
    folder = written(tmp_path / "d", *LAYOUTS[layout])
    compare(tmp_path, datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache")))


@pytest.mark.parametrize("card", CARDS)
def test_configurations_of_a_readme_are_those_of_datasets(tmp_path: Path, card: str) -> None:
    folder = written(
        tmp_path / "d", "in/a.jsonl", "in/b.jsonl", "x.jsonl", "y.jsonl", "out/z.jsonl"
    )
    (folder / "README.md").write_text(CARDS[card])
    compare(tmp_path, datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache")))


def compare(folder: Path, loaded: Any) -> None:
    for split in loaded:
        assert names(opened(folder, split=split)) == sorted(loaded[split]["name"])
    with pytest.raises(UserError, match="no split 'none' .splits: ") as caught:
        opened(folder, split="none")
    assert all(split in str(caught.value) for split in loaded)


WORDS = "train training test testing eval evaluation valid validation val dev".split()
PART = st.sampled_from(
    [
        *WORDS,
        *("a", "contest", "devil", "Train", "data", "-", "_", ".", " ", "0", "x-00000-of-00002"),
    ]
)
NAME = st.lists(PART, min_size=1, max_size=3).map("".join).filter(lambda name: name[0] not in ". _")
PATH = st.tuples(st.lists(NAME, max_size=2), NAME).map(lambda path: "/".join([*path[0], path[1]]))


@settings(max_examples=40)
@given(paths=st.sets(PATH.map("{}.jsonl".format), min_size=1, max_size=5))
def test_names_of_any_kind_mean_what_they_mean_to_datasets(
    tmp_path_factory: pytest.TempPathFactory, paths: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("layout").resolve()
    written(folder, *paths)
    found = DataFilesDict.from_patterns(
        get_data_patterns(str(folder)), base_path=str(folder), allowed_extensions=[".jsonl"]
    )
    theirs = {
        str(split): sorted({Path(file).relative_to(folder).as_posix() for file in files})
        for split, files in found.items()
    }
    assert (by_names(paths) or {"train": sorted(paths)}) == theirs


def test_without_a_split_what_is_read_is_said(tmp_path: Path) -> None:
    written(tmp_path / "d", "train.jsonl", "test.jsonl", "dev.jsonl", "extra.jsonl")
    source = opened(tmp_path)
    assert names(source) == ["train.jsonl"]
    assert source.notes == (
        "reads only split train; validation and test are left out (set `split` to read another)",
        "extra.jsonl is of no split, and left out",
    )
    assert opened(tmp_path, split="train").notes == source.notes[1:]


def test_the_only_split_is_read_and_said(tmp_path: Path) -> None:
    written(tmp_path / "d", "a/test.jsonl", "b/test.jsonl")
    source = opened(tmp_path)
    assert names(source) == ["a/test.jsonl", "b/test.jsonl"]
    assert source.notes == ("reads split test, the only one",)
    assert opened(written(tmp_path / "e", "a.jsonl").parent, "e").notes == ()


def test_where_nobody_can_tell_the_split_must_be_given(tmp_path: Path) -> None:
    written(tmp_path / "d", "dev.jsonl", "test.jsonl")
    with pytest.raises(UserError, match=r"say which split is read: validation or test"):
        opened(tmp_path)
    written(tmp_path / "e", "a.jsonl", "notes-test.jsonl")
    with pytest.raises(UserError, match=r"notes-test.jsonl is the split test, a.jsonl is of none"):
        opened(tmp_path, "e")
    assert names(opened(tmp_path, "e", split="test")) == ["notes-test.jsonl"]


def test_a_glob_is_read_whole_unless_a_split_is_given(tmp_path: Path) -> None:
    written(tmp_path / "d", *LAYOUTS["shards"], "data/mine-00000-of-00001.parquet")
    source = opened(tmp_path, "d/data/*.parquet")
    assert len(names(source)) == 5
    assert source.notes == (
        "reads the splits train, validation, test and mine together; one alone: split: train",
    )
    assert names(opened(tmp_path, "d/data/*.parquet", split="mine")) == [
        "data/mine-00000-of-00001.parquet"
    ]
    assert names(opened(tmp_path, "d/**/*.parquet", split="train")) == SHARDS
    written(tmp_path / "f", "test/a.jsonl", "test/b.jsonl", "c.jsonl")
    assert len(names(opened(tmp_path, "f/test/*.jsonl", split="test"))) == 2
    with pytest.raises(UserError, match=r"no split 'train' \(splits: test\)"):
        opened(tmp_path, "f/test/*.jsonl", split="train")
    with pytest.raises(UserError, match=r"no split 'test' \(splits: train\)"):
        opened(tmp_path, "f/c*", split="test")
    assert opened(tmp_path, "f/c*", split="train").notes == ()


def test_one_file_is_the_split_train_or_what_its_name_says(tmp_path: Path) -> None:
    written(tmp_path / "d", "x.test.jsonl", "dev/a.jsonl", "b.jsonl")
    for name, split in (("x.test", "test"), ("x.test", "train"), ("dev/a", "validation")):
        assert names(opened(tmp_path, f"d/{name}.jsonl", split=split)) == [f"{name}.jsonl"]
    with pytest.raises(UserError, match="one file, which has no split 'test'.*leave `split` out"):
        opened(tmp_path, "d/b.jsonl", split="test")


def test_a_folder_saved_by_datasets_says_what_is_left_out(tmp_path: Path) -> None:
    one = datasets.Dataset.from_list([{"name": "x"}])
    datasets.DatasetDict({"train": one, "test": one}).save_to_disk(tmp_path / "two")
    assert opened(tmp_path, "two").notes == (
        "reads only split train; test is left out (set `split` to read another)",
    )
    assert opened(tmp_path, "two", split="test").notes == ()
    datasets.DatasetDict({"a": one, "b": one}).save_to_disk(tmp_path / "ab")
    with pytest.raises(UserError, match="say which split is read: a or b"):
        opened(tmp_path, "ab")
    with pytest.raises(UserError, match=r"no split 'test' \(splits: train\)"):
        opened(tmp_path, "two/train", split="test")


def test_a_folder_of_several_configurations_needs_a_default_one(tmp_path: Path) -> None:
    folder = written(tmp_path / "d", "a.jsonl", "b.jsonl")
    card = "---\nconfigs:\n- {config_name: a, data_files: a.jsonl}\n- {config_name: b, data_files: b.jsonl}\n---\n"
    (folder / "README.md").write_text(card)
    with pytest.raises(UserError, match="the configurations a, b, and none of them as the default"):
        opened(tmp_path)
    assert names(opened(tmp_path, subset="b")) == ["b.jsonl"]
    assert names(opened(tmp_path, subset="*")) == ["a.jsonl", "b.jsonl"]


def test_a_folder_in_the_cache_of_the_hub_is_read_through_its_links(tmp_path: Path) -> None:
    cached = tmp_path / "datasets--org--name"
    blobs = written(cached / "blobs", *(f"{n}.jsonl" for n in range(3)))
    data = cached / "snapshots" / "abc" / "data"
    data.mkdir(parents=True)
    (cached / "refs").mkdir()
    for n, name in enumerate(
        ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")
    ):
        (data / f"{name}.jsonl").symlink_to(f"../../../blobs/{n}.jsonl")
    for from_ in ("datasets--org--name", "datasets--org--name/snapshots/abc"):
        assert names(opened(tmp_path, from_, split="train")) == ["0.jsonl", "1.jsonl"]
        assert names(opened(tmp_path, from_, split="test")) == ["2.jsonl"]
    (data / "train-00001-of-00002.jsonl").unlink()
    assert opened(tmp_path, "datasets--org--name", split="train").notes == (
        "1 of the 2 files data/train-*-of-00002 are there",
    )
    (blobs / "2.jsonl").unlink()
    with pytest.raises(UserError, match=r"test-00000-of-00001.jsonl: a link to a file that is not"):
        opened(tmp_path, "datasets--org--name")
    (cached / "snapshots" / "def").mkdir()
    with pytest.raises(UserError, match=r"give one of its snapshots \(abc, def\)"):
        opened(tmp_path, "datasets--org--name")


def test_linked_folders_are_read_and_circles_are_not(tmp_path: Path) -> None:
    written(tmp_path / "elsewhere", "b.jsonl")
    written(tmp_path / "d", "a.jsonl", "sub/c.jsonl")
    (tmp_path / "d/linked").symlink_to("../elsewhere")
    (tmp_path / "d/sub/circle").symlink_to("..")
    assert names(opened(tmp_path)) == ["a.jsonl", "b.jsonl", "sub/c.jsonl"]
    (tmp_path / "door").symlink_to("d")
    assert names(opened(tmp_path, "door")) == ["a.jsonl", "b.jsonl", "sub/c.jsonl"]
