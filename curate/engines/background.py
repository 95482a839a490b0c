"""The event loop on which engines live: one thread of this process, begun when it is first used.

A model that takes a minute to load, and connections to a server, outlive a single `ask`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

Result = TypeVar("Result")
_FIRST = threading.Lock()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run something on the loop and wait for it; an interruption here ends it there too."""
    with _FIRST:  # two threads that come at once get the same loop
        loop = _loop()
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="curate-engines", daemon=True).start()
    return loop
