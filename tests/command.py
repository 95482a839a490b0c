"""The command line as people call it, in a process of its own or, several times as fast, in this
one.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from curate.cli import main
from curate.progress import COMPILING

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Done:
    """How a call ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on standard error; fails if there is more, or a traceback."""
        assert "Traceback" not in self.err, self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("curate: "), self.err
        return self.err.strip()


def _warm(err: str) -> str:
    """What is said on standard error but for the line that only a first run on a machine has."""
    return err.replace(f"curate: {COMPILING}\n", "")


def environment() -> dict[str, str]:
    """The environment with the working tree first, and the Hub switched off."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "HF_HUB_OFFLINE": "1",
        "COLUMNS": "200",
    }


def started(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    """Start `python -m curate` in a process of its own."""
    command = [sys.executable, "-m", "curate", *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: object, cwd: Path) -> Done:
    """Run `python -m curate` in a process of its own to its end."""
    with started(*arguments, cwd=cwd) as process:
        out, err = process.communicate(timeout=300)
        return Done(process.returncode, out, _warm(err))


def call(*arguments: object, cwd: Path) -> Done:
    """Call the command line's `main` in this process, as a command would."""
    out, err = io.StringIO(), io.StringIO()
    signs = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    before = {sign: signal.getsignal(sign) for sign in signs}
    code: object = 0
    argv = patch.object(sys, "argv", ["curate", *map(str, arguments)])
    width = patch.dict(os.environ, {"HF_HUB_OFFLINE": "1", "COLUMNS": "200"})
    try:
        with (
            argv,
            width,
            contextlib.chdir(cwd),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            main()
    except SystemExit as error:
        code = error.code or 0
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    assert isinstance(code, int), code
    return Done(code, out.getvalue(), _warm(err.getvalue()))
