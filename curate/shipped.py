"""Where the suites, evaluation tasks and recipes that come with `curate` lie.

They are data, kept in a checkout in `benchmarks/suites/`, `benchmarks/tasks/` and `mixtures/`, and in
an installed wheel in folders of the same names below `curate/data/`. A name is looked up the same way
in both; nothing is ever fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from curate.errors import CurateError, UserError, unknown

Kind = Literal["suites", "tasks", "mixtures"]

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = {
    "suites": "benchmarks/suites",
    "tasks": "benchmarks/tasks",
    "mixtures": "mixtures",
}


def folder(kind: Kind) -> Path:
    """Give the folder that holds the shipped suites, tasks or mixtures."""
    for path in (_PACKAGE / "data" / kind, _PACKAGE.parent / _CHECKOUT[kind]):
        if path.is_dir():
            return path
    raise CurateError(
        f"the shipped {kind} are missing beside {_PACKAGE}: the installation is incomplete"
    )


def suites() -> dict[str, Path]:
    """Give the shipped suites: their names and files."""
    return {path.stem: path for path in sorted(folder("suites").glob("*.yaml"))}


def suite(name: str) -> Path:
    """Give the file of the shipped suite `name`; a UserError with the nearest name if there is
    none.
    """
    known = suites()
    if name not in known:
        raise UserError(
            f"{unknown('suite', name, known)}; a suite of your own is given as a file (.yaml, .jsonl, ...)"
        )
    return known[name]
