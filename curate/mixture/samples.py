"""Rows that were written, to be looked at: a few of every source, with the beginning of their turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.mixture.merge import Output, Writer
from curate.mixture.record import SourceResult
from curate.records import ROLES
from curate.turns import all_turns

EACH = 4
"""Rows of each source."""
SOURCES = 100
"""Sources that are drawn from."""
TURNS = 6
WIDTH = 600
"""Code points of each turn."""


def samples(writer: Writer, kind: str, results: Sequence[SourceResult]) -> Iterator[pa.Table]:
    """The table `samples`, a table for each part that the drawn rows are in."""
    taken = [
        [_chosen(result, writer.seed) if place < SOURCES else np.zeros(result.rows.n, np.bool_)]
        for place, result in enumerate(results)
    ]
    output = Output(taken)
    for part in np.flatnonzero(writer.sizes_of_parts(output)).tolist():
        found = writer.rows(output, part)
        yield _lines(kind, found.records, found.positions)


def _chosen(result: SourceResult, seed: int) -> np.ndarray:
    """The written rows with the smallest keys, as a mask: those that a smaller sample would have."""
    mask = np.zeros(result.rows.n, np.bool_)
    written = np.flatnonzero(result.copies)
    keys = result.rows.keys(seed, 0, written)
    mask[written[np.argsort(keys, kind="stable")[:EACH]]] = True
    return mask


def _lines(kind: str, records: pa.Table, positions: np.ndarray) -> pa.Table:
    turns = all_turns(kind, records.drop_columns(["id", "source"]))
    shown = np.flatnonzero(turns.stretches.turns < TURNS)
    docs = turns.stretches.docs[shown]
    sources = records.column("source").combine_chunks().take(pa.array(docs))
    texts = turns.texts.take(pa.array(shown))
    return pa.table(
        {
            "doc_id": pc.binary_join_element_wise(
                sources, pa.array(positions[docs]).cast(pa.string()), "/"
            ),
            "source": sources,
            "turn": turns.stretches.turns[shown],
            "role": pa.array(ROLES).take(pa.array(turns.roles[shown])),
            "text": pc.utf8_slice_codeunits(texts, 0, WIDTH),
            "length": pc.utf8_length(texts).cast(pa.int64()),
        }
    )
