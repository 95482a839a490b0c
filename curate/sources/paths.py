"""Paths as people write them: what is one, what `~` means, how a source given by one is called."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from curate.errors import UserError
from curate.files import EXTENSIONS, kind_of
from curate.files.stream import COMPRESSIONS

GLOB = frozenset("*?[")


def is_path(from_: str, base: Path) -> bool:
    """Whether a `from` means a path, and not a data set of the Hub."""
    if from_.startswith((".", "/", "~")) or GLOB & set(from_):
        return True
    return kind_of(from_) is not None or (base / from_).exists()


def expand(path: str | Path) -> Path:
    """The path with a leading `~` or `~user` replaced; raises UserError for a user without a home."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"{path}: no home folder found for '{Path(path).parts[0]}'; write the path out"
        ) from error


def source_names(paths: list[str]) -> list[str]:
    """Names for sources given as bare paths: the file stem, with the folder before it on a clash.

    Raises UserError when two paths still get one name.
    """
    names = [_stem(path) for path in paths]
    twice = {name for name, n in Counter(names).items() if n > 1}
    names = [_stem(path, parent=name in twice) for path, name in zip(paths, names, strict=True)]
    for name, n in Counter(names).items():
        if n > 1:
            raise UserError(
                f"two inputs would both be called '{name}'; give it once, or rename one"
            )
    return names


def _stem(path: str, *, parent: bool = False) -> str:
    """A file's name without the extensions that are read, in the characters of sources' names."""
    given = expand(path)
    if given.name in ("", ".."):
        given = given.resolve()
    name = cut_extensions(given.name)
    if parent:
        name = f"{given.resolve().parent.name}/{name}"
    kept = "".join(char if char.isalnum() or char in "._/-" else "-" for char in name)
    return kept.strip("._/-") or "source"


def cut_extensions(name: str) -> str:
    """A file's name without the extensions that are read."""
    for known in (COMPRESSIONS, EXTENSIONS):
        if Path(name).suffix.lower() in known:
            name = Path(name).stem
    return name
