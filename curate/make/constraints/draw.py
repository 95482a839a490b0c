"""How arguments are drawn: numbers, relations, words of the stock, words and spans of the prompt."""

from __future__ import annotations

from random import Random
from typing import Any

from curate.make.constraints.kind import AnyPrompt, Arguments, Draw
from curate.make.constraints.stock import stock
from curate.verify.constraints.text import words

MOST_WORDS = 60
"""Of a prompt that is asked to be repeated."""
_LETTERS = "abcdefghilmnoprstuwy"
_RARE = "jkqvxz"


def nothing(rng: Random, prompt: str) -> Arguments:
    """For a type without arguments."""
    return {}


def drawn(**values: Any) -> AnyPrompt:
    """One of the values for each argument."""

    def draw(rng: Random, prompt: str) -> Arguments:
        return {name: rng.choice(list(choices)) for name, choices in values.items()}

    return draw


def bounded(number: str, relation: str, least: range, less: range) -> AnyPrompt:
    """At least a number of one range, or less than one of the other."""

    def draw(rng: Random, prompt: str) -> Arguments:
        if rng.random() < 0.5:
            return {number: rng.choice(least), relation: "at least"}
        return {number: rng.choice(less), relation: "less than"}

    return draw


def keyword(name: str, **more: Any) -> Draw:
    """A word of the stock that the prompt lacks, and other arguments."""
    others = drawn(**more)

    def draw(rng: Random, prompt: str) -> Arguments | None:
        found = absent(rng, prompt, 1)
        return {name: found[0], **others(rng, prompt)} if found else None

    return draw


def absent(rng: Random, prompt: str, n: int) -> list[str]:
    """Words of the stock that the prompt does not hold; none where it holds nearly all of them."""
    held = prompt.lower()
    left = [word for word in stock().keywords if word not in held]
    return rng.sample(left, n) if len(left) >= n else []


def letter(number: str, name: str, relation: str) -> AnyPrompt:
    """A letter: at least so often, or a rare one less often."""

    def draw(rng: Random, prompt: str) -> Arguments:
        if rng.random() < 0.5:
            many = {number: rng.randint(3, 20), relation: "at least"}
            return {name: rng.choice(_LETTERS), **many}
        return {name: rng.choice(_RARE), number: rng.randint(1, 4), relation: "less than"}

    return draw


def whole_prompt(rng: Random, prompt: str) -> Arguments | None:
    """The prompt, if it is short enough to be repeated."""
    prompt = prompt.strip()
    return {"prompt_to_repeat": prompt} if 0 < len(prompt.split()) <= MOST_WORDS else None


def of_prompt(rng: Random, prompt: str) -> Arguments | None:
    """A word of the prompt that is not too short."""
    found = sorted({word for word in words(prompt.lower()) if word.isalpha() and len(word) > 3})
    return {"keyword": rng.choice(found)} if found else None
