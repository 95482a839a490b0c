"""The self-test of a build: what its own settings find of changed copies of its own items, planted
in its own text.

A sample of the corpus' scanned turns, the rows with the smallest sampling keys, gives the words
that the copies are changed and surrounded with, and is the clean control. What each matcher finds
alone, and all together, is told; suspects are not looked for, since embedding thousands of copies would take
longer than the build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from curate.items import Item
from curate.matching.matchers import SEMANTIC, Matchers, match_all
from curate.steps.decontaminate.found import Found, hits_of, judge
from curate.steps.decontaminate.selftest import Rows, SelfTest, Told, self_test, turns_of
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
    variants: str,
    seed: int,
) -> pa.Table:
    """The lines of the audit's table `selftest`; turns of `roles` are looked at, and variants
    treated as the recipe says.
    """
    texts = sample_turns(seen, roles, seed)
    others = {name: own for name, own in matchers.others.items() if name != SEMANTIC}
    only = replace(matchers, others=others)

    def find(rows: Rows) -> dict[str, Told]:
        found, _ = match_all(turns_of(rows), only)
        judged = {
            name: [judge(name, only.thresholds[name], pairs, None, variants) for pairs in own]
            for name, own in found.items()
        }
        every = [one for own in judged.values() for one in own]
        single = {name: _told(own) for name, own in judged.items()} if len(judged) > 1 else {}
        return {ALL: _told(every)} | single

    answers = {item.instance_id: item.answer for item in items if item.answer}
    tested = self_test(items, texts, find, matchable=only.matchable, seed=seed, answers=answers)
    return pa.concat_tables([line for name, own in tested.items() for line in _lines(name, own)])


def _told(found: Sequence[Found]) -> Told:
    return Told(hits_of(found, "goes"), hits_of(found, "hit"))


def _lines(matcher: str, tested: SelfTest) -> list[pa.Table]:
    names = tested.by_benchmark.column_names
    whole = [
        table.append_column("benchmark", pa.nulls(table.num_rows, pa.string())).select(names)
        for table in (tested.recall, tested.controls)
    ]
    return [
        table.add_column(0, "matcher", pa.array([matcher] * table.num_rows, pa.string()))
        for table in (whole[0], tested.by_benchmark, whole[1])
    ]
