"""A plugin of pytest that writes down which lines of `curate/mixture` and `curate/steps` each test
runs, and how long.

    REACH=reach.json python -m pytest -p benchmarks.mutants.reach tests/steps

What a fixture runs counts for every test of the file, as any of them may look at what it made.
Processes that a test starts are not seen."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

import pytest

ROOT = str(Path.cwd()) + os.sep
LOOKED_AT = tuple(ROOT + folder for folder in ("curate/mixture/", "curate/steps/"))

Lines = set[tuple[str, int]]

_run: Lines = set()
_reach: dict[str, Lines] = {}
_by_fixtures: defaultdict[str, Lines] = defaultdict(set)
_seconds: dict[str, float] = {}


def _on_call(frame: FrameType, event: str, argument: Any) -> Any:
    if not frame.f_code.co_filename.startswith(LOOKED_AT):
        return None
    return _on_line(frame, event, argument)


def _on_line(frame: FrameType, event: str, argument: Any) -> Any:
    _run.add((frame.f_code.co_filename, frame.f_lineno))
    return _on_line


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Note what its fixtures run."""
    with _noted():
        yield
    _by_fixtures[item.nodeid.partition("::")[0]] |= _run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note what the test runs."""
    start = perf_counter()
    with _noted():
        yield
    _seconds[item.nodeid] = perf_counter() - start
    _reach[item.nodeid] = set(_run)


@contextmanager
def _noted() -> Iterator[None]:
    _run.clear()
    sys.settrace(_on_call)
    threading.settrace(_on_call)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)


def pytest_sessionfinish() -> None:
    """Write what was noted."""
    told = {
        test: {
            "seconds": _seconds[test],
            "lines": _by_file(lines | _by_fixtures[test.partition("::")[0]]),
        }
        for test, lines in _reach.items()
    }
    Path(os.environ["REACH"]).write_text(json.dumps(told), "utf-8")


def _by_file(run: Lines) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for file, line in sorted(run):
        found[file.removeprefix(ROOT)].append(line)
    return found
