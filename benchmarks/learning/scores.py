"""What the figures of the benchmark of learning mean: rates with intervals, and differences between
two models.

Every measurement is a list of rows, one a held-out prompt, answer or pair, kept in a JSON file
whole, so that two models can be compared row by row. A figure is the mean over strata of (sum of
values ÷ sum of weights): the types of constraints are strata of their own, all else is one.
Refused: a comparison of files that do not hold the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.errors import UserError
from curate.steps.decontaminate.selftest import Share

CEILING = 0.7
"""A type that starts above this has nothing left to show, and is left out of the mean."""
DRAWS, SEED = 10_000, 0


@dataclass(frozen=True)
class Scored:
    """One row of a measurement: its group is a type of constraint, a set of pairs or a kind of
    answer.
    """

    id: str
    group: str
    value: float
    weight: float = 1.0
    ended: bool = True
    text: str = ""


class Interval(NamedTuple):
    """A figure with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Measurement:
    """What one model scored: `task` is constraints, loss or preference."""

    task: str
    model: str
    data: str
    rows: tuple[Scored, ...]

    def save(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", "utf-8")


def load(path: Path) -> Measurement:
    """Read what `save` wrote."""
    try:
        raw: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Measurement(**raw | {"rows": tuple(Scored(**row) for row in raw["rows"])})
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `evaluate ... --json {path}` writes it") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a file that `evaluate --json` wrote ({error})") from None


def wilson(passed: float, n: int) -> Interval:
    """A share with its 95 % score interval (Wilson 1927)."""
    share = Share(int(passed), n)
    return Interval(share.rate, *share.interval)


def grouped(rows: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Rows by group, groups in the order of their names."""
    found: dict[str, list[Scored]] = {name: [] for name in sorted({row.group for row in rows})}
    for row in rows:
        found[row.group].append(row)
    return found


def mean(rows: Sequence[Scored]) -> float:
    """Sum of values by sum of weights."""
    return sum(row.value for row in rows) / sum(row.weight for row in rows)


def figure(measurement: Measurement) -> float:
    """The one figure of a measurement."""
    return float(np.mean([mean(rows) for rows in _strata(measurement.task, measurement.rows)]))


def difference(before: Measurement, after: Measurement, *, relative: bool = False) -> Interval:
    """How far `after` is from `before`, with the 95 % interval of a paired bootstrap over rows
    within strata.

    `relative` gives the ratio of the two less 1. Raises UserError where the two do not hold the
    same rows."""
    pairs = [
        (_array(was), _array(now))
        for was, now in zip(
            *(_strata(one.task, one.rows) for one in _matched(before, after)), strict=True
        )
    ]
    compare: Callable[[Any, Any], Any] = (
        (lambda was, now: now / was - 1) if relative else (lambda was, now: now - was)
    )
    rng = np.random.default_rng(SEED)
    drawn = [(_drawn(was, places), _drawn(now, places)) for was, now, places in _places(pairs, rng)]
    differences = compare(*(np.mean([pair[side] for pair in drawn], axis=0) for side in (0, 1)))
    exact = compare(
        *(np.mean([pair[side][0].sum() / pair[side][1].sum() for pair in pairs]) for side in (0, 1))
    )
    low, high = np.quantile(differences, (0.025, 0.975))
    return Interval(float(exact), float(low), float(high))


def below_ceiling(before: Measurement, after: Measurement) -> tuple[Measurement, Measurement]:
    """Both without the types that start above the ceiling."""
    names = {name for name, rows in grouped(before.rows).items() if mean(rows) <= CEILING}
    if not names:
        raise UserError(
            f"{before.model}: every type starts above {CEILING:.0%}; nothing is left to compare"
        )
    return _only(before, names), _only(after, names)


def by_group(measurement: Measurement) -> Mapping[str, float]:
    """The mean of every group."""
    return {name: mean(rows) for name, rows in grouped(measurement.rows).items()}


def _only(one: Measurement, groups: set[str]) -> Measurement:
    return Measurement(
        one.task, one.model, one.data, tuple(row for row in one.rows if row.group in groups)
    )


def _strata(task: str, rows: Sequence[Scored]) -> list[list[Scored]]:
    return list(grouped(rows).values()) if task == "constraints" else [list(rows)]


def _matched(before: Measurement, after: Measurement) -> tuple[Measurement, Measurement]:
    keys = [[(row.id, row.group, row.weight) for row in one.rows] for one in (before, after)]
    if before.task != after.task or keys[0] != keys[1]:
        raise UserError(
            f"{before.data} and {after.data}: the two measurements do not hold the same rows, in one order"
        )
    return before, after


def _array(rows: Sequence[Scored]) -> NDArray[np.float64]:
    """Values and weights, a row each."""
    return np.array([[row.value for row in rows], [row.weight for row in rows]])


def _places(
    pairs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], rng: np.random.Generator
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]]:
    """With each pair of arrays the rows drawn of it, the same for both."""
    return [(was, now, rng.integers(0, was.shape[1], (DRAWS, was.shape[1]))) for was, now in pairs]


def _drawn(values: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(values[0][places].sum(axis=1) / values[1][places].sum(axis=1))
