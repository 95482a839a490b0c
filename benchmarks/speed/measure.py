"""Time, processor time and memory of a command, and the tables that show them. Linux only: it reads
/proc.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CORES = sorted(os.sched_getaffinity(0))
INTERVAL = 0.1
"""Seconds between two looks at the memory of a command, at least; and twenty times as long as a
look takes, which holds up a process that maps large files.
"""


class Failed(Exception):
    """A measured command ended with an error; the message is what it said."""


class Memory(NamedTuple):
    """Proportional set size in bytes (a page that several processes hold counts once), and how much
    of it is no page of a file.
    """

    pss: int
    anonymous: int


@dataclass(frozen=True)
class Measured:
    """What one run of a command took."""

    seconds: float
    cpu_seconds: float
    memory: Memory
    """When it was highest, summed over the process and all its descendants."""
    output: str


def tree(root: int) -> list[int]:
    """The process and its descendants, as far as they still live."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def memory(process: int) -> Memory:
    """What a process holds; nothing once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return Memory(0, 0)
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return Memory(sizes.get("Pss:", 0), sizes.get("Pss_Anon:", 0))


def tree_memory(root: int) -> Memory:
    """What a process and its descendants hold."""
    parts = [memory(process) for process in tree(root)]
    return Memory(sum(part.pss for part in parts), sum(part.anonymous for part in parts))


def _watch(process: int, ended: threading.Event, peak: list[Memory]) -> None:
    while True:
        start = perf_counter()
        peak[0] = max(peak[0], tree_memory(process))
        if ended.wait(max(INTERVAL, 20 * (perf_counter() - start))):
            return


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end; raises Failed with what it said if that is not 0."""
    peak, ended = [Memory(0, 0)], threading.Event()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, peak))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise Failed(
                f"{' '.join(command)} ended with {process.returncode}: {err.read()[-2000:]}"
            )
        return Measured(seconds, usage.ru_utime + usage.ru_stime, peak[0], out.read())


def environment(**more: str) -> dict[str, str]:
    """The environment of a measured `curate`: this working tree, and no network."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"} | more


def use_cores(number: int) -> list[int]:
    """Bind this process, and what it starts from now on, to the last `number` of the cores it was
    given; gives them.
    """
    cores = CORES[-number:]
    os.sched_setaffinity(0, cores)
    return cores


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    packages = ("numba", "numpy", "pyarrow", "duckdb")
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(CORES),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": sys.version.split()[0],
        **{package: version(package) for package in packages},
    }


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, columns aligned so that it can be read as it stands; all but the first are
    figures.
    """
    lines = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        for line in [lines[0], rule, *lines[1:]]
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def _cell(value: object) -> str:
    """Three figures are enough; more would not come out the same twice."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def save(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result as JSON."""
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {path}")
