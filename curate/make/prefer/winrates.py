"""Win rates of those who answer: as counted, and with the length of answers held equal.

    win_rates(duels)      # {"warm": {"win rate": Estimate, "length-controlled": Estimate}, …}

Controlled: the logistic model of Dubois et al. 2024 (arXiv 2404.04475) without its term for how
hard a prompt is. What the odds of a win depend on is who wrote it and the hyperbolic tangent of the
difference in length, in standard deviations; the rate is what is left where that difference is 0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.make.prefer.duels import Duels
from curate.make.prefer.estimate import Estimate, Floats, estimate, share_of

_STEPS = 25
_RIDGE = 1e-3
"""Keeps a model that always wins from infinite odds."""


def win_rates(duels: Duels) -> dict[str, dict[str, Estimate]]:
    """Every entry of the pool against all others that it met, ties as half a win, by name."""
    names = sorted({*duels.first_entry.tolist(), *duels.second_entry.tolist()})
    return {name: _rates(duels, name) for name in names if len(names) > 1}


def _rates(duels: Duels, name: str) -> dict[str, Estimate]:
    first, second = duels.first_entry == name, duels.second_entry == name
    met = duels.only(first != second)
    sign = np.where(met.first_entry == name, 1.0, -1.0)
    won = np.where(sign > 0, met.won, 1 - met.won).astype(float)
    longer = _longer(sign * (met.first_words.astype(float) - met.second_words))
    return {
        "win rate": share_of(won, met.prompt),
        "length-controlled": estimate(lambda weights: controlled(won, longer, weights), met.prompt),
    }


def _longer(apart: Floats) -> Floats:
    """Differences in length on the scale that the model has."""
    spread = float(np.std(apart)) if len(apart) else 0.0
    return np.tanh(apart / spread) if spread else np.zeros_like(apart)


def controlled(won: Floats, longer: Floats, weights: Floats) -> float:
    """The chance to win where both answers have the same length; NaN of nothing."""
    if not weights.sum():
        return np.nan
    features = np.stack([np.ones_like(longer), longer], axis=1)
    return float(_sigmoid(_fitted(features, won, weights)[0]))


def _fitted(features: Floats, won: Floats, weights: Floats) -> Floats:
    """The coefficients of a weighted logistic regression, by Newton's method."""
    beta = np.zeros(features.shape[1])
    ridge = _RIDGE * np.eye(len(beta))
    for _ in range(_STEPS):
        chance = _sigmoid(features @ beta)
        slope = features.T @ (weights * (won - chance)) - ridge @ beta
        curve = (features * (weights * chance * (1 - chance))[:, None]).T @ features + ridge
        step = np.linalg.solve(curve, slope)
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return beta


def _sigmoid(value: npt.ArrayLike) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))))
