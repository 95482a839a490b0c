"""Figures of an evaluation as people read them: in points, from 0 to 100."""

from __future__ import annotations

from curate.intervals import Interval


def points(figure: Interval | None) -> str:
    """A score: 41.2; a dash where there is none."""
    return "–" if figure is None else f"{100 * figure.value:.1f}"


def range_of(figure: Interval | None) -> str:
    """The bounds of its interval: 38.0 to 44.5."""
    return "" if figure is None else f"{_zero(figure.low)} to {_zero(figure.high)}"


def signed(figure: Interval | None) -> str:
    """A difference with its interval: +3.1 (−0.2 to +6.4)."""
    if figure is None:
        return "–"
    value, low, high = (_signed(bound) for bound in figure)
    return f"{value} ({low} to {high})"


def whole(figure: Interval | None) -> str:
    """A score with its interval: 41.2 (38.0 to 44.5)."""
    return "–" if figure is None else f"{points(figure)} ({range_of(figure)})"


def chance(p: float) -> str:
    """A chance: 0.034, or under 0.001."""
    return "under 0.001" if p < 0.001 else f"{p:.3f}"


def _zero(value: float) -> str:
    return f"{abs(100 * value):.1f}" if round(1000 * value) == 0 else f"{100 * value:.1f}"


def _signed(value: float) -> str:
    said = f"{100 * value:+.1f}".replace("-", "−")
    return "0.0" if said in ("+0.0", "−0.0") else said
