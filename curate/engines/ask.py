"""Asking: requests to answers, in the same order; what the store has is not asked again.

    with open_store(folder) as store, open_engine(spec) as engine:
        answers = ask(requests, engine, store, Budget(max_cost=20.0))

Given a store that has all answers, nothing about time, place or concurrency can reach what comes
out. Otherwise each request is claimed in the store, sent, and its end kept, before anyone sees it.
Where the budget ends or too many requests fail, what is under way is still kept, and the error says
why; the same call goes on from there. A key that occurs twice is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from curate.engines.answer import Answer, reason
from curate.engines.background import run
from curate.engines.batch import BatchEngine
from curate.engines.budget import Budget
from curate.engines.engine import Engine
from curate.engines.openai import OpenAIEngine
from curate.engines.prices import cost_of
from curate.engines.request import Request, key_of
from curate.engines.spec import EngineSpec, OpenAI, Transformers
from curate.engines.store import Claim, Store
from curate.engines.structured import check_schemas
from curate.engines.told import Told
from curate.errors import CurateError, UserError
from curate.progress import Report, silent

_LOOK = 0.2
"""Seconds between two looks for what another process is asking."""
_FREE = 0.01
"""Seconds between two looks for whether the budget has room again."""
_CHATS = ("openai", "vllm")
"""Kinds of engine that take messages and nothing else."""


@contextmanager
def open_engine(spec: EngineSpec) -> Iterator[Engine]:
    """The engine that a recipe names; it is closed at the end."""
    engine = _made(spec)
    try:
        yield engine
    finally:
        run(engine.close())


def _made(spec: EngineSpec) -> Engine:
    if isinstance(spec, OpenAI):
        return BatchEngine(spec) if spec.batch else OpenAIEngine(spec)
    if isinstance(spec, Transformers):
        from curate.engines.transformers import TransformersEngine

        return TransformersEngine(spec)
    from curate.engines.vllm import VllmEngine

    return VllmEngine(spec)


def ask(
    requests: Sequence[Request],
    engine: Engine,
    store: Store,
    budget: Budget | None = None,
    progress: Report = silent,
) -> list[Answer]:
    """The answer to each request, whatever its outcome.

    Raises UserError where nothing can be asked at all or the engine cannot do what is asked,
    BudgetEnded where the budget does, and TooManyFailures.
    """
    check_schemas(requests)
    keys = [key_of(request, engine.identity) for request in requests]
    answers = store.found(list(dict.fromkeys(keys)))
    wanted = {
        key: request for key, request in zip(keys, requests, strict=True) if key not in answers
    }
    if wanted:
        _check_texts(wanted.values(), engine)
        told = Told(progress, len(wanted))
        work = _Work(engine, store, budget or Budget(), told, _in_order(wanted, engine), answers)
        run(work.done())
    return [answers[key] for key in keys]


def _check_texts(requests: Iterable[Request], engine: Engine) -> None:
    """Raise UserError where an engine that only chats is asked about texts as they are."""
    if engine.identity.kind in _CHATS and any(
        one.continuations or not one.chat for one in requests
    ):
        raise UserError(
            f"an engine of kind {engine.identity.kind} only chats: log-probabilities of given texts, "
            "and prompts without a chat template, need an engine of kind transformers"
        )


def _in_order(wanted: dict[str, Request], engine: Engine) -> list[tuple[str, Request]]:
    pairs = list(wanted.items())
    return [pairs[place] for place in engine.order(list(wanted.values()))]


@dataclass
class _Work:
    """The asking of one call."""

    engine: Engine
    store: Store
    budget: Budget
    told: Told
    wanted: list[tuple[str, Request]]
    answers: dict[str, Answer]
    elsewhere: list[tuple[str, Request]] = field(default_factory=list)
    """What another process, or another call in this one, is asking."""
    ended: CurateError | None = None

    async def done(self) -> None:
        """Ask everything; what another process asks is waited for, and asked if that one ends."""
        while self.wanted and not self.ended:
            feed = iter(self.wanted)
            n = min(self.engine.pace.most, len(self.wanted))
            await asyncio.gather(*(self._take(feed) for _ in range(n)))
            self.wanted, self.elsewhere = self.elsewhere, []
            if self.wanted:
                await asyncio.sleep(_LOOK)
        if self.ended:
            raise self.ended

    async def _take(self, feed: Iterator[tuple[str, Request]]) -> None:
        """Ask one after the other until there are no more, or no more may be asked."""
        while not self.ended:
            async with self.engine.pace:
                pair = next(feed, None)
                if pair is None or self.ended:
                    return
                try:
                    await self._one(*pair)
                except CurateError as error:
                    self.ended = self.ended or error

    async def _one(self, key: str, request: Request) -> None:
        """Claim, send and keep one request."""
        while not self.budget.admit(request, self.engine.price):
            await asyncio.sleep(_FREE)
        try:
            claim = await self.store.claim(key, request, self.engine.identity)
            if claim is None:
                self.elsewhere.append((key, request))
                return
            if isinstance(claim, Answer):
                self.answers[key] = claim
                self.told.found()
                return
            answer = await self._sent(claim, request)
            await self.store.keep(claim, answer)
        finally:
            self.budget.leave(request, self.engine.price)
        self.answers[key] = answer
        self.told.answered(answer)
        self.budget.spend(request, answer, self.engine.price)

    async def _sent(self, claim: Claim, request: Request) -> Answer:
        identity = self.engine.identity
        try:
            further = partial(self.budget.further, self.engine.price)
            answer = await self.engine.answer(request, further)
        except CurateError as error:  # no request can be answered: this one is known to have failed
            self.budget.sent += 1
            await self.store.keep(claim, Answer("failed", reason=str(error)))
            raise
        except Exception as error:  # of a model's template, of torch: the others go on
            answer = Answer("failed", reason=reason(f"{type(error).__name__}: {error}"))
        except BaseException:  # an interruption
            self.store.let_go(claim)
            raise
        return replace(
            answer,
            cost=cost_of(answer, self.engine.price),
            engine=identity.kind,
            model=identity.model,
            revision=identity.revision,
        )
