"""The turns of records as stretches of UTF-8, in the order a person reads them, without a copy of
the text.

A record's turns are those of its message columns one after the other (`records.TURN_COLUMNS`): for
a preference, prompt, chosen, rejected; `turn` counts through all of them. For kinds with one
message column the buffers are Arrow's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.formats.rejected import texts_of
from curate.kernels.hashing import hash_rows
from curate.kernels.texts import Stretches as Stretches
from curate.records import ROLES, TURN_COLUMNS, one_array, stretches


@dataclass(frozen=True)
class Turns:
    """Every turn of a table of records: `stretches` to scan or hash, and of each one what it says
    and who says it.
    """

    stretches: Stretches
    roles: np.ndarray  # int8: place in records.ROLES
    columns: np.ndarray  # int8: place in records.TURN_COLUMNS[kind]
    texts: pa.StringArray
    n_docs: int

    def only(self, roles: Collection[str]) -> Stretches:
        """The turns of some roles, still in order."""
        return self.where(self.wanted(roles))

    def wanted(self, roles: Collection[str]) -> np.ndarray:
        """Of every turn, whether one of some roles says it."""
        return np.isin(self.roles, [ROLES.index(role) for role in roles])

    def _of_prompts(self, kind: str) -> np.ndarray:
        """A mask of the turns that a model is given: the column `prompt`, or all but the last turn
        of an sft record.
        """
        if kind != "sft":
            return np.asarray(self.columns == 0)
        goes_on = np.append(np.diff(self.stretches.docs) == 0, False)
        return goes_on[: self.stretches.docs.size]

    def groups(self, kind: str) -> np.ndarray:
        """What keeps rows that ask the same on one side of a split, as a hash of each record: its
        first user turn without the blanks at its ends, or its prompt where no user says anything.

        uint64 [records]. System text, and whatever follows the first user turn, make no difference.
        """
        docs = self.stretches.docs
        asked = np.flatnonzero(self.wanted(["user"]))
        first = asked[np.unique(docs[asked], return_index=True)[1]]
        alone = ~np.isin(docs, docs[first]) & self._of_prompts(kind)
        chosen = np.union1d(first, np.flatnonzero(alone))
        bounds, data = stretches(
            one_array(pc.utf8_trim_whitespace(self.texts.take(pa.array(chosen))))
        )
        tags = np.zeros(len(chosen), np.int8)
        hashed: np.ndarray = hash_rows(
            data, bounds[:-1], bounds[1:], tags, docs[chosen], self.n_docs
        )
        return hashed[:, 0].copy()

    def content_hashes(self) -> np.ndarray:
        """The hash of each record's roles and texts, by which verdicts know it: uint64 [records,
        2].
        """
        tags = self.roles + 8 * self.columns
        hashes: np.ndarray = hash_rows(*self.stretches[:3], tags, self.stretches.docs, self.n_docs)
        return hashes

    def where(self, wanted: np.ndarray) -> Stretches:
        """The turns of a mask, still in order."""
        return Stretches(self.stretches.data, *(column[wanted] for column in self.stretches[1:]))


def all_turns(kind: str, table: pa.Table) -> Turns:
    """Lay out the turns of `table`, records of `kind`."""
    columns = [one_array(table.column(name)) for name in TURN_COLUMNS[kind]]
    docs = np.concatenate(
        [np.repeat(np.arange(len(column)), _lengths(column)) for column in columns]
    )
    place = np.repeat(
        np.arange(len(columns)), [int(_lengths(column).sum()) for column in columns]
    ).astype(np.int8)
    messages = (
        pa.concat_arrays([column.flatten() for column in columns])
        if len(columns) > 1
        else columns[0].flatten()
    )
    role, content = messages.flatten()[:2]
    bounds, data = stretches(content)
    starts, stops = bounds[:-1], bounds[1:]
    codes = np.asarray(pc.index_in(role, value_set=pa.array(ROLES)), dtype=np.int8)
    if len(columns) > 1:
        order = np.argsort(docs, kind="stable")
        docs, place, starts, stops, codes = (
            docs[order],
            place[order],
            starts[order],
            stops[order],
            codes[order],
        )
        content = content.take(pa.array(order))
    docs = docs.astype(np.int32)
    first = np.searchsorted(docs, docs)  # where the record of each turn begins
    turns = (np.arange(docs.size) - first).astype(np.int32)
    return Turns(Stretches(data, starts, stops, docs, turns), codes, place, content, table.num_rows)


def rejected_turns(raw: Sequence[str]) -> Turns:
    """Lay out the texts of rows that make no record, as the quarantine keeps them: nobody knows who
    says what, so each is a turn of its own, of no role.
    """
    found = [list(texts_of(row)) for row in raw]
    texts = pa.array([text for own in found for text in own], pa.string())
    bounds, data = stretches(texts)
    docs = np.repeat(np.arange(len(found), dtype=np.int32), [len(own) for own in found])
    turns = np.array([turn for own in found for turn in range(len(own))], np.int32)
    roles, columns = np.full(len(texts), -1, np.int8), np.zeros(len(texts), np.int8)
    own = Stretches(data, bounds[:-1], bounds[1:], docs, turns)
    return Turns(own, roles, columns, texts, len(found))


NO_TURNS = rejected_turns(())


def _lengths(column: pa.ListArray) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
