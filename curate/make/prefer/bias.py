"""What moves a judge beside the worth of an answer: place, length, and that it is its own.

    bias(duels, judge="self", model="SmolLM2-135M-Instruct")

Each figure has its interval, over prompts. A judge without a bias gives 0.5 to either place; that
the longer answer wins more often may be deserved, which is why calibration sets it beside people's
judgement."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.make.prefer.duels import Duels
from curate.make.prefer.estimate import Estimate, Floats, estimate, share_of


def bias(duels: Duels, judge: str, model: str | None) -> dict[str, Estimate]:
    """Every figure of one judge; `model` is what it runs on, where that is known."""
    own = duels.only(duels.judge == judge)
    return {
        "flips": flips(own),
        "inconclusive": inconclusive(own),
        "first wins": first_wins(own),
        "longer wins": longer_wins(own),
        "own wins": _own_wins(own, model),
        "self-preference": self_preference(duels, judge, model),
    }


def first_wins(duels: Duels) -> Estimate:
    """How often the answer that is shown first wins, where one does."""
    decided = duels.only(duels.shown.astype(bool)).decided
    return share_of(decided.won, decided.prompt)


def longer_wins(duels: Duels) -> Estimate:
    """How often the answer with more words wins, where one does."""
    decided = duels.only(duels.first_words != duels.second_words).decided
    longer_first = decided.first_words > decided.second_words
    return share_of(longer_first == (decided.won == 1), decided.prompt)


def flips(duels: Duels) -> Estimate:
    """How often the other answer wins once the two change places, where one wins both times."""
    there, back, prompts = _both_ways(duels)
    decided = (there != 0.5) & (back != 0.5)
    return share_of((there != back)[decided], prompts[decided])


def inconclusive(duels: Duels) -> Estimate:
    """How often a judgement does not survive that the two change places, ties included."""
    there, back, prompts = _both_ways(duels)
    return share_of(there != back, prompts)


def _both_ways(duels: Duels) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Of pairs shown in both orders what the first won, there and back, and the prompt."""
    shown = duels.only(duels.shown.astype(bool))
    rows = zip(shown.prompt, shown.first, shown.second, shown.won, strict=True)
    won = {(prompt, first, second): value for prompt, first, second, value in rows}
    twice = [
        (value, 1 - won[prompt, second, first], prompt)
        for (prompt, first, second), value in won.items()
        if first < second and (prompt, second, first) in won
    ]
    there, back, prompts = zip(*twice, strict=True) if twice else ((), (), ())
    return np.array(there, float), np.array(back, float), np.array(prompts)


def _between_own_and_others(duels: Duels, model: str | None) -> tuple[Duels, npt.NDArray[Any]]:
    """Duels of an answer of a model with another's, and whether its own won."""
    is_own = duels.first_model == model, duels.second_model == model
    mixed = duels.only(is_own[0] != is_own[1]).decided
    return mixed, (mixed.first_model == model) == (mixed.won == 1)


def _own_wins(own: Duels, model: str | None) -> Estimate:
    if model is None:
        return Estimate()
    mixed, won = _between_own_and_others(own, model)
    return share_of(won, mixed.prompt)


def self_preference(duels: Duels, judge: str, model: str | None) -> Estimate:
    """How much more often a judge lets its own answers win than the other judges do, in the same
    duels; nothing where nobody else judged them.
    """
    if model is None:
        return Estimate()
    mixed, won = _between_own_and_others(duels, model)
    pair = _pairs(mixed)
    its = mixed.judge == judge
    common = np.isin(pair, np.intersect1d(pair[its], pair[~its]))
    won, its, prompts = won[common].astype(float), its[common], mixed.prompt[common]

    def difference(weights: Floats) -> float:
        mine, theirs = weights * its, weights * ~its
        if not mine.sum() or not theirs.sum():
            return np.nan
        return float(mine @ won / mine.sum() - theirs @ won / theirs.sum())

    return estimate(difference, prompts)


def _pairs(duels: Duels) -> npt.NDArray[Any]:
    """A number for each pair of answers, whatever their order."""
    low, high = np.minimum(duels.first, duels.second), np.maximum(duels.first, duels.second)
    whole = np.stack([duels.prompt, low, high]).astype(np.int64)
    return np.unique(whole, axis=1, return_inverse=True)[1].ravel()


def place_effect(ratings: pa.Table) -> Estimate:
    """How much higher an answer is rated in the first place than in the others, where several are
    shown together in several orders.
    """
    rated = _rated(ratings, _PLACES)
    prompts, first = rated["prompt"], rated["place"] == 0

    def difference(weights: Floats) -> float:
        mine, rest = weights * first, weights * ~first
        if not mine.sum() or not rest.sum():
            return np.nan
        return float(mine @ rated["apart"] / mine.sum() - rest @ rated["apart"] / rest.sum())

    return estimate(difference, prompts)


def length_correlation(answers: pa.Table, ratings: pa.Table) -> Estimate:
    """How ratings and words of the answers to one prompt go together, from -1 to 1."""
    rated = _rated(ratings, _LENGTHS, answers)
    words, apart = rated["words"], rated["apart"]

    def correlation(weights: Floats) -> float:
        spread = (weights @ words**2) * (weights @ apart**2)
        return float((weights * words) @ apart / np.sqrt(spread)) if spread > 0 else np.nan

    return estimate(correlation, rated["prompt"])


# Ratings as distances from the mean of the same answer, or of the answers to the same prompt.
_PLACES = """
SELECT prompt, place, rating - avg(rating) OVER one AS apart FROM ratings WHERE rating IS NOT NULL
WINDOW one AS (PARTITION BY prompt, slot, aspect) QUALIFY count(*) OVER one > 1 ORDER BY ALL"""
_LENGTHS = """
SELECT prompt, words - avg(words) OVER one AS words, rating - avg(rating) OVER one AS apart
FROM (SELECT prompt, slot, avg(rating) AS rating FROM ratings WHERE rating IS NOT NULL GROUP BY ALL)
JOIN answers USING (prompt, slot) WINDOW one AS (PARTITION BY prompt)
QUALIFY count(*) OVER one > 1 ORDER BY ALL"""


def _rated(
    ratings: pa.Table, query: str, answers: pa.Table | None = None
) -> dict[str, npt.NDArray[Any]]:
    with duckdb.connect() as con:
        con.register("ratings", ratings)
        if answers is not None:
            con.register("answers", answers)
        return dict(con.execute(query).fetchnumpy())
