"""A file that is read, and whether it is still the one that was opened.

A file is stamped when it is opened: inode, size, and the times of its last change; not the device,
which has another number on each machine that a shared folder is mounted on.
Whoever has read something of it calls `verify`, which refuses it if any of these differ: then it
was cut off, added to, edited, replaced or removed in between. Two changes within one tick of the
file system's clock can bear the same times; so a file that was changed less than two seconds
before it was opened is `young`, and its stamp alone proves nothing.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from curate.errors import UserError

_COARSEST_NS = 2_000_000_000
"""The coarsest clock of a file system: FAT's."""


class Stamp(NamedTuple):
    """What changes with a file; times in nanoseconds."""

    inode: int
    size: int
    modified: int
    changed: int


@dataclass(frozen=True)
class SourceFile:
    """A file of a source: where it is, its name below the source's root, what it was when opened."""

    path: Path
    name: str
    stamp: Stamp
    opened: int
    """When the stamp was taken, in nanoseconds since 1970."""

    @classmethod
    def of(cls, path: Path, name: str) -> SourceFile:
        """The file as it is now."""
        opened = time.time_ns()
        return cls(path, name, _stamp(path), opened)

    @property
    def young(self) -> bool:
        """Whether a change after the opening might have left the stamp as it was."""
        return self.opened - self.stamp.changed < _COARSEST_NS

    def unchanged(self) -> bool:
        """Whether the file is still the one that was opened, as far as its stamp tells."""
        try:
            return _stamp(self.path) == self.stamp
        except OSError:
            return False

    def verify(self) -> None:
        """Raise UserError if the file is no longer the one that was opened."""
        if not self.unchanged():
            raise self.changed()

    def changed(self) -> UserError:
        """The error that says so."""
        return UserError(f"{self.path}: changed while it was read; nothing was written; run again")

    def sha256(self) -> str:
        """The SHA-256 of its bytes, in hex."""
        try:
            with self.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            self.verify()
            raise UserError(f"{self.path}: cannot be read ({error.strerror})") from error


def _stamp(path: Path) -> Stamp:
    found = os.stat(path)
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
