"""Runs a Python program that nobody has read: shut in, without a network, within limits, and gone
when it is over.

`run` starts one process for one program and leaves nothing behind: no process, no file, no memory.
What a program can see and do, what is guarded against and what is not: docs/sandbox.md. Where the
kernel or the container does not allow namespaces it refuses, and says what is missing;
`allow_weaker` runs the program with limits only, and the result says what that lacks."""

from __future__ import annotations

import contextlib
import os
import platform
import select
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from curate.errors import CurateError, UserError
from curate.verify.jail import JAILS, PATH, STARTED, WEAKER, Jail, Limits, missing, python
from curate.verify.seccomp import filter_program

__all__ = ["Limits", "Outcome", "run"]

Status = Literal["ok", "error", "timeout", "memory", "output", "killed"]
_ENVIRONMENT = {"PATH": PATH, "HOME": "/tmp", "LANG": "C.UTF-8"}
_LOOK = 0.05
"""Seconds between two looks at what a run uses."""
_ASLEEP = 1.0
"""Seconds between two looks from which on this process must have been stopped, or the machine
suspended.
"""
_SOCKET = 448 << 10
"""Bytes of the kernel's memory that a local socket can hold, and is counted with."""
_LINGER = 0.5
"""Seconds that the last output, and the end of what was killed, are waited for."""
Pipes = dict[int, bytearray]
"""What was read, by the number of the file it was read from."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended and what it wrote; `seconds` of wall time; `lacks` is what its sandbox
    did not guard.

    `status` is `ok` (exit code 0), `error` (another exit code), `timeout` (wall or processor time),
    `memory`, `output` (more bytes or files than allowed), or `killed` (a signal)."""

    stdout: str
    stderr: str
    status: Status
    seconds: float
    lacks: tuple[str, ...] = ()


def run(
    program: str,
    stdin: str = "",
    limits: Limits = Limits(),  # noqa: B008
    *,
    allow_weaker: bool = False,
) -> Outcome:
    """Run a Python program in a sandbox, with `stdin` as its standard input; only the standard
    library is there.

    Safe to call from several threads and processes at once. Raises UserError where no sandbox can
    be made, unless `allow_weaker`, and CurateError where one fails to start."""
    return run_in(_jail(allow_weaker), program, stdin, limits)


def run_pair(
    first: str, second: str, limits: Limits, *, allow_weaker: bool = False
) -> tuple[Outcome, Outcome]:
    """Run two programs, each in a sandbox of its own with these limits, that share one thing: a
    socket between them is the standard input of both. When the first is over the second is ended, if
    it does not end by itself at once.

    Raises as `run` does."""
    jail = _jail(allow_weaker)
    ours, theirs = socket.socketpair()
    over = os.eventfd(0, os.EFD_CLOEXEC)
    with ours, theirs, ThreadPoolExecutor(1) as threads:
        other = threads.submit(run_in, jail, second, theirs, limits, over)
        try:
            done = run_in(jail, first, ours, limits)
            wait([other], _LINGER)
        finally:
            os.eventfd_write(over, 1)
            try:
                ended = other.result()
            finally:
                os.close(over)
        return done, ended


def can_run(allow_weaker: bool = False) -> bool:
    """Whether programs can be run here at all."""
    try:
        _jail(allow_weaker)
    except UserError:
        return False
    return True


@lru_cache(maxsize=2)
def _jail(allow_weaker: bool) -> Jail:
    """The first jail that works here, tried once."""
    if platform.system() != "Linux":
        raise UserError("no sandbox can be made here: it is made of namespaces of Linux")
    failures = []
    jails: tuple[Jail, ...] = (*JAILS, *(WEAKER if allow_weaker else ()))
    for jail in jails:
        problem = _problem(jail)
        if problem is None:
            return jail
        failures.append(f"{jail.name}: {problem}")
    raise UserError(
        f"no sandbox can be made here ({'; '.join(failures)}). Install Debian's package bubblewrap and allow user "
        "namespaces (in a container: --security-opt seccomp=unconfined, or root with CAP_SYS_ADMIN), or accept limits "
        "without walls: allow_weaker=True, on the command line --allow-weaker-sandbox"
    )


def _problem(jail: Jail) -> str | None:
    if gone := missing(jail):
        return f"{', '.join(gone)} not installed"
    try:
        tried = run_in(jail, "print('in')", "", Limits(seconds=20))
    except CurateError as error:
        return str(error)
    return (
        None
        if (tried.status, tried.stdout) == ("ok", "in\n")
        else " ".join(tried.stderr.split()) or tried.status
    )


def run_in(
    jail: Jail, program: str, stdin: str | socket.socket, limits: Limits, over: int | None = None
) -> Outcome:
    """Run a program in a given jail; `run` chooses one. A socket as `stdin` is closed here, and the
    program is ended when the file of the number `over` can be read.

    Raises CurateError where the jail fails before the program has begun: that is no failure of the
    program."""
    with contextlib.ExitStack() as stack:
        script = stack.enter_context(_sealed(program.encode("utf-8", "replace")))
        if isinstance(stdin, str):
            given = stack.enter_context(_sealed(stdin.encode("utf-8", "replace")))
        else:
            given = stack.enter_context(stdin).fileno()
        sieve = filter_program() if jail.filtered else None
        seccomp = None if sieve is None else stack.enter_context(_sealed(sieve))
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="curate-", ignore_cleanup_errors=True)
            )
        )
        command = jail.command(python(f"/proc/self/fd/{script}"), limits, folder, seccomp)
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[script, *([] if seccomp is None else [seccomp])],
            env=_ENVIRONMENT,
            cwd=folder,
            start_new_session=True,
        )
        try:
            if isinstance(stdin, socket.socket):
                stdin.close()  # else the other end would never see this one close
            stdout, stderr, stopped = _follow(process, limits, started + limits.seconds, over)
        finally:
            _kill(process)
        seconds = time.monotonic() - started
        if stopped is None and not stderr.startswith(STARTED):
            raise CurateError(
                f"the sandbox ({jail.name}) did not start a program: {' '.join(stderr.split())[-300:]}"
            )
        stderr = stderr.removeprefix(STARTED)
        status = stopped or _status(process.returncode, stderr, seconds >= limits.cpu_seconds)
        return Outcome(stdout, stderr, status, seconds, jail.lacks)


@contextlib.contextmanager
def _sealed(content: bytes) -> Iterator[int]:
    """A file in memory that nobody can change, open for reading: its number."""
    import fcntl

    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    writable = os.memfd_create("curate", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(writable, "wb", closefd=False) as file:
            file.write(content)
        fcntl.fcntl(writable, fcntl.F_ADD_SEALS, seals)
        readable = os.open(f"/proc/self/fd/{writable}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writable)
    try:
        yield readable
    finally:
        os.close(readable)


def _follow(
    process: subprocess.Popen[bytes], limits: Limits, deadline: float, over: int | None
) -> tuple[str, str, Status | None]:
    """Read what a process writes until it is over or has to be stopped: both texts, and why it was
    stopped.

    The process is not reaped, so that its number stays its own until it is killed for good.
    """
    assert process.stdout is not None and process.stderr is not None
    pipes = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    life = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            for number in (life, *pipes):
                selector.register(number, selectors.EVENT_READ)
            stopped = _watch(selector, life, pipes, process.pid, limits, deadline, over)
            end = time.monotonic() + _LINGER
            while stopped is None and selector.get_map() and time.monotonic() < end:
                _take(selector, pipes, _LINGER)
    finally:
        os.close(life)
    stdout, stderr = (
        bytes(text[: limits.output]).decode("utf-8", "replace") for text in pipes.values()
    )
    return stdout, stderr, "output" if sum(map(len, pipes.values())) > limits.output else stopped


def _watch(
    selector: selectors.BaseSelector,
    life: int,
    pipes: Pipes,
    pid: int,
    limits: Limits,
    deadline: float,
    over: int | None,
) -> Status | None:
    """Read until a process is over (None), goes beyond a limit (which), or is to end."""
    now = time.monotonic()
    look = now + _LOOK
    while life in selector.get_map():
        if over is not None and select.select([over], [], [], 0)[0]:
            return "killed"
        last, now = now, time.monotonic()
        if now - last > _ASLEEP:  # it is we who did not run, so perhaps it did not either
            deadline += now - last
        if now >= deadline:
            return "timeout"
        if sum(map(len, pipes.values())) > limits.output:
            return "output"
        if now >= look:
            if (excess := _excess(pid, limits)) is not None:
                return excess
            look = time.monotonic() + _LOOK
        _take(selector, pipes, min(deadline, look) - now)
    return None


def _take(selector: selectors.BaseSelector, pipes: Pipes, seconds: float) -> None:
    """Wait for something to read, and read it; what is at its end is no longer waited for."""
    for key, _ in selector.select(max(seconds, 0.001)):
        data = os.read(key.fd, 1 << 16) if key.fd in pipes else b""
        if data:
            pipes[key.fd] += data
        else:
            selector.unregister(key.fd)


def _excess(pid: int, limits: Limits) -> Status | None:
    """Whether a process and its descendants hold more memory, or their folder more entries, than
    they may.
    """
    resident, page = 0, os.sysconf("SC_PAGE_SIZE")
    for one in _descendants(pid):
        with contextlib.suppress(OSError):  # it ended meanwhile, or has no folder yet
            resident += int(Path(f"/proc/{one}/statm").read_bytes().split()[1]) * page
            if _entries(one) > limits.entries:
                return "output"
    resident += _sockets(one) * _SOCKET
    return "memory" if resident > limits.memory else None


def _entries(pid: int) -> int:
    """How many entries the folder of a process has: 0 while it still sees our own /tmp.

    Both questions go to one open folder: the root that a path starts from may be exchanged between
    two looks, and then the entries of our own /tmp would count as the program's.
    """
    folder = os.open(f"/proc/{pid}/root/tmp", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if os.fstat(folder).st_dev == os.stat("/tmp").st_dev:
            return 0
        files = os.fstatvfs(folder)
        return files.f_files - files.f_ffree
    finally:
        os.close(folder)


def _sockets(pid: int) -> int:
    """How many sockets there are in the network of a process: 0 while that is our own."""
    with contextlib.suppress(OSError):
        if os.stat(f"/proc/{pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino:
            return int(Path(f"/proc/{pid}/net/sockstat").read_bytes().split()[2])
    return 0


def _descendants(pid: int) -> list[int]:
    """A process and all its descendants, parents first."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for tasks in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (tasks / "children").read_bytes().split())
    return found


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, its group and its descendants, and wait until the first process inside is
    gone.

    The descendants of the first process inside are killed by the kernel when that one goes.
    """
    inside = []
    for pid in _descendants(process.pid)[1:]:
        with contextlib.suppress(OSError):
            inside.append(os.pidfd_open(pid))
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for life in inside:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(life, signal.SIGKILL)
    process.wait()
    for life in inside:
        select.select([life], [], [], _LINGER)
        os.close(life)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _status(code: int, stderr: str, cpu_time_spent: bool) -> Status:
    """How a program ended by itself, from the exit code: negative, or 128 and more, for a signal."""
    code = 128 - code if code < 0 else code
    if code == 0:
        return "ok"
    if code == 128 + signal.SIGXCPU or (code == 128 + signal.SIGKILL and cpu_time_spent):
        return "timeout"
    if code > 128:
        return "killed"
    return "memory" if stderr.rstrip().rpartition("\n")[2].startswith("MemoryError") else "error"
