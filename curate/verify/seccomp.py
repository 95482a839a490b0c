"""The filter of system calls that a sandboxed program runs under: a program of the kernel's BPF,
built by hand.

The namespaces already keep a program in; this keeps it from the parts of the kernel where ways out
have been found, and from memory that no limit counts. Everything that ordinary programs call is
allowed. Refused with EPERM: new namespaces and mounts, tracing and reading other processes, keys,
modules, BPF, performance events, io_uring, user-space page faults, file handles, shared memory and
queues of System V, memory files. `clone3`, whose flags no filter can read, does not exist (ENOSYS),
and libraries use `clone`. No process may ask to outlive its parent. Sockets may be local and of no
other family: there is no network, those of the internet hold megabytes of kernel memory each, and
vsock reaches the host of a virtual machine through any namespace. Buffers of sockets and pipes keep
the size that they are made with.

Numbers are those of the kernel's unistd.h for each machine.
"""

from __future__ import annotations

import errno
import platform
import struct
from typing import NamedTuple

# The same number on every machine, from pidfd on.
_SHARED = {
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_getfd": 438, "mount_setattr": 442,
    "memfd_secret": 447,
}  # fmt: skip
_X86_64 = _SHARED | {
    "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
    "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
    "process_vm_readv": 310, "process_vm_writev": 311, "kexec_load": 246, "kexec_file_load": 320, "init_module": 175,
    "finit_module": 313, "delete_module": 176, "reboot": 169, "swapon": 167, "swapoff": 168, "memfd_create": 319,
    "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240, "open_by_handle_at": 304, "name_to_handle_at": 303,
    "fanotify_init": 300, "quotactl": 179, "acct": 163, "settimeofday": 164, "clock_settime": 227, "syslog": 103,
    "personality": 135, "iopl": 172, "ioperm": 173, "modify_ldt": 154, "kcmp": 312,
}  # fmt: skip
_AARCH64 = _SHARED | {
    "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
    "keyctl": 219, "add_key": 217, "request_key": 218, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
    "process_vm_readv": 270, "process_vm_writev": 271, "kexec_load": 104, "kexec_file_load": 294, "init_module": 105,
    "finit_module": 273, "delete_module": 106, "reboot": 142, "swapon": 224, "swapoff": 225, "memfd_create": 279,
    "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180, "open_by_handle_at": 265, "name_to_handle_at": 264,
    "fanotify_init": 262, "quotactl": 60, "acct": 89, "settimeofday": 170, "clock_settime": 112, "syslog": 116,
    "personality": 92, "kcmp": 272,
}  # fmt: skip


class Machine(NamedTuple):
    """What the filter must know of a kind of processor: its AUDIT_ARCH, the refused calls, and
    those it looks into.
    """

    audit: int
    refused: dict[str, int]
    clone: int
    prctl: int
    socket: int
    setsockopt: int
    fcntl: int


MACHINES = {
    "x86_64": Machine(0xC000003E, _X86_64, clone=56, prctl=157, socket=41, setsockopt=54, fcntl=72),
    "aarch64": Machine(
        0xC00000B7, _AARCH64, clone=220, prctl=167, socket=198, setsockopt=208, fcntl=25
    ),
}
_CLONE3 = 435
_NEW_NAMESPACE = 0x7E020000  # CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET
_SET_PDEATHSIG = 1  # of prctl
_LOCAL = 1  # AF_UNIX
_BUFFERS = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and what forces them
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, of fcntl

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = (
    0x20,
    0x15,
    0x35,
    0x45,
    0x06,
)  # BPF_LD|W|ABS, BPF_JMP|J...|K, BPF_RET|K
_NR, _ARCH = 0, 4  # offsets in struct seccomp_data
_FIRST, _SECOND, _THIRD = 16, 24, 32  # the low halves of arguments
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000  # calls of the x32 interface, which have other numbers


def filter_program(machine: str | None = None) -> bytes | None:
    """The filter for a machine (this one), as an array of struct sock_filter; None for a machine it
    has no table of.
    """
    known = MACHINES.get(machine or platform.machine())
    if known is None:
        return None
    steps = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, known.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NR),
    ]
    steps += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _ERROR | errno.ENOSYS)]
    for number in sorted(known.refused.values()):
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ERROR | errno.EPERM)]
    steps += [_step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ERROR | errno.ENOSYS)]
    for number, argument, test, values in (
        (known.clone, _FIRST, _ANY_BIT, (_NEW_NAMESPACE,)),
        (known.prctl, _FIRST, _EQUAL, (_SET_PDEATHSIG,)),
        (known.setsockopt, _THIRD, _EQUAL, _BUFFERS),
        (known.fcntl, _SECOND, _EQUAL, (_SET_PIPE_SIZE,)),
    ):
        steps += [_step(_EQUAL, number, 0, 3 + len(values)), _step(_LOAD, argument)]
        steps += [_step(test, value, len(values) - place, 0) for place, value in enumerate(values)]
        steps += [_step(_RETURN, _ALLOW), _step(_RETURN, _ERROR | errno.EPERM)]
    steps += [_step(_EQUAL, known.socket, 0, 3), _step(_LOAD, _FIRST)]
    steps += [_step(_EQUAL, _LOCAL, 1, 0), _step(_RETURN, _ERROR | errno.EAFNOSUPPORT)]
    steps += [_step(_RETURN, _ALLOW)]
    return b"".join(steps)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
