"""The records of one block as filters see them: the turns that settings name, and their words, made
once for all filters that ask for the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curate.kernels.texts import Stretches, Tokens
from curate.kernels.words import words_of_all
from curate.records import ROLES
from curate.steps.filters.roles import OfTurns
from curate.steps.step import Records

WIDTH = 80
"""Code points of what was found that a reason quotes."""


@dataclass(frozen=True)
class Picked:
    """Some turns of the records of a block, in order."""

    stretches: Stretches
    texts: pa.StringArray
    n: int
    """Records, those without such a turn included."""

    def total(self, each: Any) -> np.ndarray:
        """The sum over the turns of every record: float64 [n]."""
        return np.bincount(self.stretches.docs, np.asarray(each, np.float64), self.n)

    def worst(self, each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The largest over the turns of every record, 0 where there is none, and which turn it is
        (the first of several; -1 where there is none).
        """
        docs = self.stretches.docs
        value, turn = np.zeros(self.n), np.full(self.n, -1, np.int64)
        order = np.lexsort((-np.arange(len(docs)), each))  # later ones win: the largest, the first
        value[docs[order]] = each[order]
        turn[docs[order]] = order
        return value, turn


class View:
    """The records of one block."""

    def __init__(self, records: Records) -> None:
        """Nothing is made before it is asked for."""
        self.records = records
        self._turns: dict[tuple[Any, ...], Picked] = {}
        self._words: dict[tuple[Any, ...], Tokens] = {}

    def turns(self, of: OfTurns) -> Picked:
        """The turns of some roles."""
        key = (frozenset(of.roles), of.last)
        if key not in self._turns:
            self._turns[key] = self._pick(of)
        return self._turns[key]

    def words(self, of: OfTurns) -> Tokens:
        """The words of these turns, by the rule of `curate.text.tokenise.words`."""
        key = (frozenset(of.roles), of.last)
        if key not in self._words:
            self._words[key] = words_of_all(*self.turns(of).stretches[:3])
        return self._words[key]

    def _pick(self, of: OfTurns) -> Picked:
        turns = self.records.turns
        if len(set(of.roles)) == len(ROLES) and not of.last:
            return Picked(turns.stretches, turns.texts, self.records.n)
        wanted = turns.wanted(of.roles)
        if of.last:
            at = np.flatnonzero(wanted)
            list_of = turns.stretches.docs[at].astype(np.int64) * 8 + turns.columns[at]
            wanted = np.zeros_like(wanted)
            wanted[at[np.append(np.diff(list_of) != 0, True)[: len(at)]]] = True
        return Picked(turns.where(wanted), turns.texts.filter(pa.array(wanted)), self.records.n)


def quoted(data: np.ndarray, begin: int, end: int) -> str:
    """A piece of UTF-8 as a reason quotes it: on one line, cut to a width."""
    text = data[begin : min(end, begin + 4 * WIDTH)].tobytes().decode("utf-8", "ignore")
    return quote(text)


def quote(text: str) -> str:
    """A text as a reason quotes it."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= WIDTH else line[: WIDTH - 1] + '…'}'"
