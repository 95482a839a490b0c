"""Duels: two answers to one prompt, and which of them a judge holds to be better.

    duels = duels_of(answers, ratings, comparisons)
    duels.only(duels.judge == "self")

Whoever judges, by comparing or by rating, is counted by them alike. A judge that compares gives a
duel in each order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SQL = Path(__file__).with_suffix(".sql").read_text("utf-8")


@dataclass(frozen=True)
class Duels:
    """Columns of equal length."""

    prompt: npt.NDArray[Any]
    judge: npt.NDArray[Any]
    first: npt.NDArray[Any]
    second: npt.NDArray[Any]
    """Slots."""
    shown: npt.NDArray[Any]
    """Whether the judge saw them in this order; otherwise it rated each by itself."""
    won: npt.NDArray[Any]
    """1: the first is better; 0: the second is; 0.5: neither."""
    first_model: npt.NDArray[Any]
    second_model: npt.NDArray[Any]
    first_entry: npt.NDArray[Any]
    second_entry: npt.NDArray[Any]
    """Who of the pool wrote it."""
    first_words: npt.NDArray[Any]
    second_words: npt.NDArray[Any]

    def only(self, mask: npt.NDArray[Any]) -> Duels:
        """Those of a mask."""
        return Duels(*(getattr(self, field.name)[mask] for field in fields(self)))

    @property
    def decided(self) -> Duels:
        """Those that one of the two won."""
        return self.only(self.won != 0.5)

    @property
    def judges(self) -> list[str]:
        """Who judged."""
        return sorted(set(self.judge.tolist()))


def duels_of(answers: pa.Table, ratings: pa.Table, comparisons: pa.Table) -> Duels:
    """All duels, sorted."""
    with duckdb.connect() as con:
        for name, table in zip(_TABLES, (answers, ratings, comparisons), strict=True):
            con.register(name, table)
        found = con.sql(_SQL).to_arrow_table()
    return Duels(*(_column(found, field.name) for field in fields(Duels)))


_TABLES = ("answers", "ratings", "comparisons")


def _column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    column = table[name].combine_chunks()
    if pa.types.is_string(column.type):
        return np.asarray(column.fill_null("").to_pylist(), object)
    return np.asarray(column)
