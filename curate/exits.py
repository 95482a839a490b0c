"""How the command line ends: every error becomes a line on standard error and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from curate.errors import CurateError


@contextmanager
def exits(debug: bool) -> Iterator[None]:
    """End the program as an error inside asks for; with `debug` errors go on as they are, for their
    traceback.
    """
    try:
        yield
    except CurateError as error:
        if debug:
            raise
        for line in str(error).splitlines():
            print(f"curate: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as error:
        if (
            isinstance(error, SystemExit) and error.code != 130
        ):  # typer makes an exit with 130 of an interrupt
            raise
        print("curate: interrupted; nothing half-written is left", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
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
