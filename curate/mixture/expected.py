"""What sources give to the train split if no step takes a row: as much as is known of it before
they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from curate.mixture.plan import wanted_of
from curate.recipe import Recipe
from curate.steps.mix import Mix, Part, targets, weights_of
from curate.steps.sample import Wanted


@dataclass(frozen=True)
class Expected:
    """Rows and tokens, and the part of all that they are; None where it is not known."""

    rows: int | None = None
    tokens: int | None = None
    share: float | None = None
    """Of the rows, or of what is shared out by weight."""


def expected(recipe: Recipe, sizes: Sequence[int | None]) -> list[Expected]:
    """What each source gives, whose rows are known or not. Held-out rows are not taken off."""
    wanted = [wanted_of(spec) for spec in recipe.sources]
    if recipe.mix is None:
        rows = [_rows(want, size) for want, size in zip(wanted, sizes, strict=True)]
        return [Expected(own, None, share) for own, share in zip(rows, _parts(rows), strict=True)]
    return _mixed(recipe, recipe.mix, wanted, sizes)


def _rows(want: Wanted, size: int | None) -> int | None:
    """Rows that one source gives; one that is not here is believed to have what is asked of it."""
    if want.rows is not None:
        return want.rows if size is None else min(want.rows, size)
    if size is None:
        return None
    return size if want.share is None else floor(Fraction(str(want.share)) * size)


def _parts(amounts: Sequence[int | None]) -> list[float | None]:
    known = [amount for amount in amounts if amount is not None]
    whole = sum(known)
    if len(known) < len(amounts) or not whole:
        return [None] * len(amounts)
    return [(amount or 0) / whole for amount in amounts]


def _mixed(
    recipe: Recipe, mix: Mix, wanted: Sequence[Wanted], sizes: Sequence[int | None]
) -> list[Expected]:
    weighed = all(want.weight is not None for want in wanted)
    parts = [
        Part(spec.name, want.weight, size or 0, want.most)
        for spec, want, size in zip(recipe.sources, wanted, sizes, strict=True)
    ]
    sized = None not in sizes and mix.by == "rows"
    if not weighed and not sized:
        return [Expected() for _ in wanted]
    weights = weights_of(parts, mix.temperature)
    shares = [float(weight / sum(weights)) if sum(weights) else None for weight in weights]
    if mix.total is None and not sized:
        return [Expected(share=share) for share in shares]
    aims: list[int] = targets(mix, parts)
    if sized:
        aims = [min(aim, part.most) for aim, part in zip(aims, parts, strict=True)]
    return [
        Expected(aim if mix.by == "rows" else None, aim if mix.by == "tokens" else None, share)
        for aim, share in zip(aims, shares, strict=True)
    ]
