"""The shape of a filter: settings, one function that gives a value a row, and a rule that is data.

    class Settings(Bounds, OfTurns):
        unit: ClassVar[str] = "exclamation mark"
        usual: ClassVar[float | None] = 5          # at_most, where a recipe names no bound

    def shouting(view: View, args: Settings) -> Values:
        picked = view.turns(args)
        return Values(picked.total(pc.count_substring(picked.texts, "!")))

    SHOUTING = Filter(Settings, shouting)          # found by the entry-point group `curate.filters`

The value may depend on every setting but those of the rule: a changed rule decides anew and looks
at nothing. A row without a value (NaN, null) stays, and is counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from curate.audit.words import counted, percent
from curate.config import Strict, rebased

if TYPE_CHECKING:
    from curate.steps.filters.view import View
    from curate.steps.step import Seen

RULE = frozenset({"at_least", "at_most", "is", "in", "not_in"})
"""The settings by which it is decided; no value depends on them."""
SHARE = "share"
"""The unit of values from 0 to 1 that are shown in per cent."""

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Args(Strict):
    """The settings of one use of a filter."""

    unit: ClassVar[str] = ""
    """What a value counts, in the singular; SHARE; or nothing for a bare number."""

    @property
    def part(self) -> str:
        """Tells two uses of one filter apart: `length.words`."""
        return ""

    @property
    def numeric(self) -> bool:
        """Whether values are numbers; else they are texts."""
        return True

    @property
    def measured_in(self) -> str:
        """The unit of this use."""
        return self.unit

    def needs(self, kind: str) -> Collection[str]:
        """Columns of the input that are read though no record has them."""
        return ()

    def depends(self) -> Mapping[str, Any]:
        """What the value depends on beside the settings, as plain data: digests, versions.

        Raises UserError where that is not there.
        """
        return {}

    def at(self, base: Path) -> Self:
        """The same with paths that start from `base`."""
        plain = self.model_dump(by_alias=True)
        there = rebased(self, plain, lambda path: str(base / Path(path).expanduser()))
        return type(self).model_validate(there) if there != plain else self

    def looks_at(self) -> dict[str, Any]:
        """The settings that the value depends on; what lies at a path goes by `depends`."""
        paths = {keys[0] for keys in self.paths()}
        plain = self.model_dump(mode="json", by_alias=True)
        return {key: value for key, value in plain.items() if key not in RULE | paths}

    def refuses(self, values: Any) -> np.ndarray:
        """Of every value whether the rule refuses it."""
        raise NotImplementedError

    def told(self, value: Any, what: str | None) -> str:
        """A value in words, with what was found."""
        shown = amount(self.unit, value) if self.numeric else repr(value)
        return f"{what} {shown}" if what else shown


def amount(unit: str, value: float) -> str:
    """A number with its unit, as people read it."""
    if unit == SHARE:
        return percent(value)
    whole = float(value).is_integer()
    if unit and whole:
        return counted(int(value), unit)
    return f"{int(value):,}" if whole else f"{value:,.4g}{f' {unit}s' if unit else ''}"


class Bounds(Args):
    """A rule on numbers: rows stay from `at_least` up to `at_most`."""

    usual: ClassVar[float | None] = None
    """`at_most`, where a recipe names neither."""
    rules: ClassVar[str] = "at_least or at_most"
    """What it takes, in words."""

    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)

    @classmethod
    def usual_for(cls, given: Mapping[str, Any]) -> float | None:
        """`at_most`, where a recipe gives these settings and neither bound."""
        return cls.usual

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        bounds = (given.get("at_least"), given.get("at_most"))
        usual = cls.usual_for(given) if bounds == (None, None) else None
        return given if usual is None else given | {"at_most": usual}

    @model_validator(mode="after")
    def _has_a_rule(self) -> Self:
        if self.numeric and self.at_least is None and self.at_most is None:
            raise ValueError(f"no rule; give {self.rules}")
        return self

    def refuses(self, values: Any) -> np.ndarray:
        """Of every value whether it lies outside."""
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        numbers = np.asarray(values, np.float64)
        refused: np.ndarray = (numbers < low) | (numbers > high)
        return refused


class Named(Args):
    """A rule on texts: rows stay whose value `is` this one, is `in` a list, or is `not_in` one."""

    is_: str | None = Field(default=None, alias="is")
    in_: Names | None = Field(default=None, alias="in")
    not_in: Names | None = None

    @property
    def numeric(self) -> bool:
        """Texts."""
        return False

    @property
    def names(self) -> tuple[str, ...]:
        """The values that the rule names."""
        return (*([self.is_] if self.is_ is not None else []), *(self.in_ or self.not_in or ()))

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        given = [one for one in (self.is_, self.in_, self.not_in) if one is not None]
        if len(given) != 1:
            raise ValueError(f"{len(given) or 'no'} rules; give one of is, in and not_in")
        return self

    def refuses(self, values: Any) -> np.ndarray:
        """Of every text whether the rule refuses it."""
        among = pc.is_in(values, value_set=pa.array(self.names, pa.string())).to_numpy(
            zero_copy_only=False
        )
        there = pc.is_valid(values).to_numpy(zero_copy_only=False)
        refused: np.ndarray = there & (among if self.not_in is not None else ~among)
        return refused


@dataclass(frozen=True)
class Values:
    """A value a row: float64 with NaN, or texts with null, where there is none; and, where it says
    more, what was found, as the reason quotes it.
    """

    value: Any
    what: pa.Array | None = None


@dataclass(frozen=True)
class Filter:
    """A filter: `value` looks at the records of one block, or `of_source` at a source as a whole."""

    args: type[Args]
    value: Callable[[View, Any], Values] | None
    presets: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Published settings by name: a recipe may give the name instead of settings."""
    of_source: Callable[[Seen, Any], str | None] | None = None
