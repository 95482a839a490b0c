"""The key `dedup` of a recipe: which rows are alike, and which of them stays."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from curate.config import IS_PATH, Strict, one_of
from curate.errors import unknown

BY = ("conversation", "prompt", "response")
RULES = ("source", "licence", "longest", "shortest")
COLUMN_RULES = ("largest", "smallest")


def _rule(text: str) -> str:
    name, colon, column = text.partition(":")
    known = [*RULES, *(f"{rule}:COLUMN" for rule in COLUMN_RULES)]
    if name in COLUMN_RULES and not column:
        raise ValueError(f"keep: '{name}' needs a column: {name}:score, for example")
    if name not in (*RULES, *COLUMN_RULES) or (colon and name in RULES):
        raise ValueError(unknown("rule of keep", text, known))
    return text


Rule = Annotated[str, AfterValidator(_rule)]


class DedupSpec(Strict):
    """Which rows are alike, and which of them stays."""

    by: Annotated[str, one_of("what to compare rows by", BY)] = "conversation"
    """What of a row is compared: the whole conversation, what a model is given, or what it answers.
    """
    threshold: float | None = Field(default=0.8, ge=0.5, le=1)
    """Rows whose Jaccard value is at least this are near duplicates; null looks for equal ones
    alone.
    """
    shingle: int = Field(default=5, ge=1, le=32)
    """Tokens of a shingle; a text of fewer tokens is one shingle."""
    variants: Annotated[str, one_of("what to do with variants", ("keep", "drop"))] = "keep"
    """What becomes of rows that are near duplicates but for their numbers, or for the answer."""
    keep: tuple[Rule, ...] = ("source",)
    """Which of several rows stays: the rules in order, `source` (in the order of the recipe),
    `licence` (the freest), `longest`, `shortest`, `largest:COLUMN` or `smallest:COLUMN`; then by
    id.
    """
    against: Annotated[tuple[str, ...], IS_PATH] = ()
    """Data sets whose rows stay whatever they are like and are not written: rows like theirs go."""

    verdicts: Annotated[str | None, IS_PATH] = None
    """A file of verdicts that people gave with `curate review`: a pair that is no duplicate stays."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that rules of `keep` read."""
        named = (rule.partition(":")[2] for rule in self.keep)
        return tuple(dict.fromkeys(name for name in named if name))
