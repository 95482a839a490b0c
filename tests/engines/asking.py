"""Requests for tests, and a process that asks them: `python -m tests.engines.asking URL STORE N`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from curate.engines.ask import ask, open_engine
from curate.engines.request import Request, Sampling, seed_of
from curate.engines.spec import EngineSpec, engine_spec
from curate.engines.store import open_store


def asked(n: int, **more: Any) -> list[Request]:
    """So many requests, no two alike."""
    return [
        Request(
            messages=[{"role": "user", "content": f"Question {i}?"}],
            seed=seed_of(7, "question", i),
            sampling=Sampling(max_tokens=50),
            **more,
        )
        for i in range(n)
    ]


def at(url: str, **more: Any) -> EngineSpec:
    """The engine at an address."""
    given = {"kind": "openai", "model": "m", "base_url": url, "key_env": "CURATE_TEST_KEY"}
    return engine_spec(given | more)


def main(url: str, store: str, n: str) -> None:
    """Ask, and print every answer."""
    spec = at(url, in_flight=16, revision="1")
    with open_store(Path(store)) as kept, open_engine(spec) as engine:
        answers = ask(asked(int(n)), engine, kept)
    sys.stdout.write(json.dumps([answer.plain() for answer in answers]))


if __name__ == "__main__":
    main(*sys.argv[1:])
