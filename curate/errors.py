"""Every failure a person can meet, drawn as one tree; each carries the exit code of the command
line.

    CurateError         1   the run failed, or a check did not hold
    ├── UserError       2   the input, the recipe or the call is wrong: one line says where, what and what to do
    └── FailOver        3   contamination above the rate given to --fail-over

A message is one line, written for the person who has to mend it: which file, row and field, what
was wrong, what to do. Only a file of settings in which several things are wrong gets a line for
each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

_commanded = False


@contextmanager
def on_the_command_line() -> Iterator[None]:
    """Within, messages name options as the command line has them."""
    global _commanded
    before, _commanded = _commanded, True
    try:
        yield
    finally:
        _commanded = before


def option(command: str, python: str) -> str:
    """An option as whoever called would write it: `--overwrite`, or `overwrite=True` in Python."""
    return command if _commanded else python


def extra(name: str) -> str:
    """How an extra of curate is installed: curate is on no package index."""
    return f"pip install -c constraints.txt '.[{name}]' in curate's repository"


class CurateError(Exception):
    """The run failed or something that must hold does not."""

    exit_code = 1


class UserError(CurateError):
    """Something given to the tool is wrong; the message says what to change."""

    exit_code = 2


class FailOver(CurateError):
    """A source overlaps a benchmark by more than the rate that was allowed; `built` is the build,
    which is finished.
    """

    exit_code = 3

    def __init__(self, message: str, built: Any = None) -> None:
        """Keep the build that went over."""
        super().__init__(message)
        self.built = built


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if one is like it at all."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.5)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that `name` is no known `kind`, with the nearest known name and the whole list."""
    names = sorted(known)
    near = nearest(name, names)
    hint = f"; did you mean '{near}'?" if near else ""
    return f"unknown {kind} '{name}'{hint} (known: {', '.join(names)})"
