"""The report without a browser: its counts are the audit's, its size has a bound, and nothing in it
can run or load.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.audit.report import LIMIT, write_report
from curate.audit.windows import PIECE, SHOWN, WHOLE, windows
from curate.audit.words import island, percent
from curate.errors import UserError
from tests.audit import conftest as rows
from tests.audit.pages import (
    EVIL,
    Elements,
    Made,
    data_of,
    funnels,
    huge,
    marked,
    page_of,
    words,
)
from tests.command import ROOT, call


def test_it_says_what_the_views_say(example: Path) -> None:
    page = page_of(example)
    text = words(page)
    assert "No row that was written holds an item of 2 benchmarks" in text
    assert "1 of 7 rows was removed and 1 dropped as a duplicate." in text
    assert "1 of 4 pairs of source and benchmark was flagged" in text
    data = data_of(page)
    with duckdb.connect(str(example / "audit.duckdb"), read_only=True) as con:
        names = [name for (name,) in con.sql("SELECT name FROM sources").fetchall()]
        assert data["sources"] == names
        benchmarks = [benchmark["name"] for benchmark in data["benchmarks"]]
        found = {
            (names[s], benchmarks[b]): (overlapped, bool(flagged), documents)
            for s, b, overlapped, flagged, documents, *_ in data["cells"]
        }
        for source, benchmark, *figures in con.sql(
            "SELECT source, benchmark, overlapped, flagged, documents FROM contamination"
        ).fetchall():
            assert found.get((source, benchmark), (0, False, 0)) == tuple(figures)
        drawn = funnels(page)
        for place, name in enumerate(names):
            steps = con.execute(
                "SELECT step, dropped, rows_out FROM funnel WHERE source = ? ORDER BY position",
                [name],
            ).fetchall()
            assert drawn[place + 1] == steps
        everything = con.sql(
            "SELECT step, sum(dropped), sum(rows_out) FROM funnel GROUP BY position, step ORDER BY position"
        )
        assert drawn[0] == [
            (step, int(gone), int(out)) for step, gone, out in everything.fetchall()
        ]
    assert data["outcomes"] == {"strong": 1, "weak": 0, "near": 1}


def test_it_lists_reasons_licences_and_items_that_cannot_be_hit(example: Path) -> None:
    text = words(page_of(example))
    assert "it hits gsm8k/0 (row chat/1)" in text
    assert "same content as chat/1 (row math/1)" in text
    assert "the last turn is not the assistant's (row math/0)" in text
    assert "Benchmark items that can never be hit 1 item" in text
    assert "not stated" in text
    assert "2 rows fewer than requested" in text


def test_the_marked_text_is_the_shared_text(example: Path) -> None:
    data = data_of(page_of(example))
    hit = next(match for match in data["matches"] if match["outcome"] == "strong")
    (turn,) = [turn for turn in hit["turns"] if turn["spans"]]
    assert (turn["turn"], turn["role"]) == (1, "user")
    assert marked(turn, data["pool"]) == [rows.SHARED] == marked(hit["text"], data["pool"])
    assert hit["why"] == "decontaminate: it hits gsm8k/0"
    assert hit["fate"] == "removed"
    assert hit["by"] == [[0, 0.842, 1, 1, "leak"]]


def test_the_same_audit_gives_the_same_bytes(example: Path, tmp_path: Path) -> None:
    first = write_report(example).read_bytes()
    assert write_report(example).read_bytes() == first
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(example / "audit.duckdb", elsewhere)
    assert write_report(elsewhere).read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_nothing_is_loaded_from_anywhere(example: Path) -> None:
    page = page_of(example)
    elements = Elements(page)
    loads = [
        value
        for _, attributes in elements.tags
        for name, value in attributes.items()
        if name in ("src", "href")
    ]
    assert {value for value in loads if value and not value.startswith("#")} == {"data:,"}
    assert not re.search(r"(https?:)?//[\w-]+\.\w|@import|url\(", page.split('id="data"')[0])
    assert not [
        name
        for _, attributes in elements.tags
        for name in attributes
        if name.startswith("on") or name == "style"
    ]


def test_the_policy_allows_exactly_the_style_and_the_script_that_are_there(example: Path) -> None:
    page = page_of(example)
    (policy,) = [
        a["content"]
        for _, a in Elements(page).tags
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy and policy.startswith("default-src 'none';")
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(style) == len(script) == 1
    for name, text in (("style-src", style[0]), ("script-src", script[0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert "innerHTML" not in script[0]
    assert "unsafe" not in policy


def test_text_of_the_data_is_never_markup(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    tables["sources"][0] |= {"licence": EVIL, "format": EVIL}
    for turn in tables["texts"]:
        turn["text"] += EVIL
    tables["instances"][0]["text"] += EVIL
    for decision in tables["decisions"]:
        decision["reason"] += EVIL
    tables["matches"][0] |= {"matcher": EVIL}
    tables["verdicts"] = [
        rows.judged(EVIL, EVIL, EVIL, note=EVIL),
        rows.judged("a/0", EVIL, EVIL, 0, void=EVIL),
    ]
    tables["selftest"] = [rows.planted(EVIL, 9, 8, matcher) for matcher in ("all", "ngram", EVIL)]
    tables["runs"] += [{"key": "recipe", "value": json.dumps({"name": EVIL})}]
    page = page_of(made(tmp_path, tables, 5))
    assert [tag for tag, _ in Elements(page).tags].count("script") == 2
    assert "window.evil" in words(page)
    assert "<img" not in page
    assert any(EVIL in text for text in data_of(page)["pool"])


def test_a_long_text_is_cut_around_what_is_shared(tmp_path: Path, made: Made) -> None:
    tables = rows.example_tables()
    before = "😀 naïve " * 120_000  # 1 MB of text, 4 bytes to a code point at times
    tables["texts"][1]["text"] = before + rows.LEAK + before
    start = len(before) + rows.LEAK.index(rows.SHARED)
    tables["matches"][0]["doc_spans"] = [
        {"turn": 1, "start": start, "stop": start + len(rows.SHARED)}
    ]
    page = page_of(made(tmp_path, tables, 5))
    assert len(page) < 100_000
    data = data_of(page)
    (turn,) = [turn for turn in data["matches"][0]["turns"] if turn["spans"]]
    assert turn["length"] == 2 * len(before) + len(rows.LEAK)
    assert marked(turn, data["pool"]) == [rows.SHARED]
    assert sum(len(data["pool"][place]) for _, place in turn["pieces"]) <= SHOWN


@given(
    st.integers(0, 6000),
    st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 3000)), max_size=8),
)
def test_windows_lie_in_the_text_and_hold_what_is_shared(
    length: int, drawn: list[tuple[int, int]]
) -> None:
    spans = sorted(
        {(start, min(length, start + width)) for start, width in drawn if start < length}
    )
    shown = windows(length, spans)
    assert all(0 <= start <= stop <= length for start, stop in shown)
    assert all(a[1] < b[0] for a, b in pairwise(shown))
    if length <= WHOLE:
        assert shown == [(0, length)]
        return
    assert sum(stop - start for start, stop in shown) <= SHOWN
    if spans:  # the first shared piece is always seen, whole if it is not long
        start, stop = spans[0]
        seen = sum(max(0, min(stop, b) - max(start, a)) for a, b in shown)
        assert seen >= min(stop - start, PIECE)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    )
)
def test_the_island_is_json_that_cannot_end_its_element(value: Any) -> None:
    text = island(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


@pytest.mark.parametrize(
    ("sources", "benchmarks", "a_pair"), [(1, 1, 3000), (200, 60, 1), (12, 10, 40)]
)
def test_the_size_has_a_bound_and_the_counts_stay_whole(
    tmp_path: Path, made: Made, sources: int, benchmarks: int, a_pair: int
) -> None:
    page = page_of(
        made(tmp_path, huge(sources, benchmarks, a_pair, "und noch viel mehr Wörter, " * 40), 0)
    )
    assert len(page.encode()) <= LIMIT < 3_000_000
    data = data_of(page)
    total = sources * benchmarks * a_pair
    assert sum(data["outcomes"].values()) == total == sum(sum(cell[7:]) for cell in data["cells"])
    assert len(data["cells"]) == sources * benchmarks
    assert funnels(page)[0][0] == ("read", 0, total)
    assert 0 < len(data["matches"]) < total
    # Every pair is shown before a second match of any is.
    shown = {(match["s"], match["b"]) for match in data["matches"]}
    assert len(shown) == min(len(data["cells"]), len(data["matches"]))


def test_a_build_has_its_report_and_the_audit_alone_gives_it_again(tmp_path: Path) -> None:
    out = tmp_path / "built"
    assert (
        call("build", ROOT / "mixtures/quickstart/recipe.yaml", "-o", out, cwd=tmp_path).code == 0
    )
    written = (out / "report.html").read_bytes()
    lock = (out / "recipe.lock.json").read_bytes()
    assert "report.html" not in json.loads(lock)["outputs"]
    text = words(written.decode())
    for fact in (
        "quickstart No row that was written holds an item of the benchmark",
        "16 of 320 rows were removed",
        "policy drop-rows",
        "profile default (n = 8, hit over 50 %)",
    ):
        assert fact in text
    assert hashlib.sha256(lock).hexdigest() in text
    (out / "report.html").unlink()
    done = call("report", out, cwd=tmp_path)
    assert (done.code, done.out.strip()) == (0, str(out / "report.html"))
    assert (out / "report.html").read_bytes() == written


def test_the_commands_of_the_page_are_there_to_be_run(tmp_path: Path) -> None:
    out = tmp_path / "built"
    assert (
        call("build", ROOT / "mixtures/quickstart/recipe.yaml", "-o", out, cwd=tmp_path).code == 0
    )
    asked = re.search(
        r'<dl class="ask">(.*?)</dl>', (out / "report.html").read_text("utf-8"), re.DOTALL
    )
    assert asked
    commands = [
        shlex.split(html.unescape(text)) for text in re.findall("<code>(.*?)</code>", asked[1])
    ]
    assert [command[1] for command in commands].count("sql") >= 3
    assert commands.pop() == ["duckdb", "-readonly", "audit.duckdb"]
    for program, *arguments in commands:
        assert program == "curate"
        if arguments[0] == "review":  # it asks a person
            assert arguments == ["review", "."]
            continue
        done = call(*arguments, cwd=out)
        assert (done.code, done.err) == (0, ""), arguments


def test_a_folder_without_an_audit(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no audit\.duckdb there"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0, "0.00 %"),
        (0.00001, "under 0.01 %"),
        (0.0015, "0.15 %"),
        (0.00996, "1.0 %"),
        (0.0763, "7.6 %"),
        (0.5913, "59 %"),
        (1, "100 %"),
    ],
)
def test_shares_are_said_as_people_read_them(rate: float, said: str) -> None:
    assert percent(rate) == said
