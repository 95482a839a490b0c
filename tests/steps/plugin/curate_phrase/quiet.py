"""A step of one module that takes nothing and shows nothing, and wants to run behind another one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.config import Strict
from curate.steps.step import Decision, Look, Records, Removal, Seen

AFTER = "phrase"


class Spec(Strict):
    """No settings."""


@dataclass(frozen=True)
class Quiet:
    """The step made ready."""

    name: str = "quiet"
    needs: Collection[str] = ()
    look_inputs: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def look(self, records: Records) -> Look:
        return Look()

    def decide(self, seen: Sequence[Seen]) -> Decision:
        return Decision(
            [Removal.none() for _ in seen],
            warnings=[f"{sum(int(s.alive.sum()) for s in seen)} rows left"],
        )


def make(spec: Spec, *, base: Path, kind: str, seed: int) -> Quiet:
    return Quiet()
