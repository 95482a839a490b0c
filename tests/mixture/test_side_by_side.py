"""Data sets of several kinds, audited together: nothing is written but the audit and its page, and what
is found is what builds of each would find.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curate.audit.sql import queries, sql
from curate.errors import UserError
from curate.mixture.options import Options
from curate.mixture.side_by_side import Audit, audit, data_sets
from tests.command import call
from tests.corpus import ask, build_in, chat, sentence, write_csv, write_lines

SPEC = {"suite": "suite.jsonl", "policy": "report"}
Run = Callable[..., Audit]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Conversations, pairs, tasks, plain questions and a built folder with a validation split; a leak in
    each but the pairs, and prompts that several of them share.
    """
    rng = random.Random(3)
    items = [sentence(rng, 14) for _ in range(20)]
    shared = [sentence(rng, 9) for _ in range(5)]
    write_lines(tmp_path / "suite.jsonl", [{"question": item} for item in items])
    asked = [*items[:2], *shared, *(sentence(rng, 10) for _ in range(10)), shared[0]]
    write_lines(
        tmp_path / "chats.jsonl", [*(chat(text, "Yes.") for text in asked), {"messages": 3}]
    )
    pairs = [{"prompt": text, "chosen": "Yes.", "rejected": "No."} for text in shared[1:4]]
    write_lines(tmp_path / "pairs.jsonl", pairs)
    tasks = [
        {
            "messages": [{"role": "user", "content": f" {text}\n"}],
            "ground_truth": "4",
            "dataset": "gsm8k",
        }
        for text in (items[3], shared[1], sentence(rng, 12))
    ]
    write_lines(tmp_path / "tasks.jsonl", tasks)
    write_csv(tmp_path / "asked.csv", [{"question": text} for text in (items[4], sentence(rng, 9))])
    write_lines(tmp_path / "more.jsonl", [chat(sentence(rng, 9), "Yes.") for _ in range(12)])
    recipe = {"sources": [{"name": "more", "from": "more.jsonl"}], "output": {"validation": 4}}
    build_in(tmp_path, recipe, "built")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def audited(*data: str, out: str = "out", **given: Any) -> Audit:
        sets = data_sets([str(folder / one) for one in data], folder)
        options = Options(
            stages=None, workers=given.pop("workers", 2), overwrite=given.pop("overwrite", False)
        )
        return audit(
            sets, {"decontaminate": SPEC | given}, folder / out, base=folder, options=options
        )

    return audited


ALL = ("chats.jsonl", "pairs.jsonl", "tasks.jsonl", "asked.csv", "built")


def test_every_kind_is_read_and_only_audit_and_page_are_written(folder: Path, run: Run) -> None:
    found = run(*ALL)
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "audit.duckdb",
        "report.html",
    ]
    assert not list(folder.glob("*partial*"))
    kinds = {one["name"]: (one["kind"], one["rows"], one["quarantined"]) for one in found.data}
    assert kinds == {
        "chats": ("sft", 19, 1), "pairs": ("preference", 3, 0), "tasks": ("rlvr", 3, 0),
        "asked": ("prompt", 2, 0), "built": ("sft", 8, 0), "built/validation": ("sft", 4, 0),
    }  # fmt: skip
    fates = ask(
        folder / "out", "SELECT fate, count(*) AS n FROM documents GROUP BY fate ORDER BY fate"
    )
    assert fates == [{"fate": "kept", "n": 38}, {"fate": "quarantined", "n": 1}]


def test_benchmarks_are_searched_for_as_in_a_build(folder: Path, run: Run) -> None:
    run(*ALL)
    rows = "SELECT doc_id, instance_id, matcher, score, label FROM matches WHERE source = 'chats' ORDER BY ALL"
    recipe = {"sources": [{"name": "chats", "from": "chats.jsonl"}], "decontaminate": SPEC}
    assert ask(folder / "out", rows) == ask(build_in(folder, recipe, "alone").folder, rows)
    held = ask(
        folder / "out", "SELECT source, overlapped AS n FROM contamination WHERE overlapped > 0"
    )
    assert {row["source"]: row["n"] for row in held} == {"chats": 2, "tasks": 1, "asked": 1}


def test_the_matrix_counts_rows_that_ask_the_same(folder: Path, run: Run) -> None:
    found = run(*ALL)
    shared = {one["name"]: one["shared"] for one in found.data}
    assert {name: n for name, n in shared["chats"].items() if n} == {
        "chats": 2,
        "pairs": 3,
        "tasks": 1,
    }
    assert {name: n for name, n in shared["tasks"].items() if n} == {"chats": 1, "pairs": 1}
    assert not any(shared["built/validation"].values())
    table = ask(
        folder / "out", "SELECT * FROM shared_prompts WHERE source = 'chats' AND other = 'chats'"
    )
    assert table == [{"source": "chats", "other": "chats", "rows": 2, "prompts": 1}]
    page = (folder / "out/report.html").read_text()
    assert "The data sets side by side" in page
    assert (
        "What the mixture is made of" not in page and "From rows read to rows written" not in page
    )
    assert "4 rows hold an item of the benchmark" in page


def test_it_does_not_depend_on_workers_and_every_query_is_answered(folder: Path, run: Run) -> None:
    run(*ALL, workers=1)
    run(*ALL, out="again", workers=3)
    for table in ("matches", "contamination", "shared_prompts", "sensitivity", "documents"):
        rows = f"SELECT * FROM {table} ORDER BY ALL"
        assert ask(folder / "out", rows) == ask(folder / "again", rows)
    assert all(sql(folder / "out", name).num_columns for name in queries(folder / "out"))


def test_only_an_audit_is_overwritten(folder: Path, run: Run) -> None:
    run("chats.jsonl")
    with pytest.raises(UserError, match="already exists"):
        run("chats.jsonl")
    run("pairs.jsonl", overwrite=True)
    assert {row["name"] for row in ask(folder / "out", "FROM sources")} == {"pairs"}
    with pytest.raises(UserError, match="holds more than an audit"):
        run("chats.jsonl", out="built", overwrite=True)
    assert (folder / "built/data").is_dir()


def test_the_verb(folder: Path) -> None:
    given = ("audit", "chats.jsonl", "pairs.jsonl", "--suite", "suite.jsonl", "--no-stages", "-o")
    done = call(*given, "out", cwd=folder)
    assert done.code == 0, done.err
    assert "benchmark items in these data sets: 2, in 2 rows" in done.out
    assert "rows that would go at other thresholds" in done.out
    done = call(*given, "other", "--json", "--fail-over", "0.05", cwd=folder)
    assert done.code == 3
    told = json.loads(done.out)
    assert [one["name"] for one in told["data"]] == ["chats", "pairs"]
    assert told["steps"]["decontaminate"]["written"] == {"rows": 2, "items": 2}
    assert call("why", "out", "chats/0", cwd=folder).code == 0
    assert "2 to review" in call("review", "out", "--list", cwd=folder).out
    done = call("audit", "chats.jsonl", "-o", "third", cwd=folder)
    assert (done.code, "nothing to look for" in done.err) == (2, True)
    assert call("audit", "none.jsonl", "--suite", "suite.jsonl", "-o", "x", cwd=folder).code == 2
