"""The folder a build writes: OUT.partial while it is worked on, OUT when it is whole, and nothing
in between.

OUT.partial holds a marker that the build keeps locked: a second build sees that somebody is at
work, a build that was killed leaves an unlocked marker and may be cleared away, and a folder
without a marker is somebody's own and is never touched. What OUT replaces is moved aside first, so
that a folder called OUT is always a finished one."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from curate.errors import UserError, option
from curate.lock import LOCK
from curate.shards import fsync_tree

MARKER = ".curate-partial"


def target(out: Path, overwrite: bool) -> Path:
    """The folder that OUT means, links followed; raises UserError where it must not be written.

    Refused are a folder that holds something, unless `overwrite`, and with `overwrite` a folder
    that no build made."""
    if out.name in ("", ".."):
        raise UserError(f"{out}: this folder already exists; give the name of a new one")
    real = Path(os.path.realpath(out))
    if not real.exists() or (real.is_dir() and not any(real.iterdir())):
        return real
    if not overwrite:
        raise UserError(
            f"{out}: already exists; give another folder, or "
            f"{option('--overwrite', 'overwrite=True')} to replace it"
        )
    if not (real / LOCK).is_file():
        raise UserError(
            f"{out}: holds no {LOCK}, so curate does not overwrite it; give another folder or remove it yourself"
        )
    return real


@contextmanager
def unfinished(out: Path) -> Iterator[Path]:
    """Give the folder to work in; it becomes `out` when the block ends well, and is removed when it
    does not.
    """
    partial = out.with_name(out.name + ".partial")
    marker = _claim(partial)
    try:
        yield partial
        fsync_tree(partial)
        _put_in_place(partial, out)
        (out / MARKER).unlink()
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        marker.close()


def _claim(partial: Path) -> IO[str]:
    """Make the folder `partial` ours: a killed build's leavings are cleared away, anything else is
    left alone.
    """
    if os.path.lexists(partial):
        _clear_leavings(partial)
    try:
        partial.mkdir(parents=True)
    except FileExistsError:
        raise UserError(
            f"{partial}: another build is writing there; wait for it, or give another folder"
        ) from None
    marker = (partial / MARKER).open("w", encoding="utf-8")
    fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return marker


def _clear_leavings(partial: Path) -> None:
    marker = partial / MARKER
    if partial.is_dir() and not partial.is_symlink() and not any(partial.iterdir()):
        partial.rmdir()
        return
    if not marker.is_file():
        raise UserError(
            f"{partial}: is in the way, and no build left it there; move it, or give another folder"
        )
    with marker.open(encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{partial}: another build is writing there; wait for it, or give another folder"
            ) from None
        shutil.rmtree(partial)


def _put_in_place(finished: Path, out: Path) -> None:
    """Give the finished folder its name. What it replaces is moved aside first: half-deleted it
    would pass for done.

    It is moved into a folder of its own beside a marker, which goes last, so that what a kill
    leaves is known as ours."""
    aside = finished.with_name(finished.name + ".replaced")
    if os.path.lexists(aside):
        _clear_leavings(aside)
    try:
        if out.exists():
            aside.mkdir()
            (aside / MARKER).touch()
            out.rename(aside / "old")
        finished.rename(out)
    except BaseException:
        if (aside / "old").exists() and not out.exists():
            (aside / "old").rename(out)
        raise
    finally:
        if out.exists():
            shutil.rmtree(aside / "old", ignore_errors=True)
            shutil.rmtree(aside, ignore_errors=True)
