"""Trying again: what a reply with an error code means, and how many requests are sent at once."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from curate.engines.pace import Pace
from curate.engines.retry import LONGEST, delay, duration, failed, retry_after, used_up


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (429, {}, True),
        (408, {}, True),
        (500, {}, True),
        (503, {"x-should-retry": "false"}, False),
        (400, {}, False),
        (400, {"x-should-retry": "true"}, True),
        (422, {}, False),
        (429, {"retry-after": str(LONGEST + 1)}, False),
    ],
)
def test_which_codes_are_tried_again(status: int, headers: dict[str, str], again: bool) -> None:
    assert failed(status, "no", headers).again is again


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("20ms", 0.02), ("1h2m3.5s", 3723.5), ("4", 4), ("soon", 0), ("", 0)],
)
def test_durations_of_rate_limits(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


def test_a_server_says_when_it_wants_to_be_asked_again() -> None:
    assert retry_after({"retry-after": "2"}) == 2
    assert retry_after({"retry-after-ms": "150", "retry-after": "2"}) == 0.15
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < (retry_after({"retry-after": later}) or 0) <= 90
    assert retry_after({"retry-after": "tomorrow"}) is None
    assert all(delay(number, 40.0) >= 40 for number in range(1, 9))
    assert all(delay(number, None) <= 30 for number in range(1, 99))


def test_a_rate_limit_that_is_used_up_is_waited_for() -> None:
    reset = {"x-ratelimit-reset-requests": "3s", "x-ratelimit-reset-tokens": "5s"}
    assert used_up(reset | {"x-ratelimit-remaining-requests": "1"}) == 0
    assert used_up(reset | {"x-ratelimit-remaining-requests": "0"}) == 3
    gone = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-remaining-tokens": "0"}
    assert used_up(reset | gone) == 5


def test_the_pace_falls_once_for_all_that_were_under_way_and_rises_again() -> None:
    async def work() -> tuple[int, int, int]:
        pace = Pace(30)
        sent = time.monotonic()
        for _ in range(10):
            pace.overloaded(sent)
        fell = int(pace.limit)
        pace.overloaded(time.monotonic())
        again = int(pace.limit)
        for _ in range(2000):
            pace.well()
        return fell, again, int(pace.limit)

    assert asyncio.run(work()) == (20, 13, 30)


def test_no_more_are_under_way_than_the_pace_allows() -> None:
    async def work() -> tuple[int, int]:
        pace, most, done = Pace(5), 0, 0

        async def one() -> None:
            nonlocal most, done
            async with pace:
                most = max(most, pace.under_way)
                await asyncio.sleep(0)
            done += 1

        await asyncio.gather(*(one() for _ in range(100)))
        return most, done

    assert asyncio.run(work()) == (5, 100)
