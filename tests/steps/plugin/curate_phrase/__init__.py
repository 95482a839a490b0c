"""A step as another package would bring it: rows whose turns hold a phrase too often are removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.config import Strict
from curate.steps.step import Decision, Look, Records, Removal, Seen


class Spec(Strict):
    """The key `phrase` of a recipe."""

    text: str
    at_most: int = 0


@dataclass(frozen=True)
class Phrase:
    """The step made ready."""

    spec: Spec
    name: str = "phrase"
    needs: Collection[str] = ("topic",)

    @property
    def look_inputs(self) -> Mapping[str, Any]:
        return {"text": self.spec.text}

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self.spec.model_dump()

    def look(self, records: Records) -> Look:
        times = pc.count_substring(records.turns.texts, self.spec.text).to_numpy(
            zero_copy_only=False
        )
        value = np.bincount(records.turns.stretches.docs, times, records.n).astype(np.int64)
        lines = pa.table(
            {
                "doc_id": records.ids(),
                "times": value,
                "topic": records.table["topic"].cast(pa.string()),
            }
        )
        return Look(
            kept={"times": value},
            tables={"phrases": lines.filter(pa.array(value > 0))},
            shown=value > 0,
        )

    def decide(self, seen: Sequence[Seen]) -> Decision:
        removals, gone = [], 0
        for source in seen:
            times = source.kept("times")
            taken = times > self.spec.at_most
            removals.append(
                Removal.of(taken, [f"holds the phrase {n} times" for n in times[taken].tolist()])
            )
            gone += int(np.count_nonzero(taken))
        return Decision(
            removals,
            figures={"rows": gone},
            notes=[f"the phrase was found in {gone} rows too often"],
        )


def make(spec: Spec, *, base: Path, kind: str, seed: int) -> Phrase:
    return Phrase(spec)
