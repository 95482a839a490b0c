"""A plugin of pytest that writes down which functions of `curate` each test calls, and how long it takes.

    REACH=reach.json python -m pytest -p benchmarks.mutants.reach tests/steps

What a fixture calls counts for every test of the file, as any of them may look at what it made. Processes that a test
starts are not seen.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

import pytest

ROOT = str(Path.cwd()) + os.sep
LOOKED_AT = tuple(ROOT + folder for folder in ("curate/mixture/", "curate/steps/"))

_called: set[str] = set()
_reach: dict[str, set[str]] = {}
_by_fixtures: defaultdict[str, set[str]] = defaultdict(set)
_seconds: dict[str, float] = {}


def _on_call(frame: FrameType, event: str, argument: Any) -> None:
    code = frame.f_code
    if code.co_filename.startswith(LOOKED_AT):
        _called.add(f"{code.co_filename.removeprefix(ROOT)}:{code.co_qualname.partition('.<locals>')[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """What is called from here to the test itself are its fixtures."""
    _called.clear()
    yield
    _by_fixtures[item.nodeid.partition("::")[0]] |= _called


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note what the test calls."""
    _called.clear()
    start = perf_counter()
    sys.settrace(_on_call)
    threading.settrace(_on_call)
    yield
    sys.settrace(None)
    threading.settrace(None)
    _seconds[item.nodeid] = perf_counter() - start
    _reach[item.nodeid] = set(_called)


def pytest_sessionfinish() -> None:
    """Write what was noted."""
    told = {
        test: {"seconds": _seconds[test], "calls": sorted(calls | _by_fixtures[test.partition("::")[0]])}
        for test, calls in _reach.items()
    }
    Path(os.environ["REACH"]).write_text(json.dumps(told), "utf-8")
