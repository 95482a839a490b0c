"""Named settings of the rule: a profile says what a token, an n-gram and a hit are."""

from __future__ import annotations

from dataclasses import dataclass

from curate.errors import UserError, unknown


@dataclass(frozen=True)
class Profile:
    """An item is hit by a record that covers more than `threshold` of its tokens with shared n-grams of `n` tokens."""

    name: str
    n: int
    threshold: float


PROFILES = {"tulu3": Profile("tulu3", n=8, threshold=0.5)}
"""tulu3: the rule as published (paper §3.2)."""


def profile(name: str) -> Profile:
    """Find a profile by name; raises UserError with the nearest one."""
    if name not in PROFILES:
        raise UserError(unknown("profile", name, PROFILES))
    return PROFILES[name]
