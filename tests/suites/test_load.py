"""Which suite a name means: what ships, suite files, data files of one's own, and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.errors import UserError
from curate.suites import load_suite, read_suite
from tests.suites.samples import TULU3, jsonl, suite_file


def test_tulu3_has_the_twenty_sets_of_the_paper() -> None:
    suite = load_suite("tulu3", base=Path.cwd())
    assert [benchmark.name for benchmark in suite.benchmarks] == TULU3
    roles = [benchmark.role for benchmark in suite.benchmarks]
    assert roles == ["development"] * 15 + ["unseen"] * 5
    by_name = {benchmark.name: benchmark for benchmark in suite.benchmarks}
    assert by_name["drop"].fields == ("passage", "question")
    assert by_name["agieval_en"].optional == ("passage",)
    assert by_name["popqa"].fields == ("subj", "prop", "obj")
    assert by_name["deepmind_math"].cap == 50
    assert by_name["bigcodebench"].split == "v0.1.2"


def test_tulu3_extended_adds_to_the_twenty() -> None:
    benchmarks = load_suite("tulu3-extended", base=Path.cwd()).benchmarks
    assert benchmarks[:20] == load_suite("tulu3", base=Path.cwd()).benchmarks
    assert {benchmark.name for benchmark in benchmarks[20:]} == {
        *("xstest", "href", "ifbench", "humaneval_solutions"),
        *("mmlu_options", "mmlu_pro_options", "gpqa_options"),
    }
    for benchmark in benchmarks[20:]:
        assert bool(benchmark.optional) == benchmark.name.endswith("_options")


def test_olmo3_is_what_its_published_search_lists() -> None:
    benchmarks = load_suite("olmo3", base=Path.cwd()).benchmarks
    names = [benchmark.name for benchmark in benchmarks]
    assert len(names) == 40
    assert names[:19] == [name for name in TULU3 if name != "drop"]
    unseen = [benchmark.name for benchmark in benchmarks[19:] if benchmark.role == "unseen"]
    assert unseen == ["ifbench", "hle", "supergpqa", "bbeh"]


def test_a_file_extends_a_shipped_suite(tmp_path: Path) -> None:
    own = [
        {"name": "drop", "from": "a.jsonl", "fields": ["q"]},
        {"name": "b", "from": "a.jsonl", "fields": ["q"]},
    ]
    path = tmp_path / "more.yaml"
    path.write_text(
        yaml.safe_dump({"extends": "tulu3", "without": ["drop", "gpqa"], "benchmarks": own})
    )
    suite = load_suite(path, base=tmp_path)
    assert [b.name for b in suite.benchmarks] == [n for n in TULU3 if n not in ("drop", "gpqa")] + [
        "drop",
        "b",
    ]
    assert (suite.name, suite.base, suite.benchmarks[-2].from_) == ("more", tmp_path, "a.jsonl")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"extends": "tulu"}, "extends: unknown shipped suite 'tulu'; did you mean 'tulu3'"),
        (
            {"extends": "tulu3", "without": ["gpq"]},
            "without: unknown benchmark 'gpq'; did you mean 'gpqa'",
        ),
        ({"extends": "tulu3"}, "two benchmarks are called 'gsm8k': one comes from suite tulu3"),
        (
            {"without": ["gpqa"]},
            "'without' leaves out benchmarks of the suite that 'extends' names; there is none",
        ),
    ],
)
def test_a_bad_extension_is_told_in_one_line(
    tmp_path: Path, keys: dict[str, Any], message: str
) -> None:
    path = tmp_path / "more.yaml"
    path.write_text(
        yaml.safe_dump(
            keys | {"benchmarks": [{"name": "gsm8k", "from": "a.jsonl", "fields": ["q"]}]}
        )
    )
    with pytest.raises(UserError) as caught:
        load_suite(path, base=tmp_path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_unknown_suite_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown suite 'tulu4'; did you mean 'tulu3'"):
        load_suite("tulu4", base=tmp_path)


def test_paths_are_relative_to_the_suite_file_not_to_the_working_folder(tmp_path: Path) -> None:
    jsonl(tmp_path / "deep/data.jsonl", {"q": "one"})
    path = suite_file(tmp_path / "deep", {"name": "a", "from": "data.jsonl", "fields": ["q"]})
    suite = load_suite(path.relative_to(tmp_path), base=tmp_path)
    assert [item.fields for item in read_suite(suite, base=tmp_path).items] == [("one",)]


@pytest.mark.parametrize(
    ("benchmarks", "message"),
    [
        ([{"name": "a", "from": "x.jsonl", "feilds": ["q"]}], "did you mean 'fields'"),
        ([{"name": "a", "fields": ["q"]}], "mine.yaml:2: benchmark 'a': the key 'from' is missing"),
        ([], "benchmarks"),
        (
            [{"name": "a", "from": "x.jsonl", "fields": ["q"], "role": "test"}],
            "'development' or 'unseen', not 'test'",
        ),
        (
            [{"name": "a", "from": "x.jsonl", "fields": ["q"], "cap": 0}],
            "cap: must be at least 1, not 0",
        ),
        ([{"name": "a", "from": "x.jsonl", "fields": ["q"]}] * 2, "two benchmarks are called 'a'"),
        (
            [{"name": "a", "from": "x.jsonl", "fields": ["q"], "optional": ["r"]}],
            "optional field 'r'",
        ),
        ([{"name": "a", "from": "x.jsonl", "fields": ["q"], "optional": ["q"]}], "every field"),
    ],
)
def test_a_bad_suite_file_is_told_in_one_line(
    tmp_path: Path, benchmarks: list[dict[str, Any]], message: str
) -> None:
    path = suite_file(tmp_path, *benchmarks)
    with pytest.raises(UserError) as caught:
        load_suite(path, base=tmp_path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"id": 1, "question": "q", "answer": "a"}, ("q",)),
        ({"Question": "q", "choices": ["a"]}, ("q",)),
        ({"prompt": "p", "text": "t"}, ("p",)),
        ({"instruction": "do", "input": "this", "output": "done"}, ("do", "this")),
        ({"instruction": "do", "input": "", "output": "done"}, ("do",)),
        ({"question": "q", "passage": "p"}, ("p", "q")),
        ({"turns": ["one", "two"]}, ("one\ntwo",)),
    ],
)
def test_a_data_file_is_a_suite_with_its_fields_found(
    tmp_path: Path, row: dict[str, Any], fields: tuple[str]
) -> None:
    jsonl(tmp_path / "my set.jsonl", row)
    suite = load_suite("my set.jsonl", base=tmp_path)
    result = read_suite(suite, base=tmp_path)
    assert (result.name, [item.fields for item in result.items]) == ("my_set", [fields])
    assert [benchmark.name for benchmark in result.benchmarks] == ["my_set"]
    assert suite.benchmarks[0].from_ == "my set.jsonl"


def test_a_data_file_without_a_known_field_says_which_it_has(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", {"frage": "q", "antwort": "a"})
    with pytest.raises(UserError, match=r"found: frage, antwort"):
        load_suite("a.jsonl", base=tmp_path)


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ({"question": "q", "answer": "a", "solution": "s"}, "a"),
        ({"problem": "p", "Solution": "s"}, "s"),
        ({"prompt": "p", "canonical_solution": "return 1", "test": "t"}, "return 1"),
        ({"instruction": "i", "input": "x", "output": "o"}, "o"),
        ({"question": "q", "choices": "c"}, None),
    ],
)
def test_the_answer_of_a_data_file_is_found_by_its_name(
    tmp_path: Path, row: dict[str, Any], answer: str | None
) -> None:
    jsonl(tmp_path / "a.jsonl", row)
    (item,) = read_suite(load_suite("a.jsonl", base=tmp_path), base=tmp_path).items
    assert item.answer == answer
    assert answer not in item.fields


@pytest.mark.parametrize("text", ["./gone", "gone.jsonl", "gone.yaml", "sub/gone.json.gz"])
def test_a_suite_that_is_a_path_must_exist(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_suite(text, base=tmp_path)
