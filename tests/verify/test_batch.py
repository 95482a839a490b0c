"""Many rows in worker processes: the verdicts of single calls, in order; a row that hangs costs
itself alone.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from curate.errors import CurateError, UserError
from curate.verify import VERIFIERS, answer_part, load, pool
from curate.verify.batch import SCHEMA, verify_table
from curate.verify.pool import OUTCOMES, judge


@pytest.fixture
def unruly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose verifiers hang, die, raise and start processes; found by the workers through
    PYTHONPATH.
    """
    (tmp_path / "unruly.py").write_text(
        textwrap.dedent(
            '''
            """Verifiers that misbehave on demand."""
            import os, subprocess, time
            from curate.errors import UserError
            from curate.verify import Verdict

            def verify(completion, ground_truth, prompt=None):
                """Do what the completion says."""
                if completion == "hang":
                    while True:
                        pass
                if completion == "die":
                    os._exit(3)
                if completion == "raise":
                    raise RuntimeError("no\\nsuch luck")
                if completion == "mistake":
                    raise UserError("needs a library: pip install it")
                if completion == "child":
                    child = subprocess.Popen(["sleep", "600"])
                    open(ground_truth, "w").write(f"{child.pid} {os.getpid()}")
                    time.sleep(600)
                return Verdict(1.0, True, "fine")
            '''
        ),
        "utf-8",
    )
    info = tmp_path / "unruly-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unruly\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[curate.verifiers]\nunruly = unruly:verify\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    load.cache_clear()
    return tmp_path


def table_of(rows: list[tuple[str, str, str]]) -> pa.Table:
    verifier, completion, truth = zip(*rows, strict=True)
    return pa.table({"completion": completion, "verifier": verifier, "ground_truth": truth})


def mixed(n: int) -> list[tuple[str, str, str]]:
    rng = random.Random(7)
    kinds = [
        ("gsm8k", "It is 18.", "18"),
        ("gsm8k", "<think>18</think> It is 17.", "18"),
        ("gsm8k", "I do not know", "18"),
        ("math", r"\boxed{2(k+1)}", "2k+2"),
        ("MATH", r"\boxed{3", "3"),
        ("token-f1", "the red cat", "cat"),
        ("gsm8k", "18", "none"),
    ]
    return [rng.choice(kinds) for _ in range(n)]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_rows_get_the_verdicts_of_single_calls_for_any_number_of_workers(workers: int) -> None:
    rows = mixed(300)
    done: list[int] = []
    judged = verify_table(table_of(rows), workers=workers, done=done.append)
    assert judged.schema == SCHEMA
    assert sum(done) == 300
    wanted = [
        judge((name, answer_part(completion), truth, None)) for name, completion, truth in rows
    ]
    assert [tuple(row.values()) for row in judged.to_pylist()] == [tuple(one) for one in wanted]
    assert set(judged["outcome"].to_pylist()) == {
        "right",
        "wrong",
        "not parsed",
        "partly right",
        "bad ground truth",
    }
    by_outcome = dict(zip(judged["outcome"].to_pylist(), judged["score"].to_pylist(), strict=True))
    assert (by_outcome["right"], by_outcome["wrong"], by_outcome["not parsed"]) == (1.0, 0.0, 0.0)
    assert by_outcome["bad ground truth"] is None
    assert by_outcome["partly right"] == pytest.approx(2 / 3)
    assert set(by_outcome) <= set(OUTCOMES)


@pytest.mark.usefixtures("unruly")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_row_that_hangs_or_dies_costs_itself_alone(workers: int) -> None:
    completions = ["ok"] * 40
    completions[3], completions[17], completions[18], completions[30], completions[39] = (
        "hang",
        "die",
        "raise",
        "hang",
        "die",
    )
    judged = verify_table(
        table_of([("unruly", one, "x") for one in completions]), workers=workers, seconds=1.0
    )
    outcomes = {"ok": "right", "hang": "timed out", "die": "failed", "raise": "failed"}
    assert judged["outcome"].to_pylist() == [outcomes[one] for one in completions]
    reasons = dict(zip(completions, judged["reason"].to_pylist(), strict=True))
    assert reasons["hang"] == "no verdict within 1 s"
    assert reasons["die"] == "the verifier ended its process (exit code 3)"
    assert reasons["raise"] == "RuntimeError: no such luck"
    scores = dict(zip(completions, judged["score"].to_pylist(), strict=True))
    assert scores == {"ok": 1.0, "hang": 0.0, "die": None, "raise": None}


@pytest.mark.usefixtures("unruly")
def test_a_mistake_of_the_caller_ends_the_run() -> None:
    rows = [("unruly", "mistake" if n == 30 else "ok", "x") for n in range(60)]
    with pytest.raises(UserError, match="needs a library: pip install it"):
        verify_table(table_of(rows), workers=2)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.usefixtures("unruly")
def test_what_a_row_has_started_is_killed_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    judged = verify_table(
        table_of([("unruly", "child", str(pids)), ("unruly", "ok", "x")]), seconds=1.0
    )
    assert judged["outcome"].to_pylist() == ["timed out", "right"]
    for _ in range(100):
        if not any(alive(int(pid)) for pid in pids.read_text("utf-8").split()):
            return
        time.sleep(0.05)
    raise AssertionError("a process is left")


def test_a_killed_parent_leaves_no_worker(unruly: Path) -> None:
    pids = unruly / "pids"
    code = (
        "import pyarrow as pa\nfrom curate.verify.batch import verify_table\n"
        f"row = {{'completion': ['child'], 'verifier': ['unruly'], 'ground_truth': [{str(pids)!r}]}}\n"
        "if __name__ == '__main__':\n    verify_table(pa.table(row), seconds=300)\n"
    )
    (unruly / "run.py").write_text(code, "utf-8")
    paths = os.pathsep.join([str(unruly), str(Path(__file__).resolve().parents[2])])
    environment = os.environ | {
        "PYTHONPATH": paths,
        "TMPDIR": str(unruly),
    }  # a killed parent cannot clear up
    with subprocess.Popen([sys.executable, unruly / "run.py"], env=environment) as parent:
        for _ in range(600):
            if pids.exists() and len(pids.read_text("utf-8").split()) == 2:
                break
            time.sleep(0.05)
        parent.kill()
    child, worker = map(int, pids.read_text("utf-8").split())
    for _ in range(100):
        if not alive(worker):
            break
        time.sleep(0.05)
    left = alive(worker)
    if alive(child):
        os.kill(
            child, signal.SIGKILL
        )  # a verifier that starts processes sees to them itself when it is killed
    assert not left


def test_workers_live_on_and_one_that_misbehaved_does_not(unruly: Path) -> None:
    rows = table_of([("unruly", "ok", "x")] * 4)
    assert verify_table(rows, workers=2)["outcome"].to_pylist() == ["right"] * 4
    first = {worker.process.pid for worker in pool._IDLE_WORKERS}
    assert verify_table(rows, workers=2)["outcome"].to_pylist() == ["right"] * 4
    assert {worker.process.pid for worker in pool._IDLE_WORKERS} == first
    hanging = table_of([("unruly", "hang", "x"), ("unruly", "ok", "x")])
    assert verify_table(hanging, workers=1, seconds=0.5)["outcome"].to_pylist() == [
        "timed out",
        "right",
    ]
    with pytest.raises(UserError, match="needs a library"):
        verify_table(table_of([("unruly", "mistake", "x")]))
    assert verify_table(rows)["outcome"].to_pylist() == ["right"] * 4


def test_workers_are_like_the_process_at_the_moment(
    unruly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table_of([("unruly", "ok", "x")])
    verify_table(rows)
    first = {worker.process.pid for worker in pool._IDLE_WORKERS}
    monkeypatch.setenv("CURATE_TEST_OF_WORKERS", "1")
    verify_table(rows)
    assert not first & {worker.process.pid for worker in pool._IDLE_WORKERS}


@pytest.mark.usefixtures("unruly")
def test_a_thread_that_ends_takes_no_worker_with_it() -> None:
    rows = table_of([("unruly", "ok", "x")] * 3)
    for _ in range(3):
        with ThreadPoolExecutor(1) as threads:
            outcomes = threads.submit(verify_table, rows).result()["outcome"].to_pylist()
        assert outcomes == ["right"] * 3
    assert len(pool._IDLE_WORKERS) >= 1
    assert all(worker.process.is_alive() for worker in pool._IDLE_WORKERS)


@pytest.mark.usefixtures("unruly")
def test_a_worker_that_died_while_it_was_idle_is_replaced() -> None:
    rows = table_of([("unruly", "ok", "x")] * 3)
    verify_table(rows)
    for worker in pool._IDLE_WORKERS:
        worker.process.kill()
        worker.process.join()
    assert verify_table(rows)["outcome"].to_pylist() == ["right"] * 3


def test_thinking_that_never_ends_is_no_answer_to_any_verifier() -> None:
    labels = {
        "gsm8k": ("6", "6"),
        "math": (r"\boxed{6}", "6"),
        "multiple-choice": ("B", "B"),
        "string": ("six", "six"),
        "token-f1": ("six", "six"),
        "regex": ("six", "six"),
        "json-schema": ("{}", "{}"),
        "max-length": ("six", "3"),
        "ifeval": ("six", '[{"id": "punctuation:no_comma", "kwargs": {}}]'),
        "ifeval-loose": ("six", '[{"id": "punctuation:no_comma", "kwargs": {}}]'),
        "code": ("x = 6", '["assert x == 6"]'),
        "all-of": ("six", '[{"verifier": "string", "ground_truth": "six"}]'),
        "weighted": ("six", '[{"verifier": "string", "ground_truth": "six"}]'),
    }
    assert labels.keys() == VERIFIERS.keys()
    rows = [(name, f"<think>{answer}", label) for name, (answer, label) in labels.items()]
    judged = verify_table(table_of(rows))
    assert set(judged["outcome"].to_pylist()) == {"not parsed"}
    assert set(judged["score"].to_pylist()) == {0.0}


def test_no_rows_give_an_empty_table() -> None:
    empty = pa.table(
        {name: pa.array([], pa.string()) for name in ("completion", "verifier", "ground_truth")}
    )
    assert verify_table(empty).num_rows == 0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"completion": ["a"], "verifier": ["math"]}, "unknown column 'ground_truth'"),
        (
            {"completion": ["a"], "verifier": ["maths"], "ground_truth": ["1"]},
            "did you mean 'math'",
        ),
        (
            {"completion": ["a", None], "verifier": ["math"] * 2, "ground_truth": ["1"] * 2},
            "row 1 has no completion",
        ),
        (
            {"completion": [1], "verifier": ["math"], "ground_truth": ["1"]},
            "column 'completion' is int64, not text",
        ),
    ],
)
def test_a_mistake_is_said_before_work_starts(columns: dict[str, list[object]], said: str) -> None:
    with pytest.raises(UserError, match=said):
        verify_table(pa.table(columns))
    with pytest.raises(UserError, match="must be above 0"):
        verify_table(table_of([("math", "1", "1")]), workers=0)


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text(
        "import pyarrow as pa\nfrom curate.verify.batch import verify_table\n"
        "verify_table(pa.table({'completion': ['1'], 'verifier': ['gsm8k'], 'ground_truth': ['1']}))\n",
        "utf-8",
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, tmp_path / "bare.py"], env=environment, capture_output=True, text=True
    )
    assert CurateError.__name__ in done.stderr
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]
    assert done.stderr.count("Traceback") == 1, "of the script itself: its workers say nothing"


def test_columns_are_as_good_as_a_table() -> None:
    columns = {"completion": ["18"], "verifier": ["gsm8k"], "ground_truth": ["18"]}
    assert verify_table(columns).equals(verify_table(pa.table(columns)))
