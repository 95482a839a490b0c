"""A folder of benchmarks that a user has at hand: which file or folder in it is which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curate.errors import UserError, option
from curate.files.kind import kind_of, stem_of
from curate.suites.spec import Suite


def given_in(folder: Path, suite: Suite) -> tuple[dict[str, Path], list[str]]:
    """Match what lies in the benchmarks' folder with the suite; what no benchmark claims becomes a
    warning.
    """
    if not folder.is_dir():
        raise UserError(f"{folder_option()}: {folder}: no such folder")
    names = {benchmark.name for benchmark in suite.benchmarks}
    given: dict[str, Path] = {}
    unused: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.stem.upper() in ("README", "LICENSE", "LICENCE"):
            continue
        name = path.name if path.is_dir() else stem_of(path.name)
        if name not in names or (path.is_file() and kind_of(path.name) is None):
            unused.append(path.name)
        elif name in given:
            raise UserError(
                f"{folder}: {given[name].name} and {path.name} are both called like benchmark '{name}'"
            )
        else:
            given[name] = path
    if not given:
        raise UserError(
            f"{folder_option()}: {folder}: no file or folder in it is named after a benchmark of "
            f"suite {suite.name}: {_listed(sorted(names))}"
        )
    listed = ", ".join(unused)
    return given, [f"benchmarks_dir: not named after a benchmark: {listed}"] if unused else []


def _listed(names: Sequence[str]) -> str:
    """Names that a file may have, and that there are more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"such as {', '.join(f'{name}.jsonl' for name in names[:3])}{more}"


def folder_option() -> str:
    """What the folder is called by whoever gave it."""
    return option("--benchmarks-dir", "benchmarks_dir")
