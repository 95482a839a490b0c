"""What is shown while work goes on: at once, compiling apart, and as each screen can show it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from curate import progress
from curate.progress import COMPILING, Meter, compiling, shown
from tests.command import environment
from tests.corpus import chat, write_lines, write_recipe


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_leaves_out_the_seconds_of_compiling() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.add("scan", 0, 0, 0.0)
    clock.now = 1.0
    meter.watch(True)
    clock.now = 3.0
    meter.watch(True)  # a kernel that is compiled into the first
    clock.now = 9.0
    meter.watch(False)
    clock.now = 11.0
    meter.watch(False)
    clock.now = 13.0
    done = meter.add("scan", 5_000, 30_000_000, 0.5)
    assert meter.compiled == 10.0
    assert meter.figures(done) == "5,000 rows, 30 MB, 10 MB/s"  # 13 s, of which 10 compiling


def test_compiling_before_a_step_costs_the_step_nothing() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.watch(True)
    clock.now = 7.0
    meter.watch(False)
    meter.add("scan", 0, 0, 0.0)
    clock.now = 9.0
    assert meter.figures(meter.add("scan", 2, 4_000_000, 1.0)) == "2 rows, 4 MB, 2 MB/s"
    assert meter.figures(meter.add("write train", 2, 400_000, 1.0)) == "2 rows"


def test_an_end_whose_beginning_nobody_saw_is_no_compiling() -> None:
    meter = Meter(Clock())
    meter.watch(False)
    assert meter.compiled == 0.0


def test_where_there_is_no_terminal_a_long_silence_is_explained_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SILENCE", -1.0)
    with shown() as report:
        report("scan", 5, 5, 1.0)
        for _ in range(3):
            compiling(True)
            compiling(False)
    compiling(True)  # nobody watches any more
    compiling(False)
    assert capsys.readouterr() == ("", f"curate: {COMPILING}\n")


def test_python_is_told_nothing_where_nothing_can_be_redrawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SILENCE", -1.0)
    with shown(plain=False):
        compiling(True)
        compiling(False)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the line below a cell has said, as a notebook would have drawn it."""
    lines: list[str] = []
    handle = SimpleNamespace(update=lambda data, raw: lines.append(data["text/plain"]))
    module: Any = ModuleType("IPython.display")
    module.display = lambda data, raw, display_id: handle
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    return lines


def test_a_notebook_has_one_line_that_is_redrawn(notebook: list[str]) -> None:
    with shown() as report:
        report("prepare", 0, 0, 0.0)
        compiling(True)
        compiling(False)
        report("scan", 0, 0, 1.0)
    assert notebook == ["prepare: 0%", COMPILING, COMPILING, "scan: 100%", ""]


def test_a_notebook_keeps_no_line_of_work_that_failed(notebook: list[str]) -> None:
    with pytest.raises(ValueError), shown() as report:
        report("prepare", 0, 0, 0.0)
        raise ValueError
    assert notebook == ["prepare: 0%", ""]


def test_a_terminal_is_told_from_the_start(tmp_path: Path) -> None:
    """The first thing on the screen is what is being done, and the summary is what stays."""
    write_lines(tmp_path / "a.jsonl", [chat("Is it?", "It is.")])
    source = {"name": "a", "from": "a.jsonl", "format": "messages"}
    write_recipe(tmp_path / "r.yaml", sources=[source])
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "curate", "build", "r.yaml", "-o", "out"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment() | {"TERM": "xterm"}, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", _all_of(ours))
    assert "prepare" in seen.strip().splitlines()[0]
    assert seen.index("prepare") < seen.index("scan" if "scan" in seen else "read")
    assert "out: " in seen


def _all_of(terminal: int) -> str:
    read = b""
    while True:
        try:
            read += os.read(terminal, 1 << 16)
        except OSError:  # the other end is closed
            os.close(terminal)
            return read.decode()


@pytest.mark.slow
def test_compiling_is_said_on_a_first_run_and_never_again(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("Which is the oldest tree of all in the wood?", "It.")])
    write_lines(tmp_path / "evals.jsonl", [{"question": "Which is the oldest tree of the town?"}])
    command = [sys.executable, "-m", "curate", "decontaminate", "a.jsonl", "--suite", "evals.jsonl"]
    cold = environment() | {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    said = [
        subprocess.run(
            [*command, "-o", name, "--no-stages"],
            cwd=tmp_path,
            env=cold,
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        for name in ("first", "second")
    ]
    assert said == [f"curate: {COMPILING}\n", ""]


def test_work_that_says_how_far_it_is_is_shown_in_its_own_words() -> None:
    meter = Meter(Clock())
    assert meter.figures(meter.add("ask", 7, 0, 0.5, "7 of 14 requests")) == "7 of 14 requests"


def test_without_a_bar_it_has_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    meter = Meter(clock)
    for now in range(0, 150, 10):
        clock.now = float(now)
        meter.add("ask", 1, 0, 0.01, f"{now} requests")
        progress._plain(meter, "ask")
    assert capsys.readouterr().err == "curate: ask: 60 requests\ncurate: ask: 120 requests\n"
