"""Models and judges at a server, whose answers have a known worth and whose judgements err as told."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.engines import Budget
from curate.mixture import Built, Options, build
from curate.mixture.options import Asked
from curate.recipe import load_recipe
from tests.corpus import write_lines, write_recipe
from tests.engines.server import Reply, Server, completion

_WORTH = re.compile(r"worth (\d\.\d\d) by ([\w-]+) ")

_WRITTEN = {
    "Write another question": "A question near to it",
    "Say what stands below": "The same in other words",
    "what its user would say": "What a user says next",
}
"""What is written where these words ask for it."""


@dataclass(frozen=True)
class World:
    """How judges err; each share is that of judgements made by it alone."""

    whole: bool = False
    """Whether every worth is a whole number, so that there are ties."""
    position: float = 0.0
    """The answer shown first wins."""
    length: float = 0.0
    """The longer one wins."""
    own: float = 0.0
    """The one that the judge's own model wrote wins."""
    bad: float = 0.0
    """The form is not kept."""

    def __call__(self, body: Mapping[str, Any], nth: int) -> Reply:
        """Answer a call; what asks for a judgement is judged."""
        draw = random.Random(json.dumps([body["model"], body["messages"], body.get("seed")]))
        whole = "\n".join(message["content"] for message in body["messages"])
        written = next((said for form, said in _WRITTEN.items() if form in whole), None)
        if written:
            return Reply(completion(written))
        if "# Your judgement" not in whole:
            return Reply(completion(self.answer(body["model"], draw)))
        if draw.random() < self.bad:
            return Reply(completion("Hard to say. Rating: 5"))
        found = _WORTH.findall(whole)
        if "Answer A" in whole:
            return Reply(completion(self.verdict(whole, body["model"], draw)))
        worth = [float(value) for value, _ in found]
        if body.get("logprobs"):
            return Reply(_labels(worth[-1]))
        if "several answers" in whole:
            lines = [f"Answer {n}: {round(value)}" for n, value in enumerate(worth, 1)]
            return Reply(completion("\n".join(["So.", *lines])))
        return Reply(completion(f"So.\nRating: {round(worth[-1])}"))

    def answer(self, model: str, draw: random.Random) -> str:
        """What a model says: its worth, its name, and some words."""
        worth = float(draw.randint(1, 5)) if self.whole else draw.uniform(1, 5)
        return f"worth {worth:.2f} by {model} " + " ".join(["word"] * draw.randint(1, 80))

    def verdict(self, whole: str, judge: str, draw: random.Random) -> str:
        """What a judge says of two answers."""
        a, b = (part for part in whole.split("# Answer ")[1:3])
        chance = self.first_wins(a, b, judge)
        return f"So.\nVerdict: {'A' if draw.random() < chance else 'B'}"

    def first_wins(self, a: str, b: str, judge: str) -> float:
        """The chance that the answer shown first wins."""
        (worth_a, model_a), (worth_b, model_b) = _worth(a), _worth(b)
        longer = 0.5 if len(a.split()) == len(b.split()) else len(a.split()) > len(b.split())
        own = (
            float(model_a == judge)
            if (model_a == judge) != (model_b == judge)
            else worth_a > worth_b
        )
        fair = 1 - self.position - self.length - self.own
        return self.position + self.length * longer + self.own * own + fair * (worth_a > worth_b)


def worth_of(text: str) -> float:
    """What an answer is worth."""
    return _worth(text)[0]


def _worth(text: str) -> tuple[float, str]:
    ((value, model),) = _WORTH.findall(text)
    return float(value), model


def _labels(worth: float) -> dict[str, Any]:
    """Two levels, of which the mean is the worth."""
    low = min(4, int(worth))
    shares = {str(low): low + 1 - worth, str(low + 1): worth - low}
    top = [
        {"token": token, "logprob": math.log(0.9 * share)}
        for token, share in shares.items()
        if share > 0
    ]
    reply = completion("3", "length")
    reply["choices"][0]["logprobs"] = {"content": [{"token": "3", "top_logprobs": top}]}
    return reply


def recipe_at(folder: Path, server: Server, n: int, prefer: Mapping[str, Any], **more: Any) -> Path:
    """A recipe that makes pairs of answers to so many prompts; engines are named by their models."""
    rows = [{"messages": [{"role": "user", "content": f"Prompt {i} is here"}]} for i in range(n)]
    write_lines(folder / "prompts.jsonl", rows)
    models = ("ann", "ben", "cat", "fair")
    engines = {
        model: {"kind": "openai", "model": model, "base_url": server.url, "revision": "1"}
        for model in models
    }
    pool = [{"name": model, "engine": model} for model in models[:3]]
    made = {"prompts": [{"from": "prompts.jsonl"}], "pool": pool, "answers": 3} | dict(prefer)
    return write_recipe(
        folder / "r.yaml",
        kind=more.pop("kind", "preference"),
        sources=[{"name": "pairs", "prefer": made}],
        engines=engines,
        **more,
    )


def built(recipe: Path, out: Path, **more: Any) -> Built:
    """Build it, with the store beside it."""
    given = {"ask": Asked(recipe.parent / "store", Budget()), "stages": None, "overwrite": True}
    return build(load_recipe(recipe), out, base=recipe.parent, options=Options(**given | more))
