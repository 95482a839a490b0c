"""How much each source gives to a mixture whose sources are weighed against each other.

    mix: {by: tokens, total: 50000000, temperature: 2}

Weights say how rows, or tokens, are shared out. Without a total the mixture is as large as they
allow: the source that gives all it may sets the size. What a source lacks is given by no other one.
All arithmetic is exact, so that shares do not depend on a machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, lcm
from typing import Literal, Protocol

from pydantic import Field

from curate.config import Problem, Strict


class Mix(Strict):
    """What is shared out over the sources of a recipe."""

    by: Literal["rows", "tokens"] = "rows"
    """What weights and total count; tokens are those of the recipe's `tokenizer`."""
    total: int | None = Field(default=None, ge=1, le=2**63 - 1)
    """Of the train split; left out, as much as the weights allow."""
    temperature: float = Field(default=1, gt=0, le=1000, allow_inf_nan=False)
    """Weights are raised to the power of one over it: above 1 they come closer to each other."""


class Weighed(Protocol):
    """What is looked at of a source of the recipe."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def rows(self) -> int | None:
        """How many rows are taken."""

    @property
    def share(self) -> float | None:
        """Which share of the rows is taken."""

    @property
    def weight(self) -> float | None:
        """What it weighs among the others."""

    @property
    def passes(self) -> int | None:
        """How often a row may be written."""


def contradictions(
    sources: Sequence[Weighed], mix: Mix | None, tokenizer: str | None
) -> Iterator[Problem]:
    """What in the keys of a recipe does not go together."""
    if mix is not None and mix.by == "tokens" and tokenizer is None:
        yield Problem(("mix", "by"), "name the tokenizer that counts them: tokenizer: FILE")
    weighed = [source for source in sources if source.weight is not None]
    for number, source in enumerate(sources):
        at = ("sources", number)
        for key in ("weight", "passes"):
            if mix is None and getattr(source, key) is not None:
                told = "goes with mix, which says what is shared out; write mix: {total: N}"
                yield Problem((*at, key), told)
        for key in ("rows", "share"):
            if mix is not None and getattr(source, key) is not None:
                told = "under mix, sources share out a total; give a weight, or leave mix out"
                yield Problem((*at, key), told)
        if weighed and source.weight is None and mix is not None:
            told = f"no weight, and source '{weighed[0].name}' has one; weigh all sources or none"
            yield Problem(at, told)


@dataclass(frozen=True)
class Part:
    """A source as it is weighed: what it holds, in rows or tokens, and how often it may give that."""

    name: str
    weight: float | None
    size: int
    passes: int

    @property
    def most(self) -> int:
        """All that it may give."""
        return self.size * self.passes


def weights_of(parts: Sequence[Part], temperature: float) -> list[Fraction]:
    """By what a total is shared out; a source without a weight weighs what it holds."""
    plain = [Fraction(part.size if part.weight is None else str(part.weight)) for part in parts]
    most = max(plain, default=Fraction(0))
    if temperature == 1 or not most:
        return plain
    # Of the largest, so that no power is too large for a number; twelve digits, since the last ones
    # differ between machines.
    return [Fraction(f"{float(one / most) ** (1 / temperature):.12g}") for one in plain]


def targets(mix: Mix, parts: Sequence[Part]) -> list[int]:
    """How many rows, or tokens, each source is to give.

    Without a total a source that holds nothing counts for nothing.
    """
    weights = weights_of(parts, mix.temperature)
    if mix.total is not None:
        return _shared(mix, Fraction(mix.total), weights, parts)
    weights = [
        weight if part.size else Fraction(0) for weight, part in zip(weights, parts, strict=True)
    ]
    whole = sum(weights)
    most = [
        part.most * whole / weight for part, weight in zip(parts, weights, strict=True) if weight
    ]
    return _shared(mix, min(most, default=Fraction(0)), weights, parts)


def _shared(
    mix: Mix, total: Fraction, weights: Sequence[Fraction], parts: Sequence[Part]
) -> list[int]:
    """A total by weights: rows add up to it, by largest remainder; tokens are rounded down."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    if mix.by == "tokens":
        return [floor(total * weight / whole) for weight in weights]
    scale = lcm(*(weight.denominator for weight in weights))
    names = [part.name for part in parts]
    return apportion(floor(total), [int(weight * scale) for weight in weights], names)


def apportion(total: int, weights: Sequence[int], names: Sequence[str] = ()) -> list[int]:
    """Split `total` in proportion to `weights`: whole numbers by largest remainder; on a tie the
    first name, or the earlier source, comes first.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    first = sorted(range(len(weights)), key=lambda i: (names[i] if names else "", i))
    by_remainder = sorted(first, key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
