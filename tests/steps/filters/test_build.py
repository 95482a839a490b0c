"""Filters in whole builds: who owns a row, what the audit says, and what a changed rule costs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from curate.audit.sql import sql
from curate.audit.why import why
from curate.errors import CurateError, UserError
from curate.mixture import Options, build_recipe_file
from tests.command import call
from tests.corpus import (
    Rows,
    ask,
    build_in,
    chat,
    digests,
    ids,
    read,
    reconcile,
    sentence,
    write_lines,
    write_recipe,
)

FILTERS: list[Any] = [
    "empty_turns",
    "provider_identity",
    {"repetition": {"at_most": 5}},
    {"length": {"measure": "words", "at_most": 12, "at_least": 2}},
    {"column": {"name": "status", "not_in": ["rejected"]}},
    {"column": {"name": "rate", "at_most": 0.625}},
    "licence",
]
SOURCES = [
    {"name": "a", "from": "a.jsonl", "licence": "MIT"},
    {"name": "b", "from": "b.jsonl", "licence": "CC-BY-NC-4.0"},
]
EXPECTED = {
    "a/0": ("provider_identity", "provider_identity: 'OpenAI' and 1 more"),
    "a/1": ("repetition", "repetition: 'foo bar' 7 times"),
    "a/2": ("column.status", "column.status: status is 'rejected'"),
    "a/3": ("column.rate", "column.rate: rate is 0.75"),
    "a/4": ("length.words", "length.words: 1 word"),
    "a/5": ("empty_turns", "empty_turns: 1 empty turn"),
    "b/0": ("provider_identity", "provider_identity: 'ChatGPT'"),
    "b/1": ("licence", "licence: the licence of the source is non-commercial"),
}


def rows_of_a() -> Rows:
    return [
        chat("Hi?", "I like OpenAI and <b>ChatGPT</b>.") | {"status": "rejected", "rate": 0.9},
        chat("Hi?", "foo bar " * 7) | {"status": "ok"},
        chat("Hi?", "all is well") | {"status": "rejected", "rate": 1},
        chat("Hi?", "all is good") | {"status": "ok", "rate": 0.75},
        chat("Hi?", "yes") | {"rate": 0.5},
        chat(" ", "all is fine", "What?", "it is so") | {"rate": 0.625},
        chat("Hi?", "all is right") | {"status": "ok", "rate": 0.1},
        {"status": "ok"},
    ]


def write(folder: Path) -> None:
    write_lines(folder / "a.jsonl", rows_of_a())
    write_lines(folder / "b.jsonl", [chat("Q", "So says ChatGPT"), chat("Q", "so it is")])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    write(folder)
    build_in(folder, {"sources": SOURCES, "filters": FILTERS})
    return folder


def removed(out: Path) -> dict[str, str]:
    return {row["id"]: row["reason"] for row in read(out, "removed/*.parquet")}


def test_the_first_filter_that_refuses_a_row_owns_it(folder: Path) -> None:
    out = folder / "out"
    assert removed(out) == {name: reason for name, (_, reason) in EXPECTED.items()}
    assert ids(out) == ["a/6"]
    found = ask(out, "SELECT doc_id, about FROM decisions WHERE step = 'filters'")
    assert {row["doc_id"]: row["about"] for row in found} == {
        name: about for name, (about, _) in EXPECTED.items()
    }
    assert "status" not in read(out, "data/*.parquet")[0]


def test_counts_reconcile(folder: Path) -> None:
    out = folder / "out"
    reconcile(out)
    found = ask(out, "SELECT filter, sum(removed)::INT AS n, sum(refused)::INT AS alone, "
                "sum(without_value)::INT AS missing FROM filter_counts GROUP BY filter")  # fmt: skip
    owners = [about for about, _ in EXPECTED.values()]
    assert {row["filter"]: row["n"] for row in found} == {
        name: owners.count(name) for name in {row["filter"] for row in found}
    }
    by_name = {row["filter"]: row for row in found}
    assert by_name["column.status"]["alone"] == 2 and by_name["column.status"]["missing"] == 4
    assert by_name["licence"]["alone"] == 2
    (funnel,) = ask(out, "SELECT sum(dropped)::INT AS n FROM funnel WHERE step = 'filters'")
    assert funnel["n"] == len(EXPECTED)
    lock = json.loads((out / "recipe.lock.json").read_text())
    figures = lock["counts"]["steps"]["filters"]
    assert figures["removed"] == len(EXPECTED)
    assert figures["filters"]["repetition"] == {"refused": 1, "removed": 1, "without_value": 0}
    assert lock["steps"]["filters"]["filters"][3]["length"]["at_most"] == 12
    told = [line for line in lock["counts"]["warnings"] if "column.rate" in line]
    assert told == [
        "source 'a': filter column.rate: rows without a value, which stay: 1 of 7",
        "source 'b': filter column.rate: rows without a value, which stay: 2 of 2",
    ]


def test_all_values_of_a_row_that_went_are_told(folder: Path) -> None:
    out = folder / "out"
    values = ask(out, "SELECT filter, value, text, refused FROM filter_values WHERE doc_id = 'a/0'")
    assert {row["filter"]: (row["value"], row["text"], row["refused"]) for row in values} == {
        "empty_turns": (0, None, False),
        "provider_identity": (2, "'OpenAI'", True),
        "repetition": (1, None, False),
        "length.words": (7, None, False),
        "column.status": (None, "rejected", True),
        "column.rate": (0.9, None, True),
        "licence": (None, "mit", False),
    }
    (n,) = ask(out, "SELECT count(DISTINCT doc_id)::INT AS n FROM filter_values")
    assert n["n"] == len(EXPECTED)
    told = why(out, "a/0")
    assert "provider_identity  refuses it:   2 (at most 0), 'OpenAI'" in told
    assert "column.status      refuses it:   'rejected'" in told
    assert "licence            lets it pass: 'mit'" in told
    assert "removed by none of 7 filters" in why(out, "a/6")


@pytest.mark.parametrize("source", [None, "a", "b"])
def test_retention_is_what_each_threshold_would_leave(folder: Path, source: str | None) -> None:
    """Against builds with that filter alone and that threshold."""
    out = folder / "out"
    mine = "source IS NULL" if source is None else f"source = '{source}'"
    asked = f"SELECT threshold, rows_left FROM retention WHERE filter = 'length.words' AND {mine}"
    lengths = {"a": [7, 14, 3, 3, 1, 6, 3], "b": [3, 3]}
    own = [n for name, ns in lengths.items() if source in (None, name) for n in ns]
    found = ask(out, f"{asked} AND bound = 'at_most' ORDER BY threshold")
    assert [(row["threshold"], row["rows_left"]) for row in found] == [
        (n, sum(m <= n for m in own)) for n in sorted(set(own))
    ]
    found = ask(out, f"{asked} AND bound = 'at_least' ORDER BY threshold")
    assert [(row["threshold"], row["rows_left"]) for row in found] == [
        (n, sum(m >= n for m in own)) for n in sorted(set(own))
    ]


def test_named_queries_answer(folder: Path) -> None:
    out = folder / "out"
    curve = sql(out, "retention").to_pylist()
    assert {row["source"] for row in curve} == {"all", "a", "b"}
    assert [row["removed"] for row in sql(out, "filters").to_pylist()] == [1, 2, 1, 1, 1, 1, 1]
    assert sql(out, "filtered-rows").num_rows == len(EXPECTED) * len(FILTERS)


def test_card_page_and_screen_tell_it(folder: Path) -> None:
    out = folder / "out"
    card = (out / "README.md").read_text()
    assert "## Filters" in card and "| length.words | at least 2 and at most 12 | 1 | 2 |" in card
    assert "not one of rejected" in card
    page = (out / "report.html").read_text()
    assert "8 of 10 rows were removed; filters removed 8 rows." in page
    assert '<section id="filters"' in page and '<section id="retention"' in page
    assert "&lt;b&gt;ChatGPT&lt;/b&gt;" in page and "<b>ChatGPT" not in page
    assert 'class="whole" d="M' in page and "style=" not in page
    done = call("build", "recipe.yaml", "-o", "shown", "--no-stages", cwd=folder)
    assert done.code == 0 and "would remove alone" in done.out
    done = call("build", "recipe.yaml", "-o", "json", "--no-stages", "--json", cwd=folder)
    assert json.loads(done.out)["steps"]["filters"]["removed"] == len(EXPECTED)


def test_a_rebuild_from_the_lock_is_the_same(folder: Path) -> None:
    done = call("build", "out/recipe.yaml", "--locked", "out", "-o", "again", cwd=folder)
    assert done.code == 0, done.err
    other = write_recipe(
        folder / "other.yaml", name="recipe", sources=SOURCES, filters=[*FILTERS[:3]]
    )
    done = call("build", other, "--locked", "out", "-o", "none", cwd=folder)
    assert done.code == 2 and "filters" in done.error


def test_a_changed_rule_looks_at_nothing_again(tmp_path: Path) -> None:
    write(tmp_path)
    options = Options(stages=tmp_path / "stages")

    def built(out: str, filters: list[Any]) -> tuple[int, int]:
        path = write_recipe(tmp_path / "recipe.yaml", sources=SOURCES, filters=filters)
        return build_recipe_file(path, tmp_path / out, options).summary.blocks

    assert built("one", FILTERS) == (2, 0)
    changed = [*FILTERS[:2], {"repetition": {"at_most": 9}}, *FILTERS[3:]]
    assert built("two", changed[::-1]) == (0, 2)
    build_in(tmp_path, {"sources": SOURCES, "filters": changed[::-1]}, out="fresh")
    assert removed(tmp_path / "two") == removed(tmp_path / "fresh")
    assert removed(tmp_path / "two") != removed(tmp_path / "one")
    assert built("three", [*FILTERS, "cjk"])[0] == 2


def test_blocks_and_workers_change_nothing(tmp_path: Path) -> None:
    rng = random.Random(3)
    rows = [
        chat(sentence(rng, 3), sentence(rng, rng.randrange(1, 40)) + " ash" * rng.randrange(9))
        | {"rate": rng.choice([0.1, 0.5, "high", None])}
        for _ in range(300)
    ]
    write_lines(tmp_path / "a.jsonl", rows)
    recipe = {
        "sources": SOURCES[:1],
        "filters": [
            {"length": {"measure": "words", "at_most": 30}},
            {"repetition": {"at_most": 6}},
            {"column": {"name": "rate", "at_most": 0.4}},
        ],
    }
    tables = ("filter_counts", "filter_histogram", "filter_values", "filter_examples")
    told = []
    for out, more in (("one", {"workers": 1}), ("many", {"workers": 2, "block_bytes": 4000})):
        build_in(tmp_path, recipe, out=out, **more)
        answers = [ask(tmp_path / out, f"FROM {table} ORDER BY ALL") for table in tables]
        told.append((digests(tmp_path / out), answers, (tmp_path / out / "README.md").read_text()))
    assert told[0] == told[1]
    shown = ask(tmp_path / "one", "SELECT filter, count(DISTINCT doc_id)::INT AS n "
                "FROM filter_examples GROUP BY filter")  # fmt: skip
    assert {row["n"] for row in shown} == {5}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("statuss", "filters: no source has it: unknown column 'statuss'; did you mean 'status'?"),
        ("none", "no row of any source has a value in this column"),
    ],
)
def test_a_column_that_no_row_has(tmp_path: Path, name: str, told: str) -> None:
    write_lines(tmp_path / "a.jsonl", [row | {"none": None} for row in rows_of_a()])
    recipe = {"sources": SOURCES[:1], "filters": [{"column": {"name": name, "is": "x"}}]}
    with pytest.raises(UserError) as raised:
        build_in(tmp_path, recipe)
    assert told in str(raised.value)


def test_a_column_of_the_record_and_one_that_is_kept(tmp_path: Path) -> None:
    rows = [
        {"prompt": "Q", "chosen": "A", "rejected": "B", "chosen_rating": n, "by": f"m{n}"}
        for n in range(4)
    ]
    write_lines(tmp_path / "p.jsonl", rows)
    recipe = {
        "kind": "preference",
        "sources": [{"name": "p", "from": "p.jsonl", "keep": ["by"]}],
        "filters": [
            {"column": {"name": "chosen_rating", "at_least": 1}},
            {"column": {"name": "by", "in": ["m0", "m1", "m2"]}},
        ],
    }
    build_in(tmp_path, recipe)
    assert sorted(removed(tmp_path / "out")) == ["p/0", "p/3"]
    assert {row["by"] for row in read(tmp_path / "out", "data/*.parquet")} == {"m1", "m2"}


def test_a_filter_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    entry = {"toxicity": {"scorer": f"{__name__}:broken", "at_most": 1}}
    with pytest.raises(CurateError, match="filter toxicity.broken failed on source 'a': ZeroDiv"):
        build_in(tmp_path, {"sources": SOURCES[:1], "filters": [entry]})


def broken(texts: list[str]) -> list[float]:
    return [1 / 0 for _ in texts]
