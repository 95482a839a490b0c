"""How many combinations of constraints have a text that keeps them all?

    python -m benchmarks.verifiers.witnesses --data ../shared/data --n 10000

Combinations are drawn without regard to whether they go together, a fifth of each size from 1 to 5,
for prompts written here. Those that a conflict is known of are searched for too, so that the fast
path is held against the search; a text that keeps such a pair would end the run with an error."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.verifiers.instructions import look_for_punkt
from curate.make.constraints import witness
from curate.make.constraints.sample import checked, clash, draw

SIZES = (1, 2, 3, 4, 5)
PROMPTS = (
    "Describe your first day at school.",
    "Explain to a child why the sky is blue, and what changes at sunset.",
    "Write a short letter to a friend about your garden and how it changes over the year.",
    "What are the pros and cons of living in a big city? Take rent, noise and work into account.",
    "Give me a recipe for a soup that needs no more than half an hour.",
    "Summarise the plot of a film that you like!",
)


def main() -> None:
    """Draw, search, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="a folder with models/nltk")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--types", nargs="+", help="ids or sets: ifeval, iftrain")
    given = parser.parse_args()
    look_for_punkt(given.data)
    types = checked(given.types)
    drawn: Counter[int] = Counter()
    found: Counter[int] = Counter()
    known: Counter[int] = Counter()
    without: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    began = time.monotonic()
    for number in range(given.n):
        rng = Random(given.seed * 1_000_003 + number)
        size = SIZES[number % len(SIZES)]
        constraints = draw(rng, size, rng.choice(PROMPTS), types)
        text, hopeless = witness(constraints, rng), clash(constraints)
        if hopeless and text is not None:
            raise AssertionError(f"a conflict that is none: {constraints}\n{text}")
        drawn[size] += 1
        found[size] += text is not None
        known[size] += hopeless
        for one in constraints if size == 2 else ():
            asked[one.id] += 1
            without[one.id] += text is None
    for size in SIZES:
        share, fast = found[size] / drawn[size], known[size] / drawn[size]
        print(f"{size} constraints: {share:6.1%} have a witness, {fast:6.1%} are known not to")
    total = found.total() / drawn.total()
    seconds = time.monotonic() - began
    print(f"all {drawn.total():,}: {total:6.1%}; {drawn.total() / seconds:,.0f} a second")
    worst = sorted(asked, key=lambda id: without[id] / asked[id], reverse=True)
    print(
        "in pairs, least often: "
        + ", ".join(f"{id} {1 - without[id] / asked[id]:.0%}" for id in worst[:8])
    )


if __name__ == "__main__":
    main()
