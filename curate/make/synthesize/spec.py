"""The key `synthesize` of a source: which domain, for whom, by which engine, how often."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curate.config import IS_PATH
from curate.make.maker import MakerSpec
from curate.make.synthesize.personas import OWN, PersonaSpec


class Spec(MakerSpec):
    """What is written, and by whom."""

    domain: Annotated[str, IS_PATH]
    """A shipped domain, or a YAML file of one's own, relative to the recipe."""
    personas: PersonaSpec | None = None
    """Whom prompts are written for; left out, the 200 that come with the package."""
    engine: str = "engine"
    """Who writes prompts, answers and labels."""
    answered_by: str | None = None
    """Who answers in place of `engine`."""
    samples: int = Field(default=1, ge=1, le=256)
    """Answers to each prompt: the row has the one that most of them state, and what share they are."""

    def licence(self) -> str | None:
        """That of the personas, of which prompts are made."""
        return OWN if self.personas is None else self.personas.stated()
