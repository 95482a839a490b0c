"""Damaged files of columns: each is read, or refused in one line; none ends the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.mutate import MAKERS
from tests.soak import FILES

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2000


@pytest.mark.parametrize("kind", MAKERS)
def test_no_damaged_file_ends_the_process(tmp_path: Path, kind: str) -> None:
    for first in range(0, FILES, AT_ONCE):
        stop = min(first + AT_ONCE, FILES)
        command = [sys.executable, "-m", "tests.hostile.read", kind, str(first), str(stop)]
        done = subprocess.run(
            [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        told = "\n".join(done.stdout.splitlines()[-30:])
        assert done.returncode == 0, f"ended with {done.returncode} at {kind} {told}{done.stderr}"
        # Neither all of them nor none: the damage is such that it has to be found.
        sound = int(told.split("read: ")[1].split()[0])
        assert 0 < sound < stop - first
