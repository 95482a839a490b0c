"""What the matchers found, as people and the audit see it: ids instead of numbers, Arrow instead of
arrays.

`judge` says of each pair whether it is a hit, whether it counts and whether its row may go: a hit
that is labelled leak, or not at all, does both; a variant or another question what `variants` says;
a suspect or a template neither. A verdict that was given to the two texts goes before all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np
import pyarrow as pa

from curate.items import Item
from curate.matching.ngram import LABELS, NO_MATCHES, Matches
from curate.records import one_array
from curate.steps.decontaminate.policy import BenchmarkItems, Hits
from curate.suites import ReadSuite
from curate.verdicts import WORDS

VERDICTS = (None, *WORDS)
"""What a person may say of a pair."""
_NONE, _LEAK = 0, 1
_VARIANTS = (LABELS.index("variant"), LABELS.index("other question"))
_DOC_SPAN, _ITEM_SPAN = ("turn", "start", "stop"), ("start", "stop")


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
    counts: np.ndarray  # bool: in rates and flags
    goes: np.ndarray  # bool: its row may be removed
    able: np.ndarray  # bool: its row would go by the rule alone, were the score high enough


def judge(
    matcher: str,
    threshold: float,
    pairs: Matches,
    verdicts: np.ndarray | None = None,
    variants: str = "keep",
    n: int | None = None,
) -> Found:
    """Say of the pairs of one matcher which are hits, which of them count, and which may go. Of `n`
    records; pairs of rows behind them are those of rows that made none, and never count.
    """
    hit = pairs.scores > threshold
    given = np.zeros(len(hit), np.int8) if verdicts is None else verdicts
    leaks = pairs.labels <= LABELS.index("leak")
    alike = np.isin(pairs.labels, _VARIANTS)
    counts = hit & (leaks | alike if variants != "keep" else leaks)
    able = leaks | alike if variants == "drop" else leaks
    said = given == _LEAK
    held = np.ones(len(hit), np.bool_) if n is None else pairs.docs < n
    return Found(
        matcher, pairs, hit, given,
        held & np.where(given == _NONE, counts, said),
        held & np.where(given == _NONE, hit & able, said),
        held & able & (given == _NONE),
    )  # fmt: skip


def judge_all(
    found: Mapping[str, Iterable[Matches]], thresholds: Mapping[str, float]
) -> list[Found]:
    """Judge the pairs of every matcher without verdicts."""
    return [
        judge(name, thresholds[name], pairs) for name, parts in found.items() for pairs in parts
    ]


def benchmark_items(suite: ReadSuite | None) -> list[BenchmarkItems]:
    """Where each benchmark's items stand in the list of all items."""
    read = suite.benchmarks if suite else []
    firsts = accumulate((b.n_items for b in read), initial=0)
    return [
        BenchmarkItems(b.name, b.role, first, b.n_items)
        for b, first in zip(read, firsts, strict=False)
    ]


def pairs_table(found: Mapping[str, Sequence[Matches]]) -> pa.Table:
    """The pairs of every matcher as one table: nothing in it depends on a threshold or a verdict."""
    parts = [(matcher, pairs) for matcher, own in found.items() for pairs in own if len(pairs.docs)]
    empty = [("ngram", NO_MATCHES)]
    return pa.concat_tables(
        [_pairs(matcher, pairs) for matcher, pairs in parts or empty]
    ).combine_chunks()


def with_rejected(
    found: Mapping[str, Sequence[Matches]], rejected: Mapping[str, Sequence[Matches]], n: int
) -> dict[str, list[Matches]]:
    """The pairs of `n` records, and behind them those of the rows that made none."""
    return {
        matcher: [*own, *(one._replace(docs=one.docs + np.int32(n)) for one in rejected[matcher])]
        for matcher, own in found.items()
    }


def _pairs(matcher: str, pairs: Matches) -> pa.Table:
    return pa.table(
        {
            "matcher": pa.array([matcher] * len(pairs.docs), pa.string()),
            "doc": pairs.docs,
            "item": pairs.items,
            "score": pairs.scores,
            "label": pairs.labels,
            "doc_spans": _spans(pairs.doc_first, pairs.doc_spans, _DOC_SPAN),
            "item_spans": _spans(pairs.item_first, pairs.item_spans, _ITEM_SPAN),
        }
    )


def pairs_of(table: pa.Table) -> Iterator[tuple[str, Matches]]:
    """The pairs of a table that `pairs_table` made, matcher by matcher."""
    names = table["matcher"].to_numpy(zero_copy_only=False)
    bounds = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1), len(names)] if len(names) else [0]
    for start, stop in pairwise(bounds):
        part = table.slice(start, stop - start)
        doc_first, doc_spans = _spans_of(part["doc_spans"], _DOC_SPAN)
        item_first, item_spans = _spans_of(part["item_spans"], _ITEM_SPAN)
        docs, items, scores, labels = (
            part[name].to_numpy() for name in ("doc", "item", "score", "label")
        )
        yield (
            names[start],
            Matches(docs, items, scores, doc_first, doc_spans, item_first, item_spans, labels),
        )


def _spans_of(column: pa.ChunkedArray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    lists = one_array(column)
    lengths = np.asarray(lists.value_lengths(), np.int64)
    spans = lists.flatten()
    values = [np.asarray(spans.field(name), np.int32) for name in names]
    return np.concatenate([[0], np.cumsum(lengths)]), np.stack(values, axis=1)


def hits_of(found: Sequence[Found], which: Literal["counts", "goes", "hit"] = "counts") -> Hits:
    """The pairs that count, whose rows may go, or that are hits, of all matchers one after the other."""
    rows, items, scores = (
        np.concatenate(
            [
                np.empty(0, kind),
                *(getattr(part.pairs, name)[getattr(part, which)] for part in found),
            ]
        )
        for name, kind in (("docs", np.int32), ("items", np.int32), ("scores", np.float64))
    )
    return Hits(rows, items, scores)


def join_hits(blocks: Sequence[tuple[int, Hits]]) -> Hits:
    """The hits of a source from those of its blocks, each given with the number of its first
    record.
    """
    rows = [hits.rows.astype(np.int64) + first for first, hits in blocks]
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
            "label": pa.array(LABELS, pa.string()).take(
                pa.array(np.where(found.hit, pairs.labels, 0))
            ),
            "verdict": pa.array(VERDICTS, pa.string()).take(pa.array(found.verdicts)),
            "counts": found.counts,
            "doc_spans": _spans(pairs.doc_first, pairs.doc_spans, _DOC_SPAN),
            "item_spans": _spans(pairs.item_first, pairs.item_spans, _ITEM_SPAN),
        }
    )


def _spans(first: np.ndarray, spans: np.ndarray, names: tuple[str, ...]) -> pa.ListArray:
    columns = [pa.array(np.ascontiguousarray(spans[:, i])) for i in range(len(names))]
    return pa.ListArray.from_arrays(
        pa.array(first.astype(np.int32)), pa.StructArray.from_arrays(columns, names)
    )
