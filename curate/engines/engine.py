"""What an engine is to those who ask: an identity, a pace, an order, and an answer to a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from curate.engines.answer import Answer, Attempt
from curate.engines.pace import Pace
from curate.engines.request import Identity, Request
from curate.engines.spec import Price
from curate.errors import CurateError

Further = Callable[[Request, Attempt | None], None]
"""Called before a sending that was not counted when the request was admitted: another attempt at
it, after one that ended so, or a question of the engine's own. Raises BudgetEnded where it may not
be sent.
"""


def uncounted(request: Request, before: Attempt | None) -> None:
    """For those who keep no budget."""


class Engine(Protocol):
    """A model that answers. Nothing is loaded and no server is asked before the first `answer`."""

    @property
    def identity(self) -> Identity:
        """What its answers depend on."""

    @property
    def pace(self) -> Pace:
        """How many requests it gets at once."""

    @property
    def price(self) -> Price | None:
        """What its tokens cost; None where nobody knows."""

    def order(self, requests: Sequence[Request]) -> list[int]:
        """The places of requests in the order in which it answers them fastest."""

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        """Answer a request, after as many attempts as it takes; what cannot be answered is failed.

        Raises UserError where no request can be answered: a library is missing, a key is wrong; and
        what `further` raises.
        """

    async def close(self) -> None:
        """Let go of the model or the connections."""


@dataclass(frozen=True)
class Replay:
    """An engine that only has the answers that a store holds: what is not there is an error."""

    identity: Identity
    pace = Pace(1)
    price = None

    def order(self, requests: Sequence[Request]) -> list[int]:
        """As they come."""
        return list(range(len(requests)))

    async def answer(self, request: Request, further: Further = uncounted) -> Answer:
        """Never happens where every answer is in the store."""
        raise CurateError(
            f"an answer of {self.identity.model} is not in the store, and nobody may be asked: "
            f"{request.messages[-1]['content'][:80]!r}"
        )

    async def close(self) -> None:
        """Nothing is held."""
