"""A second process for a cold start: it compiles the largest kernels while this one compiles the
others.

    begin(("robust", "ngram"))     where a kernel of theirs is not in the cache, a process sets to work
    wait()                         before the first call of one of them: until that process is done

What is handed over is numba's cache on disk, whose files appear whole or not at all. The two
processes compile no entry in common; entries that share their parts are compiled by one of them. A
process that fails costs time and nothing else: whoever calls a kernel that is not in the cache
compiles it. On a machine with one processor nothing is begun."""

from __future__ import annotations

import atexit
import gc
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_type_hints

from numba import types

from curate.kernels import ngram, seek, weigh
from curate.kernels.items import Items, Rule, Signs
from curate.kernels.texts import Stretches
from curate.progress import compiling

_helper: subprocess.Popen[bytes] | None = None

_I4, _I8, _U8, _F8 = types.int32, types.int64, types.uint64, types.float64
_BYTES = types.Array(types.uint8, 1, "C", readonly=True)


def _row(kind: types.Type) -> types.Type:
    return types.Array(kind, 1, "C")


def _rows(kind: types.Type) -> types.Type:
    return types.Array(kind, 2, "C")


_STRETCHES = types.NamedTuple([_BYTES, _row(_I8), _row(_I8), _row(_I4), _row(_I4)], Stretches)
_EVENTS = types.NamedUniTuple(_row(_I4), 5, ngram.Events)
_TABLE = types.NamedTuple(
    [
        _I8,
        _BYTES,
        *[_row(_I8)] * 2,
        _rows(_I4),
        *[_row(_I8)] * 2,
        _row(_I4),
        *[_row(_U8)] * 2,
        _rows(_U8),
        _row(_I8),
        _row(_I4),
    ],
    ngram.Table,
)
_ITEMS = types.NamedTuple(
    [
        _I8,
        _BYTES,
        *[_row(_I8)] * 2,
        _row(_U8),
        _rows(_I4),
        *[_row(_I8)] * 3,
        _row(types.int8),
        _row(_U8),
        *[_row(_I8)] * 9,
        _row(_U8),
        _rows(_U8),
        *[_rows(_I4)] * 2,
    ],
    Items,
)
_SIGNS = types.NamedTuple([*[_row(_I8)] * 2, _row(_U8), *[_row(_I8)] * 3], Signs)
_RULE = types.NamedTuple(
    [{float: _F8, int: _I8}[one] for one in get_type_hints(Rule).values()], Rule
)

KERNELS: dict[str, tuple[Any, tuple[types.Type, ...]]] = {
    "robust": (seek.scan, (_STRETCHES, _ITEMS, _SIGNS, _RULE)),
    "judged": (
        weigh.weigh,
        (_STRETCHES, *[_row(_I4)] * 2, _row(_I8), _rows(_I4), _ITEMS, _SIGNS, _RULE),
    ),
    "ngram": (ngram.score_pairs, (_STRETCHES, _EVENTS, _I8, _TABLE, _F8)),
}
"""By the matcher that calls it, or `judged` where n-grams are: a kernel, and what it is called
with.
"""


def begin(matchers: Collection[str]) -> None:
    """Have the kernels of some matchers compiled, if they are not in the cache and there is a
    processor to spare.
    """
    global _helper
    missing = [name for name in KERNELS if name in matchers and _is_missing(KERNELS[name][0])]
    if _helper is not None or not missing or len(os.sched_getaffinity(0)) < 2:
        return
    command = [sys.executable, "-m", "curate.kernels.ahead", *missing]
    _helper = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    atexit.register(_stop, _helper)


def wait() -> None:
    """Wait for the process that `begin` started, if there is one."""
    if _helper is None or _helper.poll() is not None:
        return
    compiling(True)
    try:
        _helper.wait()
    finally:
        compiling(False)


def _stop(helper: subprocess.Popen[bytes]) -> None:
    helper.kill()
    helper.wait()


def _is_missing(kernel: Any) -> bool:
    """Whether numba's cache has no index of the kernel, though there is a cache to put it in. The
    digest in its name says that it is one of these very kernels.
    """
    cache = kernel.stats.cache_path
    name = f"*.{kernel.py_func.__qualname__}-*.nbi"
    return cache is not None and not any(Path(cache).glob(name))


if __name__ == "__main__":
    gc.disable()  # a compiler's objects live on
    for name in sys.argv[1:]:
        kernel, signature = KERNELS[name]
        kernel.compile(signature)
