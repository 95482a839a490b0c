"""Tasks put to lm-evaluation-harness: it makes prompts with their examples, and asks the model.

    put = asked(items, lm)           # for every task and item: the prompt, the answers, what is right

It is machinery alone: rows come from `rows`, answers from `model`, and `judge` scores them. Keys
that a task takes over from one of its own tasks are read from the installed package."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from curate.engines import Answer
from curate.errors import CurateError, UserError, extra
from curate.evaluation.rows import SUBSET, TaskItem, TaskItems, whole
from curate.evaluation.spec import TaskFile

try:
    from lm_eval.api import task as machinery
    from lm_eval.evaluator import evaluate
    from lm_eval.tasks._yaml_loader import load_yaml
except ImportError as error:
    raise UserError(f"evaluating needs {error.name}: {extra('eval')}") from None

from curate.evaluation.model import ID, EngineLM

_OURS = ("dataset_path", "dataset_name", "dataset_kwargs", "process_docs", "process_results")
"""Keys of the harness that a task of ours never takes over: rows and scores are our own."""
_SCORED = [{"metric": "asked", "aggregation": "mean", "higher_is_better": True}]


class Rows(list[Any]):
    """Rows as the harness wants them: a list that knows its columns."""

    @property
    def features(self) -> Mapping[str, None]:
        """The columns."""
        return dict.fromkeys(self[0])


@dataclass(frozen=True)
class Put:
    """An item as it was put to a model, and what came of it."""

    item: TaskItem
    prompt: str
    """As the model was asked: messages as JSON, or a text."""
    target: Any
    """What is right, as the harness tells it."""
    answers: Sequence[Answer] = ()
    """Of a task that asks for texts, one a sample."""
    logprobs: Sequence[float] = ()
    """Of a task that compares choices."""
    choices: Sequence[str] = ()


def asked(given: Sequence[TaskItems], lm_of: Any) -> dict[str, list[Put]]:
    """Every item of every task, by the task's name, put to a model.

    `lm_of` makes an `EngineLM` for tasks with the chat template (True) or without it."""
    found: dict[str, list[Put]] = {}
    for chat in (True, False):
        chosen = [one for one in given if one.task.chat == chat]
        if chosen:
            found |= _asked(chosen, lm_of(chat), chat)
    return {one.task.name: found[one.task.name] for one in given}


def _asked(given: Sequence[TaskItems], lm: EngineLM, chat: bool) -> dict[str, list[Put]]:
    parts = [part for one in given for part in _parts(one)]
    with _quiet():
        tasks = {name: _task(name, task, items) for name, task, items in parts}
        found: Any = evaluate(
            lm,
            {"tasks": tasks, "groups": {}},
            bootstrap_iters=0,
            apply_chat_template=chat,
            fewshot_as_multiturn=chat,
        )
    if found is None:
        raise CurateError("lm-evaluation-harness gave no result")
    put: dict[str, dict[str, Put]] = {one.task.name: {} for one in given}
    for name, task, items in parts:
        samples = sorted(found["samples"][name], key=lambda sample: int(sample["doc_id"]))
        for item, sample in zip(items, samples, strict=True):
            put[task.name][item.id] = _put(item, sample)
    return {one.task.name: [put[one.task.name][item.id] for item in one.items] for one in given}


def _parts(given: TaskItems) -> list[tuple[str, TaskFile, Sequence[TaskItem]]]:
    """The tasks of the harness that a task of ours is: one, or one for each subset."""
    task = given.task
    if "{subset}" not in (task.like or ""):
        return [(task.name, task, given.items)]
    subsets = sorted({item.row[SUBSET] for item in given.items})
    return [
        (f"{task.name}_{one}", task, [item for item in given.items if item.row[SUBSET] == one])
        for one in subsets
    ]


def _task(name: str, task: TaskFile, items: Sequence[TaskItem]) -> Any:
    rows = Rows({**whole(item.row), ID: item.id} for item in items)
    config = _taken(task, items[0].row[SUBSET]) | task.task
    config["metadata"] = {"version": 0}
    made = machinery.ConfigurableTask(
        config=config
        | {
            "task": name,
            "custom_dataset": lambda **_: {"items": rows},
            "test_split": "items",
            "process_results": lambda doc, results: {"asked": 1},
            "metric_list": _SCORED,
        }
    )
    if made.get_config("num_fewshot") is None:
        made.set_config(key="num_fewshot", value=0)
    made.set_fewshot_seed(seed=1234)
    return made


def _taken(task: TaskFile, subset: str) -> dict[str, Any]:
    """The keys that a task takes over from one of the harness."""
    if task.like is None:
        return {}
    name = task.like.replace("{subset}", subset)
    path = Path(str(files("lm_eval.tasks"))) / f"{name}.yaml"
    if not path.exists():
        path = path.with_suffix("")
    if not path.exists():
        raise UserError(f"task {task.name}: lm-evaluation-harness has no task file {name}")
    config: dict[str, Any] = load_yaml(path, resolve_func=False)
    left = (*_OURS, "tag", "group", "filter_list", "training_split", "validation_split")
    return {key: value for key, value in config.items() if key not in left}


def _put(item: TaskItem, sample: Mapping[str, Any]) -> Put:
    arguments, resps = sample["arguments"], sample["resps"]
    prompt, target = str(arguments[0][0]), sample["target"]
    if isinstance(resps[0][0], Answer):
        return Put(item, prompt, target, answers=tuple(resps[0]))
    logprobs = [float(one[0][0]) for one in resps]
    return Put(item, prompt, target, logprobs=logprobs, choices=[one[1] for one in arguments])


@contextmanager
def _quiet() -> Iterator[None]:
    """Within, the harness tells nothing but its errors."""
    logger, bar = logging.getLogger("lm_eval"), machinery.tqdm
    level = logger.level
    logger.setLevel(logging.ERROR)
    machinery.tqdm = lambda rows, **_: rows
    try:
        yield
    finally:
        machinery.tqdm = bar
        logger.setLevel(level)
