"""The folder a build writes: never half-written, never somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.errors import UserError
from curate.lock import LOCK
from curate.mixture.folder import MARKER, target, unfinished


def finished(folder: Path, text: str) -> None:
    """Make `folder` look like one that a build finished."""
    folder.mkdir(parents=True)
    (folder / LOCK).write_text(text)


def test_what_was_written_has_the_name_only_when_the_block_is_done(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with unfinished(out) as partial:
        (partial / LOCK).write_text("new")
        assert not out.exists()
    assert [path.name for path in out.iterdir()] == [LOCK]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_error_leaves_neither_the_folder_nor_its_partial(tmp_path: Path) -> None:
    finished(tmp_path / "out", "old")
    with pytest.raises(RuntimeError), unfinished(tmp_path / "out"):
        raise RuntimeError
    assert (tmp_path / "out" / LOCK).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_second_build_into_the_same_folder_is_refused_and_hurts_nobody(tmp_path: Path) -> None:
    with unfinished(tmp_path / "out") as partial:
        (partial / LOCK).write_text("first")
        with (
            pytest.raises(UserError, match="another build is writing there"),
            unfinished(tmp_path / "out"),
        ):
            pass
    assert (tmp_path / "out" / LOCK).read_text() == "first"


def test_a_folder_that_only_looks_like_a_partial_is_not_touched(tmp_path: Path) -> None:
    mine = tmp_path / "out.partial"
    mine.mkdir()
    (mine / "precious.csv").write_text("mine")
    with pytest.raises(UserError, match="no build left it there"), unfinished(tmp_path / "out"):
        pass
    assert (mine / "precious.csv").read_text() == "mine"


def test_the_leavings_of_a_killed_build_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "out.partial" / "data").mkdir(parents=True)
    (tmp_path / "out.partial" / MARKER).touch()
    with unfinished(tmp_path / "out") as partial:
        assert [path.name for path in partial.iterdir()] == [MARKER]


def test_a_link_is_followed_so_that_the_data_lands_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk")
    assert target(tmp_path / "out", overwrite=False) == tmp_path / "disk"
    with unfinished(target(tmp_path / "out", overwrite=False)) as partial:
        (partial / LOCK).write_text("new")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "out" / LOCK).read_text() == "new"


def test_a_folder_that_no_build_made_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").touch()
    with pytest.raises(UserError, match="already exists"):
        target(tmp_path / "out", overwrite=False)
    with pytest.raises(UserError, match="holds no recipe.lock.json"):
        target(tmp_path / "out", overwrite=True)
    finished(tmp_path / "built", "old")
    assert target(tmp_path / "built", overwrite=True) == tmp_path / "built"
