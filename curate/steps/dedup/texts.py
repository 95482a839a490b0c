"""What of a row is compared with other rows: `exact` hashes and `shingles`, both of the same turns.

    conversation   every turn, with its tool calls and its reasoning
    prompt         what a model is given: the column `prompt`, or all but the last turn of an sft row
    response       what it answers: the last turn of an sft row, `chosen` and `rejected`

Texts are folded first (`curate.text.normalise.folded`): forms of one character, blanks and what is
not seen make no difference. Accents do, and so do entities and tags: of two questions on `&lt;` and
`<` neither is a copy. Exact is `curate.text.blanks.one_spaced` of that, with the roles. For
shingles system turns are left out: they are the same in thousands of rows and would make them
alike. Those of prompt, chosen and rejected are told apart, so that a pair is not like the same pair
the other way round. `tools`, `verifier`, `ground_truth` and other columns beside the turns are not
compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import UserError
from curate.kernels.asked import Asked, keys_of, sentences
from curate.kernels.folded import fold
from curate.kernels.hashing import hash_rows
from curate.kernels.minhash import ShingleSets, joined, shingle_sets, some_sets
from curate.kernels.normalise import TO_FOLD, screen
from curate.kernels.normalise import fold as fold_characters
from curate.records import ROLES, TURN_COLUMNS, one_array, stretches
from curate.steps.dedup.ragged import bounds, taken
from curate.steps.step import Records

BY = ("conversation", "prompt", "response")
NO_ANSWER = ("prompt", "rlvr")
_WITHIN = ("tool_calls", "reasoning_content")
"""Texts of a message beside its content that are compared."""


class Compared(NamedTuple):
    """Stretches of one buffer, those of a row standing together in order."""

    data: np.ndarray  # uint8
    starts: np.ndarray  # int64
    stops: np.ndarray  # int64
    docs: np.ndarray  # int32, ascending
    tags: np.ndarray  # int8: the role, and 8 or 16 more for tool calls and reasoning
    columns: np.ndarray  # int8: place in TURN_COLUMNS of the kind
    n: int  # rows

    def where(self, mask: np.ndarray) -> Compared:
        """Those of a mask."""
        return self._replace(
            starts=self.starts[mask],
            stops=self.stops[mask],
            docs=self.docs[mask],
            tags=self.tags[mask],
            columns=self.columns[mask],
        )


def refuse(by: str, kind: str) -> None:
    """Raise UserError where rows of a kind have nothing to compare."""
    if by == "response" and kind in NO_ANSWER:
        raise UserError(f"dedup: rows of kind {kind} have no response; compare them by prompt")


def compared(records: Records, by: str) -> Compared:
    """The stretches of some rows."""
    turns = records.turns
    data, starts, stops, docs, _ = turns.stretches
    tags = turns.roles.astype(np.int8)
    found = Compared(data, starts, stops, docs, tags, turns.columns, records.n)
    if (more := _within(records)) is not None:
        found = _with(found, turns.texts, more)
    return found if by == "conversation" else found.where(_chosen(found, records.kind, by))


def _chosen(found: Compared, kind: str, by: str) -> np.ndarray:
    if kind == "sft":
        last = np.zeros(found.n, np.int64)  # the last stretch of each row, and how it begins
        last[found.docs] = np.arange(len(found.docs))
        while (inside := found.tags[last] >= 8).any():
            last[inside] -= 1
        response = np.arange(len(found.docs)) >= last[found.docs]
    else:
        response = found.columns > 0
    chosen: np.ndarray = response if by == "response" else ~response
    return chosen


def _within(records: Records) -> list[pa.Array] | None:
    """Of every turn its tool calls and reasoning, in the order of the turns; None where no row has
    any.
    """
    columns = [one_array(records.table.column(name)) for name in TURN_COLUMNS[records.kind]]
    fields = [[_field(column.flatten(), name) for column in columns] for name in _WITHIN]
    if all(part.null_count == len(part) for parts in fields for part in parts):
        return None
    # As `all_turns` has them: the turns of a row stand together, whatever its columns.
    sizes = [np.asarray(pc.fill_null(pc.list_value_length(c), 0), np.int64) for c in columns]
    order = np.argsort(
        np.concatenate([np.repeat(np.arange(len(own)), own) for own in sizes]), kind="stable"
    )
    return [pa.concat_arrays(parts).take(pa.array(order)) for parts in fields]


def _field(messages: pa.StructArray, name: str) -> pa.Array:
    place = messages.type.get_field_index(name)
    return messages.field(place) if place >= 0 else pa.nulls(len(messages), pa.string())


def _with(found: Compared, contents: pa.StringArray, more: list[pa.Array]) -> Compared:
    """The stretches with those texts behind the content of each turn; empty ones are left out."""
    n = len(contents)
    bounds, data = stretches(pa.concat_arrays([contents, *more]))
    turn = np.tile(np.arange(n), 1 + len(more))
    part = np.repeat(np.arange(1 + len(more)), n)
    there = (part == 0) | (np.diff(bounds) > 0)
    order = np.flatnonzero(there)[np.lexsort((part[there], turn[there]))]
    at = turn[order]
    tags = (found.tags[at] + 8 * part[order]).astype(np.int8)
    return Compared(
        data,
        bounds[:-1][order],
        bounds[1:][order],
        found.docs[at],
        tags,
        found.columns[at],
        found.n,
    )


def folded(found: Compared) -> Compared:
    """The same stretches as they are compared; those that change stand behind the others."""
    changed = np.flatnonzero(screen(found.data, found.starts, found.stops) & TO_FOLD)
    if not len(changed):
        return found
    starts, stops = found.starts.copy(), found.stops.copy()
    more, begins, ends = fold_characters(found.data, starts[changed], stops[changed], True)
    starts[changed], stops[changed] = begins + found.data.size, ends + found.data.size
    data = np.concatenate([found.data, more])
    data.flags.writeable = False  # as Arrow's buffers are: numba compiles for each of the two
    return found._replace(data=data, starts=starts, stops=stops)


def exact(found: Compared) -> np.ndarray:
    """The hash of each row: uint64 [rows, 2]."""
    folded = fold(found.data, found.starts, found.stops)
    tags = (found.tags + 32 * found.columns).astype(np.int8)
    hashes: np.ndarray = hash_rows(*folded, tags, found.docs, found.n)
    return hashes


def lengths(found: Compared) -> np.ndarray:
    """Bytes of each row."""
    return np.bincount(found.docs, found.stops - found.starts, found.n).astype(np.int64)


def shingles(found: Compared, size: int) -> ShingleSets:
    """The shingles of each row."""
    own = found.where(found.tags != ROLES.index("system"))
    parts = int(found.columns.max(initial=0)) + 1
    texts = own.docs.astype(np.int64) * parts + own.columns
    sets = shingle_sets(own.data, own.starts, own.stops, texts, found.n * parts, size)
    return sets if parts == 1 else joined(sets, parts)


def asked(found: Compared, rows: np.ndarray) -> Asked:
    """What users say in some rows, sentence by sentence; of several columns in the prompt."""
    own = found.where((found.tags == ROLES.index("user")) & (found.columns == 0))
    cut = sentences(own.data, own.starts, own.stops, own.docs.astype(np.int64))
    n = np.arange(len(cut[0]))
    words = shingle_sets(own.data, *cut[:2], n, len(n), 1)
    keys = keys_of(words)
    order = np.lexsort((keys, cut[2]))
    ours, first = taken(order, bounds(np.bincount(cut[2], minlength=found.n)), rows)
    return Asked(keys[ours], some_sets(words, ours), first)


def answers(found: Compared, kind: str, rows: np.ndarray) -> ShingleSets:
    """The distinct words of what some rows answer: all turns of the assistant but those of the
    prompt of a preference; of kinds without an answer none.
    """
    own = found.where(
        (found.tags % 8 == ROLES.index("assistant"))
        & ((found.columns > 0) | (kind == "sft"))
        & (kind not in NO_ANSWER)
    )
    return some_sets(shingles(own, 1), rows)


def read(found: Compared, mask: np.ndarray | None = None) -> Iterator[tuple[int, str]]:
    """The text of each row of a mask (or all): its place among the rows, and its stretches joined
    by blank lines.
    """
    bounds = np.searchsorted(found.docs, np.arange(found.n + 1))
    for row in range(found.n) if mask is None else np.flatnonzero(mask).tolist():
        own = range(bounds[row], bounds[row + 1])
        pieces = (found.data[found.starts[i] : found.stops[i]].tobytes().decode() for i in own)
        yield row, "\n\n".join(pieces)
