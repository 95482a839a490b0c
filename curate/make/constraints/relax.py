"""A constraint that asks for less: what keeps it may break the original, and so gives the rejected
side of a preference pair."""

from __future__ import annotations

from random import Random
from typing import Any

from curate.engines.request import seed_of
from curate.make.constraints.constraint import Constraint

_BOUNDED = {
    "keywords:frequency": ("frequency", "relation"),
    "keywords:letter_frequency": ("let_frequency", "let_relation"),
    "letters:letter_counting2": ("let_frequency", "let_relation"),
    "letters:letter_counting": ("N", "relation"),
    "length_constraints:number_words": ("num_words", "relation"),
    "length_constraints:number_sentences": ("num_sentences", "relation"),
    "change_case:capital_word_frequency": ("capital_frequency", "capital_relation"),
}
"""The number of a type, and how it is compared."""
_AT_LEAST = {
    "detectable_content:number_placeholders": "num_placeholders",
    "detectable_format:number_highlighted_sections": "num_highlights",
    "detectable_format:multiple_sections": "num_sections",
}
_LISTS = {"keywords:existence": "keywords", "keywords:forbidden_words": "forbidden_words"}


def relax(constraint: Constraint, seed: int) -> Constraint | None:
    """The same type asking for less: every text that keeps the original keeps it too, and some that
    break the original do. None where the type has nothing less than leaving it out.
    """
    rng = Random(seed_of(seed, "relax", constraint.id))
    less = _less(constraint.id, constraint.kwargs, rng)
    return None if less is None else Constraint(constraint.id, constraint.kwargs | less)


def _less(id: str, kwargs: dict[str, Any], rng: Random) -> dict[str, Any] | None:
    """The arguments that change."""
    if id in _LISTS:
        name = _LISTS[id]
        given = kwargs[name]
        kept = rng.sample(range(len(given)), len(given) - 1)
        return {name: [given[place] for place in sorted(kept)]} if kept else None
    if id == "count:lowercase_counting":
        return {"N": 2 * kwargs["N"] + 1}
    if id in _AT_LEAST:
        name = _AT_LEAST[id]
        return _fewer(name, kwargs[name], rng)
    if id not in _BOUNDED:
        return None
    name, relation = _BOUNDED[id]
    if kwargs[relation] == "at least":
        return _fewer(name, kwargs[name], rng)
    return {name: rng.randint(kwargs[name] + 1, 2 * kwargs[name] + 1)}


def _fewer(name: str, n: int, rng: Random) -> dict[str, Any] | None:
    return {name: rng.randint(max(1, n // 3), n - 1)} if n > 1 else None
