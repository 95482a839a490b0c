"""What is being done, shown on standard error while it is done: bars on a terminal, a line in a
notebook, elsewhere only what would otherwise be a long silence.

    with shown() as progress:
        progress("scan", 1000, 52_000, 0.1)   # step, rows, bytes of text, part of the step

The first start on a machine compiles for about twenty seconds. That is shown as a step of its own
and left out of every rate: `curate.kernels.jit` calls `compiling` where it begins and ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

Progress = Callable[[str, int, int, float], None]
"""Called as work goes on, from any thread: the step, rows and bytes of text that were done, and
about which part of the whole step they are. A step begins with a call that reports nothing done.
"""


class Report(Protocol):
    """Progress of work that is not measured in bytes of text: it says in words how far it is."""

    def __call__(self, step: str, rows: int, size: int, part: float, figures: str = "", /) -> None:
        """As `Progress`; `figures` stand in place of rows and rates."""


def silent(step: str, rows: int, size: int, part: float, figures: str = "") -> None:
    """Progress that nobody wants to see."""


COMPILING = "compiling (once, about 30 s)"
_ABOUT = 30.0
_SILENCE = 1.0
"""Seconds of compiling from which on a line is worth reading where there is no bar."""
_EVERY = 0.25
_LEAST = 1.0
"""Megabytes of text from which on they are shown: 0 MB says nothing."""
_LINE_EVERY = 60.0
"""Seconds between two lines about work that says in words how far it is, where there is no bar."""

_watching: list[Callable[[bool], None]] = []


def compiling(begins: bool) -> None:
    """Tell whoever watches that compiling begins or ends; pairs may nest and come from any thread."""
    for watch in list(_watching):
        watch(begins)


@dataclass
class Done:
    """What was done of one step, since when, and how long compiling had taken by then."""

    since: float
    compiled: float
    rows: int = 0
    size: int = 0
    part: float = 0.0
    said: str = ""
    shown: float = 0.0
    """When a line about it was last written where there is no bar."""


@dataclass
class Meter:
    """The figures of all steps; time spent compiling is counted apart."""

    clock: Callable[[], float] = time.monotonic
    steps: dict[str, Done] = field(default_factory=dict)
    _spent: float = 0.0
    _depth: int = 0
    _began: float = 0.0

    def watch(self, begins: bool) -> None:
        """Compiling begins or ends."""
        if begins and self._depth == 0:
            self._began = self.clock()
        if not begins and self._depth == 1:
            self._spent += self.clock() - self._began
        self._depth = max(0, self._depth + (1 if begins else -1))

    @property
    def compiled(self) -> float:
        """Seconds of compiling so far."""
        return self._spent + (self.clock() - self._began if self._depth else 0.0)

    def add(self, step: str, rows: int, size: int, part: float, said: str = "") -> Done:
        """Add what was done of a step."""
        now = self.clock()
        done = self.steps.setdefault(step, Done(now, self.compiled, shown=now))
        done.said = said
        done.rows, done.size, done.part = done.rows + rows, done.size + size, done.part + part
        return done

    def figures(self, done: Done) -> str:
        """Rows, text and rate of a step in words; nothing where there is nothing to tell yet."""
        if done.said or not done.rows:
            return done.said
        seconds = self.clock() - done.since - (self.compiled - done.compiled)
        size = done.size / 1e6
        if size < _LEAST:
            return f"{done.rows:,} rows"
        rate = f", {size / seconds:,.0f} MB/s" if seconds > 0 else ""
        return f"{done.rows:,} rows, {size:,.0f} MB{rate}"


Draw = Callable[[Meter, str | None], None]
"""Shows a meter after a step was done, or after compiling began or ended (None)."""


@contextmanager
def shown(plain: bool = True) -> Iterator[Report]:
    """Show what is reported while work goes on; `plain` allows lines where nothing can be redrawn."""
    from rich.console import Console

    console = Console(stderr=True)
    meter, lock = Meter(), Lock()
    screen: AbstractContextManager[Draw] = nullcontext(_plain if plain else _silent)
    if console.is_jupyter:
        screen = _notebook()
    elif console.is_terminal:
        screen = _bars(console)
    with screen as draw:

        def watch(begins: bool) -> None:
            with lock:
                meter.watch(begins)
                draw(meter, None)

        def report(step: str, rows: int, size: int, part: float, figures: str = "") -> None:
            with lock:
                meter.add(step, rows, size, part, figures)
                draw(meter, step)

        _watching.append(watch)
        try:
            yield report
        finally:
            _watching.remove(watch)


def _silent(meter: Meter, step: str | None) -> None:
    """Show nothing."""


def _plain(meter: Meter, step: str | None) -> None:
    """Say once that compiling takes its time; of work that says how far it is, a line a minute."""
    done = meter.steps[step] if step is not None else None
    if done is not None and done.said and meter.clock() - done.shown >= _LINE_EVERY:
        done.shown = meter.clock()
        sys.stderr.write(f"curate: {step}: {done.said}\n")
        sys.stderr.flush()
    if meter.compiled > _SILENCE and COMPILING not in meter.steps:
        meter.add(COMPILING, 0, 0, 0.0)
        sys.stderr.write(f"curate: {COMPILING}\n")
        sys.stderr.flush()


@contextmanager
def _bars(console: Any) -> Iterator[Draw]:
    """A bar for each step on the terminal, gone when the work is done."""
    from rich.progress import (
        BarColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description:15}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def task(name: str) -> Any:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=1.0, figures="")
            return tasks[name]

        def draw(meter: Meter, step: str | None) -> None:
            if step is None:
                bars.update(task(COMPILING), completed=min(meter.compiled / _ABOUT, 0.95))
                return
            done = meter.steps[step]
            if done.rows and COMPILING in tasks:  # what runs is compiled
                bars.update(tasks[COMPILING], completed=1.0)
            bars.update(task(step), completed=done.part, figures=meter.figures(done))

        yield draw


@contextmanager
def _notebook() -> Iterator[Draw]:
    """One line below the cell that is redrawn, gone when the work is done; needs nothing that a
    notebook does not have.
    """
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)
    last = [0.0]

    def draw(meter: Meter, step: str | None) -> None:
        done = meter.steps[step] if step is not None else None
        whole = done is not None and done.part >= 1.0
        if not whole and meter.clock() - last[0] < _EVERY:
            return
        last[0] = meter.clock()
        line = COMPILING if done is None else f"{step}: {done.part:.0%} {meter.figures(done)}"
        handle.update({"text/plain": line.rstrip()}, raw=True)

    try:
        yield draw
    finally:
        handle.update({"text/plain": ""}, raw=True)
