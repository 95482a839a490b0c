"""Constraints for a prompt: drawn once the prompt is known, put in words, and kept as a label."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from curate.make.constraints import asked, sample
from curate.make.synthesize.domain import Constraints


class Constrained(NamedTuple):
    """A prompt with its constraints."""

    turn: str
    """The prompt that asks for them too."""
    ground_truth: str
    """The label of the verifier `ifeval`."""

    def plain(self) -> list[dict[str, Any]]:
        """As records of prompts hold them."""
        return [
            {"id": one["id"], "kwargs": json.dumps(one["kwargs"], sort_keys=True)}
            for one in json.loads(self.ground_truth)
        ]


def constrained(drawn: Constraints, seed: int, prompt: str) -> Constrained | None:
    """The prompt with constraints that can be kept together; None where none were found."""
    return _constrained(drawn.least, drawn.most, drawn.types, seed, prompt)


@lru_cache(maxsize=16_384)  # a row is made in several calls of `next`
def _constrained(
    least: int, most: int, types: tuple[str, ...] | None, seed: int, prompt: str
) -> Constrained | None:
    found = sample(seed, most, least=least, prompt=prompt, types=types)
    if found is None:
        return None
    return Constrained(asked(prompt, found.constraints, seed), found.ground_truth)
