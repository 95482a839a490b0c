"""Files below a folder, with links that lead in circles."""

from __future__ import annotations

import glob
import json
from pathlib import Path

import pytest

from curate.errors import UserError
from curate.sources import open_source
from curate.sources.walk import below, matching

NAMES = ["a.jsonl", "x/b.jsonl", "x/y/c.jsonl", "x/y/z/d.csv", "w/.hidden/e.jsonl", "w/f.jsonl"]
PATTERNS = [
    "*.jsonl", "**/*.jsonl", "**", "x/**", "x/**/*.jsonl", "**/y/*", "*/**/c.jsonl", "**/**/*v", "[ax]*"
]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"text": "a"}\n')
    return tmp_path / "tree"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_what_glob_says(tree: Path, pattern: str) -> None:
    wanted = glob.glob(pattern, root_dir=tree, recursive=True)
    found = [name for name, path in matching(tree, pattern.split("/")) if path.is_file()]
    assert sorted(found) == sorted({name for name in wanted if (tree / name).is_file()})


def test_a_loop_of_links_is_left_and_other_links_are_followed(tree: Path) -> None:
    outside = tree.parent / "outside"
    outside.mkdir()
    (outside / "g.jsonl").write_text('{"text": "b"}\n')
    (outside / "back").symlink_to(tree)
    for n in range(20):  # as many ways round
        (tree / "x" / f"loop{n}").symlink_to(tree)
        (tree / "x" / "y" / f"up{n}").symlink_to(tree / "x")
    (tree / "out").symlink_to(outside)
    (tree / "above").symlink_to(tree.parent)
    there = {name for name in NAMES if "hidden" not in name} | {"out/g.jsonl"}
    assert [name for name, _ in below(tree)] and {name for name, _ in below(tree)} == there
    source = open_source("s", "**/*.jsonl", base=tree)
    assert [file.name for file in source.files] == sorted(there - {"x/y/z/d.csv"})


@pytest.mark.parametrize("path", ["../secret.jsonl", "/etc/*.json", "../**"])
def test_files_outside_are_none_of_a_folder_whatever_it_says(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.jsonl").write_text('{"text": "s"}\n')
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"text": "a"}\n')
    (folder / "README.md").write_text(
        f"---\nconfigs:\n- config_name: default\n  data_files: '{path}'\n---\n"
    )
    with pytest.raises(UserError, match="among its files, which is not in it"):
        open_source("s", "data", base=tmp_path)


@pytest.mark.parametrize("said", ["[", "{}", '{"_data_files": 3}', "[" * 100_000])
def test_a_state_that_is_none_is_one_line(tmp_path: Path, said: str) -> None:
    (tmp_path / "state.json").write_text(said)
    with pytest.raises(UserError, match=r"state.json: not what `datasets` writes there"):
        open_source("s", str(tmp_path), base=tmp_path)
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "../x.arrow"}]}))
    with pytest.raises(UserError, match="which is not in it"):
        open_source("s", str(tmp_path), base=tmp_path)
