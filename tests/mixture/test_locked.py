"""A lock file rebuilds the same bytes, and says what is in the way where it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from curate.errors import CurateError, UserError
from tests.command import call
from tests.corpus import build_in, chat, digests, write_lines, write_recipe

Corpus = tuple[Path, dict[str, Any]]


@pytest.fixture
def copied(corpus: Corpus, tmp_path: Path) -> Corpus:
    """The corpus in a folder of the test's own, built once."""
    folder, recipe = corpus
    for name in ("chats", "pairs.csv", "tasks.jsonl", "evals.jsonl"):
        (shutil.copytree if (folder / name).is_dir() else shutil.copy)(
            folder / name, tmp_path / name
        )
    build_in(tmp_path, recipe, workers=1)
    return tmp_path, recipe


def locked(copied: Corpus, **changes: Any) -> Path:
    folder, recipe = copied
    return build_in(
        folder, recipe | changes, "again", locked=folder / "out", workers=2, block_bytes=400
    ).folder


def nothing_left(folder: Path) -> bool:
    return not [path for path in folder.iterdir() if path.name.startswith("again")]


def test_a_locked_rebuild_is_identical(copied: Corpus) -> None:
    assert digests(locked(copied)) == digests(copied[0] / "out")


@pytest.mark.parametrize("name", ["chats/a.jsonl", "pairs.csv", "tasks.jsonl", "evals.jsonl"])
def test_a_changed_input_is_refused_by_its_name(copied: Corpus, name: str) -> None:
    with (copied[0] / name).open("ab") as out:
        out.write(b"\n")
    with pytest.raises(
        UserError, match=rf"the inputs differ from the lock: .*files\.{Path(name).name}\."
    ) as caught:
        locked(copied)
    assert "\n" not in str(caught.value)
    assert nothing_left(copied[0])


def test_a_file_that_came_or_went_is_refused_by_its_name(copied: Corpus) -> None:
    shutil.copy(copied[0] / "chats/a.jsonl", copied[0] / "chats/c.jsonl")
    with pytest.raises(UserError, match=r"files\.c\.jsonl: null in the lock"):
        locked(copied)
    (copied[0] / "chats/c.jsonl").unlink()
    (copied[0] / "chats/a.jsonl").unlink()
    with pytest.raises(UserError, match=r"files\.a\.jsonl: .* null now"):
        locked(copied)


def test_a_changed_recipe_or_limit_is_refused_by_its_key(copied: Corpus) -> None:
    with pytest.raises(UserError, match=r"recipe\.seed: 42 in the lock, 43 now"):
        locked(copied, seed=43)
    with pytest.raises(UserError, match=r"limit: null in the lock, 5 now"):
        build_in(*copied, "again", locked=copied[0] / "out", limit=5)


def test_an_output_that_differs_fails_and_leaves_nothing(copied: Corpus) -> None:
    path = copied[0] / "out/recipe.lock.json"
    lock = json.loads(path.read_text())
    lock["outputs"]["data/train-00001-of-00003.parquet"] = "0" * 64
    path.write_text(json.dumps(lock))
    with pytest.raises(
        CurateError, match=r"output differs from the lock: outputs\.data/train-00001-of-00003"
    ) as caught:
        locked(copied)
    assert caught.value.exit_code == 1
    assert nothing_left(copied[0])


def test_exit_codes_of_the_command(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat(f"question {n}", "answer") for n in range(5)])
    write_recipe(tmp_path / "r.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    assert call("build", "r.yaml", "-o", "out", cwd=tmp_path).code == 0
    assert (
        call(
            "build", "r.yaml", "--locked", "out/recipe.lock.json", "-o", "again", cwd=tmp_path
        ).code
        == 0
    )
    assert digests(tmp_path / "out") == digests(tmp_path / "again")
    write_lines(tmp_path / "a.jsonl", [chat("question", "answer")])
    done = call("build", "r.yaml", "--locked", "out", "-o", "third", cwd=tmp_path)
    assert done.code == 2
    assert "files.a.jsonl" in done.error
    assert not (tmp_path / "third").exists()
