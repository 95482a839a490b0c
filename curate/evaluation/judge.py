"""Answers to scores: one row an item, with everything that is needed to see why.

Verifiers run in worker processes with a time limit. A truncated answer is judged as far as it goes;
one that failed or was refused is wrong, and counted. An item whose ground truth its verifier cannot
read has no score: it is left out of every mean, and counted too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from curate.engines import Answer
from curate.evaluation.harness import Put
from curate.evaluation.model import messages_of
from curate.evaluation.rows import TaskItems, rendered
from curate.evaluation.spec import TaskFile
from curate.verify import find, load
from curate.verify.batch import verify_table
from curate.verify.sandbox import run

SCHEMA = pa.schema(
    [
        pa.field("task", pa.string(), nullable=False),
        pa.field("item", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("answers", pa.list_(pa.string()), nullable=False),
        pa.field("outcomes", pa.list_(pa.string()), nullable=False),
        pa.field("verdicts", pa.list_(pa.string()), nullable=False),
        pa.field("logprobs", pa.list_(pa.float64()), nullable=False),
        pa.field("passed", pa.int32()),
    ]
)
_SAID = ("answered", "truncated", "repeated")


def ready(given: TaskItems, allow_weaker: bool = False) -> None:
    """Raise UserError where a task names a verifier that there is not, or what its rows lack, or
    where programs are to be run and there is no sandbox.
    """
    task = given.task
    if task.verifier is None or task.ground_truth is None:
        return
    for item in given.items:
        rendered(task.ground_truth, item.row, task)
    for name in sorted({rendered(task.verifier, item.row, task) for item in given.items}):
        find(name)
        if load(name).runs_code:
            run("pass", allow_weaker=allow_weaker)


def judged(
    task: TaskFile,
    put: Sequence[Put],
    *,
    workers: int = 1,
    allow_weaker: bool = False,
    done: Callable[[int], None] = lambda n: None,
) -> pa.Table:
    """The scores of a task's items, a table of SCHEMA in their order."""
    if task.verifier is None:
        rows = [_chosen(task, one) for one in put]
    else:
        rows = _verified(task, put, workers, allow_weaker, done)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _row(task: TaskFile, one: Put, target: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"answers": [], "outcomes": [], "verdicts": [], "logprobs": []}
    same = {"task": task.name, "item": one.item.id, "group": one.item.group}
    return empty | same | {"prompt": _whole(one.prompt), "target": _whole(target)} | more


def _whole(text: str) -> str:
    """A text that UTF-8 holds: an answer that was cut may end with half of a character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# ---- choices


def _chosen(task: TaskFile, one: Put) -> dict[str, Any]:
    """The score of an item whose choices were compared."""
    failed = not all(map(math.isfinite, one.logprobs))
    right = _right(one)
    chosen = int(np.argmax(one.logprobs))
    score = float(chosen in right) if task.metric == "accuracy" else _mass(one)
    return _row(
        task,
        one,
        " | ".join(one.choices[place].strip() for place in right),
        score=0.0 if failed else score,
        answers=[] if failed else [_whole(one.choices[chosen])],
        outcomes=["failed" if failed else "answered"],
        logprobs=list(one.logprobs),
        passed=None if failed else int(chosen in right),
    )


def _right(one: Put) -> list[int]:
    """The places of the right choices."""
    labels = one.item.row.get("mc2_targets", {}).get("labels")
    if labels is not None:
        return [place for place, label in enumerate(labels) if label == 1]
    target = one.target
    if isinstance(target, str) and not target.isdigit():
        return [place for place, text in enumerate(one.choices) if text.strip() == target.strip()]
    return [int(target)]


def _mass(one: Put) -> float:
    """The share of the right choices in the probability of all."""
    shares = np.exp(np.array(one.logprobs) - max(one.logprobs))
    return float(shares[_right(one)].sum() / shares.sum())


# ---- texts


def _verified(
    task: TaskFile,
    put: Sequence[Put],
    workers: int,
    allow_weaker: bool,
    done: Callable[[int], None],
) -> list[dict[str, Any]]:
    truths = [rendered(task.ground_truth or "", one.item.row, task) for one in put]
    names = [rendered(task.verifier or "", one.item.row, task) for one in put]
    flat = [
        tuple(map(_whole, (_said(answer), name, truth, _question(task, one))))
        for one, name, truth in zip(put, names, truths, strict=True)
        for answer in one.answers
    ]
    columns = zip(*flat, strict=True)
    table = pa.table(dict(zip(_COLUMNS, map(list, columns), strict=True)))
    verdicts = verify_table(table, workers=workers, allow_weaker=allow_weaker, done=done)
    scores, outcomes = verdicts["score"].to_pylist(), verdicts["outcome"].to_pylist()
    rows, start = [], 0
    for one, truth in zip(put, truths, strict=True):
        stop = start + len(one.answers)
        own = [_own(*pair) for pair in zip(one.answers, scores[start:stop], strict=True)]
        rows.append(
            _row(
                task,
                one,
                truth,
                score=scored(task, own),
                answers=[_whole(answer.said) for answer in one.answers],
                outcomes=[answer.outcome for answer in one.answers],
                verdicts=outcomes[start:stop],
                passed=None if None in own else sum(score == 1 for score in own),
            )
        )
        start = stop
    return rows


def _question(task: TaskFile, one: Put) -> str:
    return messages_of(one.prompt, task.chat)[-1]["content"]


_COLUMNS = ("completion", "verifier", "ground_truth", "prompt")


def _said(answer: Answer) -> str:
    return answer.said if answer.outcome in _SAID else ""


def _own(answer: Answer, score: float | None) -> float | None:
    """The score of an answer: there are verifiers that pass a text of nothing, too."""
    return score if answer.outcome in _SAID or score is None else 0.0


def scored(task: TaskFile, scores: Sequence[float | None]) -> float | None:
    """The score of an item from those of its samples; None where one cannot be judged."""
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return None
    if task.metric == "score":
        return float(np.mean(known))
    passed = sum(score == 1 for score in known)
    return pass_at(task.k[0], len(known), passed) if task.k else passed / len(known)


def pass_at(k: int, n: int, passed: int) -> float:
    """The chance that of `k` answers, drawn from `n` of which `passed` pass, one passes."""
    return 1.0 - math.comb(n - passed, min(k, n)) / math.comb(n, min(k, n))
