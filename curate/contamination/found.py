"""What the matcher found, as people and the audit see it: ids instead of numbers, Arrow instead of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.contamination.ngram import LABELS, Matches
from curate.contamination.policy import BenchmarkItems, Hits
from curate.items import Item
from curate.suite import ReadSuite


@dataclass(frozen=True)
class ItemNames:
    """The id and the benchmark of every item of an index, in its order."""

    ids: pa.StringArray
    benchmarks: pa.StringArray

    @classmethod
    def of(cls, items: Sequence[Item]) -> ItemNames:
        """The names of items."""
        ids = pa.array([item.instance_id for item in items], pa.string())
        return cls(ids, pa.array([item.benchmark for item in items], pa.string()))


def benchmark_items(suite: ReadSuite | None) -> list[BenchmarkItems]:
    """Where each benchmark's items stand in the list of all items."""
    read = suite.benchmarks if suite else []
    firsts = accumulate((b.n_items for b in read), initial=0)
    return [BenchmarkItems(b.name, b.role, first, b.n_items) for b, first in zip(read, firsts, strict=False)]


def row_ids(source: str, rows: np.ndarray) -> pa.StringArray:
    """`<source>/<row>` of every row."""
    return pc.binary_join_element_wise(pa.scalar(source), pa.array(rows).cast(pa.string()), "/")


def hits_of(found: Sequence[Matches], threshold: float) -> Hits:
    """The pairs over the threshold."""
    rows, items, scores = (
        np.concatenate([getattr(part, name) for part in found] or [np.empty(0, kind)])
        for name, kind in (("docs", np.int32), ("items", np.int32), ("scores", np.float64))
    )
    over = scores > threshold
    return Hits(rows[over], items[over], scores[over])


def join_hits(blocks: Sequence[tuple[int, Hits]]) -> Hits:
    """The hits of a source from those of its blocks, each given with its number of rows."""
    offsets = accumulate((n for n, _ in blocks), initial=0)
    rows = [hits.rows.astype(np.int64) + first for (_, hits), first in zip(blocks, offsets, strict=False)]
    return Hits(
        np.concatenate([*rows, np.empty(0, np.int64)]),
        np.concatenate([*(hits.items for _, hits in blocks), np.empty(0, np.int32)]),
        np.concatenate([*(hits.scores for _, hits in blocks), np.empty(0)]),
    )


def match_lines(
    names: ItemNames, source: str, ids: pa.StringArray, part: Matches, threshold: float, matcher: str = "ngram"
) -> pa.Table:
    """The lines of the audit's table `matches` that a matcher gives; `ids` are those of all records of the block."""
    items = pa.array(part.items)
    hit = part.scores > threshold
    return pa.table(
        {
            "doc_id": ids.take(pa.array(part.docs)),
            "source": pa.array([source] * len(part.docs), pa.string()),
            "benchmark": names.benchmarks.take(items),
            "instance_id": names.ids.take(items),
            "matcher": pa.array([matcher] * len(part.docs), pa.string()),
            "score": part.scores,
            "hit": hit,
            "label": pa.array(LABELS, pa.string()).take(pa.array(np.where(hit, part.labels, 0))),
            "counts": hit & (part.labels <= LABELS.index("leak")),
            "doc_spans": _spans(part.doc_first, part.doc_spans, ("turn", "start", "stop")),
            "item_spans": _spans(part.item_first, part.item_spans, ("start", "stop")),
        }
    )


def _spans(first: np.ndarray, spans: np.ndarray, names: tuple[str, ...]) -> pa.ListArray:
    columns = [pa.array(np.ascontiguousarray(spans[:, i])) for i in range(len(names))]
    return pa.ListArray.from_arrays(pa.array(first.astype(np.int32)), pa.StructArray.from_arrays(columns, names))
