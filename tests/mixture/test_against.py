"""A build against another split: what stands in it goes, and its files are locked as those of
benchmarks are.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from curate.errors import UserError
from tests.command import call
from tests.corpus import ask, build_in, chat, digests, ids, read, reconcile, sentence, write_lines

SHARED = [2, 11, 12, 29]


@pytest.fixture
def recipe(tmp_path: Path) -> dict[str, Any]:
    """Thirty conversations; four of their questions stand in the file `held/test.jsonl` too."""
    rng = random.Random(4)
    rows = [chat(sentence(rng, 12), sentence(rng, 6)) for _ in range(30)]
    write_lines(tmp_path / "train.jsonl", rows)
    test = [{"text": sentence(rng, 12)} for _ in range(10)]
    test += [{"text": rows[row]["messages"][0]["content"].title()} for row in SHARED]
    write_lines(tmp_path / "held/test.jsonl", test)
    return {
        "sources": [{"name": "train", "from": "train.jsonl"}],
        "decontaminate": {"against": ["held/test.jsonl"]},
    }


def test_what_stands_in_the_other_split_goes(tmp_path: Path, recipe: dict[str, Any]) -> None:
    out = build_in(tmp_path, recipe).folder
    assert sorted(ids(out, "removed/*.parquet"), key=lambda name: int(name[6:])) == [
        f"train/{row}" for row in SHARED
    ]
    reasons = {row["id"]: row["reason"] for row in read(out, "removed/*.parquet")}
    assert reasons == {
        f"train/{row}": f"covers 100.0 % of test/{10 + place}" for place, row in enumerate(SHARED)
    }
    (cell,) = ask(out, "SELECT benchmark, overlapped, instances FROM contamination")
    assert cell == {"benchmark": "test", "overlapped": 4, "instances": 14}
    assert {row["suite"] for row in ask(out, "FROM instances")} == {"against"}
    reconcile(out)


def test_the_lock_holds_the_digest_and_a_changed_file_is_refused(
    tmp_path: Path, recipe: dict[str, Any]
) -> None:
    out = build_in(tmp_path, recipe).folder
    lock = json.loads((out / "recipe.lock.json").read_text())
    digest = hashlib.sha256((tmp_path / "held/test.jsonl").read_bytes()).hexdigest()
    assert lock["steps"]["decontaminate"]["benchmarks"]["test"]["files"] == {
        "test.jsonl": {"sha256": digest}
    }
    assert lock["recipe"]["decontaminate"]["against"] == ["held/test.jsonl"]
    assert set(lock["steps"]["decontaminate"]["matchers"]) == {"ngram", "exact", "robust"}
    assert digests(build_in(tmp_path, recipe, "again", locked=out).folder) == digests(out)
    with (tmp_path / "held/test.jsonl").open("a") as stream:
        stream.write('{"text": "One more."}\n')
    with pytest.raises(UserError, match=r"the inputs differ from the lock: .*benchmarks\.test\."):
        build_in(tmp_path, recipe, "third", locked=out)
    assert not list(tmp_path.glob("third*"))


def test_other_matchers_are_refused_by_the_lock(tmp_path: Path, recipe: dict[str, Any]) -> None:
    out = build_in(tmp_path, recipe).folder
    spec = recipe["decontaminate"] | {"matchers": {"robust": {"threshold": 0.9}}}
    with pytest.raises(UserError, match=r"threshold"):
        build_in(tmp_path, recipe | {"decontaminate": spec}, "other", locked=out)


def test_an_absolute_path_becomes_relative_in_the_lock(
    tmp_path: Path, recipe: dict[str, Any]
) -> None:
    spec = {"against": [str(tmp_path / "held/test.jsonl")]}
    out = build_in(tmp_path, recipe | {"decontaminate": spec}).folder
    assert str(tmp_path) not in (out / "recipe.lock.json").read_text()


def test_rows_without_text_are_told(tmp_path: Path, recipe: dict[str, Any]) -> None:
    with (tmp_path / "held/test.jsonl").open("a") as stream:
        stream.write('{"text": " "}\n')
    warnings = build_in(tmp_path, recipe).summary.warnings
    assert "test: rows without text in turns of role user, not looked for: 1" in warnings


def test_the_command_takes_it_beside_a_suite_or_alone(
    tmp_path: Path, recipe: dict[str, Any]
) -> None:
    rows = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    write_lines(tmp_path / "evals.jsonl", [{"question": rows[5]["messages"][0]["content"]}])
    call_ = ("decontaminate", "train.jsonl", "--against", "held/test.jsonl")
    assert call(*call_, "-o", "alone", "--json", cwd=tmp_path).code == 0
    done = call(*call_, "--suite", "evals.jsonl", "-o", "both", "--json", cwd=tmp_path)
    assert {
        (cell["benchmark"], cell["hit"])
        for cell in json.loads(done.out)["steps"]["decontaminate"]["contamination"]
    } == {
        ("evals", 1),
        ("test", 4),
    }
    assert set(ids(tmp_path / "both", "removed/*.parquet")) == {
        f"train/{row}" for row in [5, *SHARED]
    }
    assert set(ids(tmp_path / "alone", "removed/*.parquet")) == {f"train/{row}" for row in SHARED}
    assert (
        "nothing to look for"
        in call("decontaminate", "train.jsonl", "-o", "none", cwd=tmp_path).error
    )
