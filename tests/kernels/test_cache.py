"""Compiled kernels on disk are not used any more once anything they call has changed, wherever it stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import curate

HASHED = """
import numpy as np
from curate.text.hashing import hash_rows
text = np.frombuffer(b"a text that is hashed" + bytes(80), np.uint8)
print(hash_rows(text, np.array([0]), np.array([21]), np.zeros(1, np.int8), np.zeros(1, np.int32), 1).tolist())
"""


def hashed(folder: Path) -> str:
    """Give the hash of a text by the package that lies in `folder`, compiled or from its cache."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    run = subprocess.run(
        [sys.executable, "-c", HASHED],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


@pytest.mark.slow
def test_a_change_in_another_file_makes_kernels_compile_again(tmp_path: Path) -> None:
    """`hash_rows` calls `mix`, which stands in kernels.py: its own file stays as it was."""
    package = tmp_path / "curate"
    shutil.copytree(Path(curate.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    before = hashed(tmp_path)
    compiled = sorted(package.rglob("*.nbi"))
    assert any(path.name.startswith("hashing.hash_rows") for path in compiled)
    assert hashed(tmp_path) == before
    assert sorted(package.rglob("*.nbi")) == compiled, "the second run came from the cache"
    kernels = package / "text" / "kernels.py"
    source = kernels.read_text("utf-8")
    assert source.count("0x9E3779B97F4A7C15") == 1
    kernels.write_text(source.replace("0x9E3779B97F4A7C15", "0x9E3779B97F4A7C17"), "utf-8")
    after = hashed(tmp_path)
    assert after != before
    shutil.rmtree(package / "text" / "__pycache__")
    assert hashed(tmp_path) == after, "what the changed source gives"
