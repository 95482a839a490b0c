"""`code` in worker processes and in `curate check`: what hangs is killed whole, nothing stays, weak
walls on demand.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from pathlib import Path

import pytest

from curate.verify import find
from curate.verify.batch import verify_table
from tests.command import ROOT, run
from tests.corpus import write_lines

DOUBLE = "def double(n):\n    return 2 * n"
LABEL = json.dumps({"tests": ["assert double(2) == 4", "assert double(0) == 0"]})
HANGS = json.dumps({"stdio": [{"input": "", "output": "4"}]})


def fenced(program: str) -> str:
    return f"Here it is:\n```python\n{program}\n```"


def judged(*rows: tuple[str, str, str], seconds: float = 30.0) -> list[tuple[str, float | None]]:
    verifier, completion, truth = zip(*rows, strict=True)
    columns = {"verifier": verifier, "completion": completion, "ground_truth": truth}
    table = verify_table(columns, workers=2, seconds=seconds)
    return list(zip(table["outcome"].to_pylist(), table["score"].to_pylist(), strict=True))


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, children.read_text("utf-8").split()):
                found |= {child} | descendants(child)
        except OSError:  # it ended meanwhile
            continue
    return found


def program_is(pid: int) -> bool:
    """Whether a process is a program in a sandbox, or what starts one."""
    try:
        return b"/proc/self/fd/" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.usefixtures("sandboxed")
def test_rows_of_code_beside_others() -> None:
    both = json.dumps([{"verifier": "code", "ground_truth": json.loads(LABEL)}, {"verifier": "ifeval", "ground_truth": [
        {"id": "length_constraints:number_words", "kwargs": {"num_words": 40, "relation": "less than"}}
    ]}])  # fmt: skip
    assert judged(
        ("code", f"<think>{fenced('x = 1')}</think>{fenced(DOUBLE)}", LABEL),
        ("CODE_stdio", fenced("print(int(input()) * 2)"), '[{"input": "2", "output": "4"}]'),
        ("code", fenced("def double(n): return n * n"), json.dumps(["assert double(2) == 4", "assert double(3) == 6"])),
        ("code", fenced("def double(n): return 5"), LABEL),
        ("code", "I cannot.", LABEL),
        ("code", fenced(DOUBLE), "{}"),
        ("all-of", fenced(DOUBLE), both),
        ("all-of", fenced(DOUBLE) + "\nword" * 40, both),
        ("weighted", fenced(DOUBLE) + "\nword" * 40, both),
    ) == [
        ("right", 1.0), ("right", 1.0), ("partly right", 0.5), ("wrong", 0.0), ("not parsed", 0.0),
        ("bad ground truth", None), ("right", 1.0), ("wrong", 0.0), ("partly right", 0.5),
    ]  # fmt: skip


@pytest.mark.usefixtures("sandboxed")
def test_a_program_that_hangs_is_killed_with_its_worker_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: set[int] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.update(filter(program_is, descendants(os.getpid())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        hangs = fenced(
            "import os, signal\nsignal.signal(15, signal.SIG_IGN)\nos.fork()\nwhile True: pass"
        )
        rows = [
            ("code", fenced(DOUBLE), LABEL),
            ("code", hangs, HANGS),
            ("code", fenced(DOUBLE), LABEL),
        ]
        outcomes = [outcome for outcome, _ in judged(*rows, seconds=2.0)]
    finally:
        over.set()
        watcher.join()
    assert outcomes == ["right", "timed out", "right"]
    assert len(seen) >= 2
    end = time.monotonic() + 5
    while any(map(program_is, seen)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not list(filter(program_is, seen))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def without_walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where worker processes find no jail that has walls."""
    (tmp_path / "sitecustomize.py").write_text(
        "import curate.verify.sandbox as s\ns.JAILS = ()\n", "utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    return tmp_path


@pytest.mark.usefixtures("sandboxed")
def test_where_there_are_no_walls_rows_stay_unchecked_unless_it_is_allowed(
    without_walls: Path,
) -> None:
    nested = [{"verifier": "code", "ground_truth": json.loads(LABEL) | {"solution": DOUBLE}}]
    rows = [
        {
            "prompt": "Double.",
            "verifier": "code",
            "ground_truth": json.dumps(json.loads(LABEL) | {"solution": DOUBLE}),
        },
        {
            "prompt": "Triple.",
            "verifier": "code",
            "ground_truth": json.dumps({**json.loads(LABEL), "solution": "x=1"}),
        },
        {"prompt": "And so on.", "verifier": "all-of", "ground_truth": json.dumps(nested)},
    ]
    write_lines(without_walls / "rows.jsonl", rows)
    refused = run("check", "rows.jsonl", "--for", "rlvr", "--json", cwd=without_walls)
    assert refused.code == 1
    found = json.loads(refused.out)["findings"]
    assert [(one["finding"], one["row"]) for one in found] == [
        ("unchecked", f"rows/{row}") for row in range(3)
    ]
    assert all(
        "no sandbox can be made here" in one["detail"] and "--allow-weaker-sandbox" in one["detail"]
        for one in found
    )
    done = run(
        "check",
        "rows.jsonl",
        "--for",
        "rlvr",
        "--allow-weaker-sandbox",
        "--json",
        cwd=without_walls,
    )
    assert [(one["finding"], one["row"]) for one in json.loads(done.out)["findings"]] == [
        ("golden-fails", "rows/1")
    ]


def test_only_what_runs_code_is_told_of_weaker_walls() -> None:
    assert find("gsm8k", allow_weaker=True) is find("gsm8k")
    assert find("code", allow_weaker=True) is not find("code")
