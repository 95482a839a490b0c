"""Suites: what is read, from where, under which ids, and what each kind of bad input is told."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UserError, on_the_command_line
from curate.items import Item, make_items
from curate.suite import ReadSuite, load_suite, read_suite

TULU3 = (
    "mmlu humaneval gsm8k drop math ifeval popqa alpacaeval bbh truthfulqa wildguardtest wildjailbreak "
    "jailbreaktrigger harmbench do_anything_now mmlu_pro gpqa agieval_en bigcodebench deepmind_math"
).split()


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def suite_file(folder: Path, *benchmarks: dict[str, Any]) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"benchmarks": list(benchmarks)}), encoding="utf-8")
    return path


def read(folder: Path, *benchmarks: dict[str, Any], **options: Any) -> ReadSuite:
    return read_suite(
        load_suite(suite_file(folder, *benchmarks), base=folder), base=folder, **options
    )


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the Hub out of reach, as on a machine without a network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


# -- what ships


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


# -- suite files


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


# -- fields


ROW = {
    "doc": {"q": "nested", "choices": {"text": ["one", "two"]}},
    "turns": [{"content": "first"}, {"content": "second"}],
    "a.b": "dotted key",
    "number": 7,
    "none": None,
    "blank": "  ",
    "flag": True,
}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("doc.q", "nested"),
        ("doc.choices.text", "one\ntwo"),
        ("turns.content", "first\nsecond"),
        ("a.b", "dotted key"),
        ("number", "7"),
    ],
)
def test_dotted_paths_and_lists(field: str, text: str) -> None:
    (item,) = make_items([("f", 0, ROW)], "b", [field], [], None)
    assert item.fields == (text,)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (
            "gone",
            "f.jsonl, row 3: no field 'gone' (found: doc, turns, a.b, number, none, blank, flag)",
        ),
        ("doc.gone", "no field 'doc.gone'"),
        ("none", "field 'none' is empty"),
        ("blank", "field 'blank' is empty"),
        ("doc", "is an object, not text; name a field in it with a dot (found: q, choices)"),
        ("flag", "is a bool, not text"),
    ],
)
def test_a_field_that_is_no_text_is_an_error(field: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        list(make_items([("f.jsonl", 3, ROW)], "b", [field], [], None))
    assert message in str(caught.value)


def test_half_a_surrogate_pair_is_an_error() -> None:
    with pytest.raises(UserError, match="surrogate"):
        list(make_items([("f", 0, {"q": "\ud800"})], "b", ["q"], [], None))


@pytest.mark.parametrize("missing", [{}, {"passage": None}, {"passage": ""}])
def test_an_optional_field_that_is_missing_or_empty_is_left_out(missing: dict[str, Any]) -> None:
    (item,) = make_items(
        [("f", 0, {"question": "why", **missing})], "b", ["passage", "question"], ["passage"], None
    )
    assert item.fields == ("why",)
    (item,) = make_items(
        [("f", 0, {"question": "why", "passage": "text"})],
        "b",
        ["passage", "question"],
        ["passage"],
        None,
    )
    assert item.fields == ("text", "why")


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.text(alphabet="ab/#2", max_size=3)), max_size=12
    )
)
def test_instance_ids_are_those_of_the_rows_where_they_have_one(
    ids: list[int | str | None],
) -> None:
    rows = [("f", n, {"q": "text", "id": own}) for n, own in enumerate(ids)]
    made = [item.instance_id for item in make_items(rows, "b", ["q"], [], "id")]
    for position, (own, instance_id) in enumerate(zip(ids, made, strict=True)):
        expected = f"b/{position}" if own is None or own == "" else f"b/{own}"
        assert instance_id == expected or instance_id.startswith(f"{expected}#")
    assert len(set(made)) == len(made)


# -- subsets, caps, counts


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
    with pytest.raises(UserError, match="no items"):
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


# -- a folder of one's own


def write_as(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows in the form that the extensions of `path` say."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.name.endswith(".jsonl"):
        path.write_text(text)
    elif path.name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif path.name.endswith(".jsonl.zst"):
        with pa.CompressedOutputStream(str(path), "zstd") as out:
            out.write(text.encode())
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(
                stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ","
            )
            writer.writeheader()
            writer.writerows(rows)


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


@pytest.mark.parametrize(
    "ending", ["jsonl", "jsonl.gz", "jsonl.zst", "json", "csv", "tsv", "parquet"]
)
def test_every_kind_of_file_gives_the_same_items(tmp_path: Path, no_hub: None, ending: str) -> None:
    rows = [{"question": "how many, and\nwhy?", "answer": "1"}, {"question": "é?", "answer": "2"}]
    folder = tmp_path / "evals"
    folder.mkdir()
    write_as(folder / f"gsm8k.{ending}", rows)
    suite = load_suite("tulu3", base=tmp_path)
    without = [name for name in TULU3 if name != "gsm8k"]
    result = read_suite(suite, benchmarks_dir=Path("evals"), without=without, base=tmp_path)
    assert [item.fields for item in result.items] == [("how many, and\nwhy?",), ("é?",)]
    assert [item.instance_id for item in result.items] == ["gsm8k/0", "gsm8k/1"]
    assert result.warnings == [
        f"benchmark gsm8k: gsm8k.{ending} holds 2 items where 1319 are expected"
    ]


def test_folders_unused_files_and_caps(tmp_path: Path, no_hub: None) -> None:
    folder = tmp_path / "evals"
    for name in ("snarks", "dyck"):
        (folder / "bbh" / "sub").mkdir(parents=True, exist_ok=True)
        (folder / f"bbh/sub/{name}.json").write_text(
            json.dumps({"canary": "x", "examples": [{"input": name}]})
        )
    jsonl(folder / "deepmind_math.jsonl", *[{"question": str(n)} for n in range(60)])
    jsonl(folder / "gms8k.jsonl", {"question": "misspelt"})
    jsonl(folder / "humaneval.txt", {"prompt": "unknown ending"})
    (folder / "README.md").write_text("about")
    suite = load_suite("tulu3", base=tmp_path)
    without = [name for name in TULU3 if name not in ("bbh", "deepmind_math")]
    result = read_suite(suite, benchmarks_dir=folder, without=without, base=tmp_path)
    assert [item.instance_id for item in result.items[:2]] == ["bbh/0", "bbh/1"]
    assert [item.fields[0] for item in result.items[:2]] == ["dyck", "snarks"]
    assert len(result.items) == 62
    assert result.warnings == [
        "benchmarks_dir: not named after a benchmark: gms8k.jsonl, humaneval.txt",
        "benchmark bbh: bbh holds 2 items where 6511 are expected",
        "benchmark deepmind_math: deepmind_math.jsonl is taken whole, not 50 rows a configuration",
    ]


def test_a_folder_must_exist_hold_something_and_be_unambiguous(tmp_path: Path) -> None:
    suite = load_suite("tulu3", base=tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        read_suite(suite, benchmarks_dir=Path("evals"), base=tmp_path)
    (tmp_path / "evals").mkdir()
    with pytest.raises(UserError, match="is named after a benchmark of suite"):
        read_suite(suite, benchmarks_dir=Path("evals"), base=tmp_path)
    for ending in ("jsonl", "csv"):
        write_as(tmp_path / f"evals/gsm8k.{ending}", [{"question": "one"}])
    with pytest.raises(
        UserError, match=r"gsm8k.csv and gsm8k.jsonl are both called like benchmark 'gsm8k'"
    ):
        read_suite(suite, benchmarks_dir=Path("evals"), base=tmp_path)


def test_what_is_not_given_comes_from_the_hub_and_is_named_where_that_is_out_of_reach(
    tmp_path: Path, no_hub: None
) -> None:
    jsonl(tmp_path / "evals/gsm8k.jsonl", {"question": "one"})
    suite = load_suite("tulu3", base=tmp_path)
    with pytest.raises(UserError) as caught:
        read_suite(suite, benchmarks_dir=tmp_path / "evals", without=["mmlu"], base=tmp_path)
    message = str(caught.value)
    assert message.startswith(
        "suite tulu3: 18 of 19 benchmarks cannot be read: humaneval, drop, math,"
    )
    assert message.count("the Hugging Face Hub cannot be reached") == 1
    assert "without=['humaneval', 'drop'," in message
    with pytest.raises(UserError, match="20 of 20 benchmarks cannot be read"):
        read_suite(suite, base=tmp_path)


# -- a data file of one's own


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


@pytest.mark.parametrize("text", ["./gone", "gone.jsonl", "gone.yaml", "sub/gone.json.gz"])
def test_a_suite_that_is_a_path_must_exist(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_suite(text, base=tmp_path)


# -- the Hub, on folders that are data set repositories (`datasets` takes a name that is a folder
# for one)


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


def test_an_id_that_a_repeat_would_take_is_counted_past() -> None:
    rows = [
        ("f", place, {"q": "text", "id": own}) for place, own in enumerate(("a#2", "a", "a", "a"))
    ]
    ids = [item.instance_id for item in make_items(rows, "b", ["q"], [], "id")]
    assert ids == ["b/a#2", "b/a", "b/a#3", "b/a#4"]
