"""Who does jobs: threads of this process, or a Ray cluster.

Results come in the order of the jobs, whoever does them, so nothing of that can reach the bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from curate.mixture.cluster import on_ray
from curate.mixture.job import Job
from curate.mixture.options import Options

T = TypeVar("T")


def in_order(jobs: Iterator[Job[T]], options: Options) -> Iterator[T]:
    """Do jobs and hand their results on in order; no more than a few wait at any time."""
    if options.ray is not None:
        yield from on_ray(jobs)
        return
    with ThreadPoolExecutor(options.workers) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > options.workers + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
