"""Real training sets against real benchmarks: the published overlaps, and the oracle's answer pair
by pair.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.items import Item
from curate.steps.decontaminate.in_memory import decontaminate
from curate.suites import load_suite, read_suite
from tests.matching import oracle
from tests.matching.samples import index_of, matched

SUITE = Path(__file__).resolve().parent / "suite.yaml"
COT = ["question", "answer", "explanation"]
ALL = (
    "gsm8k", "math500", "humaneval", "mbpp", "bbh", "ifeval", "ifbench", "mmlu_validation",
    "commonsense_qa", "mt_bench", "vicuna", "xstest", "coconot",
)  # fmt: skip


def all_but(*names: str) -> list[str]:
    return [name for name in ALL if name not in names]


def items_of(*names: str) -> list[Item]:
    return read_suite(
        load_suite(SUITE, base=Path.cwd()), without=all_but(*names), base=Path.cwd()
    ).items


def ecqa(folder: Path) -> list[dict[str, str]]:
    """Read the file by the rule of its publisher: no header, no quoting."""
    with (folder / "sft/flan_cot/ecqa_train.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [dict(zip(COT, row, strict=True)) for row in rows]


def lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def by_oracle(
    records: Sequence[Sequence[str]], items: Sequence[Sequence[str]], n: int
) -> dict[tuple[int, int], float]:
    """Score every pair that shares a window; all other pairs score nothing by the rule."""
    known = [oracle.grams(record, n) for record in records]
    holders: dict[oracle.Gram, list[int]] = defaultdict(list)
    for doc, windows in enumerate(known):
        for window in windows:
            holders[window].append(doc)
    scores = {}
    for place, item in enumerate(items):
        sharing = {doc for window in oracle.grams(item, n) for doc in holders.get(window, ())}
        for doc in sharing:
            share = oracle.score_of(item, known[doc], n)
            scores[doc, place] = float(share) if len(item) == 1 else float(round(share, 12))
    return scores


# ---- published overlaps


def test_gsm8k_train_hits_two_items_of_gsm8k_test(shared_data: Path) -> None:
    result = decontaminate(
        shared_data / "sft/gsm8k/train.jsonl",
        suite=SUITE,
        without=all_but("gsm8k"),
        profile="tulu3",
    )
    (cell,) = result.overlaps["train"]
    assert (cell.benchmark.n_items, cell.hit, cell.flagged) == (1319, 2, False)
    assert result.kept.num_rows + result.dropped.num_rows == 7473


def test_flan_cot_hits_more_than_half_of_commonsense_qa(shared_data: Path) -> None:
    rows = ecqa(shared_data)
    result = decontaminate(
        pa.Table.from_pylist(rows),
        suite=SUITE,
        without=all_but("commonsense_qa"),
        format={"prompt": "question", "response": "answer"},
        kind="sft",
        profile="tulu3",
        policy="tulu3",
    )
    (cell,) = result.overlaps["data"]
    assert (cell.benchmark.n_items, cell.hit, cell.flagged) == (1221, 722, True)
    scores = by_oracle(
        [[row["question"]] for row in rows], [item.fields for item in items_of("commonsense_qa")], 8
    )
    dropped = sorted({f"data/{doc}" for (doc, _), score in scores.items() if score > 0.5})
    assert sorted(result.dropped["id"].to_pylist()) == dropped
    assert len({item for (_, item), score in scores.items() if score > 0.5}) == 722
    stored = {
        (row["doc_id"], row["score"])
        for row in result.matches.select(["doc_id", "score"]).to_pylist()
    }
    assert stored == {(f"data/{doc}", score) for (doc, _), score in scores.items() if score >= 0.2}


# ---- the oracle, pair by pair


@pytest.fixture(scope="module")
def records(shared_data: Path) -> list[list[str]]:
    """Take a few hundred records: tests under another name, their rephrasings, templates, chats of
    many turns.
    """
    sft = shared_data / "sft"
    chats = json.loads((sft / "fastchat/dummy_conversation.json").read_text("utf-8"))
    alpaca = json.loads((sft / "llama_factory_demo/alpaca_en_demo.json").read_text("utf-8"))
    rephrased = sft / "llm_decontaminator/rephrase__rephrase_gsm8k.jsonl"
    return [
        *(
            [row["question"]]
            for row in islice(lines(sft / "gsm8k/example_model_solutions.jsonl"), 60)
        ),
        *([row["text"]] for row in islice(lines(rephrased), 60)),
        *([row["problem"]] for row in islice(lines(sft / "math/orgn-MATH-train.jsonl"), 60)),
        *([row["question"]] for row in ecqa(shared_data)[:80]),
        *([row["instruction"] + "\n\n" + row["input"], row["output"]] for row in alpaca[:40]),
        *([turn["value"] for turn in chat["conversations"]] for chat in chats[:40]),
    ]


@pytest.fixture(scope="module")
def items(shared_data: Path) -> list[list[str]]:
    """Take a few hundred items of every benchmark, and some of two fields."""
    everything = items_of(*ALL)
    by_name: dict[str, list[list[str]]] = defaultdict(list)
    for item in everything:
        by_name[item.benchmark].append(list(item.fields))
    chosen = [fields for found in by_name.values() for fields in found[:60:2]]
    return chosen + [[left[0], right[0]] for left, right in pairwise(chosen[:20])]


@pytest.mark.parametrize(("n", "least"), [(8, 30), (3, 1500), (2, 5000)])
def test_scores_and_spans_of_real_rows_equal_the_oracle(
    records: list[list[str]], items: list[list[str]], n: int, least: int
) -> None:
    pairs = matched(records, index_of(items, n).table, 0.0)
    scores = by_oracle(records, items, n)
    assert {at: pair.score for at, pair in pairs.items()} == scores
    assert len(scores) >= least
    for doc, place in islice(sorted(scores), 0, None, 1 + len(scores) // 1500):
        pair = pairs[doc, place]
        assert pair.item_spans == oracle.item_spans(items[place], records[doc], n)
        assert pair.record_spans == oracle.record_spans(items[place], records[doc], n)
