"""What a run may cost, what it would cost, and when it ends early.

A budget is shared by all engines of a run. Every sending counts as a request: each attempt, and
each question that an engine asks for itself. Requests that are under way count with about the most
that they can cost, their prompts at two bytes a token, so the limit holds for nearly all languages
whatever the answers are; so does an attempt that gave nothing though a model may have answered.
Answers that the store has cost nothing. Where nearly everything fails,
going on would only cost: the run ends and shows what failed."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from curate.engines.answer import Answer, Attempt
from curate.engines.engine import Engine
from curate.engines.prices import most, prompt_tokens
from curate.engines.request import Request, key_of
from curate.engines.spec import Price
from curate.engines.store import Store
from curate.errors import CurateError, UserError, option


class BudgetEnded(CurateError):
    """No more may be asked; what was answered is in the store, and the same command goes on."""


class TooManyFailures(CurateError):
    """So many of the last requests failed that the rest was not asked."""


@dataclass
class Budget:
    """The limits of a run, and what was spent of them. None: no limit."""

    max_cost: float | None = None
    """US dollars."""
    max_requests: int | None = None
    failures: float = 0.5
    """The share of the last `window` requests that may fail."""
    window: int = 100
    spent: float = 0.0
    sent: int = 0
    _under_way: int = 0
    _reserved: float = 0.0
    _last: deque[bool] = field(default_factory=deque)

    def admit(self, request: Request, price: Price | None) -> bool:
        """Count a request in before it is sent; False where it has to wait for those under way.

        Raises BudgetEnded where it may not be sent at all.
        """
        over = self._over(most(request, price), price)
        if over and not self._under_way:
            raise BudgetEnded(over)
        if not over:
            self._under_way += 1
            self._reserved += most(request, price)
        return not over

    def _over(self, cost: float, price: Price | None) -> str:
        """Which limit a request that costs so much at most would pass; empty for none."""
        if self.max_requests is not None and self.sent + self._under_way >= self.max_requests:
            what = f"{self.max_requests:,} requests"
            return _ended(what, option("--max-requests", "max_requests"))
        if self.max_cost is None:
            return ""
        if price is None:
            raise UserError(
                "max_cost is given, but the price of the engine is not known: "
                "add price: {input: …, output: …} (US dollars for a million tokens) to it"
            )
        if self.spent + self._reserved + cost > self.max_cost:
            what = f"${self.max_cost:,.2f} (spent: ${self.spent:,.2f})"
            return _ended(what, option("--max-cost", "max_cost"))
        return ""

    def leave(self, request: Request, price: Price | None) -> None:
        """A request is no longer under way."""
        self._under_way -= 1
        self._reserved = self._reserved - most(request, price) if self._under_way else 0.0

    def further(self, price: Price | None, request: Request, before: Attempt | None) -> None:
        """Count a sending that was not admitted; see `engine.Further`. Raises BudgetEnded."""
        cost = most(request, price)
        if before is not None:
            self.spent += cost if before.may_cost else 0.0
            cost = 0.0  # the request's own is reserved
        over = self._over(cost, price)
        if over:
            raise BudgetEnded(over)
        self.sent += 1
        self.spent += cost

    def spend(self, request: Request, answer: Answer, price: Price | None) -> None:
        """Count a request that was sent; raises TooManyFailures."""
        self.sent += 1
        lost = bool(answer.attempts) and answer.attempts[-1].may_cost
        self.spent += most(request, price) if lost else answer.cost or 0.0
        self._last.append(answer.outcome == "failed")
        if len(self._last) > self.window:
            self._last.popleft()
        failed = sum(self._last) if answer.outcome == "failed" else 0
        if len(self._last) == self.window and failed > self.failures * self.window:
            shown = json.dumps(request.messages[-1]["content"], ensure_ascii=False)
            raise TooManyFailures(
                f"{failed} of the last {self.window} requests failed; what was answered is kept. "
                f"The last: {answer.reason}, after {len(answer.attempts)} attempts at {shown[:300]}"
            )


def _ended(what: str, limit: str) -> str:
    return (
        f"the budget of {what} is used up; what was answered is kept, and the same command goes on "
        f"with a larger {limit}"
    )


@dataclass(frozen=True)
class Estimate:
    """What asking would take. Tokens and cost are upper bounds, but that prompts are only estimated
    by their length, at four bytes a token.
    """

    requests: int
    """Those that would be sent."""
    kept: int
    """Those that the store has."""
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """In US dollars; None where the price is not known."""
    seconds: float | None
    """From what such requests took before; None where there were none."""


def estimate(requests: Sequence[Request], engine: Engine, store: Store) -> Estimate:
    """What it would take to ask these requests; nothing is asked."""
    keyed = {key_of(request, engine.identity): request for request in requests}
    found = store.found(list(keyed))
    wanted = [request for key, request in keyed.items() if key not in found]
    price, took = engine.price, store.seconds(engine.identity)
    rounds = len(wanted) / engine.pace.most
    read = sum(map(prompt_tokens, wanted))
    said = sum(1 if one.labels else one.sampling.max_tokens for one in wanted)
    return Estimate(
        requests=len(wanted),
        kept=len(found),
        prompt_tokens=read,
        completion_tokens=said,
        cost=None if price is None else (read * price.input + said * price.output) / 1e6,
        seconds=None if took is None else took * rounds,
    )
