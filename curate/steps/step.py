"""The shape of a step: it looks at rows block by block, and decides once, when all have been seen.

    class Step(Protocol):
        name, needs, look_inputs, inputs
        def look(self, records: Records) -> Look                    # pure, one block, in any thread
        def decide(self, seen: Sequence[Seen]) -> Decision          # once, over all sources

What a look finds is a value, never a verdict: thresholds belong to `decide`, so that a changed
threshold needs no second look. A step says which rows it would take; `mixture.settle` alone lets
rows leave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.turns import NO_TURNS, Turns

FATES = ("removed", "duplicate")
"""What a step may make of a row."""


def row_ids(source: str, rows: np.ndarray) -> pa.StringArray:
    """`<source>/<row>` of every row."""
    return pc.binary_join_element_wise(pa.scalar(source), pa.array(rows).cast(pa.string()), "/")


@dataclass(frozen=True)
class Records:
    """The records of one block as every step sees them, in order."""

    source: str
    kind: str
    table: pa.Table  # the columns of the kind, and those that are kept or that a step needs
    rows: np.ndarray  # int64 [n]: position of each in its source
    turns: Turns
    hashes: np.ndarray  # uint64 [n, 2]: the hash of roles and texts
    rejected: Turns = NO_TURNS
    """The texts of the block's rows that made no record: they are quarantined, whatever they hold."""

    @property
    def n(self) -> int:
        """How many records."""
        return len(self.rows)

    def ids(self) -> pa.StringArray:
        """The id of every record."""
        return row_ids(self.source, self.rows)


@dataclass(frozen=True)
class Look:
    """What a step found out about one block."""

    kept: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Small arrays that `decide` needs of every block: they stay in memory."""
    scratch: Mapping[str, pa.Table] = field(default_factory=dict)
    """Tables that `decide` reads again: they are laid on disk."""
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    """Lines of tables of the audit that need no decision."""
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    """A value a record, for the columns of the audit's table `documents` that have these names."""
    shown: np.ndarray | None = None
    """bool [n]: the records whose turns the audit keeps, so that people can read what was found."""
    rejected_shown: np.ndarray | None = None
    """Likewise of the rows that made no record."""


@dataclass(frozen=True)
class Seen:
    """One source with all its blocks looked at: what a step decides on."""

    name: str
    n: int
    """Records."""
    alive: np.ndarray
    """bool [n]: those that no earlier step has taken. Figures that must not depend on other steps
    ignore it.
    """
    looks: Sequence[tuple[int, int, Mapping[str, np.ndarray]]]
    """Of every block: its first record, how many it has, and what the look kept."""
    staged: Callable[..., Iterator[tuple[int, tuple[pa.Table, ...]]]]
    """`staged("a", "b")`: of every block that has both, its first record and the tables of these
    names, of `Look.scratch` or `Look.tables`, or `documents`, which holds the records first and
    then the quarantined rows, without a content hash.
    """
    positions: Callable[[np.ndarray], np.ndarray]
    """Where records, given by their ordinals, are among all rows of the source, bad ones included.
    """
    rows: Callable[[np.ndarray | None], Iterator[Records]]
    """The records of a mask (or all) in the order in which the build writes rows, a part at a time,
    from disk.
    """
    licence: str | None = None
    """As the recipe states it."""

    def kept(self, name: str) -> np.ndarray:
        """An array that every look kept, of all blocks one after the other; raises KeyError where
        none kept it.
        """
        return np.concatenate([kept[name] for _, _, kept in self.looks])

    def ids(self, mask: np.ndarray) -> pa.StringArray:
        """The ids of the records of a mask."""
        return row_ids(self.name, self.positions(np.flatnonzero(mask)))


@dataclass(frozen=True)
class Removal:
    """Records of one source that a step takes: ordinals, ascending, and for each the place of its
    reason.
    """

    rows: np.ndarray
    reason_of: np.ndarray
    reasons: Sequence[str]
    about: Sequence[str | None] | None = None
    """Of each reason what it is about, by which reasons are counted together; left out: the reason
    itself.
    """
    detail: Sequence[str | None] | None = None
    """Of each reason more to it."""
    fate: str = "removed"

    @classmethod
    def none(cls) -> Removal:
        """Nothing goes."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), ())

    @classmethod
    def of(
        cls,
        gone: np.ndarray,
        reasons: Sequence[str],
        fate: str = "removed",
        *,
        about: Sequence[str | None] | None = None,
        detail: Sequence[str | None] | None = None,
    ) -> Removal:
        """The records of a mask, with a reason for each of them."""
        rows = np.flatnonzero(gone)
        return cls(rows, np.arange(len(rows)), reasons, about, detail, fate)

    def only(self, mask: np.ndarray) -> Removal:
        """Those of its rows that are in a mask over all records."""
        left = mask[self.rows]
        return Removal(
            self.rows[left], self.reason_of[left], self.reasons, self.about, self.detail, self.fate
        )

    @property
    def told(self) -> dict[str, Sequence[str | None]]:
        """What there is to tell of each reason, by column of the audit's table `decisions`."""
        columns = {"reason": self.reasons, "about": self.about, "detail": self.detail}
        return {name: values for name, values in columns.items() if values is not None}

    def column(self, values: Sequence[str | None]) -> pa.Array:
        """`reasons`, `about` or `detail` row by row."""
        return pa.array(values, pa.string()).take(pa.array(self.reason_of))


@dataclass(frozen=True)
class Decision:
    """What a step makes of all that was seen: a removal for each source, and what there is to tell."""

    removals: Sequence[Removal]
    tables: Mapping[str, Iterable[pa.Table]] = field(default_factory=dict)
    """Lines of its tables of the audit; taken once, when the audit is written."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Plain data, for the lock and `--json`."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Plain data for `--json` and the screen alone: it depends on more than what the lock says is
    given.
    """
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    failure: str | None = None
    """Why the build, once finished, counts as failed (exit code 3)."""
    parts: Sequence[str] = ()
    """Where the step is made of several, such as filters: their names, of which each removal is
    `about` one.
    """


@dataclass(frozen=True)
class Given:
    """Something that a step reads beside the rows, as `curate plan` lists it without reading it."""

    name: str
    from_: str
    here: bool
    """Whether it can be read without the Hub."""
    items: int | None = None
    """How many there are to be, where that is known."""
    licence: str | None = None
    problem: str | None = None
    """Why it can't be read."""


class Step(Protocol):
    """A key of the recipe, made ready by its package. It pickles, and nothing in it changes."""

    @property
    def name(self) -> str:
        """Its key in the recipe, its name in the audit, and its section in lock and report."""

    @property
    def needs(self) -> Collection[str]:
        """Columns of the input that it reads though nobody may keep them."""

    @property
    def look_inputs(self) -> Mapping[str, Any]:
        """Plain data that `look` depends on: digests and numbers."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Plain data that its decisions depend on beside the rows, `look_inputs` included: it goes
        into the lock.
        """

    def look(self, records: Records) -> Look:
        """Look at one block; pure, so that blocks may be seen in any order by any worker."""

    def decide(self, seen: Sequence[Seen]) -> Decision:
        """Decide on all sources, in the order of the recipe; raises UserError where there is
        nothing to go by.
        """
