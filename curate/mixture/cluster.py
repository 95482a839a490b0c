"""Jobs as tasks of a Ray cluster: `curate build … --ray ADDRESS`.

What jobs share (the steps with their indexes, the masks of what is written) is put into the
cluster's store once and unpacked once a worker. A worker that dies costs its task, which another
one does again; a task that runs twice writes the same bytes under the same name. Results travel as
pickled bytes: arrays that lie in Ray's store are read-only, for which every kernel would be
compiled anew."""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from curate.errors import CurateError, UserError, extra
from curate.mixture.job import Job

T = TypeVar("T")
LOCAL = "local"
"""The address of a cluster that is started here and ends with the build."""
_RETRIES = 30
_STORE_BYTES = 1 << 30
_held: dict[str, Any] = {}
"""In a worker: what it has unpacked, by the reference that named it."""


def on_ray(jobs: Iterator[Job[T]]) -> Iterator[T]:
    """Do jobs on the cluster and hand their results on in order; twice as many as it has processors
    are in flight at most.
    """
    import ray

    most = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
    task = ray.remote(max_retries=_RETRIES, num_cpus=1)(_do)
    sent: dict[int, tuple[Any, Any]] = {}  # by identity: the object, held so, and its reference
    waiting: deque[Any] = deque()
    try:
        for job in jobs:
            for one in job.shared:
                if id(one) not in sent:
                    sent[id(one)] = one, ray.put(pickle.dumps(one, protocol=5))
            shared = [sent[id(one)][1] for one in job.shared]
            waiting.append(task.remote(job.do, shared, pickle.dumps(job.own, protocol=5)))
            if len(waiting) >= most:
                yield _result(ray, waiting.popleft())
        while waiting:
            yield _result(ray, waiting.popleft())
    finally:
        for one in waiting:
            ray.cancel(one, force=False)


def _do(do: Callable[..., Any], shared: list[Any], own: bytes) -> bytes:
    """A task, in a worker: it keeps what it has unpacked as long as its tasks ask for that."""
    import ray

    names = [ref.hex() for ref in shared]
    for name in _held.keys() - set(names):
        del _held[name]
    for name, ref in zip(names, shared, strict=True):
        if name not in _held:
            _held[name] = pickle.loads(ray.get(ref))
    result = do(*(_held[name] for name in names), *pickle.loads(own))
    return pickle.dumps(result, protocol=5)


def _result(ray: Any, ref: Any) -> Any:
    try:
        return pickle.loads(ray.get(ref))
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, CurateError | OSError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        line = " ".join(str(error).split())[:300]
        raise CurateError(
            f"Ray: a task could not be done ({type(error).__name__}: {line}); the same command goes "
            "on from what is staged"
        ) from error


def connected(address: str | None, workers: int) -> AbstractContextManager[None]:
    """A cluster for what is done within; none where there is no address."""
    return nullcontext() if address is None else _connected(address, workers)


def _knock(address: str) -> None:
    """Raise OSError where nothing listens: Ray would end the process."""
    host, colon, port = address.rpartition(":")
    if colon and "/" not in host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


@contextmanager
def _connected(address: str, workers: int) -> Iterator[None]:
    """Connected to a cluster; one that is started here ends with the block."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise UserError(f"--ray needs the package ray: {extra('scale')}") from None
    if ray.is_initialized():
        yield
        return
    given: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        given |= {"num_cpus": workers, "include_dashboard": False}
        given |= {"object_store_memory": _STORE_BYTES, "address": "local"}
    else:
        given["address"] = address
    try:
        _knock(address)
        ray.init(**given)
    except (OSError, ValueError, RuntimeError) as error:
        line = " ".join(str(error).split())[:300]
        raise UserError(f"--ray {address}: no cluster there ({line})") from error
    try:
        yield
    finally:
        ray.shutdown()
