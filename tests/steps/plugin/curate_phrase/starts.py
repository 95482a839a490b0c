"""A filter as another package would bring it: rows are told apart by how their first turn starts."""

from __future__ import annotations

import pyarrow.compute as pc

from curate.steps.filters.filter import Filter, Named, Values
from curate.steps.filters.view import View


class Starts(Named):
    """Which first letters stay."""

    letters: int = 1


def starts(view: View, args: Starts) -> Values:
    """The first letters of the first turn of a row."""
    turns = view.records.turns
    first = turns.texts.filter(turns.stretches.turns == 0)
    return Values(pc.utf8_slice_codeunits(first, 0, args.letters))


STARTS = Filter(Starts, starts, presets={"plain": [{"not_in": ["X"]}]})
