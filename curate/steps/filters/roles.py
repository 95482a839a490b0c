"""Which turns of a record a filter looks at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curate.config import Strict, one_of
from curate.records import ROLES

Role = Annotated[str, one_of("role", ROLES)]
Roles = Annotated[tuple[Role, ...], Field(min_length=1)]
EVERYBODY = ROLES


class OfTurns(Strict):
    """Which turns are looked at."""

    roles: Roles = ("assistant",)
    last: bool = False
    """Only the last turn of these roles in each column of messages."""
