"""How tokens are drawn, as a recipe or a domain says it."""

from __future__ import annotations

from pydantic import Field

from curate.config import Strict
from curate.engines.request import Sampling


class SamplingSpec(Strict):
    """The sampling parameters of requests."""

    max_tokens: int = Field(default=1024, ge=1, le=2**20)
    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    top_k: int = Field(default=0, ge=0)
    stop: tuple[str, ...] = ()

    def sampling(self) -> Sampling:
        """The same for an engine."""
        return Sampling(self.max_tokens, self.temperature, self.top_p, self.top_k, self.stop)
