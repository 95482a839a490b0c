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
    except CurateError as error:
        if debug:
            raise
        for line in str(error).splitlines():
            print(f"curate: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _leave_pipe()
    except SystemExit as error:
        if error.code == 130:  # typer makes an exit with 130 of an interrupt
            _interrupted()
        if isinstance(error.__context__, BrokenPipeError):  # and one with 1 of a closed pipe
            _leave_pipe()
        _flush()
        raise
    except KeyboardInterrupt:
        _interrupted()
    except OSError as error:  # no space, no permission, a file where a folder should be
        if debug:
            raise
        print(f"curate: {error.filename or 'disk'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:  # a fault of ours: one line all the same, and how to see more
        if debug:
            raise
        said = " ".join(str(error).split())
        print(
            f"curate: a fault in curate: {type(error).__name__}: {said}; --debug shows where",
            file=sys.stderr,
        )
        sys.exit(1)


def _interrupted() -> NoReturn:
    print("curate: interrupted; nothing half-written is left", file=sys.stderr)
    sys.exit(130)


def _flush() -> None:
    """Bring to whoever reads what was printed; they may be gone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()


def _leave_pipe() -> NoReturn:
    """End as a program does that the closed pipe killed; what is still to be written goes nowhere,
    or the interpreter would complain of it when it ends.
    """
    with suppress(OSError, ValueError):  # a stream of a test has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(141)
