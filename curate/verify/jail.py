"""Ways to shut a program in: the command lines that put an interpreter into namespaces of its own.

`bubblewrap` is the first choice (Debian's package bubblewrap): mount, process, network, IPC,
host-name and cgroup namespaces, a root file system of read-only binds and one small tmpfs, the
filter of `seccomp`. `namespaces` does the same with util-linux's unshare, without the filter.
Limits without walls bound nothing but resources: they are used only where the caller allows it. All
of them end in `prlimit … setpriv … python`.

Run by root, a program gets an unprivileged user id of its own, so that no other process of the
machine, and no other run, has the same; run by anybody else it lives in a user namespace as nobody.
"""

from __future__ import annotations

import itertools
import math
import os
import pwd
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curate.verify.seccomp import filter_program

NOBODY = 65534
TRANSIENT = range(61184, 65520)
"""User ids that systemd keeps free for transient use, and that fit in the maps of most containers.
"""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use; `memory` bounds the address space of each process and what all of them
    hold together.
    """

    seconds: float = 10.0
    """Wall time."""
    cpu_seconds: int = 10
    """Processor time of each process."""
    memory: int = 512 << 20
    """Bytes."""
    processes: int = 16
    """Processes and threads at a time."""
    open_files: int = 64
    """Of each process."""
    disk: int = 16 << 20
    """Bytes in the temporary folder, and in any one file."""
    entries: int = 2000
    """Files and folders in the temporary folder."""
    output: int = 1 << 20
    """Bytes of standard output and error together."""


@dataclass(frozen=True, slots=True)
class Jail:
    """One way to shut a program in: its name, what it needs installed, what it lacks, how to start
    one.
    """

    name: str
    needs: tuple[str, ...]
    lacks: tuple[str, ...]
    command: Callable[[list[str], Limits, Path, int | None], list[str]]
    """(program and arguments, limits, an empty folder, the number of an open file that holds the
    filter).
    """
    filtered: bool = False


def python(script: str) -> list[str]:
    """The interpreter that runs us, without site packages and without a look at its environment, on
    a script.
    """
    return [os.path.realpath(sys.executable), "-I", "-S", "-B", "-X", "utf8", script]


STARTED = "+\n"
"""What stands first in standard error once all walls are up: without it a failure is not the
program's.
"""
_ANNOUNCED = ["sh", "-c", 'echo + >&2; exec "$@"', "sh"]


def _limited(command: list[str], limits: Limits, dropping: Iterable[str] = ()) -> list[str]:
    """The command under resource limits, behind what drops its rights, and announced."""
    each = {
        "cpu": f"{math.ceil(limits.cpu_seconds)}:{math.ceil(limits.cpu_seconds) + 1}",
        "as": limits.memory, "data": limits.memory, "fsize": limits.disk, "nofile": limits.open_files,
        "nproc": limits.processes, "core": 0, "memlock": 0, "msgqueue": 0, "sigpending": 64,
    }  # fmt: skip
    limited = ["prlimit", *(f"--{name}={value}" for name, value in each.items())]
    return [*limited, *dropping, *_ANNOUNCED, *command]


_WITHOUT_RIGHTS = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


def _nobody_else() -> list[str]:
    """What takes every right from root for good, with a user id that no other run has."""
    user = TRANSIENT[(os.getpid() * 64 + next(_serial)) % len(TRANSIENT)]
    return [*_WITHOUT_RIGHTS, f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def _as_root() -> bool:
    return os.geteuid() == 0


def visible() -> list[str]:
    """Folders and files a program may read: the system's programs and libraries, and the
    interpreter's own. Where that is installed into somebody's home folder, only what it needs.
    """
    prefixes = dict.fromkeys(
        os.path.realpath(one) for one in (sys.base_prefix, sys.base_exec_prefix)
    )
    own = [one for prefix in prefixes for one in _of_python(Path(prefix))]
    return [
        *_SYSTEM,
        *(one for one in own if not any(Path(one).is_relative_to(part) for part in _SYSTEM)),
    ]


@lru_cache(maxsize=4)
def _of_python(prefix: Path) -> list[str]:
    """A folder that Python is installed in, or its own parts of one that holds a home folder."""
    homes = {Path.home(), *(Path(user.pw_dir) for user in pwd.getpwall())} - {Path("/")}
    if prefix != Path("/") and not any(home.is_relative_to(prefix) for home in homes):
        return [str(prefix)]
    library = os.path.dirname(os.__file__)
    own = {os.path.realpath(part) for part in (sys.executable, library)}
    return sorted(own | set(map(str, prefix.glob("lib*/*.so*"))))


def _bubblewrap(command: list[str], limits: Limits, folder: Path, seccomp: int | None) -> list[str]:
    user = ["--cap-drop", "ALL"]
    if _as_root():  # setpriv needs these to give up the rest
        user += [
            word
            for right in ("SETUID", "SETGID", "SETPCAP")
            for word in ("--cap-add", f"CAP_{right}")
        ]
    else:
        # The program is the first process: bubblewrap's own would be the same user's, without the
        # filter and limits.
        user += [
            "--unshare-user",
            "--disable-userns",
            "--uid",
            str(NOBODY),
            "--gid",
            str(NOBODY),
            "--as-pid-1",
        ]
    spaces = [
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    spaces += ["--hostname", "sandbox", "--die-with-parent", "--new-session"]
    disk = ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    files = [
        *_binds(),
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
        *disk,
        "--remount-ro",
        "/",
    ]
    sieve = [] if seccomp is None else ["--seccomp", str(seccomp)]
    inside = _limited(command, limits, _nobody_else() if _as_root() else ())
    return ["bwrap", *user, *spaces, *files, *sieve, "--", *inside]


def _binds() -> Iterable[str]:
    for one in map(Path, visible()):
        if one.is_symlink():
            yield from ("--symlink", os.readlink(one), str(one))
        elif one.exists():
            for parent in reversed(one.parents[:-1]):  # else bubblewrap makes them for root alone
                yield from ("--perms", "0755", "--dir", str(parent))
            yield from ("--ro-bind", str(one), str(one))


# Run as root of new namespaces, with the folder that becomes the root, the size and entries of its
# /tmp, `own`, the folders to show, "--", and the command. The shell stays: it is the first process,
# and when it ends the kernel kills the rest. In a user namespace of its own (`own`, and only there)
# it forbids further ones.
_SETUP = """
set -e
root=$1 size=$2 entries=$3 own=$4; shift 4
mount -t tmpfs -o mode=755,size=256k,nr_inodes=512,nosuid,nodev sandbox "$root"
while [ "$1" != -- ]; do
  mkdir -p "$(dirname "$root$1")"
  if [ -L "$1" ]; then ln -s "$(readlink "$1")" "$root$1"
  elif [ -d "$1" ]; then
    mkdir -p "$root$1"; mount --bind "$1" "$root$1"; mount -o remount,bind,ro,nosuid,nodev "$root$1"
  elif [ -f "$1" ]; then
    : > "$root$1"; mount --bind "$1" "$root$1"
    mount -o remount,bind,ro,nosuid,nodev "$root$1"
  fi
  shift
done
shift
mkdir "$root/proc" "$root/dev" "$root/tmp" "$root/.old"
for device in DEVICES; do : > "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o "mode=1777,size=$size,nr_inodes=$entries,nosuid,nodev" sandbox "$root/tmp"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
cd "$root"
pivot_root . .old
umount -l /.old
rmdir /.old
mount -o remount,bind,ro,nosuid,nodev /
if [ "$own" = yes ]; then echo 0 > /proc/sys/user/max_user_namespaces; fi
cd /tmp
set +e
"$@"
exit $?
""".replace("DEVICES", " ".join(_DEVICES))


def _namespaces(command: list[str], limits: Limits, folder: Path, seccomp: int | None) -> list[str]:
    spaces = [
        "--mount",
        "--pid",
        "--net",
        "--ipc",
        "--uts",
        "--cgroup",
        "--fork",
        "--kill-child=KILL",
    ]
    if not _as_root():
        spaces += ["--user", "--map-root-user"]
    own = "no" if _as_root() else "yes"
    shell = [
        "sh",
        "-c",
        _SETUP,
        "sandbox",
        str(folder),
        str(limits.disk),
        str(limits.entries),
        own,
        *visible(),
        "--",
    ]
    # Root of a namespace whose root it is not outside is, without rights, nobody in particular.
    inside = _limited(command, limits, _nobody_else() if _as_root() else _WITHOUT_RIGHTS)
    return [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        *spaces,
        "--propagation",
        "private",
        "--",
        *shell,
        *inside,
    ]


def _bare(command: list[str], limits: Limits, folder: Path, seccomp: int | None) -> list[str]:
    return ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", *_limited(command, limits)]


def _offline(command: list[str], limits: Limits, folder: Path, seccomp: int | None) -> list[str]:
    user = [] if _as_root() else ["--user", "--map-current-user"]
    return [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--net",
        *user,
        "--",
        *_limited(command, limits),
    ]


BUBBLEWRAP = Jail(
    "bubblewrap",
    ("bwrap", "prlimit", "setpriv"),
    (),
    _bubblewrap,
    filtered=filter_program() is not None,
)
NAMESPACES = Jail(
    "unshare",
    ("unshare", "setpriv", "prlimit", "pivot_root", "mount"),
    ("no filter of system calls",),
    _namespaces,
)
_BARE_LACKS = (
    "the same user: it reads and writes whatever this user can",
    "the same processes: it can signal them, and what leaves its session outlives it",
    "no filter of system calls",
    "no bound on the temporary folder, nor on processes if run by root",
)
OFFLINE = Jail(
    "limits without walls, no network", ("setpriv", "prlimit", "unshare"), _BARE_LACKS, _offline
)
BARE = Jail(
    "limits without walls", ("setpriv", "prlimit"), (*_BARE_LACKS, "the same network"), _bare
)
JAILS = (BUBBLEWRAP, NAMESPACES)
"""In the order in which they are tried."""

WEAKER = (OFFLINE, BARE)
"""Tried after them where the caller allows it."""


def missing(jail: Jail) -> list[str]:
    """The programs a jail needs that are not installed."""
    return [name for name in jail.needs if shutil.which(name, path=PATH) is None]


PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
