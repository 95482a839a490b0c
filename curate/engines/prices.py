"""What a request costs: the engine's own `price`, or a dated table for OpenAI's models.

What runs in this process costs nothing here. A server without a price has a cost that nobody knows:
it is None, never 0."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

from curate.config import Strict, check, load_yaml
from curate.engines.answer import Answer
from curate.engines.request import Request
from curate.engines.spec import EngineSpec, OpenAI, Price

TABLE = Path(__file__).with_suffix(".yaml")
_BYTES_A_TOKEN = 4.0
"""About, in English, for most tokenizers of today."""
_FEWEST = 2.0
"""Of most other languages and of code: what is reserved is rather too much."""
_TOKENS_A_TURN = 4


class Prices(Strict):
    """The table that comes with the package."""

    date: date
    url: str
    models: dict[str, Price]


@cache
def prices() -> Prices:
    """The table."""
    return check(Prices, load_yaml(TABLE), str(TABLE))


def price_of(spec: EngineSpec) -> Price | None:
    """The price of an engine; None where nobody knows it."""
    if not isinstance(spec, OpenAI):
        return Price(input=0, output=0)
    if spec.price is not None:
        return spec.price
    known = prices().models.get(spec.model) if spec.base_url == prices().url else None
    return _halved(known) if known is not None and spec.batch else known


def _halved(price: Price) -> Price:
    """What a batch costs."""
    cached = None if price.cached is None else price.cached / 2
    return Price(input=price.input / 2, output=price.output / 2, cached=cached)


def cost_of(answer: Answer, price: Price | None) -> float | None:
    """What an answer cost, in US dollars."""
    if price is None:
        return None
    fresh = answer.prompt_tokens - answer.cached_tokens
    cached = price.input if price.cached is None else price.cached
    spent = (
        fresh * price.input
        + answer.cached_tokens * cached
        + answer.completion_tokens * price.output
    )
    return spent / 1e6


def most(request: Request, price: Price | None) -> float:
    """About what a request can cost at most, in US dollars; 0 where nobody knows its price."""
    if price is None:
        return 0.0
    tokens = 1 if request.labels else request.sampling.max_tokens
    return (prompt_tokens(request, _FEWEST) * price.input + tokens * price.output) / 1e6


def prompt_tokens(request: Request, bytes_a_token: float = _BYTES_A_TOKEN) -> int:
    """About how many tokens the messages have, and the schema, which a server may put before them."""
    size = sum(len(message["content"].encode("utf-8", "replace")) for message in request.messages)
    size += len(json.dumps(request.schema)) if request.schema is not None else 0
    return round(size / bytes_a_token) + _TOKENS_A_TURN * len(request.messages)
