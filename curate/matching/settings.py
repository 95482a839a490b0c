"""What the settings of every matcher have in common: each matcher's own stand beside it.

    class ExactSettings(MatcherSettings):
        min_tokens: Count = 3

A number outside its range, and a value of another type, is refused when the settings are made."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from curate.config import Strict

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=1, le=2**31)]
Count = Annotated[int, Field(ge=1, le=2**31)]
Bits = Annotated[float, Field(ge=0, le=1000)]
Window = Annotated[int, Field(ge=1, le=64)]
"""Tokens or words in a row that are hashed together."""


class MatcherSettings(Strict):
    """Every number of a matcher, with what it may be; nothing is taken for a number but numbers."""

    model_config = ConfigDict(strict=True)
