"""A build on a Ray cluster: the bytes of one in threads, whoever dies meanwhile."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate import build
from curate.errors import CurateError, UserError
from curate.mixture.cluster import connected, on_ray
from curate.mixture.job import Job
from tests.command import call, started
from tests.corpus import chat, digests, reconcile, sentence, write_lines, write_recipe
from tests.soak import KILLS

pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
BLOCK = 60_000


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of two sources, some rows of which are leaks, copies or none at all."""
    folder, rng = tmp_path_factory.mktemp("cluster"), random.Random(3)
    items = [sentence(rng, 20) for _ in range(20)]
    write_lines(folder / "evals.jsonl", [{"question": item} for item in items])
    rows: list[Any] = [chat(sentence(rng, 60), "answer") for _ in range(1500)]
    write_lines(folder / "a.jsonl", [*rows, *(chat(item, "x") for item in items), {"none": 1}])
    write_lines(
        folder / "b.jsonl", [*rows[:300], *(chat(sentence(rng, 40), "y") for _ in range(500))]
    )
    sources = [{"name": "a", "from": "a.jsonl", "share": 1.5}, {"name": "b", "from": "b.jsonl"}]
    write_recipe(
        folder / "r.yaml",
        sources=sources,
        dedup={},
        decontaminate={"suite": "evals.jsonl"},
        output={"shards": 3, "validation": 40},
    )
    build(folder / "r.yaml", folder / "whole", workers=2, stages=None, block_bytes=BLOCK)
    return folder


def built(work: Path, name: str, workers: int, stages: Path | None = None) -> None:
    out = work / name
    build(work / "r.yaml", out, ray="local", workers=workers, stages=stages, block_bytes=BLOCK)
    assert digests(out) == digests(work / "whole")
    assert not list(out.glob("*/.*"))
    reconcile(out)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_bytes_are_those_of_threads(work: Path, workers: int) -> None:
    built(work, f"out-{workers}", workers)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def workers_of(pid: int) -> list[int]:
    """The processes below one that are at work on a task."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if b"ray::_do" in (entry / "cmdline").read_bytes():
                above = int(entry.name)
                while above > 1 and above != pid:
                    above = parent_of(above)
                found += [int(entry.name)] if above == pid else []
        except (OSError, ValueError):  # ended meanwhile, or no process
            continue
    return found


def kill_now_and_then(
    draw: random.Random, times: int, over: threading.Event, killed: list[int]
) -> None:
    while len(killed) < times and not over.is_set():
        there = workers_of(os.getpid())
        if there:
            time.sleep(draw.random() * 0.3)
            victim = draw.choice(there)
            if victim in workers_of(os.getpid()):
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
        time.sleep(0.02)


@pytest.mark.parametrize("number", range(max(1, KILLS // 10)))
def test_workers_that_are_killed_cost_their_tasks_and_no_byte(work: Path, number: int) -> None:
    over, killed = threading.Event(), list[int]()
    arguments = (random.Random(number), 3, over, killed)
    killer = threading.Thread(target=kill_now_and_then, args=arguments)
    killer.start()
    try:
        built(work, f"killed-{number}", 2)
    finally:
        over.set()
        killer.join()
    assert killed


def test_a_driver_that_is_killed_goes_on_from_its_stages(work: Path) -> None:
    stages = work / "stages"
    arguments = [
        "build",
        "r.yaml",
        "-o",
        "again",
        "--ray",
        "local",
        "--workers",
        2,
        "--stages",
        stages,
    ]
    with started(*arguments, cwd=work) as process:
        until = time.monotonic() + 200
        while not any(stages.glob("*/*-0.npz")) and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        process.kill()
    done = call(*arguments, "--json", cwd=work)
    assert done.code == 0, done.err
    assert digests(work / "again") == digests(work / "whole")


def fails(shared: str, what: str) -> str:
    if what == "user":
        raise UserError("a.jsonl: row 3: wrong")
    if what == "disk":
        raise OSError(28, "No space left on device", "/there/file")
    if what == "dies":
        os._exit(9)
    return shared + what


def test_what_a_task_raises_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.mixture.cluster._RETRIES", 1)

    def jobs(*whats: str) -> Iterator[Job[str]]:
        return (Job(fails, ("x",), (what,)) for what in whats)

    with connected("local", 2):
        assert list(on_ray(jobs(*"abcdefghij"))) == [f"x{one}" for one in "abcdefghij"]
        with pytest.raises(UserError, match=r"^a.jsonl: row 3: wrong$"):
            list(on_ray(jobs("a", "user")))
        with pytest.raises(OSError, match="No space left") as caught:
            list(on_ray(jobs("disk")))
        assert caught.value.filename == "/there/file"
        with pytest.raises(CurateError, match="the same command goes on from what is staged"):
            list(on_ray(jobs("a", "dies")))


def test_a_cluster_that_is_not_there_is_one_line(work: Path) -> None:
    done = call("build", "r.yaml", "-o", "none", "--ray", "127.0.0.1:1", cwd=work)
    assert done.code == 2
    assert done.error.startswith("curate: --ray 127.0.0.1:1: no cluster there")
