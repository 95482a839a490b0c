"""The key `filters` of a recipe: what it takes, and what it refuses before work starts."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.errors import UserError
from curate.recipe import make_recipe, paths_in, resolved
from curate.steps.filters.registry import HOUSE
from tests.steps.filters.looking import ready

SOURCES = [{"name": "a", "from": "a.jsonl"}]


def recipe(*filters: Any) -> Any:
    given = {"name": "r", "kind": "sft", "sources": SOURCES, "filters": list(filters)}
    return make_recipe(given, "r.yaml")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("repetitoin", "entry 2: unknown filter 'repetitoin'; did you mean 'repetition'?"),
        ({"cjk": {"at_mst": 1}}, "cjk: unknown key 'at_mst'; did you mean 'at_most'?"),
        ({"length": {}}, "length: no rule; give at_least or at_most"),
        ({"length": {"at_most": "x"}}, "length: at_most: must be a number"),
        ({"length": {"at_most": 1, "measure": "tokens"}}, "give both, or neither"),
        ({"repetition": "gofer"}, "unknown preset 'gofer'; did you mean 'gopher'?"),
        ({"repetition": {"measure": "top_ngram", "n": 9}}, "no rule; give at_least or at_most"),
        ({"language": {}}, "language: no rules; give one of is, in and not_in"),
        ({"language": {"is": "en", "not_in": ["de"]}}, "2 rules; give one of is, in and not_in"),
        ({"column": {"name": "x"}}, "give at_least, at_most, is, in or not_in"),
        ({"column": {"name": "x", "is": 1, "at_most": 1}}, "exclude each other"),
        ({"turns": {"roles": ["usr"], "at_most": 1}}, "unknown role 'usr'; did you mean 'user'?"),
        ({"pii": {"kinds": ["emial"]}}, "did you mean 'email'?"),
        ({"cjk": {}, "pii": {}}, "a filter is a name or {name: settings}"),
        ({"cjk": 3}, "cjk: settings are keys and values, not 3"),
        (7, "a filter is a name or {name: settings}, not 7"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(entry: Any, told: str) -> None:
    with pytest.raises(UserError, match="^r.yaml: filters: entry 2: ") as raised:
        recipe("pii", entry)
    assert told in str(raised.value)


@pytest.mark.parametrize("given", [[], {}, "pii", {"pii": {}}])
def test_filters_are_a_list(given: Any) -> None:
    data = {"name": "r", "kind": "sft", "sources": SOURCES, "filters": given}
    with pytest.raises(UserError, match="give a list of filters"):
        make_recipe(data, "r.yaml")


def test_defaults_and_presets_are_written_out_and_read_back() -> None:
    given = recipe("pii", {"repetition": "gopher"}, {"length": {"at_most": 9}}, {"licence": None})
    plain = resolved(given)["filters"]
    assert len(plain) == 16
    assert plain[0]["pii"]["at_most"] == 0
    assert (
        plain[1]["repetition"] | {"n": 2, "at_most": 0.2, "shortest": 50} == plain[1]["repetition"]
    )
    assert plain[15] == {
        "licence": {"is": None, "in": None, "not_in": ["non-commercial", "unknown"]}
    }
    again = recipe(*yaml.safe_load(yaml.safe_dump(plain)))
    assert again.filters == given.filters
    kept = [
        {name: {k: v for k, v in own.items() if v is not None} for name, own in entry.items()}
        for entry in plain
    ]
    assert recipe(*kept).filters == given.filters


def test_paths_are_known_as_such(tmp_path: Path) -> None:
    entry = {"length": {"measure": "tokens", "tokenizer": "tok", "at_most": 9}}
    given = recipe("pii", entry)
    assert set(paths_in(given)) == {
        "tokenizer",
        "sources[0].from",
        "filters[1].length.tokenizer",
    }
    moved = resolved(given, lambda path: f"there/{path}")
    assert moved["filters"][1]["length"]["tokenizer"] == "there/tok"
    assert moved["sources"][0]["from"] == "there/a.jsonl"


def test_two_uses_have_two_names() -> None:
    step = ready(
        {"length": {"at_most": 9}},
        {"length": {"at_least": 1}},
        {"length": {"measure": "words", "at_most": 1}},
        {"column": {"name": "s", "is": "x"}},
    )
    assert [use.label for use in step.uses] == [
        "length.characters",
        "length.characters#2",
        "length.words",
        "column.s",
    ]


def test_no_rule_and_no_order_is_part_of_a_look() -> None:
    one = ready({"length": {"at_most": 9}}, "cjk", {"column": {"name": "s", "is": "x"}})
    other = ready(
        {"column": {"name": "s", "not_in": ["y"]}},
        {"cjk": {"at_most": 0.5}},
        {"length": {"at_least": 2}},
    )
    assert one.look_inputs == other.look_inputs
    assert one.inputs != other.inputs
    for changed in ({"cjk": {"last": True}}, {"cjk": {"roles": ["user"]}}):
        entries = [{"length": {"at_most": 9}}, changed, {"column": {"name": "s", "is": "x"}}]
        assert ready(*entries).look_inputs != one.look_inputs


def test_every_filter_says_where_it_comes_from() -> None:
    for name, found in HOUSE.items():
        function = found.value or found.of_source
        assert function is not None and len(function.__doc__ or "") > 60, name


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("curate.steps.filters.language.version", missing)
    with pytest.raises(UserError, match=r"filters, language: .*'\.\[filters\]'"):
        ready({"language": {"in": ["en"]}})
