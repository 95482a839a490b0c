"""The filter by a score of other people's: toxicity, or whatever a function gives a text.

    - toxicity: {scorer: "my_package.scores:toxic", at_most: 0.5}

The scorer is `module:function`, or the name of an entry point of the group `curate.scorers`. It takes
a list of texts and gives a number for each; it may be called from several threads at once. No model
comes with curate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np

from curate.digests import code_digest
from curate.errors import UserError, unknown
from curate.steps.filters.filter import Bounds, Filter, Values
from curate.steps.filters.roles import OfTurns
from curate.steps.filters.view import View

GROUP = "curate.scorers"
_AT_ONCE = 256


class Scorer(Protocol):
    """Gives every text a number."""

    def __call__(self, texts: Sequence[str]) -> Sequence[float]:
        """Score some texts, in order."""


class Toxicity(Bounds, OfTurns):
    """Who scores, and which score is too high."""

    scorer: str

    @property
    def part(self) -> str:
        """The last name of the scorer."""
        return self.scorer.rpartition(":")[2]

    def depends(self) -> Mapping[str, Any]:
        """The code of the scorer's package."""
        scorer, package = _scorer(self.scorer)
        return {"code": code_digest(package), "version": getattr(scorer, "version", None)}

    def told(self, value: float, what: str | None) -> str:
        """The score."""
        return f"scores {value:.4g}"


def toxicity(view: View, args: Toxicity) -> Values:
    """The highest score that a scorer gives a turn of a row.

    The Tülu 3 mixture took from WildChat what its own toxicity labels leave (arXiv 2411.15124, §3);
    where such labels are in a column, the filter `column` reads them.
    """
    picked, (scorer, _) = view.turns(args), _scorer(args.scorer)
    scores = [np.empty(0)]
    for start in range(0, len(picked.texts), _AT_ONCE):
        texts = picked.texts.slice(start, _AT_ONCE).to_pylist()
        given = np.asarray(scorer(texts), np.float64)
        if given.shape != (len(texts),):
            raise UserError(
                f"scorer '{args.scorer}' gave {given.size} scores for {len(texts)} texts"
            )
        scores.append(given)
    return Values(picked.worst(np.concatenate(scores))[0])


@cache
def _scorer(name: str) -> tuple[Scorer, str]:
    """A scorer and the package that it is of; raises UserError where there is none."""
    module, colon, function = name.partition(":")
    if not colon:
        known = {entry.name: entry.value for entry in entry_points(group=GROUP)}
        if name not in known:
            there = unknown("scorer", name, known) if known else f"unknown scorer '{name}'"
            raise UserError(f"{there}; give module:function, or install a package that has it")
        module, _, function = known[name].partition(":")
    try:
        found = getattr(import_module(module), function)
    except Exception as error:  # other people's code: whatever it raises, the message names it
        raise UserError(f"scorer '{name}' can't be imported ({error})") from error
    if not callable(found):
        raise UserError(f"scorer '{name}' is no function")
    return found, module.partition(".")[0]


TOXICITY = Filter(Toxicity, toxicity)
