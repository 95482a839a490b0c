"""Who answers a prompt: entries drawn from the pool, seeded and without repetition.

    drawn(prefer, seed=42, number=7)      # as many entries as `answers` says, in a fixed order

Entries are ordered by a digest over seed, row and name, so the draw depends neither on their order
in the recipe nor on the version of a random generator; an entry that is added moves only those
draws that it wins."""

from __future__ import annotations

from collections.abc import Sequence

from curate.engines.request import digest
from curate.make.prefer.spec import Entry, Spec


def drawn(prefer: Spec, seed: int, number: int) -> list[Entry]:
    """The entries that answer row `number`, the on-policy or the strong one among them."""
    groups = _groups(prefer)
    return [entry for entries, most in groups for entry in _shuffled(entries, seed, number)[:most]]


def _groups(prefer: Spec) -> list[tuple[Sequence[Entry], int]]:
    """Entries, and how many of them answer."""
    pool, policy = prefer.pool, prefer.on_policy
    if prefer.pairs.rule == "delta":
        strong = [entry for entry in pool if entry.strength == "strong"]
        weak = [entry for entry in pool if entry.strength == "weak"]
        return [(strong, 1), (weak, 1)]
    if policy is None:
        return [(pool, prefer.answers)]
    own = [entry for entry in pool if entry.engine == policy.engine]
    if policy.slots == "both":
        return [(own, prefer.answers)]
    others = [entry for entry in pool if entry.engine != policy.engine]
    return [(own, 1), (others, prefer.answers - 1)]


def _shuffled(entries: Sequence[Entry], seed: int, number: int) -> list[Entry]:
    return sorted(entries, key=lambda entry: digest(["pool", seed, number, entry.name]))
