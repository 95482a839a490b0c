"""The matchers `exact` and `minhash` on real sets, against plain Python."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

from curate.matching.exact import ExactSettings, build_exact, match_exact
from curate.matching.minhash import MinhashSettings, build_minhash, match_minhash
from curate.matching.ngram import STORED_FROM
from tests.kernels.test_minhash import shingles
from tests.matching.oracle import words
from tests.matching.samples import lay_out, pairs_of


def prompts(shared_data: Path) -> list[str]:
    """The instructions of GPTeacher."""
    files = sorted((shared_data / "sft/gpteacher").glob("*.json"))
    rows = [row for path in files for row in json.loads(path.read_text("utf-8"))]
    return [row["instruction"] + ("\n" + row["input"] if row.get("input") else "") for row in rows]


def short_items(shared_data: Path) -> list[str]:
    """XSTest and MMLU validation: many items too short for 8-grams."""
    with (shared_data / "benchmarks/xstest/xstest_prompts.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        found = [row["prompt"] for row in csv.DictReader(stream)]
    with (shared_data / "benchmarks/mmlu/mmlu_validation.jsonl").open(encoding="utf-8") as lines:
        return found + [json.loads(line)["question"] for line in lines]


def test_equal_turns_are_those_of_a_dictionary(shared_data: Path) -> None:
    items, texts = short_items(shared_data), prompts(shared_data)
    planted = [item.upper().replace(" ", "  ") for item in items[::7]]
    index = build_exact([[item] for item in items], ExactSettings(in_lines=0))
    known: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        if index.matchable[number]:
            known[tuple(word.text for word in words(item))].append(number)
    records = texts + planted
    wanted = {
        (doc, item)
        for doc, text in enumerate(records)
        for item in known[tuple(w.text for w in words(text))]
    }
    found = pairs_of(match_exact(lay_out([[text] for text in records]), index))
    assert set(found) == wanted
    assert len({doc for doc, _ in wanted if doc >= len(texts)}) > 0.9 * len(planted)


def test_scores_of_near_duplicates_are_those_of_sets(shared_data: Path) -> None:
    """Two sets of GPTeacher with other near-duplicates taken out: a real source of similar texts."""
    texts = prompts(shared_data)
    items, records = texts[::40], texts[7::20]
    settings = MinhashSettings()
    found = pairs_of(
        match_minhash(
            lay_out([[text] for text in records]),
            build_minhash([[item] for item in items], settings),
        )
    )
    own = [[shingles([text], settings.shingle) for text in some] for some in (records, items)]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, some in enumerate(own[1]):
        for shingle in some:
            holders[shingle].append(number)
    exact = {}
    for doc, some in enumerate(own[0]):
        for item in {item for shingle in some for item in holders[shingle]}:
            value = len(some & own[1][item]) / len(some | own[1][item])
            if value >= STORED_FROM:
                exact[doc, item] = value
    assert {key: round(pair.score, 12) for key, pair in found.items()} == {
        key: round(exact[key], 12) for key in found
    }
    assert {key for key, value in exact.items() if value > 0.7} <= set(found)
    assert any(value > settings.threshold for value in exact.values())
