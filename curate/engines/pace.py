"""How many requests an engine gets at once: fewer while a server says that they are too many.

Each time the server is overloaded the number falls by a third, but once only for all that were
under way together; each answer brings it up again, by one for a full round. A server that names a
time is left alone until then."""

from __future__ import annotations

import asyncio
import time
from collections import deque

_FALL = 2 / 3


class Pace:
    """A limit for an event loop: `async with pace` waits for a place."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._fell = self._until = 0.0

    async def __aenter__(self) -> None:
        """Wait for a place."""
        while self.under_way >= int(self.limit):
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        self.under_way += 1

    async def __aexit__(self, *_: object) -> None:
        """Give the place to the next."""
        self.under_way -= 1
        self._wake()

    def _wake(self) -> None:
        free = int(self.limit) - self.under_way
        while self._waiting and free > 0:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                free -= 1

    def well(self) -> None:
        """A request was answered."""
        if self.limit < self.most:
            self.limit = min(self.most, self.limit + 1 / self.limit)
            self._wake()

    def overloaded(self, sent: float) -> None:
        """The server could not take a request that was sent at a time of `time.monotonic`."""
        if sent >= self._fell:
            self._fell = time.monotonic()
            self.limit = max(1.0, self.limit * _FALL)

    def pause(self, seconds: float) -> None:
        """Send nothing for some seconds."""
        self._until = max(self._until, time.monotonic() + seconds)

    async def ready(self) -> None:
        """Wait until the server may be asked again."""
        while (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left)
