"""The files below a folder, and those of them whose names fit a pattern.

Links are followed, but for one to a folder that holds it, or that the way there led through: no
file is met twice by a loop.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path


def below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, in no hidden one, with its name from there on."""
    waiting: list[tuple[Path, tuple[Path, ...]]]
    waiting = [(folder, (Path(os.path.realpath(folder)),))]
    while waiting:
        at, way = waiting.pop()
        for path in _listed(at):
            if not path.is_dir():
                yield path.relative_to(folder).as_posix(), path
            elif not path.name.startswith("."):
                real = Path(os.path.realpath(path))
                if not any(one.is_relative_to(real) for one in way):
                    waiting.append((path, (*way, real)))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # as for `glob`: what may not be looked into holds nothing
        return []


def matching(folder: Path, pattern: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The files below a folder whose names fit the parts of a pattern; `**` is any folders."""
    if "**" in pattern:
        return (one for one in below(folder) if _fits(one[0].split("/"), pattern))
    names = glob.glob(str(Path(*pattern)), root_dir=folder)
    return ((Path(name).as_posix(), folder / name) for name in names)


def _fits(names: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not names
    first, *rest = pattern
    if first == "**":
        return any(_fits(names[skipped:], rest) for skipped in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], first) and _fits(names[1:], rest)
