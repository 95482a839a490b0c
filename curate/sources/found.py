"""Files that a `from` means, and what is worth saying about the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curate.files import SourceFile


@dataclass(frozen=True)
class Found:
    """The files in their order, notes for people, and the origin that `Source` speaks of."""

    files: tuple[SourceFile, ...]
    notes: Sequence[str] = ()
    origin: str = "files"
