"""The self-test of a build: what its own settings find of changed copies of its own items, planted in its own text.

A sample of the corpus' scanned turns, the rows with the smallest sampling keys, gives the words that the copies are
changed and surrounded with, and is the clean control. Every matcher is tested alone, and all together; suspects are not
looked for, since embedding thousands of copies would take longer than the build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from curate.items import Item
from curate.matching.matchers import Matchers, match_all
from curate.mixture.merge import Output, Writer
from curate.mixture.plan import Plan
from curate.steps.decontaminate.found import hits_of, judge_all
from curate.steps.decontaminate.policy import Hits
from curate.steps.decontaminate.selftest import Rows, SelfTest, self_test, turns_of
from curate.turns import all_turns

SAMPLE = 2000
"""Turns of the corpus that are looked at."""
ALL = "all"


def sample_turns(writer: Writer, kind: str, roles: Sequence[str], n: int = SAMPLE) -> list[str]:
    """Scanned turns of all sources, as many of each as its share of the rows: those with the smallest keys."""
    total = sum(source.n for source in writer.sources)
    return [
        text
        for number, source in enumerate(writer.sources)
        for text in _of_source(writer, number, kind, roles, -(-n * source.n // max(1, total)))
    ]


def _of_source(writer: Writer, number: int, kind: str, roles: Sequence[str], n: int) -> list[str]:
    masks = [[np.full(source.n, place == number)] for place, source in enumerate(writer.sources)]
    texts: list[str] = []
    for part in range(writer.parts):
        if len(texts) >= n:
            break
        records = writer.rows(Output(masks), part).records
        turns = all_turns(kind, records)
        found = turns.texts.take(pa.array(np.flatnonzero(turns.wanted(roles))))
        texts += [text for text in found.to_pylist() if text.strip()]
    return texts[:n]


def probe(plan: Plan, writer: Writer) -> pa.Table:
    """The lines of the audit's table `selftest`."""
    spec, suite = plan.recipe.decontaminate, plan.suite
    assert spec is not None and suite is not None
    texts = sample_turns(writer, plan.recipe.kind, spec.roles)
    names = [name for name in plan.matchers.thresholds if name != "semantic"]
    tables = []
    for name in [ALL, *names] if len(names) > 1 else [ALL]:
        chosen = names if name == ALL else [name]
        tested = _tested(suite.items, texts, plan.matchers, chosen, plan.recipe.seed)
        tables += _lines(name, tested)
    return pa.concat_tables(tables)


def _tested(
    items: Sequence[Item], texts: Sequence[str], matchers: Matchers, names: Sequence[str], seed: int
) -> SelfTest:
    only = Matchers(matchers.index, matchers.threshold, {n: m for n, m in matchers.others.items() if n in names})

    def hits(rows: Rows) -> Hits:
        found, _ = match_all(turns_of(rows), only)
        judged = judge_all({name: found[name] for name in names}, only.thresholds)
        return hits_of([replace(part, counts=part.hit) for part in judged])  # a variant is found too

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
    return [table.add_column(0, "matcher", of.take(pa.array(np.zeros(table.num_rows, np.int8)))) for table in tables]
