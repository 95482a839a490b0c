"""What is shown while a model is asked: requests and tokens a second, cost, failures, time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from curate.engines.answer import Answer
from curate.progress import Report

STEP = "ask"
_EVERY = 0.25


@dataclass
class Told:
    """The figures of one call of `ask`, reported a few times a second."""

    report: Report
    total: int
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    sent: int = 0
    tokens: int = 0
    failed: int = 0
    cost: float | None = 0.0
    _reported: int = 0
    _since: float = field(init=False)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self._since = self._last = self.clock()
        self.report(STEP, 0, 0, 0.0)

    def found(self) -> None:
        """Another process had the answer."""
        self.done += 1
        self._show()

    def answered(self, answer: Answer) -> None:
        """A request was sent, and this came of it."""
        self.done += 1
        self.sent += 1
        self.failed += answer.outcome == "failed"
        self.tokens += answer.prompt_tokens + answer.completion_tokens
        known = self.cost is not None and answer.cost is not None
        self.cost = self.cost + answer.cost if known else None  # type: ignore[operator]
        self._show()

    def _show(self) -> None:
        now = self.clock()
        if now - self._last < _EVERY and self.done < self.total:
            return
        self._last = now
        new = self.done - self._reported
        self._reported = self.done
        self.report(STEP, new, 0, new / self.total, self.words(now - self._since))

    def words(self, seconds: float) -> str:
        """The figures after so many seconds."""
        rate = self.done / seconds if seconds > 0 else 0.0
        parts = [
            f"{self.done:,} of {self.total:,} requests",
            f"{rate:,.1f} requests/s",
            f"{self.tokens / seconds if seconds > 0 else 0:,.0f} tokens/s",
        ]
        if self.cost:
            parts.append(f"${self.cost:,.2f}")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if rate > 0 and self.done < self.total:
            parts.append(f"{_time((self.total - self.done) / rate)} left")
        return ", ".join(parts)


def _time(seconds: float) -> str:
    """A time in its two largest units."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {left} s" if minutes else f"{left} s"
