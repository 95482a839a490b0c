"""Constraints in words: one sentence or two for each, and a prompt that asks for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from curate.engines.request import seed_of
from curate.make.constraints.constraint import Constraint
from curate.make.constraints.stock import wordings

LANGUAGES = {
    "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "sv": "Swedish", "pl": "Polish", "fi": "Finnish", "tr": "Turkish",
    "ru": "Russian", "el": "Greek",
}  # fmt: skip
_BESIDE = ("{prompt}\n\n{rules}", "{rules}\n\n{prompt}", "{prompt} {rules}")
"""The last one for prompts of one line."""
_ONE = re.compile(
    r"\b1 (time|word|sentence|placeholder|place|part|passage|line|letter|point|bullet)s\b"
)
_LISTS = ("{prompt}\n\n{rules}", "{prompt}\n\nKeep to these rules:\n{rules}")


def worded(constraint: Constraint, seed: int) -> str:
    """The constraint in words."""
    return _worded(constraint, Random(seed_of(seed, "wording", constraint.id)))


def _worded(constraint: Constraint, rng: Random) -> str:
    chosen = rng.choice(wordings()[constraint.id])
    shown = {name: _shown(name, one) for name, one in constraint.kwargs.items()}
    return _ONE.sub(r"1 \1", chosen.format_map(shown))


def _shown(name: str, value: Any) -> str:
    if name == "language":
        return LANGUAGES[value]
    if isinstance(value, list):
        return ", ".join(f'"{one}"' for one in value)
    return str(value)


def asked(prompt: str, constraints: Sequence[Constraint], seed: int) -> str:
    """The prompt with all of them, in one of several forms: before it or after it, in a row or as a
    list.
    """
    rng = Random(seed_of(seed, "form"))
    told = [worded(one, seed) for one in constraints]
    if len(told) > 2 and rng.random() < 0.5:
        rules, form = "\n".join(f"- {one}" for one in told), rng.choice(_LISTS)
    else:
        rules, form = " ".join(told), rng.choice(_BESIDE[: 2 if "\n" in prompt else 3])
    return form.format(prompt=prompt, rules=rules)
