"""One command over eight real training sets and every benchmark of the shared data: figures known
from elsewhere.
"""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

from curate.audit.sql import sql
from curate.mixture import Options, build_recipe_file
from tests.corpus import read
from tests.known_bytes import assert_known_bytes
from tests.real.test_contamination import ALL, by_oracle, items_of


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that tests/real/recipe.yaml builds."""
    out = tmp_path_factory.mktemp("real") / "out"
    build_recipe_file(Path(__file__).parent / "recipe.yaml", out, Options())
    return out


def test_the_bytes_are_those_on_record(built: Path) -> None:
    assert_known_bytes(built, "real")


def test_the_known_overlaps_are_found(built: Path) -> None:
    cells = {
        (row["source"], row["benchmark"]): (row["overlapped"], row["instances"])
        for row in sql(built, "select * from contamination where overlapped > 0").to_pylist()
    }
    # FLAN CoT's ecqa file covers 59 % of CommonsenseQA validation; GSM8K train touches 2 items of
    # GSM8K test.
    assert cells["flan-cot", "commonsense_qa"] == (722, 1221)
    assert cells["gsm8k", "gsm8k"] == (2, 1319)
    assert cells["math", "math500"] == (38, 500)


@pytest.mark.slow
def test_all_pairs_of_all_sources_are_those_of_the_rule_by_brute_force(built: Path) -> None:
    """Every row of the eight sources against every item, in plain Python: scores, hits, and which
    items are hit.
    """
    turns: dict[str, list[str]] = {}
    for pattern in ("data/*.parquet", "removed/*.parquet"):
        for row in read(built, pattern):
            own = [message["content"] for message in row["messages"] if message["role"] == "user"]
            turns[row["id"].split("#")[0]] = own
    (counts,) = sql(
        built, "select count(*)::int n from documents where fate in ('kept', 'removed')"
    ).to_pylist()
    (rest,) = sql(
        built, "select count(*)::int n from documents where fate = 'not-sampled'"
    ).to_pylist()
    assert (len(turns), rest["n"]) == (counts["n"], 0)
    items, names = items_of(*ALL), list(turns)
    scores = by_oracle([turns[name] for name in names], [item.fields for item in items], 8)
    wanted = {
        (names[doc], items[place].instance_id): (score, score > 0.5)
        for (doc, place), score in scores.items()
        if score >= 0.2
    }
    rows = sql(
        built,
        "select doc_id, instance_id, score, hit, counts, matcher from matches "
        "join documents on id = doc_id where fate <> 'quarantined'",  # those are told apart
    ).to_pylist()
    assert {
        (row["doc_id"], row["instance_id"]): (row["score"], row["hit"]) for row in rows
    } == wanted
    assert {(row["matcher"], row["hit"] == row["counts"]) for row in rows} == {("ngram", True)}
    hit = {(doc.rsplit("/", 1)[0], item) for (doc, item), (_, over) in wanted.items() if over}
    (cells,) = sql(built, "select sum(overlapped)::int n from contamination").to_pylist()
    assert cells["n"] == len(hit)


def test_every_row_has_a_fate_and_every_written_row_is_there(built: Path) -> None:
    (counts,) = sql(
        built, "select sum(rows_read)::int r, sum(rows_written)::int w from sources"
    ).to_pylist()
    (fates,) = sql(
        built, "select count(*)::int n, sum(copies)::int copies from documents"
    ).to_pylist()
    assert (counts["r"], counts["w"]) == (fates["n"], fates["copies"]) == (64_479, 63_820)


def test_datasets_opens_the_folder(built: Path, tmp_path: Path) -> None:
    opened = datasets.load_dataset(str(built), cache_dir=str(tmp_path))
    assert {split: opened[split].num_rows for split in opened} == {
        "train": 63_320,
        "validation": 500,
    }
    kept = opened["train"].filter(lambda source: source == "math", input_columns="source")
    assert kept[0]["type"] and kept[0]["level"].startswith("Level")


def test_removed_rows_are_whole_and_say_why(built: Path, tmp_path: Path) -> None:
    removed = datasets.load_dataset(str(built), "removed", split="removed", cache_dir=str(tmp_path))
    assert removed.num_rows == 847
    assert set(removed["step"]) == {"decontaminate"}
    assert all(" % of " in reason for reason in removed["reason"])
    assert all(turns[-1]["role"] == "assistant" for turns in removed["messages"])


def test_spans_point_at_text_that_both_sides_share(built: Path) -> None:
    pairs = sql(built, "select doc_id, instance_id, side, text from spans order by all").to_pylist()
    sides: dict[tuple[str, str], dict[str, set[str]]] = {}
    for row in pairs:
        both = sides.setdefault(
            (row["doc_id"], row["instance_id"]), {"document": set(), "item": set()}
        )
        both[row["side"]] |= set(row["text"].lower().replace("\n", " ").split())
    assert len(sides) > 1000
    for both in sides.values():
        assert both["document"] & both["item"]


def test_the_lock_names_every_input_and_no_absolute_path(built: Path) -> None:
    text = (built / "recipe.lock.json").read_text()
    lock = json.loads(text)
    assert len(lock["inputs"]["sources"]["flan-cot"]["files"]) == 7
    assert '"/' not in text
