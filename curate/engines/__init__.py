"""Language models behind one function: requests in, answers out, none lost and none asked twice.

with open_store() as store, open_engine(engine_spec(given)) as engine:
    answers = ask(requests, engine, store, Budget(max_cost=20.0))
"""

from __future__ import annotations

from curate.engines.answer import OUTCOMES, Answer, Attempt
from curate.engines.ask import ask, open_engine
from curate.engines.budget import Budget, BudgetEnded, Estimate, TooManyFailures, estimate
from curate.engines.engine import Engine, Replay
from curate.engines.request import Identity, Request, Sampling, digest, key_of, seed_of
from curate.engines.spec import Engines, EngineSpec, OneEngine, engine_spec, named
from curate.engines.store import Store, default_store, open_store

__all__ = [
    "OUTCOMES",
    "Answer",
    "Attempt",
    "Budget",
    "BudgetEnded",
    "Engine",
    "EngineSpec",
    "Engines",
    "Estimate",
    "Identity",
    "OneEngine",
    "Replay",
    "Request",
    "Sampling",
    "Store",
    "TooManyFailures",
    "ask",
    "default_store",
    "digest",
    "engine_spec",
    "estimate",
    "key_of",
    "named",
    "open_engine",
    "open_store",
    "seed_of",
]
