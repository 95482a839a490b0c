"""Filters by what came with the rows: a column of the input, and the licence of the source."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BeforeValidator, Field, model_validator

from curate.formats.keep import column_text, plain_text
from curate.licences import NON_COMMERCIAL, UNKNOWN, licence_class
from curate.records import body_schema, one_array
from curate.steps.filters.filter import Bounds, Filter, Named, Values, amount
from curate.steps.filters.view import View
from curate.steps.step import Seen


def _texts(given: Any) -> Any:
    """Values as YAML has them, in the spelling of a kept column: `true`, `3`."""
    if isinstance(given, list | tuple):
        return tuple(plain_text(one) for one in given)
    return given if given is None else plain_text(given)


_Some = Annotated[tuple[str, ...], Field(min_length=1)]
"""Values, at least one; a recipe that is written out has null where none are given."""


class Column(Bounds):
    """A column, and which of its values stay."""

    rules: ClassVar[str] = "at_least, at_most, is, in or not_in"

    name: str
    is_: Annotated[str | None, BeforeValidator(_texts)] = Field(default=None, alias="is")
    in_: Annotated[_Some | None, BeforeValidator(_texts)] = Field(default=None, alias="in")
    not_in: Annotated[_Some | None, BeforeValidator(_texts)] = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.named is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("bounds and a rule on texts exclude each other")
        return self

    @property
    def named(self) -> Named | None:
        """The rule on texts, where that is the rule."""
        given = {"is": self.is_, "in": self.in_, "not_in": self.not_in}
        there = {key: value for key, value in given.items() if value is not None}
        return Named.model_validate(there) if there else None

    @property
    def numeric(self) -> bool:
        """Whether the rule is one on numbers."""
        return self.named is None

    @property
    def names(self) -> tuple[str, ...]:
        """The values that the rule names."""
        return self.named.names if self.named is not None else ()

    @property
    def part(self) -> str:
        """The column."""
        return self.name

    def needs(self, kind: str) -> Collection[str]:
        """The column, unless every record has it."""
        return () if self.name in body_schema(kind).names else (self.name,)

    def looks_at(self) -> dict[str, Any]:
        """Numbers are looked at otherwise than texts."""
        return {"name": self.name, "numeric": self.numeric}

    def refuses(self, values: Any) -> np.ndarray:
        """Of every value whether the rule refuses it."""
        return super().refuses(values) if self.named is None else self.named.refuses(values)

    def told(self, value: Any, what: str | None) -> str:
        """The value of the column."""
        return f"{self.name} is {amount('', value) if self.numeric else repr(value)}"


def column(view: View, args: Column) -> Values:
    """What a row has in a column of the input, such as a status, a label or a pass rate.

    Olmo 3 leaves out what its own model solves in more than 62.5 % of the tries:
    `{column: {name: passrate, at_most: 0.625}}` (arXiv 2512.13961, §4.4).
    """
    given = one_array(view.records.table.column(args.name))
    if not args.numeric:
        return Values(column_text(given))
    if pa.types.is_string(given.type):
        numbers = [_number(text) for text in given.to_pylist()]
        return Values(np.array(numbers, np.float64))
    if not (pa.types.is_null(given.type) or pa.types.is_primitive(given.type)):
        return Values(np.full(len(given), np.nan))
    return Values(
        pc.fill_null(given.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False)
    )


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


class Licence(Named):
    """Which licences stay; these are values beside the licences' own names."""

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, given: Any) -> Any:
        keys = {"is", "is_", "in", "in_", "not_in"}
        if isinstance(given, dict) and not any(given.get(key) is not None for key in keys):
            return given | {"not_in": (NON_COMMERCIAL, UNKNOWN)}
        return given

    def told(self, value: str, what: str | None) -> str:
        """The licence."""
        return f"the licence of the source is {value}"


def licence(source: Seen, args: Licence) -> str | None:
    """What the licence of a source allows; the same for all its rows.

    Olmo 3 leaves out sources whose licence is non-commercial or unclear (arXiv 2512.13961, §4.2).
    """
    return licence_class(source.licence)


COLUMN = Filter(Column, column)
LICENCE = Filter(Licence, None, of_source=licence)
