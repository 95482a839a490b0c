"""All rows that are compared, numbered one after the other: those of `against` first, then those of
the sources in the order of the recipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curate.errors import UserError
from curate.kernels.minhash import ShingleSets
from curate.records import one_array
from curate.steps.dedup.against import Other
from curate.steps.dedup.find import Piece
from curate.steps.dedup.keep import Ranked
from curate.steps.dedup.ragged import bounds
from curate.steps.dedup.texts import compared, read
from curate.steps.step import Look, Records, Seen, row_ids

Looked = Sequence[tuple[np.ndarray, Look]]
"""Of every block of another data set the positions of its rows, and what was found of them."""


@dataclass(frozen=True)
class Corpus:
    """The rows, and where their texts are."""

    others: Sequence[Other]
    looked: Sequence[Looked]
    seen: Sequence[Seen]
    firsts: np.ndarray  # int64: the number of the first row of every data set, and the end
    exact: np.ndarray  # uint64 [rows, 2]
    alive: np.ndarray  # bool: those that no earlier step took
    ranked: Ranked
    labels: np.ndarray  # uint64: 0 where a row has none

    @property
    def fixed(self) -> np.ndarray:
        """bool: rows of `against`, which stay."""
        fixed: np.ndarray = self.ranked.source < len(self.others)
        return fixed

    def source_of(self, rows: np.ndarray) -> np.ndarray:
        """The place of each row's data set among the names."""
        places: np.ndarray = self.ranked.source[rows]
        return places

    def ids(self, rows: np.ndarray) -> pa.StringArray:
        """The ids of some rows, in any order."""
        ids = np.empty(len(rows), object)
        places = self.source_of(rows)
        for place, name in enumerate(self.ranked.names):
            at = np.flatnonzero(places == place)
            if len(at):
                positions = self._positions(place, rows[at] - self.firsts[place])
                ids[at] = row_ids(name, positions).to_numpy(zero_copy_only=False)
        return pa.array(ids, pa.string())

    def _positions(self, place: int, ordinals: np.ndarray) -> np.ndarray:
        if place >= len(self.others):
            return self.seen[place - len(self.others)].positions(ordinals)
        rows: np.ndarray = np.concatenate([rows for rows, _ in self.looked[place]])
        positions: np.ndarray = rows[ordinals]
        return positions

    def pieces(self) -> list[Piece]:
        """The shingles of all rows; those of the sources lie in files until they are touched."""
        found = []
        for first, looked in zip(self.firsts.tolist(), self.looked, strict=False):
            for rows, look in looked:
                found.append(_piece(first, look.scratch["shingles"], look.kept["shingles"]))
                first += len(rows)
        for start, source in zip(self.firsts[len(self.others) :], self.seen, strict=False):
            counts = source.kept("shingles")
            sizes = {first: n for first, n, _ in source.looks}
            for first, (table,) in source.staged("shingles"):
                own = counts[first : first + sizes[first]]
                found.append(_piece(int(start) + first, table, own))
        return found

    def again(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, Records]]:
        """Some rows (ascending) read again, in any order: records, and of each its number, -1 where
        it is not one of the rows.
        """
        for place, first in enumerate(self.firsts[:-1].tolist()):
            low, high = np.searchsorted(rows, [first, self.firsts[place + 1]])
            if high > low:
                ordinals = rows[low:high] - first
                at = self._positions(place, ordinals)  # ascending, as ordinals are
                for records in self._records(place, ordinals):
                    found = np.minimum(np.searchsorted(at, records.rows), len(at) - 1)
                    there = at[found] == records.rows
                    yield np.where(there, ordinals[found] + first, -1), records

    def texts(self, rows: np.ndarray, by: str) -> Iterator[tuple[int, str]]:
        """The texts of some rows (ascending) as they are compared, in any order."""
        for numbers, records in self.again(rows):
            for place, text in read(compared(records, by), numbers >= 0):
                yield int(numbers[place]), text

    def _records(self, place: int, ordinals: np.ndarray) -> Iterator[Records]:
        if place < len(self.others):
            return self.others[place].blocks()
        source = self.seen[place - len(self.others)]
        mask = np.zeros(source.n, np.bool_)
        mask[ordinals] = True
        return source.rows(mask)


def _piece(first: int, table: pa.Table, counts: np.ndarray) -> Piece:
    hashes = one_array(table.column("hash")).to_numpy()
    hashes.flags.writeable = False  # always: for numba that is another type
    return Piece(first, ShingleSets(hashes, bounds(counts)))


def corpus_of(others: Sequence[Other], looked: Sequence[Looked], seen: Sequence[Seen]) -> Corpus:
    """Put other data sets and sources one behind the other.

    Raises UserError where two of them have one name: their rows would have the same ids."""
    names = [*(other.name for other in others), *(source.name for source in seen)]
    twice = [other.name for other in others if names.count(other.name) > 1]
    if twice:
        raise UserError(
            f"dedup: against: '{twice[0]}' is the name of a source too; rename the file or the source"
        )
    sizes = [sum(len(rows) for rows, _ in own) for own in looked] + [source.n for source in seen]

    def all_of(name: str) -> np.ndarray:
        ours = [look.kept[name] for own in looked for _, look in own]
        return np.concatenate([*ours, *(source.kept(name) for source in seen)])

    kept = {name for _, _, kept in seen[0].looks for name in kept}
    ranked = Ranked(
        source=np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
        n_against=len(others),
        names=names,
        licences=[*(None for _ in others), *(source.licence for source in seen)],
        length=all_of("length"),
        columns={
            name.removeprefix("column:"): all_of(name)
            for name in kept
            if name.startswith("column:")
        },
    )
    alive = np.concatenate([np.ones(sum(sizes[: len(others)]), np.bool_), *(s.alive for s in seen)])
    labels = _labels([look.kept for own in looked for _, look in own], seen)
    firsts = bounds(np.array(sizes))
    return Corpus(others, looked, seen, firsts, all_of("exact"), alive, ranked, labels)


def _labels(ours: Sequence[Mapping[str, np.ndarray]], seen: Sequence[Seen]) -> np.ndarray:
    """The labels of all rows, as far as their kinds have any."""
    every = [*ours, *(kept for source in seen for _, _, kept in source.looks)]
    none = np.zeros(0, np.uint64)
    own = [kept.get("label", np.zeros(len(kept["length"]), np.uint64)) for kept in every]
    return np.concatenate([none, *own])
