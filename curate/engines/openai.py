"""A server that speaks like OpenAI's: a provider, `vllm serve`, or any other.

Requests go through aiohttp with a connection each, kept open: the client of OpenAI's own package
takes about four times as long over a request. Every attempt is kept with the answer. The
key comes from the environment, and is cut out of whatever a server says of it. Before the first
request with a schema the server is asked three short questions at most, to find the best of the
tiers of `structured` that it has."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from curate.engines.answer import Answer, Attempt, reason
from curate.engines.completions import answer_of, body_of
from curate.engines.connection import Connection
from curate.engines.engine import Further, uncounted
from curate.engines.pace import Pace
from curate.engines.prices import price_of
from curate.engines.request import Identity, Request
from curate.engines.retry import Failed, delay, used_up
from curate.engines.spec import OpenAI
from curate.engines.structured import PROBE, TIERS
from curate.errors import CurateError

_JSON = {"Content-Type": "application/json"}
_NOT_KNOWN = (400, 405, 415, 422, 501)
"""Codes with which a server refuses a kind of request that it does not know."""


class OpenAIEngine:
    """The engine of kind `openai`."""

    def __init__(self, spec: OpenAI) -> None:
        self.spec = spec
        self.pace = Pace(spec.in_flight)
        self.identity = Identity("openai", spec.model, spec.revision or spec.base_url)
        self.price = price_of(spec)
        self._connection = Connection(spec)
        self._tier: asyncio.Task[str | Answer] | None = None

    def order(self, requests: Sequence[Request]) -> list[int]:
        """As they come."""
        return list(range(len(requests)))

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        """Answer a request; see Engine."""
        if request.schema is None:
            return await self._tried(request, "", further)
        found = await self._found_tier(further)
        if isinstance(found, Answer):  # no answer to any question: the next request tries again
            self._tier = None
            return found
        return await self._tried(request, found, further)

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    async def _tried(self, request: Request, tier: str, further: Further) -> Answer:
        """Send a request until it has a reply, or no attempt is left."""
        began = time.monotonic()
        attempts: list[Attempt] = []
        body = body_of(request, self.spec, tier)
        made = Answer("failed")
        for number in range(1, self.spec.attempts + 1):
            await self.pace.ready()
            if attempts:
                further(request, attempts[-1])
            sent = time.monotonic()
            try:
                made = _read(await self._sent(body), request, tier)
                attempts.append(Attempt(time.monotonic() - sent))
                self.pace.well()
                break
            except Failed as error:
                took = time.monotonic() - sent
                attempts.append(Attempt(took, error.error, error.status, error.may_cost))
                made = Answer(error.outcome, reason=error.error)
                if error.overloaded:
                    self.pace.overloaded(sent)
                if not error.again or number == self.spec.attempts:
                    break
                if error.overloaded and error.wait:
                    self.pace.pause(error.wait)
                await asyncio.sleep(delay(number, error.wait))
        return replace(made, seconds=time.monotonic() - began, attempts=tuple(attempts))

    async def _sent(self, body: dict[str, Any]) -> Any:
        """One attempt: the reply as plain data; raises Failed."""
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
        headers, raw = await self._connection.reply(
            "POST", "chat/completions", data=content, headers=_JSON
        )
        wait = used_up(headers)
        if wait:
            self.pace.pause(wait)
        try:
            return json.loads(raw)
        except ValueError:
            shown = reason(raw.decode(errors="replace"))[:80]
            raise Failed(
                f"the reply is no JSON: {shown!r}", HTTPStatus.OK.value, may_cost=True
            ) from None

    async def _found_tier(self, further: Further) -> str | Answer:
        """The tier of the server, found once; others wait for it. A failed answer where the server
        could not be asked, which says nothing about its tier.
        """
        if self._tier is None:
            self._tier = asyncio.create_task(self._probed(further))
        try:
            return await asyncio.shield(self._tier)
        except CurateError:
            self._tier = None
            raise

    async def _probed(self, further: Further) -> str | Answer:
        """Ask for each tier until the server takes one. What the model says counts only where it is
        no JSON: one that thinks first may come to no end. Where the server broke at a better tier,
        the last one is asked too, since it may be down for all.
        """
        broke = False
        for tier in TIERS:
            last = tier == TIERS[-1]
            if last and not broke:
                return tier
            further(_PROBE, None)
            answer = await self._tried(_PROBE, tier, further)
            attempt = answer.attempts[-1]
            if not attempt.error and (last or answer.outcome != "invalid"):
                return tier
            status = attempt.status or 0
            broken = bool(attempt.error) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
            broke = broke or broken
            if attempt.error and not broken and status not in _NOT_KNOWN:
                return answer
        return answer


_PROBE = Request(
    messages=[{"role": "user", "content": "Answer with the JSON object that is asked for."}],
    seed=0,
    schema=PROBE,
)


def _read(reply: Any, request: Request, tier: str) -> Answer:
    try:
        return answer_of(reply, request, tier)
    except (LookupError, TypeError, ValueError, AttributeError):
        shape = json.dumps(reply)[:80]
        told = f"the reply is no chat completion: {shape}"
        raise Failed(told, may_cost=True) from None
