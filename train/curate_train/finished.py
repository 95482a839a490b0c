"""What came of a run: the figures that screen, `run.json` and the model's card tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from curate_train.lengths import Fates


@dataclass(frozen=True)
class Finished:
    """What came of a run: `training` at its start and at its end (a tenth of it each), `held_out`
    before and after.
    """

    stage: str
    folder: str
    mixture: str
    digest: str | None
    limit: int
    train: Fates
    """What became of the rows over the limit."""
    validation: Fates | None
    unused: int
    """Rows (of packed ones: sequences) that no step has seen."""
    precision: str
    """The one it computed in, and why."""
    steps: int
    batch: int
    seconds: float
    training: dict[str, tuple[float, float]]
    held_out: dict[str, tuple[float, float]]
    interval: tuple[float, float] | None = None
    """Of dpo: the 95 % interval of the held-out accuracy after training."""
    same_reward: float | None = None
    """Of rlvr: the share of groups whose completions all got the same reward."""

    no_difference: ClassVar[str] = "groups whose completions all got the same reward"

    @property
    def rows(self) -> int:
        """The training rows of the data."""
        return self.train.rows

    @property
    def over(self) -> int:
        """Training rows over the limit."""
        return self.train.over

    @property
    def model(self) -> Path:
        """Where the trained model is."""
        return Path(self.folder) / "model"

    def __str__(self) -> str:
        """One line of figures, and where the model is."""
        figures = [f"{name} {a:.4g} → {b:.4g}" for name, (a, b) in self.training.items()]
        figures += [f"held-out {name} {text}" for name, text in self.told()]
        told = [f"{self.steps:,} steps", *figures, f"{self.seconds:.0f} s"]
        return "; ".join([f"{self.stage}: {', '.join(told)}", *self._left_out(), str(self.model)])

    def told(self) -> Iterator[tuple[str, str]]:
        """The held-out figures, in words."""
        for name, (before, after) in self.held_out.items():
            text = f"{before:.4g} → {after:.4g}"
            if name == "accuracy" and self.interval:
                low, high = self.interval
                chance = ", which may be chance" if low <= 0.5 <= high else ""
                text += f" (95 %: {low:.3f} to {high:.3f}{chance})"
            yield name, text

    def _left_out(self) -> Iterator[str]:
        for rows, fates in (("rows", self.train), ("held-out rows", self.validation)):
            if fates and fates.over:
                yield (
                    f"{fates.over:,} of {fates.rows:,} {rows} over {self.limit:,} tokens were {fates}"
                )
        if self.unused:
            yield f"{self.unused:,} rows were in no step"
        if self.same_reward:
            yield f"{self.no_difference}: {self.same_reward:.0%}"
            if self.same_reward == 1:
                yield "nothing was learnt from rewards"

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        return asdict(self) | {"model": str(self.model), "rows": self.rows, "over": self.over}
