"""What was found, in the words of the audit: ids, benchmarks, spans and hits of a source put
together from blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given

from curate.items import Item
from curate.matching.ngram import LABELS, NO_MATCHES, Matches, match
from curate.steps.decontaminate.found import (
    VERDICTS,
    ItemNames,
    benchmark_items,
    hits_of,
    join_hits,
    judge,
    match_lines,
    pairs_table,
)
from curate.steps.decontaminate.found import pairs_of as stored_pairs
from curate.steps.decontaminate.policy import Hits
from curate.steps.step import row_ids
from curate.suites import ReadBenchmark, ReadSuite
from tests.matching import samples as drawn
from tests.matching.samples import index_of, lay_out, pairs_of, samples

EIGHT = "one two three four five six seven eight"
ITEMS = [
    Item("a", "a/x", (EIGHT,)),
    Item("a", "a/1", (f"{EIGHT} {'y ' * 8}",)),
    Item("b", "b/0", (f"{EIGHT} z",)),
]


def triples(hits: Hits) -> list[tuple[int, int, float]]:
    return list(zip(hits.rows.tolist(), hits.items.tolist(), hits.scores.tolist(), strict=True))


def test_ids_are_the_source_and_the_row() -> None:
    assert row_ids("my data", np.array([0, 7, 10**12])).to_pylist() == [
        "my data/0",
        "my data/7",
        "my data/1000000000000",
    ]
    assert row_ids("s", np.empty(0, np.int64)).to_pylist() == []


def test_benchmarks_stand_one_after_the_other() -> None:
    read = [
        ReadBenchmark(name, "unseen", None, n, (), None, None)
        for name, n in (("a", 2), ("b", 1), ("c", 5))
    ]
    found = benchmark_items(ReadSuite("s", [], read, []))
    assert [(b.name, b.role, b.first, b.n_items) for b in found] == [
        ("a", "unseen", 0, 2),
        ("b", "unseen", 2, 1),
        ("c", "unseen", 3, 5),
    ]
    assert benchmark_items(None) == []


@given(samples())
def test_hits_are_the_pairs_over_the_threshold(
    sample: tuple[list[drawn.Record], list[drawn.Item]],
) -> None:
    records, items = sample
    found, _ = match(lay_out(records), index_of(items, 2).table, room=4)
    pairs = pairs_of(found)
    assert triples(hits_of([judge("ngram", 0.5, part) for part in found])) == [
        (*at, pair.score) for at, pair in pairs.items() if pair.score > 0.5
    ]


def test_half_is_no_hit() -> None:
    found, _ = match(
        lay_out([["hello"], [EIGHT]]), index_of([list(item.fields) for item in ITEMS], 8).table
    )
    assert triples(hits_of([judge("ngram", 0.5, part) for part in found])) == [
        (1, 0, 1.0),
        (1, 2, 8 / 9),
    ]
    assert triples(hits_of([])) == []


def test_blocks_are_counted_through() -> None:
    one = Hits(np.array([1], np.int32), np.array([4], np.int32), np.array([0.6]))
    none = Hits(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    joined = join_hits([(0, one), (3, none), (8, none), (8, one)])
    assert triples(joined) == [(1, 4, 0.6), (9, 4, 0.6)]
    assert triples(join_hits([])) == []
    assert joined.rows.dtype == np.int64


def lines(records: Sequence[drawn.Record]) -> list[dict[str, object]]:
    found, _ = match(lay_out(records), index_of([list(item.fields) for item in ITEMS], 8).table)
    ids = row_ids("src", np.arange(10, 10 + len(records)))
    tables = [
        match_lines(ItemNames.of(ITEMS), "src", ids, judge("ngram", 0.5, part)) for part in found
    ]
    return [row for table in tables for row in table.to_pylist()]


def test_a_line_names_row_and_item_and_both_sides_of_the_match() -> None:
    first, second, third = lines([["hello"], ["hello", f"so: {EIGHT}."]])
    assert first == {
        "doc_id": "src/11",
        "source": "src",
        "benchmark": "a",
        "instance_id": "a/x",
        "matcher": "ngram",
        "score": 1.0,
        "hit": True,
        "label": None,
        "verdict": None,
        "counts": True,
        "doc_spans": [{"turn": 1, "start": 4, "stop": 4 + len(EIGHT)}],
        "item_spans": [{"start": 0, "stop": len(EIGHT)}],
    }
    assert (second["instance_id"], second["score"], second["hit"]) == ("a/1", 0.5, False)
    assert (third["benchmark"], third["instance_id"], third["hit"]) == ("b", "b/0", True)


def test_no_matches_make_a_table_of_the_same_columns() -> None:
    found, _ = match(lay_out([[EIGHT]]), index_of([list(item.fields) for item in ITEMS], 8).table)
    names, ids = ItemNames.of(ITEMS), row_ids("src", np.arange(1))
    empty, full = (
        match_lines(names, "src", ids, judge("ngram", 0.5, part)) for part in (NO_MATCHES, *found)
    )
    assert empty.num_rows == 0
    assert empty.schema == full.schema
    assert pa.concat_tables([empty, full]).num_rows == 3


def test_a_variant_or_suspect_is_a_hit_that_does_not_count_and_a_verdict_goes_before_both() -> None:
    (pairs,), _ = match(
        lay_out([[EIGHT]]), index_of([list(item.fields) for item in ITEMS], 8).table
    )
    assert (pairs.scores > 0.5).tolist() == [True, False, True]
    labelled = pairs._replace(
        labels=np.array([LABELS.index("variant"), 0, LABELS.index("leak")], np.int8)
    )
    found = judge("robust", 0.5, labelled)
    assert (found.hit.tolist(), found.counts.tolist()) == (
        [True, False, True],
        [False, False, True],
    )
    assert (
        judge(
            "semantic", 0.5, pairs._replace(labels=np.full(3, LABELS.index("suspect"), np.int8))
        ).counts.sum()
        == 0
    )
    said = np.array(
        [VERDICTS.index("leak"), VERDICTS.index("leak"), VERDICTS.index("allowed")], np.int8
    )
    judged = judge("robust", 0.5, labelled, said)
    assert (judged.hit.tolist(), judged.counts.tolist()) == (
        [True, False, True],
        [True, True, False],
    )
    assert hits_of([found, judged]).items.tolist() == [2, 0, 1]
    table = match_lines(ItemNames.of(ITEMS), "src", row_ids("src", np.arange(1)), judged)
    assert table["label"].to_pylist() == ["variant", None, "leak"]
    assert table["verdict"].to_pylist() == ["leak", "leak", "allowed"]


def judged_as(label: str, verdict: str | None, variants: str) -> tuple[bool, bool]:
    """Whether a hit with this label counts, and whether its row may go."""
    (pairs,), _ = match(
        lay_out([[EIGHT]]), index_of([list(item.fields) for item in ITEMS], 8).table
    )
    labelled = pairs._replace(labels=np.full(3, LABELS.index(label), np.int8))
    said = np.full(3, VERDICTS.index(verdict), np.int8)
    found = judge("robust", 0.5, labelled, said, variants)
    return bool(found.counts[0]), bool(found.goes[0])


def test_a_verdict_goes_before_the_policy() -> None:
    """A pair that a person called allowed neither counts nor goes."""
    assert judged_as("variant", None, "drop") == (True, True)
    assert judged_as("variant", None, "report") == (True, False)
    assert judged_as("variant", None, "keep") == (False, False)
    assert judged_as("variant", "leak", "keep") == (True, True)
    assert judged_as("variant", "allowed", "drop") == (False, False)
    assert judged_as("template", None, "drop") == (False, False)
    assert judged_as("suspect", None, "drop") == (False, False)


@given(samples())
def test_pairs_come_back_from_the_table_that_is_laid_on_disk(
    sample: tuple[list[drawn.Record], list[drawn.Item]],
) -> None:
    records, items = sample
    found, _ = match(lay_out(records), index_of(items, 2).table, room=4)
    stored = {"ngram": found, "exact": found[:1], "robust": []}
    table = pairs_table(stored)
    back: dict[str, list[Matches]] = {}
    for matcher, pairs in stored_pairs(table):
        back.setdefault(matcher, []).append(pairs)
    for matcher, own in stored.items():
        there = [part for part in own if len(part.docs)]
        assert len(back.get(matcher, [])) == bool(there)
        for place, name in enumerate(("docs", "items", "scores", "labels")):
            wanted = [value for part in there for value in getattr(part, name).tolist()]
            assert [
                v for part in back.get(matcher, []) for v in getattr(part, name).tolist()
            ] == wanted, place
        for first, spans in (("doc_first", "doc_spans"), ("item_first", "item_spans")):
            cut = [
                part_spans[a:b].tolist()
                for part in there
                for part_spans, bounds in [(getattr(part, spans), getattr(part, first))]
                for a, b in pairwise(bounds.tolist())
            ]
            again = [
                part_spans[a:b].tolist()
                for part in back.get(matcher, [])
                for part_spans, bounds in [(getattr(part, spans), getattr(part, first))]
                for a, b in pairwise(bounds.tolist())
            ]
            assert again == cut
