"""What the audit holds of judges and of those who answered, as page, card and screen tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from curate.make.prefer.figures import GOLD

SHARES = (
    ("first wins", "first shown wins"),
    ("flips", "flips when swapped"),
    ("longer wins", "longer wins"),
    ("self-preference", "prefers its own by"),
)
"""Figures of a judge that are shown, and what they are called."""


@dataclass(frozen=True)
class Figure:
    """A figure with its interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def share(self) -> str:
        """As a share: 68.0 % (66.3 to 69.7)."""
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"

    @property
    def number(self) -> str:
        """As a number: 0.52 (0.48 to 0.56)."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class JudgeReport:
    """One judge."""

    source: str
    name: str
    model: str | None
    asked: str
    said: int
    missing: int
    figures: Mapping[str, Figure]
    gold: Mapping[str, Figure]
    allowed: bool
    """Whether it may judge although it may be no better than a coin."""

    @property
    def doubt(self) -> str:
        """Why it should not be believed; empty where nothing speaks against it."""
        found = self.gold.get("accuracy")
        if self.model is None or (found is not None and found.low > 0.5):
            return ""
        if found is None:
            return f"{self.name} was not measured on gold pairs: it may be no better than a coin."
        return (
            f"{self.name} is right on {found.share} of gold pairs: it may be no better than a coin."
        )


def judges(con: duckdb.DuckDBPyConnection) -> list[JudgeReport]:
    """Every judge, in the order of the sources."""
    figures = _figures(con)
    return [
        JudgeReport(
            source,
            judge,
            model,
            f"{ask}, {mode}" if model else "verifier",
            said,
            missing,
            {
                name: one
                for (own, about, name), one in figures.items()
                if own == (source, judge) and about is None
            },
            {
                name: one
                for (own, about, name), one in figures.items()
                if own == (source, judge) and about == GOLD
            },
            allowed == "allow",
        )
        for source, judge, model, mode, ask, allowed, said, missing in con.execute(
            _JUDGES
        ).fetchall()
    ]


_JUDGES = """
WITH said AS (
  SELECT source, judge, missing FROM ratings UNION ALL SELECT source, judge, missing FROM comparisons
)
SELECT j.source, j.judge, j.model, j.mode, j.ask, j.uncalibrated, count(s.judge), count(s.missing)
FROM judges AS j LEFT JOIN said AS s USING (source, judge) GROUP BY ALL ORDER BY j.source, j.judge"""

Key = tuple[tuple[str, str | None], str | None, str]


def _figures(con: duckdb.DuckDBPyConnection) -> dict[Key, Figure]:
    rows = con.execute(
        "SELECT source, judge, about, figure, value, low, high, n FROM judge_figures "
        "WHERE value IS NOT NULL ORDER BY ALL"
    ).fetchall()
    return {
        ((source, judge), about, name): Figure(value, low, high, n)
        for source, judge, about, name, value, low, high, n in rows
    }


def agreement(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, Figure]]:
    """Source, one judge, the other, and the weighted kappa of the two."""
    return [
        (source, str(judge), str(about), one)
        for ((source, judge), about, name), one in _figures(con).items()
        if name == "kappa" and about != GOLD
    ]


def alphas(con: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    """Krippendorff's alpha over the judges of each source."""
    return {
        source: one
        for ((source, judge), _, name), one in _figures(con).items()
        if name == "alpha" and judge is None
    }


def answerers(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Who answered: how many answers are whole, how long they are, and how often they win by each
    judge.
    """
    figures = _figures(con)
    rows = con.execute(_ANSWERERS).fetchall()
    names = ("source", "entry", "model", "on_policy", "answers", "whole", "words")
    return [
        {**(row := dict(zip(names, values, strict=True)))}
        | {"wins": _wins(figures, row["source"], row["entry"])}
        for values in rows
    ]


_ANSWERERS = """
SELECT source, entry, any_value(model), bool_or(on_policy), count(*),
  count(*) FILTER (outcome = 'answered'), avg(words) FILTER (outcome = 'answered')
FROM answers GROUP BY source, entry ORDER BY source, entry"""


def _wins(
    figures: Mapping[Key, Figure], source: str, entry: str
) -> list[tuple[str, Figure, Figure]]:
    """Judge, win rate, and the same with length held equal."""
    return [
        (str(own[1]), one, figures[own, about, "length-controlled"])
        for (own, about, name), one in figures.items()
        if name == "win rate" and own[0] == source and about == entry
    ]
