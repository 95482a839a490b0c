"""A judge measured on gold pairs before it is believed.

    found = calibrate(judge, gold, ask, seed=42, model="gpt-4o")
    found.sound           # is the lower end of its accuracy's interval above one half?

It is asked exactly as it will be, and its answers are kept in the same store, so measuring again
costs nothing. What it could not judge is counted as missing, never as right or wrong; a tie of
its own on a pair that people decided counts half."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.engines.answer import Answer
from curate.errors import UserError
from curate.make.drive import Asker, drive
from curate.make.maker import Ask, BadInput, Item, Row
from curate.make.prefer.bias import bias, longer_wins, place_effect
from curate.make.prefer.duels import Duels, duels_of
from curate.make.prefer.estimate import Estimate, Floats, estimate, share, with_doubt
from curate.make.prefer.gold import Gold
from curate.make.prefer.judging import is_asking, judged
from curate.make.prefer.questions import Case
from curate.make.prefer.read import Comparison, Rating
from curate.make.prefer.spec import Judge
from curate.make.prefer.tables import ANSWERS, COMPARISONS, RATINGS, table
from curate.make.prefer.words import words_in

CHANCE = 0.5
_PEOPLE = "people"


@dataclass(frozen=True)
class Calibration:
    """How a judge fared on gold pairs."""

    judge: str
    pairs: int
    figures: dict[str, Estimate]
    missing: dict[str, int]
    """Of all ratings and comparisons those that are missing, by reason."""
    said: int
    """All of them."""

    @property
    def sound(self) -> bool:
        """Whether it is surely better than a coin."""
        return self.figures["accuracy"].low > CHANCE

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        figures = {name: figure.plain() for name, figure in self.figures.items()}
        own = {name: getattr(self, name) for name in ("judge", "pairs", "missing", "said")}
        return own | {"sound": self.sound, "figures": figures}


@dataclass(frozen=True)
class _Measuring:
    """The maker of a calibration: an item a gold pair, a row what the judge said of it."""

    judge: Judge
    gold: Sequence[Gold]
    seed: int
    name = "calibrate"
    kind = "preference"

    @property
    def engines(self) -> list[str]:
        """The judge's."""
        return [str(self.judge.engine)]

    @property
    def inputs(self) -> dict[str, Any]:
        """What it is asked with."""
        return {"judge": self.judge.model_dump(mode="json")}

    def items(self) -> Iterator[Item]:
        """The pairs."""
        return (Item(number, {}) for number in range(len(self.gold)))

    def next(self, item: Item, answers: Sequence[Answer]) -> list[Ask] | Row | BadInput:
        """Ask the judge, then tell what it said."""
        gold = self.gold[item.number]
        case = Case(item.number, gold.prompt, {0: gold.first, 1: gold.second})
        what = judged(case, [self.judge], self.seed, answers)
        return what if is_asking(what) else Row({"said": what}, {})


def calibrate(
    judge: Judge, gold: Sequence[Gold], ask: Asker, seed: int, model: str | None = None
) -> Calibration:
    """Ask a judge about gold pairs; `model` is what it runs on, for self-preference."""
    maker = _Measuring(judge, gold, seed)
    made = drive(maker, list(maker.items()), ask)
    said = [
        (one.item.number, each)
        for one in made
        if isinstance(one.result, Row)
        for each in one.result.record["said"]
    ]
    return measured(judge.name, gold, said, model)


def measured(
    judge: str,
    gold: Sequence[Gold],
    said: Sequence[tuple[int, Rating | Comparison]],
    model: str | None = None,
) -> Calibration:
    """The figures of what a judge said of gold pairs, each by its number."""
    ratings = table(RATINGS, _rows(said, Rating))
    comparisons = [*_rows(said, Comparison), *_by_people(gold)]
    duels = duels_of(_answers(gold), ratings, table(COMPARISONS, comparisons))
    own = duels.only(duels.judge == judge)
    people = duels.only(duels.judge == _PEOPLE)
    figures = {
        "accuracy": accuracy(own, gold),
        "kappa": _kappa(own, gold),
        **bias(duels, judge, model),
        "longer wins by people": longer_wins(people),
        "first place": place_effect(ratings),
    }
    reasons = Counter(each.missing for _, each in said if each.missing)
    return Calibration(judge, len(gold), figures, dict(sorted(reasons.items())), len(said))


def refuse(calibrations: Sequence[Calibration], judges: Sequence[Judge]) -> None:
    """Raise UserError where a judge may judge only if it was measured, and is no better than a coin."""
    by_name = {found.judge: found for found in calibrations}
    for judge in judges:
        if judge.verifier or judge.uncalibrated == "allow":
            continue
        if judge.name not in by_name:
            raise UserError(
                f"judge '{judge.name}' was not measured: give `gold` pairs (docs/preferences.md), "
                "or write `uncalibrated: allow`"
            )
        if not by_name[judge.name].sound:
            raise UserError(f"judge '{judge.name}' {_worth(by_name[judge.name])}")


def _worth(found: Calibration) -> str:
    figure = found.figures["accuracy"]
    if not figure.known:
        return f"could judge none of {found.pairs} gold pairs; it is refused"
    return (
        f"is right on {figure.value:.1%} of gold pairs (interval {figure.low:.1%} to "
        f"{figure.high:.1%}), which a coin may be; it is refused unless `uncalibrated: allow`"
    )


def accuracy(duels: Duels, gold: Sequence[Gold]) -> Estimate:
    """The share of duels that end as people say, of those that people decided; a tie counts half.
    A few pairs that all came out right prove little, so its interval is never narrower than Wilson's.
    """
    wanted = _wanted(duels, gold)
    decided = wanted != CHANCE
    right = 1 - np.abs(duels.won - wanted)[decided]
    prompts = duels.prompt[decided]
    return with_doubt(estimate(lambda weights: share(right, weights), prompts), prompts)


def _wanted(duels: Duels, gold: Sequence[Gold]) -> Floats:
    """What the first of each duel wins by people's result."""
    worth = {"first": 1.0, "second": 0.0, "tie": CHANCE}
    results = np.array([worth[one.result] for one in gold])[duels.prompt.astype(int)]
    return np.asarray(np.where(duels.first == 0, results, 1 - results), float)


def _kappa(duels: Duels, gold: Sequence[Gold]) -> Estimate:
    """Cohen's kappa of judge and people over won, lost and tied."""
    mine, theirs = (2 * duels.won).astype(int), (2 * _wanted(duels, gold)).astype(int)
    return estimate(lambda weights: _nominal_kappa(mine, theirs, weights), duels.prompt)


def _nominal_kappa(one: npt.NDArray[Any], other: npt.NDArray[Any], weights: Floats) -> float:
    counts = np.bincount(3 * one + other, weights, 9).reshape(3, 3)
    total = counts.sum()
    chance = float(counts.sum(0) @ counts.sum(1)) / total**2 if total else 1.0
    return float((np.trace(counts) / total - chance) / (1 - chance)) if chance < 1 else np.nan


def _rows(said: Sequence[tuple[int, Any]], of: type) -> list[dict[str, Any]]:
    return [{"prompt": number, **vars(each)} for number, each in said if isinstance(each, of)]


def _by_people(gold: Sequence[Gold]) -> list[dict[str, Any]]:
    return [
        {"prompt": number, "judge": _PEOPLE, "first": 0, "second": 1, "result": one.result}
        for number, one in enumerate(gold)
    ]


def _answers(gold: Sequence[Gold]) -> pa.Table:
    rows = [
        {"prompt": number, "slot": slot, "model": model, "words": words_in(text)}
        for number, one in enumerate(gold)
        for slot, (text, model) in enumerate(
            ((one.first, one.first_model), (one.second, one.second_model))
        )
    ]
    return table(ANSWERS, rows)
