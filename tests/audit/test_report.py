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
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.audit.report import LIMIT, write_report
from curate.audit.windows import PIECE, SHOWN, WHOLE, windows
from curate.audit.words import island, percent, wilson
from curate.errors import UserError
from tests.audit import conftest as rows
from tests.command import ROOT, call

EVIL = '</script><script>window.evil = 1</script><img src=x onerror="window.evil = 2"><!-- ]]> \u2028 {{ 7 * 7 }}'

Made = Callable[[Path, rows.Rows | dict[str, rows.Rows], int], Path]


class Elements(HTMLParser):
    """Start tags with their attributes, and the text of the page outside of style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.raw.append((self.tags[-1][0], data))
        else:
            self.text += f"{data} "


def page_of(out: Path) -> str:
    return write_report(out).read_text(encoding="utf-8")


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def words(page: str) -> str:
    """The text a reader sees, on one line."""
    return " ".join(Elements(page).text.split())


FUNNEL = re.compile(r'<figure class="sheet" data-funnel="\d+"[^>]*>(.*?)</figure>', re.DOTALL)
STEP = re.compile(
    r'class="what" y="14">([^<]*)</text><text[^>]*>([\d,]+)(?:<tspan[^>]*>([^<]*)</tspan>)?'
)


def funnels(page: str) -> list[list[tuple[str, int, int]]]:
    """Of all sources together, then of each, what is drawn: the step, rows that leave at it, and rows
    that come out of it."""

    def number(text: str) -> int:
        found = re.fullmatch(r"− ([\d,]+)", text)
        return int(found[1].replace(",", "")) if found else 0

    return [
        [(step, number(gone), int(out.replace(",", ""))) for step, out, gone in STEP.findall(drawn)]
        for drawn in FUNNEL.findall(page)
    ]


def marked(side: Any, pool: list[str]) -> list[str]:
    """What the page marks: for each piece the parts of it that lie in a span."""
    found = []
    for first, place in side["pieces"]:
        for start, stop in side["spans"]:
            part = pool[place][max(0, start - first) : max(0, stop - first)]
            found += [part] if part else []
    return found


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


def huge(sources: int, benchmarks: int, a_pair: int, text: str = "") -> dict[str, rows.Rows]:
    """A build in which every source overlaps every benchmark: texts of its own for each of `a_pair`
    rows a pair.
    """
    names, sets = (
        [f"source-{i}-with-a-long-name" for i in range(sources)],
        [f"benchmark_{i}" for i in range(benchmarks)],
    )
    shared = "a shared piece of text that is long enough to be one " * 3
    tables: dict[str, rows.Rows] = {
        name: [] for name in ("documents", "texts", "instances", "matches", "decisions")
    }
    for benchmark in sets:
        for i in range(a_pair):
            tables["instances"].append(
                rows.instance(benchmark, i, f"{shared} {benchmark} {i} {text}")
            )
    for source in names:
        for number, benchmark in enumerate(sets):
            for i in range(a_pair):
                row = number * a_pair + i
                tables["documents"].append(rows.document(source, row, "removed", 0))
                tables["decisions"].append(
                    rows.decision(
                        "decontaminate", f"{source}/{row}", "removed", f"it hits {benchmark}/{i}"
                    )
                )
                content = f"{shared} {source} {row} {text}"
                tables["texts"].append(
                    {"doc_id": f"{source}/{row}", "turn": 0, "role": "user", "text": content}
                )
                spans = [{"turn": 0, "start": 0, "stop": len(shared)}]
                more: dict[str, Any] = {
                    "doc_spans": spans,
                    "item_spans": [{"start": 0, "stop": len(shared)}],
                }
                tables["matches"].append(
                    rows.match(source, row, f"{benchmark}/{i}", 0.3 if i == 0 else 0.9, **more)
                )
    read = benchmarks * a_pair
    tables["sources"] = [rows.source(name, read, 0, 0) for name in names]
    tables["runs"] = [
        {"key": "steps", "value": '["read", "validate", "decontaminate", "sample", "write"]'}
    ]
    return tables


def judged_build() -> dict[str, rows.Rows]:
    """A build with everything a report can tell: four matchers, labels, verdicts, a self-test,
    sources that overlap.
    """
    tables = rows.example_tables()
    words = {
        "chat/0": "A zeppelin flies over the town.",
        "chat/2": "Natalia sold 72 clips to 8 of her friends in June.",
    }
    words |= {
        "math/2": rows.LEAK,
        "web/0": "Over the town there flies a zeppelin.",
        "web/1": rows.LEAK,
    }
    tables["texts"] += [
        {"doc_id": key, "turn": 0, "role": "user", "text": text} for key, text in words.items()
    ]
    tables["sources"].append(rows.source("web", 2, 2, 2))
    tables["documents"] += [rows.document("web", row) for row in range(2)]
    tables["instances"] += [
        rows.instance("gsm8k", 2, "Over the town flies a zeppelin, and it is a large one.")
    ]
    tables["instances"] += [
        rows.instance("gsm8k", row, f"{rows.ITEM} ({row})") for row in range(3, 12)
    ]
    whole: dict[str, Any] = {
        "doc_spans": [{"turn": 0, "start": 0, "stop": 20}],
        "item_spans": [{"start": 0, "stop": 20}],
    }
    tables["matches"] += [
        rows.match("chat", 1, "gsm8k/0", 0.93, matcher="robust", verdict="leak"),
        rows.match("chat", 1, "gsm8k/0", 0.77, matcher="minhash"),
        rows.match("chat", 2, "gsm8k/0", 0.71, matcher="robust", label="variant", **whole),
        rows.match(
            "chat",
            0,
            "gsm8k/2",
            0.88,
            matcher="semantic",
            label="suspect",
            verdict="leak",
            counts=True,
            **whole,
        ),
        rows.match("web", 0, "gsm8k/2", 0.91, matcher="semantic", label="suspect"),
        rows.match("web", 0, "mine/0", 0.8, matcher="robust", verdict="false-alarm", counts=False),
        rows.match("web", 1, "gsm8k/0", 0.84, verdict="allowed", counts=False),
        *[rows.match("web", 1, f"gsm8k/{row}", 0.8 + row / 100) for row in range(3, 7)],
        rows.match("math", 2, "gsm8k/3", 0.84),
    ]
    tables["verdicts"] = [
        rows.judged("chat/1", "gsm8k/0", "leak"),
        rows.judged("chat/0", "gsm8k/2", "leak", note="the same question in other words"),
        rows.judged("web/0", "mine/0", "false-alarm", note="both open like any story"),
        rows.judged("web/1", "gsm8k/0", "allowed", note="agreed with the owners of the set"),
        rows.judged("web/9", "gsm8k/7", "false-alarm", 0, void="the row has changed since"),
    ]
    changed = {
        "verbatim": (99, 100),
        "embedded in 400 words": (97, 100),
        "every 6th word replaced": (88, 92),
    }
    changed |= {"every 4th word replaced": (55, 87), "sentences re-ordered": (71, 80)}
    tables["selftest"] = [
        rows.planted(name, 100, found, matcher)
        for matcher, place in (("all", 1), ("ngram", 0), ("robust", 1))
        for name, found in [(name, figures[place]) for name, figures in changed.items()]
    ]
    tables["selftest"] += [rows.planted("clean", 2000, 3, matcher) for matcher in ("all", "robust")]
    tables["selftest"] += [rows.planted("verbatim", 50, 50, benchmark="gsm8k")]
    return tables


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
        "every 4th word replaced 100 87 87 % 86 % – 88 % 55 % 54 % – 56 % 87 % 86 % – 88 %" in text
    )
    assert "any matcher 3 of 2,000 clean rows 0.15 %, 0.00 % – 1.1 %" in text
    (tmp_path / "one").mkdir()
    tables["selftest"] = [row for row in tables["selftest"] if row["matcher"] != "ngram"]
    alone = words(page_of(made(tmp_path / "one", tables, 7))).split("What these settings find")[1]
    assert (
        "any matcher" not in alone
        and "every 4th word replaced 100 87 87 % 86 % – 88 % sentences" in alone
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


def kinds_of(match: Any) -> list[tuple[int, str]]:
    return [(matcher, label or "none") for matcher, _, _, _, label in match["by"]]


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


def test_more_sources_than_can_be_listed_are_counted(tmp_path: Path, made: Made) -> None:
    tables = huge(320, 1, 1)
    page = page_of(made(tmp_path, tables, 0))
    assert "300 of 320 sources are listed" in words(page)
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
