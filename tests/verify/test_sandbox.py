"""The sandbox: what programs give back, what stops them, and that hostile ones neither escape nor
stay.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from curate.errors import CurateError, UserError
from curate.verify import jail as jails
from curate.verify import sandbox
from curate.verify.jail import BARE, BUBBLEWRAP, NAMESPACES, OFFLINE, TRANSIENT, Jail
from curate.verify.sandbox import Limits, Outcome, run, run_in
from curate.verify.seccomp import MACHINES, filter_program
from tests.conftest import ROOT
from tests.hostile.programs import PRELUDE, PROGRAMS

SMALL = Limits(
    seconds=2.5,
    cpu_seconds=1,
    memory=160 << 20,
    processes=12,
    open_files=32,
    disk=4 << 20,
    entries=500,
    output=1 << 16,
)
WALLS = [BUBBLEWRAP, NAMESPACES]
SECRET = "curate-" + secrets.token_hex(8)


def usable(jail: Jail) -> Jail:
    problem = sandbox._problem(jail)
    if problem is not None:
        pytest.skip(f"{jail.name} does not work here: {problem}")
    return jail


@pytest.fixture(params=WALLS, ids=lambda jail: str(jail.name))
def walls(request: pytest.FixtureRequest) -> Jail:
    return usable(request.param)


def left_over() -> list[str]:
    """Processes that run as a user of the sandbox, and folders of ours."""
    found = [str(one) for one in Path("/tmp").glob("curate-*")]
    for one in Path("/proc").iterdir():
        try:
            if one.name.isdigit() and one.stat().st_uid in TRANSIENT:
                found.append((one / "cmdline").read_text())
        except OSError:
            continue
    return found


def soon(found: list[str]) -> bool:
    """Whether nothing is left soon; another run on this machine may leave its own until its time is
    over.
    """
    end = time.monotonic() + SMALL.seconds + 2
    while (now := set(left_over()) & set(found)) and time.monotonic() < end:
        time.sleep(0.02)
    return not now


@contextlib.contextmanager
def stops() -> Iterator[list[float]]:
    """How long this process was stopped meanwhile, or had no turn: gaps in the ticks of a thread,
    in seconds.
    """
    gaps: list[float] = []
    over = threading.Event()

    def tick() -> None:
        last = time.monotonic()
        while not over.wait(0.05):
            now = time.monotonic()
            gaps.extend([now - last] if now - last > 0.3 else [])
            last = now

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield gaps
    finally:
        over.set()
        thread.join()


def in_time(jail: Jail, text: str) -> Outcome:
    """A run that ends a second after its limit at the latest, apart from time in which nothing here
    ran.
    """
    with stops() as gaps:
        done = run_in(jail, text, "", SMALL)
    assert done.seconds < SMALL.seconds + 1 + sum(gaps)
    return done


def test_a_program_gives_back_what_it_writes(walls: Jail) -> None:
    text = "import sys\nprint(input().upper(), 'é漢')\nprint('no', file=sys.stderr)"
    done = run_in(walls, text, "hé\nrest", SMALL)
    assert (done.stdout, done.stderr, done.status, done.lacks) == (
        "HÉ é漢\n",
        "no\n",
        "ok",
        walls.lacks,
    )
    assert done.seconds > 0


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "ok"),
        ("raise SystemExit(0)", "ok"),
        ("raise SystemExit(3)", "error"),
        ("1 / 0", "error"),
        ("x ==", "error"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("raise MemoryError", "memory"),
    ],
)
def test_how_a_program_ended(walls: Jail, text: str, status: str) -> None:
    assert run_in(walls, text, "", SMALL).status == status


# Goes in and out of a root whose /tmp is a file system of its own, as often as it can.
EXCHANGED = """
import os, subprocess, sys
inside = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "none", inside + "/tmp"], check=True)
outside = os.open("/", os.O_RDONLY)
print("up", flush=True)
while True:
    os.chroot(inside)
    os.fchdir(outside)
    os.chroot(".")
"""


def test_entries_are_never_those_of_our_own_tmp(tmp_path: Path) -> None:
    """A look may fall into the moment in which the walls go up and the root is exchanged."""
    usable(NAMESPACES)
    if os.geteuid() != 0:
        pytest.skip("only root may exchange its root")
    outside = os.statvfs("/tmp")
    assert outside.f_files - outside.f_ffree > SMALL.entries
    (tmp_path / "tmp").mkdir()
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", EXCHANGED]
    with subprocess.Popen([*command, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        seen = {sandbox._entries(process.pid) for _ in range(5000)}
        process.kill()
    assert max(seen) < 10 and len(seen) > 1  # outside 0, inside the folder itself


def test_standard_input_ends_and_may_be_large(walls: Jail) -> None:
    assert (
        run_in(walls, "import sys; print(len(sys.stdin.read()))", "ab" * 500_000, SMALL).stdout
        == "1000000\n"
    )


def test_the_folder_is_its_own_and_empty(walls: Jail) -> None:
    text = "import os; print(os.listdir('.'), os.getcwd()); open('left', 'w').write('x'); print(open('left').read())"
    assert [run_in(walls, text, "", SMALL).stdout for _ in range(2)] == ["[] /tmp\nx\n"] * 2


def test_a_result_is_cut_at_the_limit_of_output(walls: Jail) -> None:
    done = run_in(walls, "import sys\nwhile True: sys.stdout.write('x' * 4096)", "", SMALL)
    assert (done.status, len(done.stdout)) == ("output", SMALL.output)


def test_wall_time_is_kept(walls: Jail) -> None:
    with stops() as gaps:
        done = run_in(
            walls, "import time; print('a', flush=True); time.sleep(60)", "", Limits(seconds=0.7)
        )
    assert (done.status, done.stdout) == ("timeout", "a\n")
    assert 0.7 <= done.seconds < 1.7 + sum(gaps)


def test_programs_run_side_by_side_and_apart(walls: Jail) -> None:
    text = "import os; n = input(); open('/tmp/n', 'w').write(n); print(open('/tmp/n').read(), len(os.listdir('/tmp')))"
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: run_in(walls, text, str(n), SMALL).stdout, range(12)))
    assert done == [f"{n} 1\n" for n in range(12)]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What hostile programs look for outside, as assignments to put before them."""
    canary = tmp_path_factory.mktemp("outside") / "canary"
    canary.write_text(SECRET)
    canary.chmod(0o666)
    canary.parent.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + SECRET)
        local.listen()
        port = listener.getsockname()[1]
        yield f"CANARY = {str(canary)!r}; PORT = {port}; ABSTRACT = {SECRET[:6]!r} + {SECRET[6:]!r}\n"
    assert canary.read_text() == SECRET


def attacks() -> Iterator[tuple[Jail, str]]:
    for jail, name in itertools.product(WALLS, PROGRAMS):
        if jail.filtered or not PROGRAMS[name].by_filter:
            yield jail, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("jail", "name"), list(attacks()), ids=lambda one: getattr(one, "name", one)
)
def test_a_hostile_program_neither_escapes_nor_stays(
    jail: Jail, name: str, outside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable(jail)
    monkeypatch.setenv("CURATE_SECRET", SECRET)
    before = set(left_over())
    done = in_time(jail, outside + PRELUDE + PROGRAMS[name].text)
    found = [one for one in left_over() if one not in before]
    assert "ESCAPED" not in done.stdout, done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert done.status in PROGRAMS[name].ends, done
    assert soon(found), found
    assert in_time(jail, "print(6 * 7)").stdout == "42\n"


def test_there_are_enough_hostile_programs() -> None:
    assert len(PROGRAMS) >= 40


@pytest.mark.slow
def test_a_pool_goes_on_among_hostile_programs(outside: str) -> None:
    usable(BUBBLEWRAP)
    names = [
        "fork bomb",
        "memory at once",
        "huge output",
        "daemon",
        "kills every number",
        "all inodes",
    ]
    programs = [
        text for name in names for text in (outside + PRELUDE + PROGRAMS[name].text, "print(6 * 7)")
    ]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda text: run_in(BUBBLEWRAP, text, "", SMALL), programs))
    assert [one.stdout for one in done[1::2]] == ["42\n"] * len(names)


@pytest.mark.slow
def test_a_run_dies_with_the_process_that_asked_for_it(walls: Jail) -> None:
    code = f"from curate.verify import jail, sandbox; sandbox.run_in(jail.{_name(walls)}, 'import time; time.sleep(30)', '', sandbox.Limits(seconds=30))"  # noqa: E501
    before = set(left_over())
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as asking:
        end = time.monotonic() + 10
        while not (mine := set(left_over()) - before) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        processes = [one for one in left_over() if one in mine and not one.startswith("/tmp/")]
        asking.kill()
    assert mine
    assert soon(processes)
    for one in set(left_over()) - before:
        if one.startswith("/tmp/curate-"):
            shutil.rmtree(one)  # killed outright, it could not take its empty folder away


def _name(jail: Jail) -> str:
    return "BUBBLEWRAP" if jail is BUBBLEWRAP else "NAMESPACES"


def _as_nobody(code: str) -> subprocess.CompletedProcess[str]:
    """Run code as an unprivileged user, with the system's Python, which such a user can read."""
    command = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "/usr/bin/python3",
        "-c",
        code,
    ]
    return subprocess.run(
        command, cwd=ROOT, env={"PATH": jails.PATH}, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BUBBLEWRAP", "NAMESPACES"])
def test_somebody_without_rights_has_the_same_walls(name: str, outside: str) -> None:
    if os.geteuid() != 0 or not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("needs root, to become nobody, and /usr/bin/python3")
    if _as_nobody(f"open({str(ROOT / 'pyproject.toml')!r})").returncode != 0:
        pytest.skip(f"{ROOT} cannot be read by users without rights")
    stopped = (
        "fork bomb",
        "endless loop",
        "deaf to SIGXCPU",
        "memory at once",
        "huge output",
        "all inodes",
        "full disk",
    )
    tests = [one for one in PROGRAMS if PROGRAMS[one].ends == ("ok",) or one in stopped]
    if name == "NAMESPACES":  # there it is root of a namespace, without rights
        tests = [one for one in tests if not PROGRAMS[one].by_filter and one != "becomes root"]
    texts = [outside + PRELUDE + PROGRAMS[one].text for one in tests]
    ends = [PROGRAMS[one].ends for one in tests]
    code = f"""
import sys
sys.dont_write_bytecode = True
from curate.verify import jail, sandbox
from curate.verify.sandbox import Limits
limits = {SMALL!r}
problem = sandbox._problem(jail.{name})
print(problem) if problem else None
for name, text, ends in [] if problem else zip({tests!r}, {texts!r}, {ends!r}):
    for _ in range(2):
        done = sandbox.run_in(jail.{name}, text, "", limits)
        if done.status in ends: break  # else the machine may have stopped us
    if done.status not in ends or "ESCAPED" in done.stdout: print(name, done)
"""
    done = _as_nobody(code)
    assert done.returncode == 0, done.stderr
    if "Operation not permitted" in done.stdout and "\n" not in done.stdout.strip():
        pytest.skip(f"no user namespaces for users without rights: {done.stdout.strip()}")
    assert done.stdout == ""


def test_without_a_sandbox_it_refuses_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jails, "PATH", str(tmp_path))
    sandbox._jail.cache_clear()
    with pytest.raises(
        UserError,
        match="no sandbox can be made here .*bwrap, prlimit, setpriv not installed.*allow",
    ):
        run("print(1)")
    with pytest.raises(UserError, match="no sandbox can be made"):
        run("print(1)", allow_weaker=True)
    sandbox._jail.cache_clear()


def test_a_sandbox_that_does_not_start_is_no_verdict_on_the_program(walls: Jail) -> None:
    def broken(command: list[str], limits: Limits, folder: Path, seccomp: int | None) -> list[str]:
        right = walls.command(command, limits, folder, seccomp)
        return [
            word.replace("--reuid=", "--reuid=x")
            .replace("--proc", "--prok")
            .replace("umount", "no-such-umount")
            for word in right
        ]

    with pytest.raises(
        CurateError, match=f"sandbox \\({walls.name}\\) did not start a program: .+"
    ):
        run_in(replace(walls, command=broken), "print(1)", "", SMALL)
    # What stands there when it does start is not the program's to fake, and not its to see.
    done = run_in(walls, "import sys; sys.stderr.write('bwrap: no\\n'); sys.exit(1)", "", SMALL)
    assert (done.status, done.stderr) == ("error", "bwrap: no\n")


@pytest.mark.parametrize("jail", [OFFLINE, BARE], ids=lambda jail: str(jail.name))
def test_limits_without_walls_say_what_they_lack(jail: Jail, tmp_path: Path) -> None:
    usable(jail)
    done = run_in(jail, "import os; print(os.getcwd()); open('x', 'w')", "", SMALL)
    assert done.status == "ok"
    assert not Path(done.stdout.strip()).exists()
    assert any("the same user" in one for one in done.lacks)
    assert any("network" in one for one in done.lacks) == (jail is BARE)
    assert run_in(jail, "while True: pass", "", SMALL).status == "timeout"
    assert run_in(jail, "bytearray(10 ** 10)", "", SMALL).status == "memory"
    assert run_in(jail, "while True: print('x' * 1000)", "", SMALL).status == "output"
    text = "import os, time\nif os.fork() == 0: time.sleep(60)\ntime.sleep(60)"
    with stops() as gaps:
        done = run_in(jail, text, "", Limits(seconds=0.5))
    assert done.seconds < 1.5 + sum(gaps)


def test_the_best_sandbox_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    usable(BUBBLEWRAP)
    assert isinstance(run("print(1)"), Outcome)
    assert run("print(1)", allow_weaker=True).lacks == ()


def test_programs_that_share_a_channel_end_together(
    walls: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_jail", lambda allow_weaker: walls)
    asks = "import os\nos.write(0, b'2\\n')\nprint(os.read(0, 9).decode())"
    answers = "import os\nn = int(os.read(0, 9))\nos.write(0, b'%d' % (n + n))\n"
    done, ended = sandbox.run_pair(asks, answers, SMALL)
    assert (done.stdout, done.status, ended.status) == ("4\n", "ok", "ok")
    done, ended = sandbox.run_pair(asks, answers + "while True: pass", Limits(seconds=30))
    assert (done.stdout, ended.status) == ("4\n", "killed")
    assert done.seconds < 25 and ended.seconds < 25
    done, ended = sandbox.run_pair(asks, "raise SystemExit(3)", SMALL)
    assert (done.status, ended.status) == ("error", "error")


def test_many_sockets_count_as_memory(walls: Jail) -> None:
    text = "import os, socket, time\nkept = []\nfor _ in range(4): os.fork()\n"
    text += "for _ in range(12): kept.append(socket.socketpair())\ntime.sleep(9)"
    limits = replace(SMALL, processes=32, memory=64 << 20)
    assert run_in(walls, text, "", limits).status == "memory"
    few = "import asyncio\nasyncio.run(asyncio.sleep(0.2))\nprint('done')"
    assert run_in(walls, few, "", replace(SMALL, memory=100 << 20)).stdout == "done\n"


def test_a_home_folder_with_python_in_it_is_not_shown(
    walls: Jail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.path.realpath(sys.base_prefix)
    if own == "/usr":
        pytest.skip("this Python is the system's own")
    monkeypatch.setattr(Path, "home", lambda: Path(own) / "somebody")
    jails._of_python.cache_clear()
    try:
        assert own not in jails.visible()
        text = f"import os, json, ctypes\nprint(sorted(os.listdir({own!r})))"
        done = run_in(walls, text, "", SMALL)
    finally:
        jails._of_python.cache_clear()
    assert (done.stdout, done.status) == ("['bin', 'lib']\n", "ok"), done


def test_the_filter_holds_one_step_a_refused_call() -> None:
    for machine, known in MACHINES.items():
        program = filter_program(machine)
        assert program is not None and len(program) % 8 == 0
        assert len(set(known.refused.values())) == len(known.refused)
        assert len(program) // 8 < 4096  # what the kernel takes
    assert filter_program("vax") is None


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),  # what aarch64 takes its numbers from
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_of_calls_are_those_of_the_kernel(machine: str) -> None:
    if not HEADERS[machine].is_file():
        pytest.skip(f"the kernel's headers are not installed ({HEADERS[machine]})")
    text = HEADERS[machine].read_text()
    numbers = {
        name: int(value)
        for name, value in re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)
    }
    known = MACHINES[machine]
    looked_into = ("clone", "prctl", "socket", "setsockopt", "fcntl")
    told = known.refused | {name: getattr(known, name) for name in looked_into}
    assert told == {name: numbers[name] for name in told}
