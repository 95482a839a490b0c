"""What the sections of a report tell, each of an audit that was made for it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from curate.intervals import wilson
from tests.audit import conftest as rows
from tests.audit.pages import (
    EVIL,
    Made,
    data_of,
    funnels,
    huge,
    judged_build,
    kinds_of,
    page_of,
    words,
)


def test_it_tells_what_stays_if_a_source_goes(tmp_path: Path, made: Made) -> None:
    out = made(tmp_path, judged_build(), 7)
    text = words(page_of(out))
    assert "gsm8k 6 of 12 items touched web 4 3 chat 2 4 math 1 6" in text
    with duckdb.connect(str(out / "audit.duckdb"), read_only=True) as con:
        view = "SELECT source, by_this, left_without FROM leave_one_out WHERE benchmark = 'gsm8k' ORDER BY left_without"
        assert con.sql(view).fetchall() == [("web", 4, 3), ("chat", 2, 4), ("math", 1, 6)]
    assert "mine 0 of" not in text.split("If a source goes")[1].split("Matches")[0]


def test_it_tells_what_the_settings_find(tmp_path: Path, made: Made) -> None:
    tables = judged_build()
    text = words(page_of(made(tmp_path, tables, 7))).split("What these settings find")[1]
    assert (
        "every 4th word replaced 100 87 90 87 % 86 % – 88 % 55 % 54 % – 56 % 87 % 86 % – 88 %"
        in text
    )
    assert "clean rows, any matcher 3 of 2,000 0.15 %, 0.00 % – 1.1 %" in text
    (tmp_path / "one").mkdir()
    tables["selftest"] = [row for row in tables["selftest"] if row["matcher"] != "ngram"]
    alone = words(page_of(made(tmp_path / "one", tables, 7))).split("What these settings find")[1]
    assert (
        "any matcher" not in alone
        and "every 4th word replaced 100 87 90 87 % 86 % – 88 % sentences" in alone
    )


def test_it_names_the_verdicts_void_ones_first(tmp_path: Path, made: Made) -> None:
    text = words(page_of(made(tmp_path, judged_build(), 7))).split("Verdicts What people said")[1]
    assert "4 applied, 1 void" in text
    assert "any matcher of 3 pairs judged 1 was wrong: 33.3 %, 6.1 to 79.2" in text
    assert text.index("web/9 ↔ gsm8k/7 void the row has changed since") < text.index(
        "chat/1 ↔ gsm8k/0 1 match"
    )


def test_what_there_is_nothing_of_has_no_section(example: Path) -> None:
    page = page_of(example)
    assert 'id="found"' not in page and 'id="judged"' not in page


def test_each_kind_of_match_is_counted_and_shown(tmp_path: Path, made: Made) -> None:
    data = data_of(page_of(made(tmp_path, judged_build(), 7)))
    assert data["matchers"] == ["minhash", "ngram", "robust", "semantic"]
    for outcome, n in data["outcomes"].items():
        assert n == sum(kind[4] for kind in data["kinds"] if kind[2] == outcome)
    shown = {
        (match["s"], match["b"], match["outcome"], frozenset(kinds_of(match)))
        for match in data["matches"]
    }
    assert shown == {(*kind[:3], frozenset(map(tuple, kind[3]))) for kind in data["kinds"]}


def test_a_pair_is_one_entry_whatever_found_it_and_weak_ones_are_apart(
    tmp_path: Path, made: Made
) -> None:
    data = data_of(page_of(made(tmp_path, judged_build(), 7)))
    pairs = [(match["doc"], match["item"]) for match in data["matches"]]
    assert len(set(pairs)) == len(pairs) == sum(data["outcomes"].values())
    by = {(match["doc"], match["item"]): match for match in data["matches"]}
    assert [data["matchers"][one[0]] for one in by["chat/1", "gsm8k/0"]["by"]] == [
        "robust",
        "ngram",
        "minhash",
    ]
    outcomes = [match["outcome"] for match in data["matches"]]
    assert outcomes == sorted(outcomes, key=["strong", "weak", "near"].index)
    assert by["chat/2", "gsm8k/0"]["outcome"] == "weak"  # a variant does not count
    assert by["chat/0", "gsm8k/2"]["outcome"] == "strong"  # a person said so


def test_how_strong_a_hit_is(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    settings = {"ngram": {"threshold": 0.5}, "robust": {"threshold": 0.6}}
    own = {"decontaminate": {"matchers": settings}}
    tables["runs"].append({"key": "parameters", "value": json.dumps(own)})
    tables["matches"] = [
        rows.match("chat", 0, "gsm8k/0", 0.74),
        rows.match("chat", 1, "gsm8k/0", 0.75),
        rows.match("chat", 2, "gsm8k/0", 0.51),
        rows.match("chat", 2, "gsm8k/0", 0.61, matcher="robust"),
        rows.match("math", 2, "gsm8k/0", 0.79, matcher="robust"),
    ]
    data = data_of(page_of(made(tmp_path, tables, 5)))
    assert data["thresholds"] == [0.5, 0.6]
    found = {match["doc"]: match["outcome"] for match in data["matches"]}
    assert found == {"chat/0": "weak", "chat/1": "strong", "chat/2": "strong", "math/2": "weak"}


def test_own_words_are_those_that_few_siblings_have(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    names = ["Natalia", "Weng", "Betty", "Julie", "Ken", "Mark", "Albert"]
    tables["instances"] = [
        rows.instance("gsm8k", place, f"{name} sold clips to some of her friends")
        for place, name in enumerate(names)
    ]
    data = data_of(page_of(made(tmp_path, tables, 5)))
    (match,) = [match for match in data["matches"] if match["item"] == "gsm8k/0"]
    assert data["pool"][match["own"]] == "natalia"


def test_the_cells_have_wilsons_interval(example: Path) -> None:
    cells = {tuple(cell[:2]): cell[5:7] for cell in data_of(page_of(example))["cells"]}
    assert cells[0, 0] == pytest.approx(wilson(1, 2), abs=1e-6)
    with duckdb.connect(str(example / "audit.duckdb"), read_only=True) as con:
        for found, of in ((0, 7), (1, 2), (5, 5), (40, 1319)):
            (said,) = con.execute("SELECT wilson(?, ?)", [found, of]).fetchone() or ({},)
            assert (said["low"], said["high"]) == pytest.approx(wilson(found, of), abs=1e-5)


def test_rows_of_every_split_and_the_date_are_told(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    tables["sources"][0]["rows_validation"] = 1
    tables["runs"].append(
        {"key": "finished", "value": '{"seconds": 2, "at": "2026-03-05T07:08:09+00:00"}'}
    )
    text = words(page_of(made(tmp_path, tables, 5)))
    assert "built 5 March 2026, 07:08 UTC" in text
    assert "rows 4 train, 1 validation" in text
    assert "is quarantined. 1 row was not drawn" in text


def test_what_a_commercial_build_would_lose(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    tables["sources"][0]["licence"] = "CC-BY-NC-4.0"
    for document in tables["documents"]:
        document["text_bytes"] = 250_000
    text = words(page_of(made(tmp_path, tables, 5)))
    assert "1 source whose licence forbids it: 4 rows (80 %) and 1.0 MB of text (80 %)" in text
    assert "1 source whose licence is not known: 1 row (20 %) and 0.2 MB of text (20 %)" in text
    assert "CC-BY-NC-4.0 not allowed" in text and "not stated not known" in text


def test_what_was_written_is_shown_in_part(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    tables["samples"] = [
        {
            "doc_id": "chat/0",
            "source": "chat",
            "turn": 0,
            "role": "user",
            "text": EVIL,
            "length": 999,
        }
    ]
    page = page_of(made(tmp_path, tables, 5))
    assert "<img" not in page
    assert f"{999 - len(EVIL)} characters left out" in words(page)


def test_hits_that_do_not_count_are_no_contamination(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    tables["matches"] = [rows.match("chat", 1, "gsm8k/0", 0.9, label="variant")]
    page = page_of(made(tmp_path, tables, 5))
    assert "No row that was written holds an item" in words(page)
    assert data_of(page)["cells"] == [[0, 0, 0, 0, 0, 0, 0, 0, 1, 0]]
    assert 'id="without"' not in page


def test_more_sources_and_licences_than_can_be_listed_are_counted(
    tmp_path: Path, made: Made
) -> None:
    tables = huge(320, 1, 1)
    for number, source in enumerate(tables["sources"]):
        source["licence"] = f"own-{number % 43}"
    page = page_of(made(tmp_path, tables, 0))
    assert "300 of 320 sources are listed" in words(page)
    assert "3 more licences: curate sql . licences" in words(page)
    assert funnels(page)[0][0] == ("read", 0, 320)
    assert "280 more sources" in words(page)


def test_a_build_without_benchmarks(tmp_path: Path, made: Made) -> None:
    tables = {
        "sources": [rows.source("chat", 2, 2, 3)],
        "documents": [rows.document("chat", 0), rows.document("chat", 1, copies=2)],
        "runs": [{"key": "steps", "value": '["read", "validate", "sample", "write"]'}],
    }
    page = page_of(made(tmp_path, tables, 3))
    assert "3 rows written of 2 read; no step looked for anything in them." in words(page)
    assert 'id="heat"' not in page and 'id="matches"' not in page
    assert set(data_of(page)) == {"sources"}


def test_a_build_without_a_match(tmp_path: Path, made: Made) -> None:
    tables = {
        "sources": [rows.source("chat", 1, 1, 1)],
        "documents": [rows.document("chat", 0)],
        "instances": [rows.instance("mine", 0)],
    }
    page = page_of(made(tmp_path, tables, 1))
    text = words(page)
    assert "0 of 1 row were removed." in text
    assert "No row that was written holds an item of the benchmark" in text


def test_what_no_one_recorded_is_left_out(example: Path) -> None:
    text = words(page_of(example))
    assert "sha256" not in text and "policy" not in text
    assert "curate 0.1.0" in text
