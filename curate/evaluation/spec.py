"""What an evaluation is made of: a task file, and the suites that task files belong to.

    tasks_of("tulu3-dev")        # the tasks of a shipped suite
    task_of("gsm8k")             # one by its name, or from a file of one's own

A task names the benchmark that its items come from, how they are put to a model (in the words of
lm-evaluation-harness), and how an answer becomes a score: by one of our verifiers, or by the
log-probabilities of the choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from curate import shipped
from curate.config import Strict, check, load_yaml
from curate.errors import UserError, unknown
from curate.suites import Benchmark, load_suite

ROWS = "tulu3-extended"
"""The suite whose benchmarks a task may name."""
Metric = Literal["accuracy", "mc2", "passed", "score", "pass@k"]


class TaskFile(Strict):
    """What a task's YAML file holds."""

    name: str = Field(pattern=r"^[\w-]+$")
    suite: str | None = None
    """The suite that it belongs to, such as tulu3-dev."""
    role: Literal["development", "unseen"] = "development"
    """Of an unseen task every look is counted, and asks for --final."""
    benchmark: str | Benchmark
    """Where its rows come from: the name of a benchmark of tulu3-extended, or its keys."""
    like: str | None = None
    """A task of lm-evaluation-harness whose keys it takes over; `{subset}` in it stands for the
    configuration or file that a row comes from.
    """
    task: dict[str, Any] = Field(default_factory=dict)
    """Keys of lm-evaluation-harness: how an item is put to the model."""
    chat: bool = True
    """Whether the chat template is used, with examples as turns of their own."""
    metric: Metric
    """accuracy and mc2 compare choices by log-probability; passed, score and pass@k ask a verifier."""
    verifier: str | None = None
    """The verifier, as a template over the row."""
    ground_truth: str | None = None
    """Its ground truth, as a template over the row."""
    k: tuple[int, ...] = ()
    """Of pass@k; the first is the score."""
    group: str | None = None
    """A template over the row: the score is the mean over groups. Without it, over items."""
    paper: str
    """The paper's setting."""
    differs: str | None = None
    """What is different here, and why."""

    @model_validator(mode="after")
    def _one_way_to_score(self) -> TaskFile:
        asks = self.metric in ("passed", "score", "pass@k")
        if asks != (self.verifier is not None and self.ground_truth is not None):
            raise ValueError(
                f"metric {self.metric} "
                + ("needs verifier and ground_truth" if asks else "takes no verifier")
            )
        if (self.metric == "pass@k") != bool(self.k):
            raise ValueError("k belongs to metric pass@k, and is needed there")
        return self

    @property
    def repeats(self) -> int:
        """How many samples of an item are drawn."""
        return int(self.task.get("repeats", 1))

    def place(self) -> Benchmark:
        """The benchmark that its rows come from; raises UserError where there is none."""
        if isinstance(self.benchmark, Benchmark):
            return self.benchmark
        known = {one.name: one for one in load_suite(ROWS, base=Path.cwd()).benchmarks}
        if self.benchmark not in known:
            raise UserError(f"task {self.name}: {unknown('benchmark', self.benchmark, known)}")
        return known[self.benchmark]


def task_files() -> dict[str, Path]:
    """The shipped tasks: their names and files."""
    return {path.stem: path for path in sorted(shipped.folder("tasks").glob("*.yaml"))}


def task_of(name: str) -> TaskFile:
    """The task of a shipped name, or that of a file; raises UserError with the nearest name."""
    known = task_files()
    path = Path(name) if name.endswith((".yaml", ".yml")) else known.get(name)
    if path is None:
        raise UserError(f"{unknown('task', name, known)}; a task of your own is given as a file")
    return check(TaskFile, load_yaml(path), str(path))


def suites() -> dict[str, list[str]]:
    """The suites of tasks: their names, and those of their tasks."""
    found: dict[str, list[str]] = {}
    for name in task_files():
        suite = task_of(name).suite
        if suite:
            found.setdefault(suite, []).append(name)
    return dict(sorted(found.items()))


def tasks_of(
    suite: str | None, own: Sequence[str] = (), without: Sequence[str] = ()
) -> list[TaskFile]:
    """The tasks of a suite and those named beside it, but those that are left out.

    Raises UserError for unknown names, for two of one name, and where no task is left."""
    known = suites()
    if suite is not None and suite not in known:
        raise UserError(unknown("suite of tasks", suite, known))
    names = list(dict.fromkeys([*(known[suite] if suite else ()), *own]))
    for name in without:
        if name not in names:
            raise UserError(f"--without: {unknown('task', name, names)}")
    tasks = [task_of(name) for name in names if name not in without]
    for name, times in Counter(task.name for task in tasks).items():
        if times > 1:
            raise UserError(
                f"{times} tasks are called {name}; give the one of your own another name"
            )
    if not tasks:
        raise UserError("no task to evaluate: give --suite or --task")
    return tasks
