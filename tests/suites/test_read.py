"""The items of a suite, read: ids, fields, digests, caps and counts, and what cannot be read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from curate.errors import UserError, on_the_command_line
from curate.items import Item
from tests.suites.samples import jsonl, read


def test_items_ids_fields_and_digests(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "in/a.jsonl", {"q": "one", "k": "x/1"}, {"q": "two", "k": "x/2"})
    result = read(
        tmp_path,
        {
            "name": "a",
            "from": "in/a.jsonl",
            "fields": ["q"],
            "id": "k",
            "role": "unseen",
            "items": 2,
            "licence": "MIT",
        },
        {"name": "b", "from": "in/a.jsonl", "fields": ["q", "k"]},
    )
    assert result.name == "mine"
    assert result.items == [
        Item("a", "a/x/1", ("one",)),
        Item("a", "a/x/2", ("two",)),
        Item("b", "b/0", ("one", "x/1")),
        Item("b", "b/1", ("two", "x/2")),
    ]
    first, second = result.benchmarks
    assert (first.role, first.expected, first.n_items, first.licence) == ("unseen", 2, 2, "MIT")
    assert first.files == (("a.jsonl", hashlib.sha256(path.read_bytes()).hexdigest()),)
    assert (second.role, second.expected, second.revision) == ("development", None, None)
    assert result.warnings == []


def test_rows_cap_and_positions_over_several_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"examples": [{"q": f"{name} {n}"} for n in range(3)]})
        )
    result = read(
        tmp_path, {"name": "a", "from": "./*.json", "rows": "examples", "cap": 2, "fields": ["q"]}
    )
    assert [(item.instance_id, item.fields[0]) for item in result.items] == [
        ("a/0", "one 0"),
        ("a/1", "one 1"),
        ("a/2", "two 0"),
        ("a/3", "two 1"),
    ]


def test_another_number_of_items_than_expected_is_an_error(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", {"q": "one"})
    with pytest.raises(UserError, match=r"a \(1 items where 2 are expected"):
        read(tmp_path, {"name": "a", "from": "a.jsonl", "fields": ["q"], "items": 2})


def test_an_empty_benchmark_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n\n")
    with pytest.raises(UserError, match="no rows"):
        read(tmp_path, {"name": "a", "from": "a.jsonl", "fields": ["q"]})
    (tmp_path / "b.json").write_text('{"examples": []}')
    with pytest.raises(UserError, match="no rows"):
        read(tmp_path, {"name": "b", "from": "b.json", "fields": ["q"], "rows": "examples"})


def test_all_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    jsonl(tmp_path / "good.jsonl", {"q": "one"})
    jsonl(tmp_path / "bad.jsonl", {"x": "one"})
    benchmarks = [
        {"name": n, "from": f"{n}.jsonl", "fields": ["q"]} for n in ("good", "gone", "bad")
    ]
    with pytest.raises(UserError) as caught:
        read(tmp_path, *benchmarks)
    message = str(caught.value)
    assert message.startswith("suite mine: 2 of 3 benchmarks cannot be read: gone (")
    assert "bad.jsonl, row 0: no field 'q' (found: x)" in message
    with on_the_command_line(), pytest.raises(UserError, match="--without gone --without bad$"):
        read(tmp_path, *benchmarks)
    assert message.endswith(
        "give their files with benchmarks_dir, or leave them out: without=['gone', 'bad']"
    )
    assert "\n" not in message
    assert len(read(tmp_path, *benchmarks, without=["gone", "bad"]).items) == 1


def test_without_must_name_benchmarks_and_leave_some(tmp_path: Path) -> None:
    jsonl(tmp_path / "good.jsonl", {"q": "one"})
    benchmark = {"name": "good", "from": "good.jsonl", "fields": ["q"]}
    with pytest.raises(UserError, match="unknown benchmark 'god'; did you mean 'good'"):
        read(tmp_path, benchmark, without=["god"])
    with pytest.raises(UserError, match="leaves no benchmark"):
        read(tmp_path, benchmark, without=["good"])


def test_the_answer_is_a_dotted_path_and_no_part_of_the_item(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"question": "one?", "gold": {"text": "first"}},
        {"question": "two?", "gold": {"text": 2}},
        {"question": "three?", "gold": {"text": ["a", "b"]}},
        {"question": "four?", "gold": {"text": "  "}},
        {"question": "five?", "gold": {"text": True}},
        {"question": "seven?"},
    ]
    jsonl(tmp_path / "a.jsonl", *rows)
    spec = {"name": "a", "from": "a.jsonl", "fields": ["question"]}
    with_answers = read(tmp_path, spec | {"answer": "gold.text"})
    assert [item.answer for item in with_answers.items] == ["first", "2", None, None, None, None]
    assert [item.fields for item in with_answers.items] == [(row["question"],) for row in rows]
    assert {item.answer for item in read(tmp_path, spec).items} == {None}


# `datasets` takes a name that is a folder for a repository of the Hub.
REPOSITORY = """---
configs:
- config_name: algebra
  data_files: [{split: test, path: algebra.jsonl}]
- config_name: geometry
  data_files: [{split: test, path: geometry.jsonl}]
---
"""


@pytest.fixture
def repository(tmp_path: Path, no_hub: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the repository org/sums with two configurations; give a folder for suites, from where it
    is no path.
    """
    folder = tmp_path / "hub" / "org" / "sums"
    for name in ("algebra", "geometry"):
        jsonl(folder / f"{name}.jsonl", *[{"question": f"{name} {n}?"} for n in range(4)])
    (folder / "README.md").write_text(REPOSITORY)
    monkeypatch.chdir(tmp_path / "hub")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "suites").mkdir()
    return tmp_path / "suites"


def test_one_configuration_and_every_configuration(repository: Path) -> None:
    result = read(
        repository,
        {
            "name": "one",
            "from": "org/sums:geometry",
            "split": "test",
            "fields": ["question"],
            "items": 4,
        },
        {
            "name": "every",
            "from": "org/sums:*",
            "split": "test",
            "fields": ["question"],
            "cap": 2,
            "items": 4,
        },
    )
    assert [item.fields[0] for item in result.items] == [
        *[f"geometry {n}?" for n in range(4)],
        *["algebra 0?", "algebra 1?", "geometry 0?", "geometry 1?"],
    ]
    assert [item.instance_id for item in result.items[4:]] == [f"every/{n}" for n in range(4)]
    assert [benchmark.files for benchmark in result.benchmarks] == [(), ()]
