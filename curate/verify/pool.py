"""Worker processes that judge rows, each row within a wall-clock limit.

A hanging row cannot be stopped from inside (a regular expression or an algebra system holds the
interpreter), and a signal would need the main thread of whoever calls. So every row runs in a
worker process; the worker writes in shared memory which row it is at, and the parent kills the
worker, with every process that it started, when that has not changed for too long. The row is
counted as timed out, a new worker goes on with the rest. A worker that dies by itself costs the row
it was at. The parent sets no signal handlers and counts only time in which it ran itself, so that a
suspended machine makes no row late.

Workers live as long as the process: a trainer calls at every step, and to start one takes longer than
to judge a thousand rows. Those that are idle wait in `_IDLE_WORKERS` for the next run; they are used
again if the process still has the environment, folder and import path that they were started with,
and replaced if not. One thread of its own starts them all, since the kernel ends a worker with the
thread that started it. A worker that is idle and loses its parent ends, too.

In a run workers keep their temporary files in one folder of the parent's, which goes when it ends: a
worker that was killed cannot clear up.

Workers are spawned, not forked: a fork of a process with threads (Arrow, a trainer) may hang. As
always with spawned processes, a script that calls this at its top level needs `if __name__ ==
"__main__":`."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from multiprocessing import connection, current_process, get_context
from multiprocessing.context import SpawnProcess
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from curate.errors import CurateError, UserError
from curate.verify import BadGroundTruth, find

Row = tuple[str, str, str, str | None]
"""Verifier, completion, ground truth, prompt."""

UNCHECKED = "unchecked"
"""What becomes of a row whose verifier lacks something, where that does not end the run."""
RIGHT, PARTLY, WRONG, NOT_PARSED, TIMED_OUT, BAD_TRUTH, FAILED = OUTCOMES = (
    "right",
    "partly right",
    "wrong",
    "not parsed",
    "timed out",
    "bad ground truth",
    "failed",
)
_CHUNK = 256
_TICK = 0.05
_FLUSH = 0.2
_NOT_BEGUN, _IDLE = -2, -1


class Judged(NamedTuple):
    """What became of a row; without a score where no verdict on the completion could be reached."""

    outcome: str
    score: float | None
    parsed: bool
    reason: str
    isolated: bool = True
    """Whether the judge was out of reach of what it judged."""


class Ways(NamedTuple):
    """What a worker is told with its rows: a folder for temporary files, whether a weaker sandbox
    will do, and whether a verifier may lack what it needs.
    """

    folder: str
    allow_weaker: bool
    may_lack: bool = False


class Surroundings(NamedTuple):
    """What a worker takes over from its parent when it starts."""

    parent: int
    folder: str
    path: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]

    @classmethod
    def now(cls) -> Surroundings:
        """Those of this process at the moment."""
        try:
            folder = os.getcwd()
        except OSError:  # it was removed
            folder = ""
        return cls(os.getpid(), folder, tuple(sys.path), tuple(sorted(os.environ.items())))


def judge(
    row: Row, allow_weaker: bool = False, engine: Any = None, may_lack: bool = False
) -> Judged:
    """The verdict on one row; a ground truth that cannot be read and a verifier that fails are
    outcomes, too. `engine` is for a verifier that asks a model.

    Raises UserError for what is wrong with the call and not with the row: a library that is not
    installed, say; with `may_lack` the row is UNCHECKED."""
    name, completion, ground_truth, prompt = row
    try:
        verdict = find(name, engine, allow_weaker=allow_weaker)(completion, ground_truth, prompt)
    except BadGroundTruth as error:
        return Judged(BAD_TRUTH, None, False, str(error))
    except UserError as error:
        if not may_lack:
            raise
        return Judged(UNCHECKED, None, False, str(error))
    except Exception as error:  # a fault of one verifier on one row must not end the run, nor pass for a wrong answer
        return Judged(
            FAILED, None, False, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        )
    if not verdict.parsed and verdict.score == 0:
        return Judged(NOT_PARSED, 0.0, False, verdict.reason, verdict.isolated)
    outcome = RIGHT if verdict.passed else PARTLY if verdict.score > 0 else WRONG
    return Judged(outcome, verdict.score, verdict.parsed, verdict.reason, verdict.isolated)


class _Worker:
    """A process, the pipe to it, the rows it has not done, and how long it has been at the present
    one.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        context = get_context("spawn")
        self.surroundings = surroundings
        self.place = context.RawValue("q", _NOT_BEGUN)
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=_work, args=(theirs, self.place, surroundings.parent), daemon=True
        )
        self.process.start()
        theirs.close()
        self.rows: deque[int] = deque()
        self.seen, self.late = -1, 0.0

    def give(self, rows: Sequence[Row], places: Sequence[int], ways: Ways) -> None:
        """Hand over rows; their places in the table come back with what became of them."""
        self.rows.extend(places)
        with contextlib.suppress(OSError):  # it is dead; the next look at it will notice
            self.pipe.send((ways, [(place, rows[place]) for place in places]))

    def waited(self, seconds: float) -> float:
        """Add to the time spent at the present row, and give it; nothing counts before the first
        row begins.
        """
        place = self.place.value
        self.late = self.late + seconds if place == self.seen and place >= 0 else 0.0
        self.seen = place
        return self.late

    def kill(self) -> None:
        """End the process and everything it started."""
        if self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


_IDLE_WORKERS: list[_Worker] = []
_LOCK = Lock()


def end_unless_guarded() -> None:
    """End a process that is being started, and in which a script without `if __name__ ==
    "__main__":` has come here again: its parent says in one line what is missing.
    """
    if getattr(current_process(), "_inheriting", False):
        sys.exit(1)


def _take(n: int, surroundings: Surroundings) -> list[_Worker]:
    """So many workers that are alive and like this process, idle ones first."""
    end_unless_guarded()
    with _LOCK:
        known, _IDLE_WORKERS[:] = list(_IDLE_WORKERS), []
    crew: list[_Worker] = []
    for worker in known:
        if worker.surroundings.parent != surroundings.parent:
            continue  # a fork has these from its parent, to whom they belong
        fit = worker.surroundings == surroundings and worker.process.is_alive()
        if not fit:
            worker.kill()
        elif len(crew) < n:
            crew.append(worker)
        else:
            _release([worker])
    return crew + [_started(surroundings) for _ in range(n - len(crew))]


@lru_cache(maxsize=1)
def _starter(process: int) -> ThreadPoolExecutor:
    """The thread that starts workers; a fork makes its own."""
    return ThreadPoolExecutor(1, thread_name_prefix="curate-workers")


def _started(surroundings: Surroundings) -> _Worker:
    return _starter(surroundings.parent).submit(_Worker, surroundings).result()


def _release(crew: list[_Worker]) -> None:
    """Idle workers wait for the next run; one that is in the middle of something ends."""
    for worker in crew:
        if worker.rows or worker.place.value not in (_IDLE, _NOT_BEGUN):
            worker.kill()
        else:
            worker.seen, worker.late = -1, 0.0
            with _LOCK:
                _IDLE_WORKERS.append(worker)


@atexit.register
def close() -> None:
    """End the workers that wait; the next run starts others."""
    with _LOCK:
        known, _IDLE_WORKERS[:] = list(_IDLE_WORKERS), []
    for worker in known:
        if worker.surroundings.parent == os.getpid():
            worker.kill()


def run(
    rows: Sequence[Row],
    workers: int,
    seconds: float,
    done: Callable[[int], None],
    allow_weaker: bool = False,
    may_lack: bool = False,
) -> list[Judged]:
    """What became of every row, in order; `done` is told how many more are finished.

    Raises UserError as `judge` does, CurateError where no worker can be started.
    """
    with tempfile.TemporaryDirectory(prefix="curate-", ignore_cleanup_errors=True) as folder:
        return _run(rows, workers, seconds, done, Ways(folder, allow_weaker, may_lack))


def _run(
    rows: Sequence[Row], workers: int, seconds: float, done: Callable[[int], None], ways: Ways
) -> list[Judged]:
    results: list[Judged | None] = [None] * len(rows)
    waiting = _chunks(len(rows), workers)
    crew = _take(min(workers, len(waiting)), Surroundings.now())
    try:
        before = monotonic()
        while waiting or any(worker.rows for worker in crew):
            for worker in crew:
                if not worker.rows and waiting:
                    worker.give(rows, waiting.popleft(), ways)
            connection.wait([worker.pipe for worker in crew if worker.rows], _TICK)
            now = monotonic()
            passed, before = min(now - before, 2 * _TICK), now
            for number, worker in enumerate(crew):
                fate = _look_after(worker, results, passed, seconds, done)
                if fate is not None:
                    crew[number] = _replaced(worker, fate, rows, results, done, ways)
    finally:
        _release(crew)
    return [result for result in results if result is not None]


def _chunks(n_rows: int, workers: int) -> deque[range]:
    """Rows in runs that are small enough for every worker to get its share."""
    size = max(1, min(_CHUNK, n_rows // (4 * workers)))
    return deque(range(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def _look_after(
    worker: _Worker,
    results: list[Judged | None],
    passed: float,
    seconds: float,
    done: Callable[[int], None],
) -> Judged | None:
    """Take what a worker has finished; gives the outcome of its present row if that is late or the
    worker is dead.
    """
    if not worker.rows:
        return None
    try:
        while worker.pipe.poll():
            message = worker.pipe.recv()
            if isinstance(message, UserError):
                raise message
            for place, judged in message:
                results[place] = judged
                worker.rows.remove(place)
                done(1)
    except (EOFError, OSError):
        worker.process.join()
        code = worker.process.exitcode
        if worker.place.value == _NOT_BEGUN:
            raise CurateError(
                f"a worker process ended before it began (exit code {code}); a script that calls this at its top "
                f"level needs `if __name__ == '__main__':`"
            ) from None
        return Judged(FAILED, None, False, f"the verifier ended its process (exit code {code})")
    if worker.rows and worker.waited(passed) > seconds:
        return Judged(TIMED_OUT, 0.0, False, f"no verdict within {seconds:g} s")
    return None


def _replaced(
    worker: _Worker,
    fate: Judged,
    rows: Sequence[Row],
    results: list[Judged | None],
    done: Callable[[int], None],
    ways: Ways,
) -> _Worker:
    """A new worker with the rows that the old one has left; the one that it was at gets `fate`."""
    place = worker.place.value
    left = list(worker.rows)
    worker.kill()
    if place in left:
        results[place] = fate
        left.remove(place)
        done(1)
    new = _started(worker.surroundings)
    if left:
        new.give(rows, left, ways)
    return new


def _work(pipe: connection.Connection[Any, Any], place: Any, parent: int) -> None:
    """A worker's life: judge what is sent, tell at every row where it is, send results a few times
    a second. It ends when the pipe does.
    """
    place.value = _IDLE
    os.setsid()  # a group of its own: Ctrl-C reaches the parent alone, and the group can be killed as one
    _die_with(parent)
    with contextlib.suppress(EOFError, OSError):
        while True:
            ways, rows = pipe.recv()
            tempfile.tempdir = ways.folder
            try:
                for finished in _judged(rows, place, ways):
                    pipe.send(finished)
            except UserError as error:
                pipe.send(error)


def _judged(
    rows: Sequence[tuple[int, Row]], place: Any, ways: Ways
) -> Iterator[list[tuple[int, Judged]]]:
    finished: list[tuple[int, Judged]] = []
    flushed = monotonic()
    for number, row in rows:
        place.value = number
        judged = judge(row, ways.allow_weaker, may_lack=ways.may_lack)
        finished.append((number, judged))
        if monotonic() - flushed > _FLUSH:
            yield finished
            finished, flushed = [], monotonic()
    place.value = _IDLE
    yield finished


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone (Linux): a hanging row would
    outlive it.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
