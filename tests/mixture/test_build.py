"""A whole build: every file of the folder, what stands in it, and where each row went."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import yaml

from curate.audit.report import write_report
from curate.audit.why import why
from curate.mixture import Built
from curate.shards import sha256
from curate.text.hashing import sampling_keys
from tests.corpus import (
    ask,
    build_in,
    chat,
    ids,
    read,
    reconcile,
    write_lines,
)
from tests.oracle import score

Corpus = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def built(corpus: Corpus) -> Built:
    folder, recipe = corpus
    return build_in(folder, recipe, "built", workers=2)


def lock_of(out: Path) -> dict[str, Any]:
    lock: dict[str, Any] = json.loads((out / "recipe.lock.json").read_text(encoding="utf-8"))
    return lock


def test_the_folder_holds_what_it_should_and_nothing_else(built: Built) -> None:
    files = {
        path.relative_to(built.folder).as_posix()
        for path in built.folder.rglob("*")
        if path.is_file()
    }
    shards = {f"data/train-{i:05d}-of-00003.parquet" for i in range(3)}
    assert files == shards | {
        "data/validation-00000-of-00001.parquet",
        "removed/removed-00000-of-00001.parquet",
        "quarantine/quarantine-00000-of-00001.parquet",
        "README.md",
        "recipe.lock.json",
        "audit.duckdb",
        "recipe.yaml",
        "report.html",
    }
    assert not built.folder.with_name("built.partial").exists()


def test_the_report_is_what_its_audit_gives_later(built: Built, tmp_path: Path) -> None:
    """It is drawn before the run is over; the time and the digest of the lock are in it all the
    same.
    """
    shutil.copy(built.folder / "audit.duckdb", tmp_path)
    report = (built.folder / "report.html").read_bytes()
    assert write_report(tmp_path).read_bytes() == report
    assert sha256(built.folder / "recipe.lock.json").encode() in report


def test_everything_adds_up(built: Built) -> None:
    reconcile(built.folder)
    summary = {source.name: source for source in built.summary.sources}
    chats, pairs, tasks = summary["chats"], summary["pairs"], summary["more/tasks"]
    assert (chats.read, chats.quarantined, chats.removed, chats.not_sampled, chats.kept) == (
        60,
        3,
        2,
        0,
        55,
    )
    assert (pairs.read, pairs.removed, pairs.kept, pairs.shortfall) == (
        50,
        1,
        30 + pairs.validation,
        0,
    )
    assert (tasks.read, tasks.kept, tasks.shortfall) == (30, 30, 70 + tasks.validation)
    assert built.summary.validation == 9
    assert built.summary.validation_shortfall == 0
    assert built.summary.train == chats.written + pairs.written + tasks.written - 9


def test_ids_are_the_source_and_the_row_as_read_and_repeats_are_numbered(
    built: Built, corpus: Corpus
) -> None:
    found = ids(built.folder)
    assert len(found) == len(set(found))
    assert all(re.fullmatch(r"(chats|pairs|more/tasks)/\d+(#2)?", row_id) for row_id in found)
    repeats = {row_id.removesuffix("#2") for row_id in found if row_id.endswith("#2")}
    held_out = ids(built.folder, "data/validation*")
    chats = [row_id for row_id in found if row_id.startswith("chats/") and "#" not in row_id]
    assert repeats < set(chats) - set(held_out)
    assert (
        len(repeats) == (len(chats) - sum(row_id.startswith("chats/") for row_id in held_out)) // 2
    )
    # Files are read in the order of their names, plain or packed: a.jsonl holds rows 0 to 19,
    # b.jsonl.gz the rest.
    first = json.loads((corpus[0] / "chats/a.jsonl").read_text().splitlines()[5])
    by_id = {row["id"]: row for row in read(built.folder, "data/*.parquet")}
    assert [turn["content"] for turn in by_id["chats/5"]["messages"]] == [
        t["content"] for t in first["messages"]
    ]
    assert by_id["chats/5"]["source"] == "chats"


def test_every_written_row_says_what_its_source_row_said(built: Built, corpus: Corpus) -> None:
    folder = corpus[0]
    lines = (folder / "chats/a.jsonl").read_bytes() + gzip.decompress(
        (folder / "chats/b.jsonl.gz").read_bytes()
    )
    said = {f"chats/{n}": line for n, line in enumerate(lines.splitlines())}
    with (folder / "pairs.csv").open(newline="", encoding="utf-8") as stream:
        pairs = [(row["question"], row["answer"]) for row in csv.DictReader(stream)]
    tasks = [json.loads(line) for line in (folder / "tasks.jsonl").read_text().splitlines()]
    expected = {f"pairs/{n}": list(pair) for n, pair in enumerate(pairs)}
    expected |= {
        f"more/tasks/{n}": [task["instruction"], task["output"]] for n, task in enumerate(tasks)
    }
    for row in [*read(built.folder, "data/*"), *read(built.folder, "removed/*")]:
        once = row["id"].split("#")[0]
        texts = [turn["content"] for turn in row["messages"]]
        if row["source"] == "chats":
            original = json.loads(said[once])
            assert row["messages"] == original["messages"]
            assert row["level"] == original.get("level")
        else:
            assert texts == expected[once]


def test_rows_stand_in_the_order_of_their_keys(built: Built) -> None:
    for split in ("train", "validation"):
        keys = []
        for row_id in ids(built.folder, f"data/{split}*"):
            source, row, copy = re.fullmatch(r"(.*)/(\d+)(?:#(\d+))?", row_id).groups()  # type: ignore[union-attr]
            keys.append(int(sampling_keys(42, source, np.array([int(row)]), int(copy or 1) - 1)[0]))
        assert keys == sorted(keys)


def test_rows_takes_the_smallest_keys_that_are_left(built: Built) -> None:
    removed = {
        int(row_id.split("/")[1])
        for row_id in ids(built.folder, "removed/*.parquet")
        if "pairs" in row_id
    }
    rows = [row for row in range(50) if row not in removed]
    keys = sampling_keys(42, "pairs", np.array(rows), 0)
    best = {f"pairs/{row}" for _, row in sorted(zip(keys.tolist(), rows, strict=True))[:30]}
    assert {
        row_id for row_id in ids(built.folder, "data/train*") if row_id.startswith("pairs")
    } == best


def test_no_prompt_stands_in_both_splits(built: Built) -> None:
    def prompts(split: str) -> set[str]:
        rows = read(built.folder, f"data/{split}*")
        return {json.dumps(row["messages"][:-1]) for row in rows}

    assert len(prompts("validation")) == 9
    assert not prompts("validation") & prompts("train")


def test_datasets_reads_exactly_the_splits(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    loaded = datasets.load_dataset(str(built.folder), cache_dir=str(tmp_path))
    assert {name: split.num_rows for name, split in loaded.items()} == {
        "train": built.summary.train,
        "validation": 9,
    }
    assert loaded["train"]["id"][:] == ids(built.folder, "data/train*")
    assert loaded["train"].column_names == ["id", "source", "messages", "level"]
    assert loaded["train"][0]["messages"] == read(built.folder, "data/train*")[0]["messages"]
    removed = datasets.load_dataset(str(built.folder), "removed", cache_dir=str(tmp_path))
    assert removed["removed"]["id"][:] == ids(built.folder, "removed/*.parquet")


def test_removed_rows_are_those_of_the_rule_and_stand_there_whole(
    built: Built, corpus: Corpus
) -> None:
    items = [
        json.loads(line)["question"]
        for line in (corpus[0] / "evals.jsonl").read_text().splitlines()
    ]
    kept = read(built.folder, "data/*.parquet")
    removed = read(built.folder, "removed/*.parquet")
    for row, goes in [*((row, False) for row in kept), *((row, True) for row in removed)]:
        turns = [turn["content"] for turn in row["messages"] if turn["role"] == "user"]
        assert any(score([item], turns) > 0.5 for item in items) == goes, row["id"]
    by_id = {row["id"]: row for row in removed}
    assert set(by_id) == {"chats/27", "chats/40", "pairs/3"}
    assert by_id["chats/27"]["messages"][0]["content"] == f"Please tell me: {items[0]} And why?"
    assert by_id["chats/27"]["level"] == 9
    assert {row["step"] for row in removed} == {"decontaminate"}
    assert by_id["chats/27"]["reason"] == "covers 100.0 % of evals/0"
    assert by_id["chats/40"]["reason"] == "covers 100.0 % of evals/1 and hits 1 more"


def test_what_made_no_record_is_in_quarantine_with_its_place_and_reason(built: Built) -> None:
    bad = {row["row"]: row for row in read(built.folder, "quarantine/*.parquet")}
    assert {(row["source"], row["file"]) for row in bad.values()} == {("chats", "b.jsonl.gz")}
    assert sorted(bad) == [53, 54, 55]
    assert "not JSON" in bad[53]["reason"]
    assert "cut off" in bad[53]["reason"]
    assert bad[53]["raw"] == '{"messages": [{"role": "user", "content": "half'
    assert "assistant" in bad[54]["reason"]
    assert "not UTF-8: byte 0xff" in bad[55]["reason"]
    assert r"\xff" in bad[55]["raw"]


def test_kept_columns_are_carried_and_others_named(built: Built) -> None:
    train = read(built.folder, "data/*.parquet")
    assert {row["level"] for row in train if row["source"] == "chats"} <= {None, 0, 1, 2, 3, 4}
    assert {row["level"] for row in train if row["source"] != "chats"} == {None}
    assert set(train[0]) == {"id", "source", "messages", "level"}
    assert set(train[0]["messages"][0]) == {"role", "content"}
    origins = {
        row["id"]: row["origin_id"]
        for row in ask(built.folder, "FROM documents WHERE source = 'chats'")
    }
    assert (origins["chats/20"], origins["chats/27"]) == ("up-0", None)


def test_columns_that_are_not_kept_are_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("hello", "hi") | {"level": 1, "notes": "x"}])
    built = build_in(tmp_path, {"sources": [{"name": "a", "from": "a.jsonl", "keep": ["level"]}]})
    assert any("'a': columns dropped: notes" in line for line in built.summary.warnings)
    assert lock_of(built.folder)["counts"]["sources"]["a"]["dropped_columns"] == ["notes"]


def test_the_card_is_what_the_hub_reads(built: Built) -> None:
    text = (built.folder / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(text.split("---\n")[1])
    assert set(head["license"]) >= {"cc-by-4.0", "mit"}
    assert head["configs"][0]["data_files"][0] == {"split": "train", "path": "data/train-*.parquet"}
    short = built.summary.sources[2].shortfall
    for told in (
        "evals",
        "not stated",
        "quarantin",
        f"{short} fewer rows than requested",
        "recipe.lock.json",
    ):
        assert told in text, told
    assert sha256(built.folder / "recipe.lock.json") in text


def test_the_lock_names_every_file_and_holds_no_absolute_path_and_no_time(
    built: Built, corpus: Corpus
) -> None:
    text = (built.folder / "recipe.lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)
    files = [
        path
        for part in ("data", "removed", "quarantine")
        for path in (built.folder / part).iterdir()
    ]
    assert lock["outputs"] == {
        path.relative_to(built.folder).as_posix(): sha256(path) for path in files
    }
    given = lock["inputs"]["sources"]["chats"]["files"]
    assert {name: entry["sha256"] for name, entry in given.items()} == {
        name: sha256(corpus[0] / "chats" / name) for name in ("a.jsonl", "b.jsonl.gz")
    }
    assert str(corpus[0]) not in text
    assert not re.search(r'": "/', text)
    assert not re.search(r"seconds|20\d\d-\d\d|\d\d:\d\d", text)
    found = {
        (cell["source"], cell["hit"])
        for cell in lock["counts"]["steps"]["decontaminate"]["contamination"]
    }
    assert found == {("chats", 3), ("pairs", 1)}
    assert [step["step"] for step in lock["counts"]["funnel"]] == [
        "read",
        "validate",
        "decontaminate",
        "sample",
        "write",
    ]


def test_absolute_paths_of_a_recipe_become_relative_in_the_lock(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [chat("hello there", "hi")])
    write_lines(tmp_path / "evals.jsonl", [{"question": "what is this"}])
    recipe = {
        "sources": [{"name": "a", "from": str(tmp_path / "a.jsonl")}],
        "decontaminate": {"suite": str(tmp_path / "evals.jsonl")},
    }
    out = build_in(tmp_path, recipe).folder
    for name in ("recipe.lock.json", "README.md"):
        assert str(tmp_path) not in (out / name).read_text(encoding="utf-8")
    assert lock_of(out)["recipe"]["sources"][0]["from"] == "a.jsonl"


def test_spans_point_at_text_that_both_sides_share(built: Built) -> None:
    spans = ask(built.folder, "FROM spans")
    sides = {side: [row for row in spans if row["side"] == side] for side in ("document", "item")}
    assert sides["document"]
    words = {
        side: {tuple(re.findall(r"\w+", row["text"].lower())) for row in rows}
        for side, rows in sides.items()
    }
    assert words["document"] == words["item"]


def test_every_row_can_tell_its_way(built: Built) -> None:
    assert "evals/0" in why(built.folder, "chats/27")
    assert "not JSON" in why(built.folder, "chats/53")
    repeated = next(row_id for row_id in ids(built.folder) if row_id.endswith("#2"))
    assert repeated.removesuffix("#2") in why(built.folder, repeated)
