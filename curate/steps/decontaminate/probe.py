"""The self-test of a build: what its own settings find of changed copies of its own items, planted
in its own text.

A sample of the corpus' scanned turns, the rows with the smallest sampling keys, gives the words
that the copies are changed and surrounded with, and is the clean control. Every matcher is tested
alone, and all together; suspects are not looked for, since embedding thousands of copies would take
longer than the build."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from curate.items import Item
from curate.matching.matchers import Matchers, match_all
from curate.steps.decontaminate.found import hits_of, judge_all
from curate.steps.decontaminate.policy import Hits
from curate.steps.decontaminate.selftest import Rows, SelfTest, self_test, turns_of
from curate.steps.step import Seen
from curate.text.hashing import sampling_keys

SAMPLE = 2000
"""Turns of the corpus that are looked at."""
ALL = "all"


def sample_turns(
    seen: Sequence[Seen], roles: Sequence[str], seed: int, n: int = SAMPLE
) -> list[str]:
    """Scanned turns of all sources, as many of each as its share of the rows: those with the
    smallest keys.
    """
    total = sum(source.n for source in seen)
    return [
        text
        for source in seen
        for text in _of_source(source, roles, seed, -(-n * source.n // max(1, total)))
    ]


def _of_source(source: Seen, roles: Sequence[str], seed: int, n: int) -> list[str]:
    keys = sampling_keys(seed, source.name, source.positions(np.arange(source.n)), 0)
    by_key, texts, looked_at = np.argsort(keys), list[str](), 0
    while len(texts) < n and looked_at < source.n:  # a row may have no such turn
        rows = by_key[looked_at : looked_at + n]
        looked_at += len(rows)
        texts += _texts_of(source, rows, roles)
    return texts[:n]


def _texts_of(source: Seen, rows: np.ndarray, roles: Sequence[str]) -> list[str]:
    """The scanned turns of some rows of a source, in the order in which the rows are given."""
    mask = np.zeros(source.n, np.bool_)
    mask[rows] = True
    found: dict[int, list[str]] = {}
    for records in source.rows(mask):
        wanted = np.flatnonzero(records.turns.wanted(roles))
        texts = records.turns.texts.take(pa.array(wanted)).to_pylist()
        of = records.rows[records.turns.stretches.docs[wanted]].tolist()
        for row, text in zip(of, texts, strict=True):
            found.setdefault(row, []).append(text)
    ordered = (found.get(row, []) for row in source.positions(rows).tolist())
    return [text for own in ordered for text in own if text.strip()]


def probe(
    seen: Sequence[Seen],
    items: Sequence[Item],
    matchers: Matchers,
    *,
    roles: Sequence[str],
    seed: int,
) -> pa.Table:
    """The lines of the audit's table `selftest`; turns of `roles` are looked at."""
    texts = sample_turns(seen, roles, seed)
    names = [name for name in matchers.thresholds if name != "semantic"]
    tables = []
    for name in [ALL, *names] if len(names) > 1 else [ALL]:
        chosen = names if name == ALL else [name]
        tables += _lines(name, _tested(items, texts, matchers, chosen, seed))
    return pa.concat_tables(tables)


def _tested(
    items: Sequence[Item], texts: Sequence[str], matchers: Matchers, names: Sequence[str], seed: int
) -> SelfTest:
    only = Matchers(
        matchers.index,
        matchers.threshold,
        {n: m for n, m in matchers.others.items() if n in names},
        matchers.judge,
    )

    def hits(rows: Rows) -> Hits:
        found, _ = match_all(turns_of(rows), only)
        judged = judge_all({name: found[name] for name in names}, only.thresholds)
        return hits_of(judged)  # what counts: a variant would stay

    answers = {item.instance_id: item.answer for item in items if item.answer}
    matchable = only.matchable if "ngram" in names else next(iter(only.others.values())).matchable
    return self_test(items, texts, hits, matchable=matchable, seed=seed, answers=answers)


def _lines(matcher: str, tested: SelfTest) -> list[pa.Table]:
    of = pa.array([matcher])
    recall = tested.recall.append_column("benchmark", pa.nulls(tested.recall.num_rows, pa.string()))
    alarms = tested.false_alarms
    low, high = alarms.interval
    clean: dict[str, Any] = {
        "mutation": ["clean"], "benchmark": pa.nulls(1, pa.string()), "planted": [alarms.of], "found": [alarms.found],
        "recall": [alarms.rate], "low": [low], "high": [high],
    }  # fmt: skip
    names = tested.by_benchmark.column_names
    tables = [recall.select(names), tested.by_benchmark, pa.table(clean).select(names)]
    return [
        table.add_column(0, "matcher", of.take(pa.array(np.zeros(table.num_rows, np.int8))))
        for table in tables
    ]
