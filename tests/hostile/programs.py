"""Programs that try to get out, to stay, or to take more than they may. Each is small and bounded
by the limits.

If the walls should not hold, no program does harm by what it then manages: it opens, and does not
write; it changes nothing to what it was not. So that this stays true, they are never run without
walls.

Every program prints ESCAPED if it managed what it must not. `ends` are the statuses it may end
with. Programs may use CANARY (a file outside), PORT (of a listener on the loopback device outside),
ABSTRACT (a socket's abstract name outside), which the test puts before the text, and `must_fail`.
"""

from __future__ import annotations

from typing import NamedTuple

PRELUDE = """
import ctypes, os, sys, time, signal, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
def must_fail(action, *arguments):
    try:
        value = action(*arguments)
    except (OSError, ValueError, AttributeError, PermissionError):
        return
    if value is None or (isinstance(value, int) and value < 0):
        if value is None:
            print("ESCAPED", action, arguments)
        return
    print("ESCAPED", action, arguments, value)
def opened(path, mode="rb"):
    return len(open(path, mode).read(10)) if "r" in mode else open(path, mode).fileno()
"""


class Hostile(NamedTuple):
    """A program, how it may end, and whether only the filter of system calls holds it."""

    text: str
    ends: tuple[str, ...]
    by_filter: bool = False


STOPPED = ("timeout", "killed", "error", "memory", "output")

PROGRAMS: dict[str, Hostile] = {
    "fork bomb": Hostile(
        """
while True:
    try: os.fork()
    except OSError: pass
""",
        ("timeout",),
    ),
    "bomb of commands": Hostile(
        """
while True:
    try: subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
    except OSError: time.sleep(0.01)
""",
        ("timeout", "memory"),
    ),
    "bomb of threads": Hostile(
        """
count = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        count += 1
except RuntimeError:
    if count > 100: print("ESCAPED", count)
""",
        ("ok", "error", "memory"),
    ),
    "memory at once": Hostile("x = bytearray(10 ** 10)", ("memory",)),
    "memory bit by bit": Hostile(
        """
kept = []
while True: kept.append(bytearray(1 << 20))
""",
        ("memory",),
    ),
    "memory in many processes": Hostile(
        """
for _ in range(6):
    if os.fork() == 0:
        x = bytearray(os.urandom(1 << 20)) * 40
        time.sleep(60)
time.sleep(60)
""",
        ("memory",),
    ),
    "memory outside the heap": Hostile(
        """
import mmap
kept = []
while True:
    kept.append(mmap.mmap(-1, 1 << 22))
    kept[-1].write(b"x" * (1 << 22))
""",
        ("memory", "error"),
    ),
    "endless loop": Hostile("while True: pass", ("timeout",)),
    "endless loop in C": Hostile("10 ** (10 ** 9)", ("timeout", "memory")),
    "catastrophic pattern": Hostile("import re; re.match('(a+)+b', 'a' * 64)", ("timeout",)),
    "deaf to SIGXCPU": Hostile(
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", ("timeout",)
    ),
    "asleep and deaf": Hostile(
        """
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(60)
""",
        ("timeout",),
    ),
    "stops itself": Hostile("os.kill(os.getpid(), signal.SIGSTOP)", ("timeout",)),
    "asleep at exit": Hostile("import atexit; atexit.register(time.sleep, 60)", ("timeout",)),
    "becomes another": Hostile("os.execv('/usr/bin/sleep', ['sleep', '60'])", ("timeout",)),
    "huge output": Hostile("while True: print('x' * 1000)", ("output",)),
    "huge error output": Hostile("while True: sys.stderr.write('x' * 1000)", ("output",)),
    "huge output of children": Hostile("subprocess.run(['/usr/bin/yes'])", ("output",)),
    "output that is no text": Hostile("sys.stdout.buffer.write(bytes(range(256)) * 8)", ("ok",)),
    "socket to a listener outside": Hostile(
        "must_fail(lambda: socket.create_connection(('127.0.0.1', PORT), 1).fileno())", ("ok",)
    ),
    "datagram to the loopback outside": Hostile(
        "must_fail(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT)) * 0 - 1)",
        ("ok",),
    ),
    "abstract socket outside": Hostile(
        "must_fail(lambda: socket.socket(socket.AF_UNIX).connect('\\0' + ABSTRACT) or 1)", ("ok",)
    ),
    "sockets of other families": Hostile(
        """
for family in (16, 17, 38, 40):  # netlink, packet, the kernel's crypto, vsock
    for kind in (1, 2, 3, 5): must_fail(lambda: socket.socket(family, kind).fileno())
""",
        ("ok",),
        by_filter=True,
    ),
    "raw socket": Hostile(
        "must_fail(lambda: socket.socket(2, socket.SOCK_RAW, 1).fileno())", ("ok",)
    ),
    "environments of others": Hostile(
        """
for pid in filter(str.isdigit, os.listdir("/proc")):
    try: print(open(f"/proc/{pid}/environ", "rb").read())
    except OSError: pass
print(os.environ)
""",
        ("ok",),
    ),
    "files outside": Hostile(
        """
for path in (CANARY, "/etc/passwd", "/etc/shadow", "/root/.bashrc", "/home", "/var/log", "/proc/1/root" + CANARY):
    must_fail(lambda: opened(path) if not os.path.isdir(path) else len(os.listdir(path)))
""",
        ("ok",),
    ),
    "writes outside": Hostile(
        """
for path in (CANARY, "/x", "/usr/x", "/bin/x", "/dev/x", "/dev/shm/x", os.__file__, os.path.dirname(os.__file__) + "/x",
             "/proc/x", sys.executable):
    must_fail(opened, path, "ab")
    if os.path.exists(path): must_fail(lambda: os.chmod(path, os.stat(path).st_mode) or 1)
""",
        ("ok",),
    ),
    "kills its parents": Hostile(
        """
for pid in (os.getppid(), 1, -1):
    for number in (9, 15, 19):
        if pid != -1:
            try: os.kill(pid, number)
            except OSError: pass
time.sleep(0.2)
os.kill(-1, 9)
""",
        ("ok", "error", "killed"),
    ),
    "kills every number": Hostile(
        """
me = os.getpid()
for pid in range(2, 33000):
    if pid != me:
        try: os.kill(pid, 9)
        except OSError: pass
""",
        ("ok", "killed"),
    ),
    "crash in C": Hostile("ctypes.string_at(0)", ("killed",)),
    "deep recursion": Hostile(
        """
sys.setrecursionlimit(10 ** 9)
def f(n): return f(n + 1) + 1
f(0)
""",
        STOPPED,
    ),
    "traces itself and its parent": Hostile(
        "must_fail(libc.ptrace, 0, 0, 0, 0)\nmust_fail(libc.ptrace, 16, os.getppid(), 0, 0)",
        ("ok",),
        by_filter=True,
    ),
    "traces its parent": Hostile("must_fail(libc.ptrace, 16, os.getppid(), 0, 0)", ("ok",)),
    "reads its parent's memory": Hostile(
        "for pid in {1, os.getppid()} - {0, os.getpid()}: must_fail(os.open, f'/proc/{pid}/mem', os.O_RDWR)",
        ("ok",),
    ),
    "mounts": Hostile(
        "must_fail(libc.mount, b'none', b'/tmp', b'tmpfs', 0, None)\nmust_fail(libc.umount2, b'/usr', 2)\n"
        "must_fail(libc.mount, None, b'/usr', None, 32 | 4096, None)",
        ("ok",),
    ),
    "becomes root": Hostile(
        """
for change in (os.setuid, os.setgid, os.seteuid, os.setegid): must_fail(lambda: change(0) or 1)
must_fail(lambda: os.setgroups([0]) or 1)
for command in (["su", "-c", "id -u"], ["passwd", "-S", "root"]):
    try: done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True)
    except OSError: continue
    if done.returncode == 0: print("ESCAPED", command, done.stdout)
if 0 in os.getresuid(): print("ESCAPED")
""",
        ("ok",),
    ),
    "new user namespace": Hostile("must_fail(libc.unshare, 0x10000000)", ("ok",), by_filter=True),
    "new user namespace by clone": Hostile(
        """
must_fail(libc.syscall, 56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0)
must_fail(libc.syscall, 435, ctypes.create_string_buffer(88), 88)
""",
        ("ok",),
        by_filter=True,
    ),
    "enters other namespaces": Hostile(
        """
for kind in ("mnt", "net", "pid", "user"):
    for pid in (1, os.getppid()): must_fail(lambda: libc.setns(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0))
""",
        ("ok",),
    ),
    "changes its root": Hostile(
        "must_fail(lambda: os.chroot('/tmp') or 1)\nos.chdir('/')\n"
        "for _ in range(64): os.chdir('..')\nmust_fail(opened, '.' + CANARY)",
        ("ok",),
    ),
    "raw system calls": Hostile(
        """
numbers = {"x86_64": (250, 321, 323, 425, 319, 29, 64, 68, 298, 304, 169, 175, 246, 428, 430, 310, 103, 135, 447),
           "aarch64": (219, 280, 282, 425, 279, 194, 190, 186, 241, 265, 142, 105, 104, 428, 430, 270, 116, 92, 447)}
for number in numbers[os.uname().machine]:
    must_fail(libc.syscall, number, 1, 4096, 0x200, 0, 0)
""",
        ("ok",),
        by_filter=True,
    ),
    "calls of the 32-bit interfaces": Hostile(
        "must_fail(libc.syscall, 0x40000000 | 39)", ("ok",), by_filter=True
    ),
    "zip bomb": Hostile(
        """
import io, zipfile
box = io.BytesIO()
with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
    for number in range(8): archive.writestr(f"{number}", bytes(4 << 20))
try: zipfile.ZipFile(box).extractall("/tmp")
except OSError: sys.exit(3)
print("ESCAPED")
""",
        ("error", "memory"),
    ),
    "bomb in memory": Hostile(
        """
import zlib
small = zlib.compress(bytes(1 << 24), 9)
zlib.decompress(small) * 64
""",
        ("memory",),
    ),
    "full disk": Hostile(
        """
size = 0
try:
    for number in range(64):
        with open(f"/tmp/{number}", "wb") as file:
            for _ in range(16): size += file.write(bytes(1 << 18)); file.flush()
    print("ESCAPED")
except OSError: pass
if size > 32 << 20: print("ESCAPED", size)
""",
        ("ok",),
    ),
    "sparse file": Hostile(
        "must_fail(lambda: os.truncate(open('/tmp/x', 'w').name, 1 << 40) or 1)", (*STOPPED, "ok")
    ),
    "all inodes": Hostile(
        """
try:
    for number in range(10 ** 7): os.close(os.open(f"/tmp/{number}", os.O_CREAT | os.O_WRONLY))
except OSError: sys.exit(3)
""",
        ("output", "error"),
    ),
    "deep folders": Hostile(
        """
try:
    for _ in range(10 ** 7): os.mkdir("d"); os.chdir("d")
except OSError: sys.exit(3)
""",
        ("output", "error"),
    ),
    "symbolic links": Hostile(
        """
for place, target in (("a", CANARY), ("b", "/proc/1/root" + CANARY), ("c", "/proc/1/cwd" + CANARY),
                      ("d", "/etc/passwd"), ("e", "../../../../../../.." + CANARY),
                      ("f", "/proc/self/root/.." + CANARY)):
    os.symlink(target, place)
    must_fail(opened, place)
must_fail(lambda: os.mkdir("/other") or 1)
""",
        ("ok",),
    ),
    "hard links": Hostile(
        "for path in ('/usr/bin/env', os.__file__, '/dev/null'): must_fail(lambda: os.link(path, '/tmp/link') or 1)",
        ("ok",),
    ),
    "daemon": Hostile(
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        while True: time.sleep(0.05); print(".", flush=True)
    os._exit(0)
time.sleep(0.1)
""",
        ("ok",),
    ),
    "daemon without output": Hostile(
        """
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 64)
    if os.fork() == 0:
        while True: pass
    os._exit(0)
""",
        ("ok",),
    ),
    "open files": Hostile(
        """
count = 0
try:
    kept = []
    while True: kept.append(os.open("/dev/null", 0)); count += 1
except OSError: pass
if count > 200: print("ESCAPED", count)
""",
        ("ok",),
    ),
    "files it was handed": Hostile(
        """
here = [number for number in map(int, os.listdir("/proc/self/fd")) if number > 2]
for number in here:
    try: path = os.readlink(f"/proc/self/fd/{number}")
    except OSError: continue
    if not path.startswith(("/memfd:curate", "/proc/")): print("ESCAPED", path)
""",
        ("ok",),
    ),
    "changes its program and its input": Hostile(
        """
for number in [0, *map(int, os.listdir("/proc/self/fd"))]:
    path = f"/proc/self/fd/{number}"
    if os.path.exists(path) and "memfd" in os.readlink(path):
        must_fail(lambda: os.write(os.open(path, os.O_RDWR), b"x"))
        must_fail(lambda: os.truncate(path, 1 << 30) or 1)
""",
        ("ok",),
    ),
    "tricks of proc": Hostile(
        """
for path in ("/proc/kcore", "/proc/kmsg", "/proc/1/mem"): must_fail(opened, path)
for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
             "/proc/sys/vm/overcommit_memory", "/proc/sys/user/max_user_namespaces"):
    must_fail(os.open, path, os.O_WRONLY)
must_fail(lambda: len(os.listdir("/sys")))
if len(list(filter(str.isdigit, os.listdir("/proc")))) > 8: print("ESCAPED", os.listdir("/proc"))
""",
        ("ok",),
    ),
    "devices": Hostile(
        """
for name in ("mem", "kmem", "kvm", "vda", "sda", "nvme0n1", "fuse", "vsock", "net/tun", "console"):
    must_fail(opened, "/dev/" + name)
must_fail(lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)) or 1)
must_fail(lambda: os.mknod("/tmp/memory", 0o20666, os.makedev(1, 1)) or 1)
""",
        ("ok",),
    ),
    "types into the terminal": Hostile(
        "import fcntl\nmust_fail(lambda: fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), 0x5412, b'x') or 1)  # TIOCSTI",
        ("ok",),
    ),
    "shared memory": Hostile(
        """
from multiprocessing import shared_memory
must_fail(lambda: shared_memory.SharedMemory("x", create=True, size=1 << 30).size)
""",
        ("ok",),
    ),
    "raises its limits": Hostile(
        """
import resource
for name in ("AS", "NPROC", "CPU", "FSIZE", "NOFILE"):
    what = getattr(resource, "RLIMIT_" + name)
    most = resource.getrlimit(what)[1]
    must_fail(lambda: resource.setrlimit(what, (most + 1, most + 1)) or 1)
    must_fail(lambda: resource.setrlimit(what, (-1, -1)) or 1)
must_fail(lambda: os.nice(-5) + 100)
must_fail(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or 1)
""",
        ("ok",),
    ),
    "outlives its parent": Hostile("must_fail(libc.prctl, 1, 0, 0, 0, 0)", ("ok",), by_filter=True),
    "renames the machine": Hostile(
        "must_fail(lambda: socket.sethostname(socket.gethostname()) or 1)", ("ok",)
    ),
    "memory of the kernel in sockets": Hostile(
        """
for _ in range(10):
    if os.fork() == 0: break
kept = []
try:
    while True:
        kept += socket.socketpair()
        kept[-1].setblocking(False); kept[-2].setblocking(False)
        for one in kept[-2:]:
            try:
                while True: one.send(bytes(1 << 15))
            except OSError: pass
except OSError: pass
time.sleep(60)
""",
        ("memory", "timeout"),
    ),
    "larger buffers": Hostile(
        """
import fcntl
one, other = socket.socketpair()
for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33):
    must_fail(lambda: one.setsockopt(socket.SOL_SOCKET, option, 1 << 24) or 1)
must_fail(lambda: fcntl.fcntl(os.pipe()[1], 1031, 1 << 20))
""",
        ("ok",),
        by_filter=True,
    ),
    "sockets of the internet": Hostile(
        "for family in (2, 10):\n    for kind in (1, 2): must_fail(lambda: socket.socket(family, kind).fileno())",
        ("ok",),
        by_filter=True,
    ),
    "files sent over sockets": Hostile(
        """
one, other = socket.socketpair()
sent = 0
try:
    while sent < 10 ** 6:
        extra = [end for pair in [socket.socketpair()] for end in pair]
        socket.send_fds(one, [b"x"], [end.fileno() for end in extra])
        for end in extra: end.close()
        sent += 2
except OSError: pass
if sent > 4000: print("ESCAPED", sent)
""",
        ("ok", "memory"),
    ),
    "packages of ours": Hostile(
        """
for name in ("curate", "numpy", "pytest"):
    try: __import__(name)
    except ImportError: continue
    print("ESCAPED", name)
""",
        ("ok",),
    ),
}
