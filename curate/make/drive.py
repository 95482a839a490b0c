"""Items to rows: every item is asked for what it needs next, all of them at once, until each has
ended as a row or as a reason why there is none.

    for made in drive(maker, items, ask): ...

Which answers come first makes no difference: a wave of requests is over when all its answers are
there, and results stand in the order of the items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from curate.engines.answer import Answer
from curate.errors import CurateError
from curate.make.maker import Ask, BadInput, Item, Maker, Row, Settles

Asker = Callable[[Sequence[Ask]], Sequence[Answer]]
"""Gives the answer to each of some requests, in their order."""


@dataclass
class Made:
    """What became of an item."""

    item: Item
    answers: list[Answer] = field(default_factory=list)
    """To all that was asked, in that order."""
    result: Row | BadInput | None = None
    """None while it is being asked for."""


def drive(maker: Maker, items: Sequence[Item], ask: Asker) -> list[Made]:
    """Ask for every item until it has ended.

    Raises CurateError where a maker asks for nothing, and whatever `ask` raises.
    """
    every = [Made(item) for item in items]
    open_ = every
    while open_:
        wanted = [(made, asks) for made in open_ if (asks := _asks(maker, made))]
        answers = iter(ask([one for _, asks in wanted for one in asks]) if wanted else ())
        for made, asks in wanted:
            made.answers += [next(answers) for _ in asks]
        open_ = [made for made, _ in wanted]
    return every


def _asks(maker: Maker, made: Made) -> list[Ask]:
    """What an item asks next; nothing where it has ended, which is noted."""
    what = maker.next(made.item, tuple(made.answers))
    if isinstance(what, Row | BadInput):
        made.result = what
        return []
    if not what:
        raise CurateError(f"maker '{maker.name}' asks nothing for item {made.item.number}")
    return what


def settle(maker: Maker, every: Sequence[Made]) -> Mapping[str, pa.Table]:
    """Let a maker decide on many rows at once, where it does; gives its lines of the audit."""
    if not isinstance(maker, Settles):
        return {}
    open_ = [(made.item, made.result) for made in every if isinstance(made.result, Row)]
    done = maker.settle(open_)
    results = iter(done.results)
    for made in every:
        if isinstance(made.result, Row):
            made.result = next(results)
    return done.lines
