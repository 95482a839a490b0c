"""What `robust` finds of real benchmark items that were changed, and flags of real text that holds
none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from curate.items import Item
from curate.matching.ngram import LABELS, Matches
from curate.matching.robust import RobustIndex, build_robust, match_robust
from curate.steps.decontaminate.mutations import MUTATIONS
from curate.steps.decontaminate.selftest import plant, turns_of
from tests.matching.robust_oracle import Rule
from tests.real.test_contamination import ALL, items_of, lines

# The share of GSM8K's questions that must be found, in per cent.
LEAST = dict.fromkeys(MUTATIONS, 99.0)
LEAST |= {"every-4th": 95.0, "random-25": 93.0, "reordered": 95.0, "names": 95.0}
# The matcher alone reads texts as they stand: disguises are taken off before it.
DISGUISES = {"unicode", "html"}


@pytest.fixture(scope="module")
def gsm8k(shared_data: Path) -> list[Item]:
    return items_of("gsm8k")


@pytest.fixture(scope="module")
def index(gsm8k: list[Item]) -> RobustIndex:
    return build_robust([item.fields for item in gsm8k])


@pytest.fixture(scope="module")
def code(shared_data: Path) -> list[str]:
    rows = json.loads((shared_data / "sft/gpteacher/codegen-instruct.json").read_text("utf-8"))
    return [f"{row['instruction']}\n{row['input']}" for row in rows]


def hits(rows: list[list[str]], index: RobustIndex) -> Iterator[tuple[int, int, str | None]]:
    """Row, item and label of every hit."""
    [found] = match_robust(turns_of(rows), index)
    over = found.scores > index.settings.threshold
    for row, item, label in zip(
        found.docs[over], found.items[over], found.labels[over], strict=True
    ):
        yield int(row), int(item), LABELS[label]


@pytest.mark.parametrize("mutation", [name for name in MUTATIONS if name not in DISGUISES])
def test_changed_questions_are_found(
    mutation: str, gsm8k: list[Item], index: RobustIndex, code: list[str]
) -> None:
    filler = [word for text in code for word in text.split()]
    rows = [plant(mutation, item, "#### 18", filler, 42) for item in gsm8k]
    found = {row for row, item, _ in hits(rows, index) if row == item}
    assert 100 * len(found) >= LEAST[mutation] * sum(map(bool, rows))


def test_clean_rows_are_not_flagged(shared_data: Path, index: RobustIndex, code: list[str]) -> None:
    train = [[row["question"]] for row in lines(shared_data / "sft/gsm8k/train.jsonl")]
    found = list(hits(train, index))
    leaks = {row for row, _, label in found if label == "leak"}
    variants = {row for row, *_ in found} - leaks
    assert len(leaks) <= 0.003 * len(train)
    assert len(variants) <= 0.01 * len(train)
    assert len(list(hits([[text] for text in code], index))) <= 0.0005 * len(code)


def test_long_records_collect_no_hits(shared_data: Path, index: RobustIndex) -> None:
    texts = [row["question"] for row in lines(shared_data / "sft/gsm8k/train.jsonl")]
    words = np.cumsum([len(text.split()) for text in texts])
    apart = len(list(hits([[text] for text in texts], index)))
    together = [
        [text for text, at in zip(texts, words // 100_000, strict=True) if at == part]
        for part in range(4)
    ]
    assert sum(map(len, together)) == len(texts)
    assert len(list(hits(together, index))) <= apart


def test_the_index_of_all_benchmarks_names_what_cannot_be_matched(shared_data: Path) -> None:
    items = items_of(*ALL)
    index = build_robust([item.fields for item in items])
    assert sum(part.nbytes for part in index.items if isinstance(part, np.ndarray)) < 100e6
    unmatchable = [item for item, can in zip(items, index.matchable, strict=True) if not can]
    assert len(unmatchable) < 0.04 * len(items)
    [found] = match_robust(turns_of([list(item.fields) for item in items]), index)
    own = (found.docs == found.items) & (found.scores == 1)
    leaks = own & (found.labels == LABELS.index("leak"))
    assert found.docs[leaks].tolist() == np.flatnonzero(index.matchable).tolist()
    assert {LABELS[label] for label in found.labels[own & ~leaks]} == {"template"}


def pairs(found: Matches) -> dict[tuple[int, int], tuple[float, str | None]]:
    each = zip(found.docs, found.items, found.scores, found.labels, strict=True)
    return {(int(d), int(i)): (float(s), LABELS[label]) for d, i, s, label in each}


def test_real_rows_are_matched_by_the_rule(
    shared_data: Path, gsm8k: list[Item], code: list[str]
) -> None:
    """The oracle, pair by pair, on the questions of train that are nearest to a part of test, on
    some that are not, and on changed ones of test.
    """
    items = [list(item.fields) for item in gsm8k[:200]]
    index = build_robust(items)
    rows = [[row["question"]] for row in lines(shared_data / "sft/gsm8k/train.jsonl")]
    [near] = match_robust(turns_of(rows), index)
    filler = [word for text in code for word in text.split()]
    changed = [plant("random-25", item, None, filler, 42) for item in gsm8k[:12]]
    rows = [rows[i] for i in np.unique(near.docs)] + rows[:4] + changed
    oracle = Rule(items, index.settings)
    expected = {
        (d, i): (f.score, f.label)
        for d, row in enumerate(rows)
        for i, f in oracle.match(row).items()
    }
    found = pairs(match_robust(turns_of(rows), index)[0])
    assert set(found) == set(expected)
    assert len(expected) >= 10
    for pair, (score, label) in expected.items():
        assert found[pair][0] == pytest.approx(score, abs=1e-9)
        assert found[pair][1] == label
