"""Who answers a maker: the recipe's engines, or the answers that a folder kept.

with open_asking(engines, store, budget, report) as ask:
    answers = ask(asks)
    ask.taken()            # all that was answered since, to be kept beside the rows"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from curate.engines import (
    Answer,
    Budget,
    Engine,
    EngineSpec,
    Identity,
    Replay,
    Request,
    Store,
    key_of,
    open_engine,
    open_store,
)
from curate.engines import ask as ask_engine
from curate.errors import CurateError
from curate.make.maker import Ask
from curate.progress import Report

Kept = tuple[Identity, Request, Answer]
"""An answer with all that its key is made of."""


class Asking(Protocol):
    """Answers requests, and remembers what it answered."""

    def identity(self, engine: str) -> Identity:
        """What the answers of an engine depend on."""

    def __call__(self, asks: Sequence[Ask]) -> list[Answer]:
        """The answer to each request, in their order."""

    def taken(self) -> dict[str, Kept]:
        """What was answered since it was taken last, by key."""


@dataclass
class Live:
    """The engines of a recipe, opened as they are asked; what the store has is not asked again."""

    specs: Mapping[str, EngineSpec]
    store: Store
    budget: Budget
    report: Report
    open: Callable[[EngineSpec], Engine]
    _opened: dict[str, Engine] = field(default_factory=dict)
    _told: dict[str, Kept] = field(default_factory=dict)

    def identity(self, engine: str) -> Identity:
        """What the answers of an engine depend on."""
        return self._engine(engine).identity

    def _engine(self, name: str) -> Engine:
        if name not in self._opened:
            self._opened[name] = self.open(self.specs[name])
        return self._opened[name]

    def __call__(self, asks: Sequence[Ask]) -> list[Answer]:
        """Ask one engine after the other; raises what `engines.ask` raises."""
        answers: dict[int, Answer] = {}
        for name in dict.fromkeys(one.engine for one in asks):
            engine = self._engine(name)
            places = [place for place, one in enumerate(asks) if one.engine == name]
            requests = [asks[place].request for place in places]
            found = ask_engine(requests, engine, self.store, self.budget, self.report)
            for place, request, answer in zip(places, requests, found, strict=True):
                answers[place] = answer
                self._told[key_of(request, engine.identity)] = (engine.identity, request, answer)
        return [answers[place] for place in range(len(asks))]

    def taken(self) -> dict[str, Kept]:
        """What was answered since it was taken last, by key."""
        told, self._told = self._told, {}
        return told


@contextmanager
def open_asking(
    specs: Mapping[str, EngineSpec],
    folder: Path | None,
    budget: Budget,
    report: Report,
    offline: bool = False,
) -> Iterator[Live]:
    """The engines of a recipe over a store; they are closed at the end. Where it is offline, what the
    store lacks is an error.
    """
    with ExitStack() as held:

        def opened(spec: EngineSpec) -> Engine:
            engine = held.enter_context(open_engine(spec))
            return Replay(engine.identity) if offline else engine

        yield Live(specs, held.enter_context(open_store(folder)), budget, report, opened)


@dataclass(frozen=True)
class Replayed:
    """The answers that a folder kept: nobody is asked."""

    identities: Mapping[str, Identity]
    answers: Mapping[str, Answer]
    where: str

    def identity(self, engine: str) -> Identity:
        """What the answers of an engine depended on."""
        return self.identities[engine]

    def __call__(self, asks: Sequence[Ask]) -> list[Answer]:
        """Look each answer up; raises CurateError where one was not kept."""
        return [self._found(one) for one in asks]

    def _found(self, one: Ask) -> Answer:
        key = key_of(one.request, self.identities[one.engine])
        if key not in self.answers:
            asked = one.request.messages[-1]["content"][:80]
            raise CurateError(f"{self.where}: holds no answer to {asked!r}, and nobody is asked")
        return self.answers[key]

    def taken(self) -> dict[str, Kept]:
        """Nothing: all is kept already."""
        return {}


@dataclass(frozen=True)
class Nobody:
    """Where no language model may be asked: for makers that ask none."""

    def identity(self, engine: str) -> Identity:
        """Never happens: a maker with engines is refused before."""
        raise CurateError(f"engine '{engine}': nobody may be asked")

    def __call__(self, asks: Sequence[Ask]) -> list[Answer]:
        """Refuse all requests; raises CurateError."""
        if asks:
            raise CurateError("a maker that names no engine asks one")
        return []

    def taken(self) -> dict[str, Kept]:
        """Nothing."""
        return {}
