"""Do ground truths hold what their verifiers expect? Every one is tried on itself, and on what it
must refuse.

For a ground truth with a `golden` completion (see `curate.verify`): the verifier must pass that
completion, and must pass none of the `perturbed` ones. Where a verifier has no golden completion,
of an instruction to follow, say, or of tests without a solution, it is called on an empty
completion, which shows whether the label can be read, and on the `perturbed` ones that it has (tests
without a solution: a program that does nothing, where programs can be run); these labels are
counted, since nobody has tried a right answer. `all-of` and `weighted` are checked part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from curate.errors import UserError
from curate.verify import BadGroundTruth, UnknownVerifier, Verifier, load
from curate.verify.batch import judge_rows
from curate.verify.pool import BAD_TRUTH, FAILED, RIGHT, TIMED_OUT, UNCHECKED, Judged, Row
from curate.verify.several import parts

UNKNOWN, UNREADABLE, REFUSES, ACCEPTS, STUCK, UNTRIED = FAULTS = (
    "unknown-verifier",
    "bad-ground-truth",
    "golden-fails",
    "perturbed-passes",
    "no-verdict",
    "unchecked",
)
Label = tuple[str, str]
"""Verifier, ground truth."""

_SEVERAL = ("all-of", "weighted")


class Fault(NamedTuple):
    """What is wrong with a label: one of FAULTS, and how that shows."""

    fault: str
    detail: str


class Tried(NamedTuple):
    """The faults of every label that has some; of every other one the verifiers that could only read
    it; and the labels with tests that a program could cheat.
    """

    faults: dict[Label, list[Fault]]
    only_read: dict[Label, list[str]]
    weaker: set[Label]


class _Trial(NamedTuple):
    """A completion tried on a label; `wanted` is None where only the label is read."""

    label: Label
    row: Row
    wanted: bool | None


def tried(
    labels: Iterable[Label],
    workers: int = 1,
    seconds: float = 30.0,
    done: Callable[[int], None] = lambda n: None,
    *,
    allow_weaker: bool = False,
    engine: Any = None,
) -> Tried:
    """Try every label once, in worker processes with a time limit. Where a verifier lacks what it
    needs, its labels are UNTRIED. `engine` is for verifiers that ask a language model.
    """
    found: dict[Label, list[Fault]] = {}
    trials: list[_Trial] = []
    for label in dict.fromkeys(labels):
        try:
            trials.extend(_trials(label, label, allow_weaker))
        except BadGroundTruth as error:
            found[label] = [Fault(UNREADABLE, str(error))]
        except UnknownVerifier as error:
            found[label] = [Fault(UNKNOWN, str(error))]
        except UserError as error:
            found[label] = [Fault(UNTRIED, str(error))]
    rows = [trial.row for trial in trials]
    judgements = judge_rows(rows, workers, seconds, done, allow_weaker, engine, True)
    for trial, judged in zip(trials, judgements, strict=True):
        fault = _fault(trial, judged)
        if fault is not None and fault not in found.get(trial.label, ()):
            found.setdefault(trial.label, []).append(fault)
    weaker = {trial.label for trial, judged in zip(trials, judgements, strict=True)
              if not judged.isolated}  # fmt: skip
    only_read: dict[Label, list[str]] = {}
    for trial in trials:
        if trial.wanted is None and trial.label not in found:
            only_read.setdefault(trial.label, []).append(load(trial.row[0]).name)
    return Tried(found, only_read, weaker)


def _trials(whole: Label, label: Label, allow_weaker: bool) -> list[_Trial]:
    """What is tried for a label; raises UserError for an unknown verifier, BadGroundTruth for an
    unreadable label.
    """
    name, truth = label
    verifier = load(name)
    if verifier.name in _SEVERAL:
        return [
            trial
            for part in parts(truth)
            for trial in _trials(whole, (part.verifier, part.ground_truth), allow_weaker)
        ]
    golden = verifier.golden(truth) if verifier.golden else None
    tries = verifier.perturbed and (golden is not None or _can_run(verifier, allow_weaker))
    others = verifier.perturbed(truth) if verifier.perturbed and tries else ()
    first: tuple[str, bool | None] = ("", None) if golden is None else (golden, True)
    completions = [first, *((other, False) for other in others)]
    return [
        _Trial(whole, (name, completion, truth, None), wanted) for completion, wanted in completions
    ]


def _can_run(verifier: Verifier, allow_weaker: bool) -> bool:
    """Whether a verifier that runs programs can do so here; true of every other one."""
    if not verifier.runs_code:
        return True
    from curate.verify.sandbox import can_run

    return can_run(allow_weaker)


def _fault(trial: _Trial, judged: Judged) -> Fault | None:
    shown = f"{' '.join(trial.row[1].split())[:60]!r}: {judged.reason}"
    if judged.outcome == BAD_TRUTH:
        return Fault(UNREADABLE, judged.reason)
    if judged.outcome == UNCHECKED:
        return Fault(UNTRIED, judged.reason)
    if judged.outcome in (TIMED_OUT, FAILED):
        return Fault(STUCK, shown)
    if trial.wanted is True and judged.outcome != RIGHT:
        return Fault(REFUSES, shown)
    if trial.wanted is False and judged.outcome == RIGHT:
        return Fault(ACCEPTS, shown)
    return None
