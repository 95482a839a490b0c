"""`curate suites`: what ships is listed, and fetching reads what a build reads, failures and all."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from curate import shipped
from curate.errors import UserError
from curate.items import Item
from curate.matching.ngram import NgramSettings
from curate.matching.profile import PROFILES, Profile
from curate.suites import catalogue, load_suite, read_suite
from curate.suites.catalogue import fetch, suites, unmatchable
from tests.command import call
from tests.corpus import write_lines
from tests.matching.oracle import words
from tests.matching.samples import gaps

LONG = "Which of these seven old trees behind the mill is the oldest one of all?"
CARD = """---
configs:
- config_name: one
  data_files: [{split: test, path: one.jsonl}]
- config_name: two
  data_files: [{split: test, path: two.jsonl}]
---
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where org/sums is a data set repository for `datasets`, and below it a suite that
    reads it.
    """
    hub = tmp_path / "org" / "sums"
    hub.mkdir(parents=True)
    write_lines(hub / "one.jsonl", [{"question": LONG}, {"question": "How old?"}])
    write_lines(
        hub / "two.jsonl",
        [{"question": LONG, "passage": "Trees."}, {"question": LONG, "passage": LONG}],
    )
    (hub / "README.md").write_text(CARD, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    one = {
        "name": "one",
        "from": "org/sums:one",
        "split": "test",
        "fields": ["question"],
        "licence": "MIT",
        "items": 2,
    }
    two = {
        "name": "two",
        "from": "org/sums:two",
        "split": "test",
        "fields": ["passage", "question"],
    }
    gone = {"name": "gone", "from": "org/gone", "fields": ["question"]}
    (tmp_path / "suites").mkdir()
    for name, benchmarks in (("good", [one, two]), ("bad", [gone, one | {"items": 3}, two])):
        (tmp_path / f"suites/{name}.yaml").write_text(
            yaml.safe_dump({"benchmarks": benchmarks}), "utf-8"
        )
    return tmp_path


def test_fetching_says_what_was_read_and_what_never_matches(folder: Path) -> None:
    seen: list[tuple[str, int, int, float]] = []
    got = fetch(
        "suites/good.yaml", PROFILES["tulu3"], base=folder, progress=lambda *step: seen.append(step)
    )
    assert [(one.name, one.items, one.licence, one.revision) for one in got.benchmarks] == [
        ("one", 2, "MIT", None),
        ("two", 2, None, None),
    ]
    assert got.benchmarks[0].unmatchable == {"shorter than 8 tokens": ["one/1"]}
    assert got.benchmarks[1].unmatchable == {"1 of 2 fields shorter than 8 tokens": ["two/0"]}
    assert (got.failed, got.warnings) == ({}, [])
    assert [rows for _, rows, *_ in seen] == [2, 2]
    assert sum(part for *_, part in seen) == 1
    assert list((folder / "cache").iterdir())  # it lies in the cache of `datasets`
    again = read_suite(load_suite("suites/good.yaml", base=folder), base=folder)
    assert len(again.items) == 4


def test_what_fails_is_named_and_the_rest_is_fetched(folder: Path) -> None:
    got = fetch("suites/bad.yaml", PROFILES["tulu3"], base=folder)
    assert [one.name for one in got.benchmarks] == ["two"]
    assert list(got.failed) == ["gone", "one"]
    left = fetch("suites/bad.yaml", PROFILES["tulu3"], base=folder, without=["gone", "one"])
    assert (left.failed, [one.name for one in left.benchmarks]) == ({}, ["two"])


def test_a_folder_of_items_is_read_in_place_of_the_hub(folder: Path) -> None:
    write_lines(folder / "evals/gone.jsonl", [{"question": LONG}])
    got = fetch(
        "suites/bad.yaml",
        PROFILES["tulu3"],
        base=folder,
        benchmarks_dir=Path("evals"),
        without=["one"],
    )
    assert [(one.name, one.items) for one in got.benchmarks] == [("gone", 1), ("two", 2)]


def test_the_command_ends_with_1_if_one_fails_and_prints_the_rest(folder: Path) -> None:
    done = call("suites", "fetch", "suites/bad.yaml", "--profile", "tulu3", "--json", cwd=folder)
    assert done.code == 1
    assert done.err.endswith(
        "\ncurate: suite bad: 2 of 3 benchmarks cannot be read\n"
    )  # after the bars of `datasets`
    told = json.loads(done.out)
    assert [one["name"] for one in told["failed"]] == ["gone", "one"]
    assert told["benchmarks"][0]["unmatchable"] == {
        "1 of 2 fields shorter than 8 tokens": ["two/0"]
    }
    shown = call("suites", "fetch", "suites/bad.yaml", cwd=folder)
    assert "not read: gone" in shown.out
    assert "what was fetched" in shown.out
    none = call("suites", "fetch", "suites/bad.yaml", "--without", "two", cwd=folder)
    assert none.out.startswith("not read: gone") and none.err.endswith(
        "2 of 2 benchmarks cannot be read\n"
    )
    good = call("suites", "fetch", "suites/good.yaml", cwd=folder)
    assert good.code == 0
    assert "shorter than 8 tokens: 1" in good.out


def test_the_command_lists_what_ships(tmp_path: Path) -> None:
    done = call("suites", "--json", cwd=tmp_path)
    told = {suite["name"]: suite["benchmarks"] for suite in json.loads(done.out)["suites"]}
    assert list(told) == list(shipped.suites())
    assert [len(one) for one in told.values()] == [len(suite.benchmarks) for suite in suites()]
    shown = call("suites", cwd=tmp_path).out
    for suite in suites():
        assert re.search(rf"{suite.name} +│ +{len(suite.benchmarks)} │", shown)
        one = call("suites", suite.name, cwd=tmp_path).out
        assert f"{suite.name}: {len(suite.benchmarks)} benchmarks" in one
        for text in (shown, one):
            assert all(benchmark.name in text for benchmark in suite.benchmarks)


def test_the_command_shows_one_suite_shipped_or_own(folder: Path) -> None:
    one = json.loads(call("suites", "tulu3", "--json", cwd=folder).out)
    assert one["benchmarks"][0] == {
        "name": "mmlu",
        "from": "cais/mmlu:all",
        "split": "test",
        "fields": ["question"],
        "answer": None,
        "optional": [],
        "rows": None,
        "id": None,
        "encoding": None,
        "role": "development",
        "cap": None,
        "items": 14042,
        "licence": "MIT",
    }
    assert "good: 2 benchmarks" in call("suites", "suites/good.yaml", cwd=folder).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tulu4"], "unknown suite 'tulu4'; did you mean 'tulu3'"),
        (["fetch"], "suites fetch: name one suite"),
        (["fetch", "tulu3", "olmo3"], "suites fetch: name one suite"),
        (["fecth", "tulu3"], "unknown action 'fecth'; did you mean 'fetch'"),
        (["tulu3", "--without", "gpqa"], "go with `curate suites fetch NAME`"),
        (["fetch", "tulu3", "--without", "gpq"], "unknown benchmark 'gpq'; did you mean 'gpqa'"),
        (["--profile", "tulu"], "unknown profile 'tulu'; did you mean 'tulu3'"),
    ],
)
def test_a_wrong_call_is_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = call("suites", *arguments, cwd=tmp_path)
    assert done.code == 2
    assert said in done.error


def test_an_unknown_name_is_refused_before_anything_is_read(folder: Path) -> None:
    with pytest.raises(UserError, match="unknown benchmark"):
        fetch("suites/good.yaml", PROFILES["tulu3"], base=folder, without=["three"])


texts = st.lists(st.tuples(st.sampled_from(["a", "中", "É"]), gaps), min_size=1, max_size=5)
fields = st.lists(texts.map(lambda pairs: "".join(map("".join, pairs))), min_size=1, max_size=4)


@given(st.lists(fields, max_size=6), st.integers(1, 4), st.sampled_from([0.3, 0.5, 0.75]))
def test_unmatchable_are_those_whose_best_score_is_no_hit(
    items: list[list[str]], n: int, threshold: float
) -> None:
    profile = Profile("own", NgramSettings(n=n, threshold=threshold))
    named = [Item("b", f"b/{i}", tuple(item)) for i, item in enumerate(items)]
    found: dict[str, Any] = {
        key: why for why, ids in unmatchable(named, profile).items() for key in ids
    }
    for item in named:
        best = sum(len(words(field)) >= n for field in item.fields) / len(item.fields)
        assert (item.instance_id in found) == (best <= threshold)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_names_are_whole_at_every_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    for suite in suites():
        Console(file=written, width=width).print(catalogue._table(suite, width))
        names = [benchmark.name for benchmark in suite.benchmarks]
        assert [name for name in names if f"│ {name} " not in written.getvalue()] == []
    assert "…" not in written.getvalue()
    assert max(map(len, written.getvalue().splitlines())) <= width
