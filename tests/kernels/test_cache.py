"""Compiled kernels on disk: used again after an edit elsewhere, never after an edit of what they
call.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import curate
from curate.kernels.jit import RULES

HASHED = """
import numpy as np
from curate.kernels.hashing import hash_rows
text = np.frombuffer(b"a text that is hashed" + bytes(80), np.uint8)
print(hash_rows(text, np.array([0]), np.array([21]), np.zeros(1, np.int8), np.zeros(1, np.int32), 1).tolist())
"""
MATCHED = """
import sys
from curate.kernels import ahead
from curate.items import Item
from curate.matching.matchers import build_matchers, match_all
from curate.matching.profile import profile
from tests.matching.samples import lay_out
text = "which of these seven words is the longest of all of them"
item = Item("b", "0", (text,), None)
matchers = build_matchers([item], profile("default"))
found, _ = match_all(lay_out([[text]]), matchers)
assert [len(part[0].docs) for part in found.values()] == [1, 1, 1]
for kernel, signature in ahead.KERNELS.values():
    assert kernel.signatures == [signature], kernel.signatures
    print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, with nothing compiled."""
    copy = tmp_path / "curate"
    shutil.copytree(
        Path(curate.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__")
    )
    return copy


def run(package: Path, code: str) -> str:
    """Give what a program prints that uses the package, compiled or from its cache."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=package.parent,
        env=environment
        | {
            "PYTHONPATH": f"{package.parent}{os.pathsep}{root}",
            "XDG_CACHE_HOME": str(package.parent),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def compiled(package: Path) -> list[Path]:
    """Give the files of the cache."""
    return sorted(package.rglob("*.nb[ci]"))


@pytest.mark.slow
def test_a_change_in_another_file_makes_kernels_compile_again(package: Path) -> None:
    """`hash_rows` calls `mix`, which stands in tokens.py: its own file stays as it was."""
    before = run(package, HASHED)
    files = compiled(package)
    assert any(path.name.startswith("hashing.hash_rows") for path in files)
    assert run(package, HASHED) == before
    assert compiled(package) == files, "the second run came from the cache"
    tokens = package / "kernels" / "tokens.py"
    source = tokens.read_text("utf-8")
    assert source.count("0x9E3779B97F4A7C15") == 1
    tokens.write_text(source.replace("0x9E3779B97F4A7C15", "0x9E3779B97F4A7C17"), "utf-8")
    after = run(package, HASHED)
    assert after != before
    shutil.rmtree(package / "kernels" / "__pycache__")
    assert run(package, HASHED) == after, "what the changed source gives"


@pytest.mark.slow
def test_an_edit_outside_of_the_kernels_compiles_nothing(package: Path) -> None:
    before = run(package, HASHED)
    files = compiled(package)
    for path in [*package.glob("matching/*.py"), *package.glob("text/*.py"), package / "turns.py"]:
        if path.stem not in RULES:  # those are compiled in
            path.write_text(path.read_text("utf-8") + "\n# edited\n", "utf-8")
    assert run(package, HASHED) == before
    assert compiled(package) == files


@pytest.mark.slow
@pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="a second process needs a second processor"
)
def test_a_cold_start_compiles_each_kernel_once_in_one_of_two_processes(package: Path) -> None:
    assert run(package, MATCHED).split() == ["1", "0"] * 3, "all came from the other process"
    files = compiled(package)
    assert len([path for path in files if path.suffix == ".nbc"]) * 2 == len(files), (
        "one signature each"
    )
    assert run(package, MATCHED).split() == ["1", "0"] * 3
    assert compiled(package) == files


def test_where_nothing_can_be_written_kernels_run_all_the_same(package: Path) -> None:
    nowhere = "from numba.core import caching; caching.CacheImpl._locator_classes = []\n"
    assert run(package, nowhere + HASHED) == run(package, HASHED)
