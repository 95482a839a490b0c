"""What the matchers found, as people and the audit see it: ids instead of numbers, Arrow instead of arrays.

`judge` says of each pair whether it is a hit and whether it counts: a hit counts unless it is labelled a variant or a
suspect, and a verdict that was given to the two texts goes before both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.items import Item
from curate.matching.ngram import LABELS, Matches
from curate.steps.decontaminate.policy import BenchmarkItems, Hits
from curate.steps.decontaminate.verdicts import WORDS
from curate.suite import ReadSuite

VERDICTS = (None, *WORDS)
"""What a person may say of a pair."""
_NONE, _LEAK = 0, 1


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


@dataclass(frozen=True)
class Found:
    """Pairs of a run of records and what is to be made of each: `verdicts` are places in VERDICTS."""

    matcher: str
    pairs: Matches
    hit: np.ndarray  # bool
    verdicts: np.ndarray  # int8
    counts: np.ndarray  # bool


def judge(matcher: str, threshold: float, pairs: Matches, verdicts: np.ndarray | None = None) -> Found:
    """Say of the pairs of one matcher which are hits, and which of them count."""
    hit = pairs.scores > threshold
    given = np.zeros(len(hit), np.int8) if verdicts is None else verdicts
    by_rule = hit & (pairs.labels <= LABELS.index("leak"))
    return Found(matcher, pairs, hit, given, np.where(given == _NONE, by_rule, given == _LEAK))


def judge_all(found: Mapping[str, Iterable[Matches]], thresholds: Mapping[str, float]) -> list[Found]:
    """Judge the pairs of every matcher without verdicts."""
    return [judge(name, thresholds[name], pairs) for name, parts in found.items() for pairs in parts]


def benchmark_items(suite: ReadSuite | None) -> list[BenchmarkItems]:
    """Where each benchmark's items stand in the list of all items."""
    read = suite.benchmarks if suite else []
    firsts = accumulate((b.n_items for b in read), initial=0)
    return [BenchmarkItems(b.name, b.role, first, b.n_items) for b, first in zip(read, firsts, strict=False)]


def row_ids(source: str, rows: np.ndarray) -> pa.StringArray:
    """`<source>/<row>` of every row."""
    return pc.binary_join_element_wise(pa.scalar(source), pa.array(rows).cast(pa.string()), "/")


def hits_of(found: Sequence[Found]) -> Hits:
    """The pairs that count, of all matchers one after the other."""
    rows, items, scores = (
        np.concatenate([np.empty(0, kind), *(getattr(part.pairs, name)[part.counts] for part in found)])
        for name, kind in (("docs", np.int32), ("items", np.int32), ("scores", np.float64))
    )
    return Hits(rows, items, scores)


def join_hits(blocks: Sequence[tuple[int, Hits]]) -> Hits:
    """The hits of a source from those of its blocks, each given with its number of rows."""
    offsets = accumulate((n for n, _ in blocks), initial=0)
    rows = [hits.rows.astype(np.int64) + first for (_, hits), first in zip(blocks, offsets, strict=False)]
    return Hits(
        np.concatenate([*rows, np.empty(0, np.int64)]),
        np.concatenate([*(hits.items for _, hits in blocks), np.empty(0, np.int32)]),
        np.concatenate([*(hits.scores for _, hits in blocks), np.empty(0)]),
    )


def match_lines(names: ItemNames, source: str, ids: pa.StringArray, found: Found) -> pa.Table:
    """The lines of the audit's table `matches`; `ids` are those of all records of the block."""
    pairs = found.pairs
    items = pa.array(pairs.items)
    return pa.table(
        {
            "doc_id": ids.take(pa.array(pairs.docs)),
            "source": pa.array([source] * len(pairs.docs), pa.string()),
            "benchmark": names.benchmarks.take(items),
            "instance_id": names.ids.take(items),
            "matcher": pa.array([found.matcher] * len(pairs.docs), pa.string()),
            "score": pairs.scores,
            "hit": found.hit,
            "label": pa.array(LABELS, pa.string()).take(pa.array(np.where(found.hit, pairs.labels, 0))),
            "verdict": pa.array(VERDICTS, pa.string()).take(pa.array(found.verdicts)),
            "counts": found.counts,
            "doc_spans": _spans(pairs.doc_first, pairs.doc_spans, ("turn", "start", "stop")),
            "item_spans": _spans(pairs.item_first, pairs.item_spans, ("start", "stop")),
        }
    )


def _spans(first: np.ndarray, spans: np.ndarray, names: tuple[str, ...]) -> pa.ListArray:
    columns = [pa.array(np.ascontiguousarray(spans[:, i])) for i in range(len(names))]
    return pa.ListArray.from_arrays(pa.array(first.astype(np.int32)), pa.StructArray.from_arrays(columns, names))
