"""The key `gates` of a recipe: what a row must pass to count as made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from curate.config import IS_PATH, Strict


class Verify(Strict):
    """The row's answer passes the row's own verifier."""

    at_least: float = Field(default=1.0, gt=0, le=1)
    """The least score."""
    seconds: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """Time that one row may take."""


class Agree(Strict):
    """Most of the answers to the prompt state what the row's answer does."""

    at_least: float = Field(gt=0, le=1)
    """Their share, the answer itself included."""
    column: str = "agreement"
    """The column that holds the share, or else a list of answers, which are compared."""


class Novel(Strict):
    """The prompt is not like one that stands before it, nor like those of other data sets."""

    threshold: float = Field(default=0.6, ge=0.5, le=1)
    """Prompts are alike whose Jaccard value is at least this."""
    shingle: int = Field(default=3, ge=1, le=32)
    """Tokens of a shingle."""
    against: Annotated[tuple[str, ...], IS_PATH] = ()
    """Other data sets, such as the one that examples were taken from."""


def _settings(given: Any) -> Any:
    """`true` stands for a gate with its defaults."""
    return {} if given is True else given


class GatesSpec(Strict):
    """The gates, in the order in which rows pass them."""

    verify: Annotated[Verify | None, BeforeValidator(_settings)] = None
    agree: Annotated[Agree | None, BeforeValidator(_settings)] = None
    novel: Annotated[Novel | None, BeforeValidator(_settings)] = None

    @model_validator(mode="after")
    def _some_gate(self) -> GatesSpec:
        if not self.names():
            raise ValueError("give a gate: verify, agree or novel")
        return self

    def names(self) -> list[str]:
        """Those that are given."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]

    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """Where paths are in its plain data."""
        if self.novel is not None:
            yield ("novel", "against")
