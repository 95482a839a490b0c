"""What surrounds a run: the memory that it keeps."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from tests.command import environment

# Eight times 64 MiB are asked for, written to and freed: prints how many pages the system had to give for it.
ALLOCATE = """
import ctypes, resource, sys
from curate_train.surroundings import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    place = libc.malloc(64 << 20)
    libc.memset(place, 1, 64 << 20)
    libc.free(place)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(how: str) -> int:
    command = [sys.executable, "-c", ALLOCATE, how]
    return int(subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout)


def test_memory_that_is_freed_serves_again() -> None:
    try:
        ctypes.CDLL("libc.so.6").mallopt  # noqa: B018
    except (OSError, AttributeError):
        pytest.skip("needs glibc")
    once, kept = pages("given-back"), pages("kept")
    assert 0 < kept < once / 4
