"""How the command line ends: every error becomes a line on standard error and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from curate.errors import CurateError, on_the_command_line


@contextmanager
def exits(debug: bool) -> Iterator[None]:
    """End the program as an error inside asks for; with `debug` errors go on as they are, for their
    traceback.
    """
    try:
        with on_the_command_line():
            yield
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as error:
        _check_exit(error)
        raise
    except Exception as error:
        if debug:
            raise
        sys.exit(_tell(error))


def _tell(error: Exception) -> int:
    """Say what was wrong on standard error; gives the exit code."""
    if isinstance(error, CurateError):
        for line in str(error).split("\n"):
            _say(line)
        return error.exit_code
    if isinstance(error, OSError):  # no space, no permission, a file where a folder should be
        _say(f"{error.filename or 'disk'}: {error.strerror or error}")
        return 1
    if isinstance(error, MemoryError):
        _say("not enough memory for this")
        return 1
    said = " ".join(str(error).split())
    if type(error).__module__ in ("duckdb", "_duckdb"):  # a full disk, an audit that is damaged
        _say(f"the audit: {said}")
        return 1
    # A fault of ours: one line all the same, and how to see more.
    fault = f"{type(error).__name__}: {said}"
    _say(f"a fault in curate: {fault}; --debug shows where")
    return 1


def _say(line: str) -> None:
    """One line on standard error; what a file or a row put into it does not steer the terminal."""
    from curate.audit.words import printable

    print(f"curate: {printable(line)}", file=sys.stderr)


def _check_exit(error: SystemExit) -> None:
    """Typer makes an exit with 130 of an interrupt, and one with 1 of a pipe that was closed."""
    if error.code == 130:
        _interrupted()
    if isinstance(error.__context__, BrokenPipeError):
        _leave_pipe()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()


def _interrupted() -> NoReturn:
    print("curate: interrupted; nothing half-written is left", file=sys.stderr)
    sys.exit(130)


def _leave_pipe() -> NoReturn:
    """End as a program does that the closed pipe killed; what is still to be written goes nowhere,
    or the interpreter would complain of it when it ends.
    """
    with suppress(OSError, ValueError):  # a stream of a test has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(141)
