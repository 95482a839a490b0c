"""OpenAI's Batch API: requests go out as a file, answers come within a day, at half the price.

Requests that arrive together are one batch; a line's `custom_id` is the request's key. The provider's
own list of batches is the memory: what a killed run had handed in is found there by its key and
waited for, so it is not asked and paid for twice. Answers are the same as those of the engine that
asks one by one, and are found under the same keys."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from curate.engines.answer import Answer, Attempt, Outcome, reason
from curate.engines.completions import answer_of, body_of
from curate.engines.connection import WITHHELD, Connection
from curate.engines.engine import Further, uncounted
from curate.engines.pace import Pace
from curate.engines.prices import price_of
from curate.engines.request import Identity, Request, digest, key_of
from curate.engines.retry import Failed, delay
from curate.engines.spec import OpenAI
from curate.errors import CurateError

MOST_LINES, _MOST_BYTES = 50_000, 190_000_000
"""Of a batch, by OpenAI's rules."""
_SETTLED = 2.0
"""Seconds without a new request, after which a batch is handed in."""
_FIRST_LOOK, _LAST_LOOK = 5.0, 60.0
"""Seconds between two looks at a batch: more and more."""
_MARK = "curate"
"""The key in a batch's metadata by which its own are known."""
_OVER = ("completed", "failed", "expired", "cancelled")
_TIER = "json_schema"
_ENDPOINT = "/v1/chat/completions"


@dataclass(frozen=True)
class Open:
    """A request that waits for its answer."""

    request: Request
    ended: asyncio.Future[Answer]
    since: float


class BatchEngine:
    """The engine of kind `openai` with `batch: true`."""

    def __init__(self, spec: OpenAI) -> None:
        self.spec = spec
        self.pace = Pace(MOST_LINES)
        self.identity = Identity("openai", spec.model, spec.revision or spec.base_url)
        self.price = price_of(spec)
        self._connection = Connection(spec)
        self._new: dict[str, Open] = {}
        self._asked: set[asyncio.Future[Answer]] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._over: dict[str, frozenset[str]] = {}
        """What each batch that is over has answered: no file of results is looked through twice."""
        self._gathering = False

    def order(self, requests: Sequence[Request]) -> list[int]:
        """As they come."""
        return list(range(len(requests)))

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        """Answer a request; see Engine. Raises CurateError where the provider cannot be reached."""
        ended: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.add(ended)
        ended.add_done_callback(self._asked.discard)
        self._new[key_of(request, self.identity)] = Open(request, ended, time.monotonic())
        if not self._gathering:
            self._gathering = True
            self._start(self._gather())
        return await ended

    async def close(self) -> None:
        """Close the connections; batches go on at the provider."""
        for task in self._work:
            task.cancel()
        for ended in list(self._asked):
            ended.cancel()
        await self._connection.close()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _gather(self) -> None:
        """Wait until no more requests come, and hand them in."""
        n = 0
        while n < len(self._new):
            n = len(self._new)
            await asyncio.sleep(_SETTLED)
        waiting, self._new, self._gathering = self._new, {}, False
        with _passing_on(waiting):
            for batch, keys in (await self._handed_in(waiting)).items():
                self._start(self._followed(batch, {key: waiting.pop(key) for key in keys}))
            for lines in _files(waiting, self.spec):
                batch = await self._submitted("\n".join(lines.values()) + "\n")
                self._start(self._followed(batch, {key: waiting[key] for key in lines}))

    async def _handed_in(self, waiting: Mapping[str, Open]) -> dict[str, list[str]]:
        """Which batches of an earlier run have answered or will answer which of these requests."""
        found: dict[str, list[str]] = {}
        left = set(waiting)
        async for batch in self._batches():
            keys = left & await self._holds(batch)
            if keys:
                found[batch["id"]] = sorted(keys)
                left -= keys
        return found

    async def _holds(self, batch: Mapping[str, Any]) -> frozenset[str]:
        """The keys of the requests that a batch may still answer, or has answered once it is over:
        what it failed at is asked anew, what was paid for before it expired is not.
        """
        name, status = batch["id"], batch.get("status")
        if status == "cancelling" or name in self._over:
            return self._over.get(name, frozenset())
        file = batch.get("output_file_id") if status in _OVER else batch["input_file_id"]
        text = await self._called("GET", f"files/{file}/content") if file else ""
        lines = map(json.loads, _lines(text))
        if status not in _OVER:
            return frozenset(line["custom_id"] for line in lines)
        self._over[name] = frozenset(line["custom_id"] for line in lines if _is_answered(line))
        return self._over[name]

    async def _batches(self) -> AsyncIterator[dict[str, Any]]:
        """The batches of this engine that the provider lists."""
        after = ""
        while True:
            page = json.loads(await self._called("GET", f"batches?limit=100{after}"))
            for batch in page["data"]:
                if (batch.get("metadata") or {}).get(_MARK) == self._mark:
                    yield batch
            if not page.get("has_more"):
                return
            after = f"&after={page['data'][-1]['id']}"

    @property
    def _mark(self) -> str:
        return digest(self.identity.text)[:32]

    async def _submitted(self, lines: str) -> str:
        """Hand in a file of requests: the batch's id."""
        file = json.loads(await self._called("POST", "files", file=lines.encode()))
        plain = {
            "input_file_id": file["id"],
            "endpoint": _ENDPOINT,
            "completion_window": "24h",
            "metadata": {_MARK: self._mark},
        }
        made: str = json.loads(await self._called("POST", "batches", plain=plain))["id"]
        return made

    async def _followed(self, batch: str, waiting: Mapping[str, Open]) -> None:
        """Look at a batch until it is over, and give each request its answer."""
        with _passing_on(waiting):
            pause = _FIRST_LOOK
            while (state := json.loads(await self._called("GET", f"batches/{batch}")))[
                "status"
            ] not in _OVER:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LAST_LOOK)
            for name in ("output_file_id", "error_file_id"):
                if state.get(name):
                    file = await self._called("GET", f"files/{state[name]}/content")
                    self._give(_lines(file), waiting)
            for one in waiting.values():
                _end(one, Answer("failed", reason=_why(state)))

    def _give(self, lines: Iterable[str], waiting: Mapping[str, Open]) -> None:
        for line in lines:
            told = json.loads(line)
            one = waiting.get(told["custom_id"])
            if one is not None:
                _end(one, _read(told, one.request))

    async def _called(
        self, method: str, path: str, *, file: bytes | None = None, plain: Any = None
    ) -> str:
        """The text of a reply; tried again as often as the engine says, unless what was handed in may
        have arrived. Raises CurateError.
        """
        for number in range(1, self.spec.attempts + 1):
            try:
                return await self._once(method, path, file, plain)
            except Failed as error:
                arrived = method == "POST" and error.may_cost
                if arrived or not error.again or number == self.spec.attempts:
                    raise CurateError(
                        f"{self.spec.base_url}: {error.error}; batches that were handed in go on, "
                        "and the same command takes up their answers"
                    ) from None
                await asyncio.sleep(delay(number, error.wait))
        raise AssertionError("no attempt was made")

    async def _once(self, method: str, path: str, file: bytes | None, plain: Any) -> str:
        from aiohttp import FormData

        form = FormData({"purpose": "batch"}) if file is not None else None
        if form is not None:
            form.add_field("file", file, filename="requests.jsonl")
        _, raw = await self._connection.reply(method, path, data=form, json=plain)
        return raw.decode(errors="replace")


@contextmanager
def _passing_on(waiting: Mapping[str, Open]) -> Iterator[None]:
    """An error of the work is one of all who wait for it."""
    try:
        yield
    except Exception as error:
        for one in waiting.values():
            if not one.ended.done():
                one.ended.set_exception(error)


def _files(waiting: Mapping[str, Open], spec: OpenAI) -> Iterator[dict[str, str]]:
    """Lines by key, as many as a batch takes."""
    lines: dict[str, str] = {}
    size = 0
    for key, one in waiting.items():
        body = body_of(one.request, spec, _TIER)
        plain = {"custom_id": key, "method": "POST", "url": _ENDPOINT, "body": body}
        line = json.dumps(plain)
        if lines and (len(lines) == MOST_LINES or size + len(line) > _MOST_BYTES):
            yield lines
            lines, size = {}, 0
        lines[key] = line
        size += len(line) + 1
    if lines:
        yield lines


def _lines(text: str) -> Iterator[str]:
    """The lines of a file of JSON, in which U+2028 and its like end none."""
    return filter(str.strip, text.split("\n"))


def _is_answered(told: Mapping[str, Any]) -> bool:
    """Whether a line of a batch's results holds a reply, which was paid for."""
    reply = told.get("response") or {}
    return reply.get("status_code") == HTTPStatus.OK and "choices" in (reply.get("body") or {})


def _read(told: Mapping[str, Any], request: Request) -> Answer:
    """The answer that a line of a batch's results holds."""
    reply, error = told.get("response") or {}, told.get("error") or {}
    status, body = reply.get("status_code"), reply.get("body")
    if status == HTTPStatus.OK:
        try:
            return replace(answer_of(body, request, _TIER), attempts=(Attempt(0.0, "", status),))
        except (LookupError, TypeError, ValueError, AttributeError):
            error = {"message": f"the reply is no chat completion: {json.dumps(body)[:80]}"}
    elif isinstance(body, dict):
        error = body.get("error") or error
    said = reason(error.get("message") or error.get("code") or f"HTTP {status}")
    withheld = status == HTTPStatus.BAD_REQUEST and error.get("code") == WITHHELD
    outcome: Outcome = "refused" if withheld else "failed"
    return Answer(outcome, reason=said, attempts=(Attempt(0.0, said, status),))


def _end(one: Open, answer: Answer) -> None:
    """Give a request its answer, once."""
    if not one.ended.done():
        took = time.monotonic() - one.since
        attempts = tuple(replace(attempt, seconds=took) for attempt in answer.attempts)
        one.ended.set_result(replace(answer, seconds=took, attempts=attempts))


def _why(state: Mapping[str, Any]) -> str:
    """Why a batch that is over has no answer to a request."""
    errors = (state.get("errors") or {}).get("data") or []
    said = "; ".join(str(error.get("message")) for error in errors[:2])
    return reason(f"the batch is {state['status']}, without an answer{f': {said}' if said else ''}")
