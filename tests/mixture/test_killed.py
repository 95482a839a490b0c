"""A build that is killed or interrupted never leaves a folder that could be taken for done."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from curate.mixture.folder import MARKER
from tests.command import call, environment, started
from tests.corpus import chat, digests, ids, reconcile, sentence, write_lines, write_recipe
from tests.soak import KILLS

N_ROWS = 3000


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe whose build takes a second or so, and that build as `whole`."""
    folder, rng = tmp_path_factory.mktemp("killed"), random.Random(1)
    items = [sentence(rng, 20) for _ in range(50)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    write_lines(
        folder / "a.jsonl",
        [chat(sentence(rng, 60), "answer") for _ in range(N_ROWS - 50)]
        + [chat(i, "x") for i in items],
    )
    sources = [{"name": "a", "from": "a.jsonl", "share": 1.5}]
    output = {"shards": 4, "validation": 50}
    write_recipe(
        folder / "r.yaml", sources=sources, decontaminate={"suite": "evals.jsonl"}, output=output
    )
    assert (
        call("build", "r.yaml", "-o", "whole", "--workers", 2, "--no-stages", cwd=folder).code == 0
    )
    return folder


def end(process: subprocess.Popen[str], sign: signal.Signals) -> tuple[int, str]:
    """Send a signal and wait for the end: the exit code and what was said."""
    process.send_signal(sign)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something is there, or the process has ended."""
    until = time.monotonic() + 60
    while not condition() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)


def assert_never_half(work: Path, out: Path) -> None:
    """OUT is not there, or it is the whole build."""
    if out.exists():
        assert digests(out) == digests(work / "whole")
        reconcile(out)


# What can be seen in OUT.partial at the time; then some part of the rest passes.
MOMENTS = [
    "data/train-*",
    "audit.duckdb",
    ".staging",
    ".staging/*/run-*",
    "removed",
    "README.md",
    "report.html*",
]


def some_slow(values: Sequence[Any], fast: int) -> list[Any]:
    """The first few as they are, the rest for the slow tests: each takes a process or two."""
    return [
        *values[:fast],
        *(
            pytest.param(*(v if isinstance(v, tuple) else (v,)), marks=pytest.mark.slow)
            for v in values[fast:]
        ),
    ]


@pytest.mark.parametrize("number", range(max(1, KILLS // 10)))
@pytest.mark.parametrize("moment", some_slow(MOMENTS, 2))
def test_a_kill_in_the_middle_of_writing_leaves_no_half_folder(
    work: Path, moment: str, number: int
) -> None:
    out = work / f"out-{MOMENTS.index(moment)}-{number}"
    partial = out.with_name(out.name + ".partial")
    with started(
        "build", "r.yaml", "-o", out.name, "--workers", 2, "--no-stages", cwd=work
    ) as process:
        wait_for(lambda: any(partial.glob(moment)), process)
        time.sleep(random.Random(f"{moment} {number}").random() * 0.02)
        code, _ = end(process, signal.SIGKILL)
    assert_never_half(work, out)
    assert code == -signal.SIGKILL or (code == 0 and out.exists())  # it may have been done by then
    assert out.exists() != partial.exists()
    # The next build discards what was left and succeeds.
    done = call(
        "build",
        "r.yaml",
        "-o",
        out.name,
        "--workers",
        2,
        "--no-stages",
        *(["--overwrite"] if out.exists() else []),
        cwd=work,
    )
    assert (done.code, done.err) == (0, "")
    assert not partial.exists()
    assert digests(out) == digests(work / "whole")


STOPS = """
import os, sys
from pathlib import Path
import curate.mixture.folder as folder_of_a_build

def stop(event, arguments):  # dies at the n-th change of the disk after the folder was finished
    global left
    if run_done and event in ("os.rename", "os.remove", "os.rmdir", "shutil.rmtree"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)

left, run_done = int(sys.argv.pop(1)), False
finished = folder_of_a_build.fsync_tree
def mark(folder):
    global run_done
    finished(folder)
    run_done = True
folder_of_a_build.fsync_tree = mark
sys.addaudithook(stop)
from curate.cli import main
main()
"""


@pytest.mark.parametrize("after", some_slow([2, 5, 0, 1, 3, 4, 6], 2))
def test_a_kill_while_a_build_replaces_another_leaves_one_of_the_two(
    tmp_path: Path, after: int
) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("old", "1"), chat("older", "2")])
    write_lines(tmp_path / "b.jsonl", [chat("new", "1")])
    for name in ("a", "b"):
        write_recipe(tmp_path / f"{name}.yaml", sources=[{"name": name, "from": f"{name}.jsonl"}])
    assert call("build", "a.yaml", "-o", "out", cwd=tmp_path).code == 0
    old = digests(tmp_path / "out")
    command = [
        sys.executable,
        "-c",
        STOPS,
        str(after),
        "build",
        "b.yaml",
        "-o",
        "out",
        "--overwrite",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    if (tmp_path / "out").exists():
        assert digests(tmp_path / "out") == old or ids(tmp_path / "out") == ["b/0"]
        reconcile(tmp_path / "out")
    assert call("build", "b.yaml", "-o", "out", "--overwrite", cwd=tmp_path).code == 0
    assert ids(tmp_path / "out") == ["b/0"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.jsonl",
        "a.yaml",
        "b.jsonl",
        "b.yaml",
        "out",
    ]


INTERRUPTS = [
    (signal.SIGINT, "data/train-*"),
    (signal.SIGINT, ".staging"),
    (signal.SIGTERM, "data/train-*"),
    (signal.SIGTERM, ".staging"),
    (signal.SIGHUP, "data/train-*"),
    (signal.SIGQUIT, ".staging"),
]


@pytest.mark.parametrize(("sign", "moment"), some_slow(INTERRUPTS, 2))
def test_an_interrupt_exits_with_130_and_leaves_nothing(
    work: Path, sign: signal.Signals, moment: str
) -> None:
    out = work / f"stop-{sign.name}-{moment[:4].strip('.')}"
    partial = out.with_name(out.name + ".partial")
    for _ in range(3):  # on a busy machine the build may be done before the signal comes
        with started(
            "build", "r.yaml", "-o", out.name, "--workers", 2, "--no-stages", cwd=work
        ) as process:
            wait_for(lambda: any(partial.glob(moment)), process)
            code, err = end(process, sign)
        if code != 0:
            break
        shutil.rmtree(out)
    assert code == 130
    assert err == "curate: interrupted; nothing half-written is left\n"
    assert not partial.exists()
    assert not out.exists()


def test_a_leftover_of_a_kill_is_discarded_whatever_it_holds(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("question", "answer")])
    write_recipe(tmp_path / "r.yaml", sources=[{"name": "a", "from": "a.jsonl"}])
    left = (
        "data/train-00007-of-00009.parquet",
        "removed/removed.parquet",
        ".staging/run-0-0.arrow",
        "README.md",
        MARKER,
    )
    for name in left:
        (tmp_path / "out.partial" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out.partial" / name).write_bytes(os.urandom(10))
    assert call("build", "r.yaml", "-o", "out", cwd=tmp_path).code == 0
    names = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert names == {
        "README.md",
        "audit.duckdb",
        "data/train-00000-of-00001.parquet",
        "recipe.lock.json",
        "recipe.yaml",
        "report.html",
    }
    assert not (tmp_path / "out.partial").exists()
