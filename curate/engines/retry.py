"""Trying again: which replies are worth another attempt, and after how long.

Timeouts, broken connections, unreadable replies, and the codes 408, 409, 425, 429 and from 500 on
are tried again; a server's own word (`x-should-retry`, `Retry-After`, the headers of its rate
limits) goes before. Other codes are mistakes in the request, which no repetition mends."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from curate.engines.answer import Outcome

AGAIN = frozenset({408, 409, 425, 429})
OVERLOADED = frozenset({429, 503, 529})
LONGEST = 600.0
"""Seconds: a server that wants a longer pause is not tried again in this run."""
_FIRST, _LAST = 0.5, 30.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LIMITS = ("requests", "tokens")


@dataclass
class Failed(Exception):
    """An attempt that gave nothing."""

    error: str
    status: int | None = None
    again: bool = True
    wait: float | None = None
    """Seconds that the server asked for."""
    overloaded: bool = False
    may_cost: bool = False
    """Whether a model may have answered all the same."""
    outcome: Outcome = "failed"


def failed(status: int, error: str, headers: Mapping[str, str]) -> Failed:
    """What a reply with an error code means."""
    wait = retry_after(headers)
    word = headers.get("x-should-retry")
    again = word == "true" if word in ("true", "false") else status in AGAIN or status >= 500
    return Failed(
        f"HTTP {status}: {error}" if error else f"HTTP {status}",
        status,
        again and (wait or 0.0) <= LONGEST,
        wait,
        status in OVERLOADED,
    )


def delay(number: int, wait: float | None) -> float:
    """Seconds before the attempt after attempt `number`; what a server asks for is never cut short."""
    own: float = min(_FIRST * 2.0 ** (number - 1), _LAST) * random.uniform(0.75, 1.0)
    return max(own, wait or 0.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a server wants to be asked again, if it says so."""
    milliseconds, told = headers.get("retry-after-ms"), headers.get("retry-after")
    if milliseconds and re.fullmatch(r"[\d.]+", milliseconds):
        return float(milliseconds) / 1000
    if told and re.fullmatch(r"[\d.]+", told):
        return float(told)
    try:
        left = parsedate_to_datetime(told or "") - datetime.now(UTC)
    except (TypeError, ValueError):
        return None
    return max(0.0, left.total_seconds())


def used_up(headers: Mapping[str, str]) -> float:
    """Seconds until a rate limit of which nothing is left begins anew; 0 while something is left."""
    waits = [
        duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in _LIMITS
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    return min(max(waits, default=0.0), LONGEST)


def duration(text: str) -> float:
    """Seconds of a duration such as `1m30s`, `20ms` or `4`; 0 for what is none."""
    if re.fullmatch(r"[\d.]+", text):
        return float(text)
    parts = re.findall(r"([\d.]+)(ms|[smhd])", text)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
