"""A report read without a browser: its elements, its words, its data, its funnels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from curate.audit.report import write_report
from tests.audit import conftest as rows

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


def kinds_of(match: Any) -> list[tuple[int, str]]:
    return [(matcher, label or "none") for matcher, _, _, _, label in match["by"]]


EVIL = '</script><script>window.evil = 1</script><img src=x onerror="window.evil = 2"><!-- ]]> \u2028 {{ 7 * 7 }}'


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
