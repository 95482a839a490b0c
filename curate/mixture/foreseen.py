"""What it would take to make the sources of a recipe: requests, tokens, cost and time, before anything
is asked.

Makers say what some of their items will ask if all goes well; the rest is believed to be like these.
How many rows are accepted is not known beforehand, so for `accepted` rows it is what it takes at
least."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from curate import makers
from curate.engines import EngineSpec, Request
from curate.engines.prices import price_of, prompt_tokens
from curate.make.maker import Given
from curate.recipe import Recipe, SourceSpec
from curate.sources.spec import ReadSpec

LOOKED_AT = 20
"""Items whose requests are looked at."""


@dataclass(frozen=True)
class Foreseen:
    """What it takes of one engine to make one source. Tokens written and cost are upper bounds for so
    many items.
    """

    source: str
    maker: str
    engine: str
    model: str
    items: int
    at_least: bool
    """Whether more items will be tried: those that are not accepted are made up for."""
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """US dollars; None where the price is not known."""


def foreseen(spec: SourceSpec, recipe: Recipe, base: Path) -> list[Foreseen]:
    """What each engine is asked for a made source; nothing where its maker cannot tell.

    Raises UserError for what is wrong with its settings.
    """
    package, making = makers.load(str(spec.maker)), spec.making
    tell = getattr(package, "foreseen", None)
    items = making.accepted or making.items if making else None
    if tell is None or items is None:
        return []
    given = Given(spec.name, base, recipe.kind, recipe.seed, recipe.models, _nothing)
    looked = list(islice(tell(making, given), LOOKED_AT))
    asked: dict[str, list[Request]] = defaultdict(list)
    for ask in (ask for asks in looked for ask in asks):
        asked[ask.engine].append(ask.request)
    more = making is not None and making.accepted is not None
    return [
        _of_engine(spec, name, recipe.models[name], requests, items, len(looked), more)
        for name, requests in asked.items()
        if name in recipe.models
    ]


def _of_engine(
    spec: SourceSpec,
    name: str,
    engine: EngineSpec,
    requests: Sequence[Request],
    items: int,
    looked: int,
    more: bool,
) -> Foreseen:
    times = items / looked
    read = sum(map(prompt_tokens, requests)) * times
    said = sum(1 if one.labels else one.sampling.max_tokens for one in requests) * times
    price = price_of(engine)
    cost = None if price is None else (read * price.input + said * price.output) / 1e6
    asked = round(len(requests) * times)
    maker = str(spec.maker)
    return Foreseen(
        spec.name, maker, name, engine.model, items, more, asked, round(read), round(said), cost
    )


def _nothing(spec: ReadSpec, kind: str) -> Iterator[Mapping[str, object]]:
    """What a maker reads is not built for a preview."""
    return iter(())
