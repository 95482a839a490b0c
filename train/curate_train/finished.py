"""What came of a run: the figures that screen, `run.json` and the model's card tell."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finished:
    """What came of a run: `training` at its start and at its end (a tenth of it each), `held_out`
    before and after.
    """

    stage: str
    folder: str
    mixture: str
    digest: str | None
    rows: int
    limit: int
    over: int
    fate: str
    """What was done with the rows over the limit: cut, or left out."""
    precision: str
    """The one it computed in, and why."""
    steps: int
    batch: int
    seconds: float
    training: dict[str, tuple[float, float]]
    held_out: dict[str, tuple[float, float]]

    @property
    def over_share(self) -> float:
        """The share of rows over the limit."""
        return self.over / self.rows

    @property
    def model(self) -> Path:
        """Where the trained model is."""
        return Path(self.folder) / "model"

    def __str__(self) -> str:
        """One line of figures, and where the model is."""
        figures = [f"{name} {a:.4g} → {b:.4g}" for name, (a, b) in self.training.items()]
        figures += [f"held-out {name} {a:.4g} → {b:.4g}" for name, (a, b) in self.held_out.items()]
        over = (
            f"; {self.over:,} of {self.rows:,} rows over {self.limit:,} tokens were {self.fate}"
            if self.over
            else ""
        )
        return f"{self.stage}: {self.steps:,} steps, {', '.join(figures)}, {self.seconds:.0f} s{over}; {self.model}"

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        return asdict(self) | {"model": str(self.model)}
