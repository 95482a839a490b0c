"""Other thresholds without another scan: the same as a fresh start with them, and what was not
stored is refused.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.errors import UserError
from curate.steps.decontaminate.in_memory import Decontaminated, decontaminate
from tests.corpus import sentence, write_lines

POLICIES = ["drop-rows", "drop-source", "tulu3"]


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = random.Random(1)
    path = tmp_path_factory.mktemp("items") / "evals.jsonl"
    return write_lines(
        path, [{"question": sentence(rng, rng.choice([4, 12, 20, 40]))} for _ in range(60)]
    )


@pytest.fixture(scope="module")
def data(items: Path) -> pa.Table:
    """Copies of every item with more and more of their words changed, and equal ones."""
    rng = random.Random(2)
    texts = [row.split('"')[3] for row in items.read_text().splitlines()]
    prompts = []
    for number, text in enumerate(texts):
        words = text.split()
        for place in rng.sample(range(len(words)), len(words) * (number % 8) // 16):
            words[place] = sentence(rng, 1)
        prompts += [" ".join(words), sentence(rng, 9)]
    return pa.table({"prompt": prompts, "response": ["Yes."] * len(prompts)})


def same(one: Decontaminated, other: Decontaminated) -> None:
    assert one.kept.equals(other.kept)
    assert one.dropped.equals(other.dropped)
    assert one.matches.equals(other.matches)
    assert one.overlaps == other.overlaps
    assert {name: rows.tolist() for name, rows in one.kept_rows.items()} == {
        name: rows.tolist() for name, rows in other.kept_rows.items()
    }


def cleaned(
    data: pa.Table, items: Path, policy: str = "drop-rows", **matchers: Mapping[str, Any]
) -> Decontaminated:
    return decontaminate(data, suite=items, policy=policy, profile="default", matchers=matchers)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("matcher", ["ngram", "robust"])
@pytest.mark.parametrize("threshold", [0.55, 0.7, 0.9, 1.0])
def test_it_equals_a_fresh_start(
    data: pa.Table, items: Path, policy: str, matcher: str, threshold: float
) -> None:
    first = cleaned(data, items, policy)
    fresh = cleaned(data, items, policy, **{matcher: {"threshold": threshold}})
    same(first.rethreshold(**{matcher: threshold}), fresh)
    same(first.rethreshold(), first)


def test_a_lower_threshold_of_what_is_stored_hits_more(data: pa.Table, items: Path) -> None:
    first = decontaminate(data, suite=items, profile="tulu3")
    lower = first.rethreshold(ngram=0.2)
    same(
        lower,
        decontaminate(data, suite=items, profile="tulu3", matchers={"ngram": {"threshold": 0.2}}),
    )
    assert (
        lower.dropped.num_rows
        > first.dropped.num_rows
        > first.rethreshold(ngram=0.99).dropped.num_rows
        > 0
    )
    same(lower.rethreshold(ngram=0.5), first)


def test_equal_turns_are_let_go_at_one_and_the_others_stand(data: pa.Table, items: Path) -> None:
    first = cleaned(data, items)
    without = first.rethreshold(exact=1)
    fresh = decontaminate(data, suite=items, matchers={"exact": False})
    assert without.kept.equals(fresh.kept)
    assert without.dropped.equals(fresh.dropped)
    assert first.dropped.num_rows >= without.dropped.num_rows
    gone = [row for row in without.matches.to_pylist() if row["matcher"] == "exact"]
    assert gone and not any(row["hit"] or row["counts"] or row["label"] for row in gone)
    same(without.rethreshold(exact=0), first)
    same(first.rethreshold(exact=0.99), first)


def test_several_at_once(data: pa.Table, items: Path) -> None:
    fresh = cleaned(data, items, ngram={"threshold": 0.9}, robust={"threshold": 0.8})
    same(cleaned(data, items).rethreshold(ngram=0.9, robust=0.8), fresh)


@pytest.mark.parametrize(
    ("thresholds", "told"),
    [
        ({"ngram": 0.1}, "ngram: scores are stored from 0.2 on; for 0.1 scan again"),
        ({"robust": 0.4}, "robust: scores are stored from 0.5 on; for 0.4 scan again"),
        ({"exact": -1}, "exact: scores are stored from 0 on; for -1 scan again"),
        ({"rubust": 0.9}, "unknown matcher 'rubust'; did you mean 'robust'?"),
        ({"minhash": 0.9}, "unknown matcher 'minhash'"),
        ({"ngram": 0.6, "semantic": 0.9}, "unknown matcher 'semantic'"),
    ],
)
def test_what_was_not_stored_or_did_not_run_is_refused(
    data: pa.Table, items: Path, thresholds: dict[str, float], told: str
) -> None:
    with pytest.raises(UserError) as caught:
        cleaned(data, items).rethreshold(**thresholds)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_a_threshold_over_one_is_refused(data: pa.Table, items: Path) -> None:
    with pytest.raises(UserError, match="ngram"):
        cleaned(data, items).rethreshold(ngram=1.01)
