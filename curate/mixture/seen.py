"""What the steps see of the whole corpus once every block has been looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

import numpy as np
import pyarrow as pa

from curate.mixture.merge import Output, Writer
from curate.mixture.scan import Scanned, staged_path
from curate.shards import read_arrow
from curate.steps.step import Records, Seen
from curate.turns import all_turns

SHARED = ("documents", "texts")
"""Staged tables that belong to no step."""


@dataclass(frozen=True)
class Corpus:
    """All that was read: the blocks of every source, and how to read rows again."""

    kind: str
    licences: Sequence[str | None]
    blocks: Sequence[Sequence[Scanned]]
    writer: Writer

    def seen(self, step: str, alive: Sequence[np.ndarray]) -> list[Seen]:
        """What a step has seen of every source, given the masks of the rows that are left."""
        return [
            Seen(
                name=rows.name,
                n=rows.n,
                alive=mask,
                looks=[(first, block.n, block.kept[step]) for first, block in firsts(own)],
                staged=partial(self._staged, step, number),
                positions=rows.positions,
                rows=partial(self._rows, number),
                licence=licence,
            )
            for number, (rows, own, mask, licence) in enumerate(
                zip(self.writer.sources, self.blocks, alive, self.licences, strict=True)
            )
        ]

    def _staged(
        self, step: str, source: int, *names: str
    ) -> Iterator[tuple[int, tuple[pa.Table, ...]]]:
        for first, block in firsts(self.blocks[source]):
            wanted = [name if name in SHARED else f"{step}.{name}" for name in names]
            if block.staged.issuperset(wanted):
                yield (
                    first,
                    tuple(
                        read_arrow(staged_path(block.folder, name, block.number)) for name in wanted
                    ),
                )

    def _rows(self, source: int, mask: np.ndarray | None) -> Iterator[Records]:
        taken = [[np.zeros(rows.n, np.bool_)] for rows in self.writer.sources]
        taken[source] = [np.ones(self.writer.sources[source].n, np.bool_) if mask is None else mask]
        for part in range(self.writer.parts):
            found = self.writer.rows(Output(taken), part)
            if len(found.sizes):
                table = found.records.drop_columns(["id", "source"])
                turns = all_turns(self.kind, table)
                name = self.writer.sources[source].name
                yield Records(
                    name, self.kind, table, found.positions, turns, turns.content_hashes()
                )


def firsts(blocks: Sequence[Scanned]) -> Iterator[tuple[int, Scanned]]:
    """The blocks of a source, each with the number of its first record."""
    return zip(accumulate((block.n for block in blocks), initial=0), blocks, strict=False)
