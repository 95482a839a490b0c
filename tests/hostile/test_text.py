"""Hostile text in rows, columns, files and errors: what people see holds it as text and no more."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.command import Done, call

pytestmark = pytest.mark.slow
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What moves the cursor, colours, clears, sets a title, or turns the direction of a line."""
EVIL = (
    "\x1b[2J\x1b]0;mine\x07\x9b31m\u202e\x08\x00</script><script>alert(1)</script>"
    '<img src=x onerror="alert(2)"><a href="javascript:alert(3)">{{ 7 * 7 }} ${HOME} [bold red]x[/] `|` '
    "--- | # head <!-- ]]> \u2028 %s %(a)s \\x1b"
)
ITEM = "Which of the seven grey lighthouses of Borrin stands nearest to the old harbour wall today"


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))


def written(folder: Path, evil: str) -> None:
    rows = [
        {"prompt": f"{evil} {ITEM} {evil}", "response": evil, evil: evil},
        {"prompt": f"fine {evil}", "response": f"yes {evil}"},
        {"prompt": {"a": evil}, "response": 3},
    ]
    lines = [json.dumps(row) for row in rows]
    (folder / "data.jsonl").write_text("\n".join([*lines, f"no JSON {evil}", ""]))
    (folder / "bench.jsonl").write_text(json.dumps({"question": f"{ITEM} {evil}"}) + "\n")


def asked(folder: Path) -> list[Done]:
    build = ["decontaminate", "data.jsonl", "--suite", "bench.jsonl", "-o", "out"]
    verbs = [
        build,
        ["why", "out", "data/0"],
        ["why", "out", "data/2"],
        ["why", "out", "data/3"],
        ["sql", "out", "from documents"],
        ["sql", "out", "from texts"],
        ["sql", "out", "from decisions"],
        ["sql", "out", "quarantine"],
        ["sql", "out", "worst-matches"],
        ["review", "out", "--list"],
        ["check", "data.jsonl"],
        ["plan", "missing.yaml"],
    ]
    return [call(*verb, cwd=folder) for verb in verbs]


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Done]]:
    folder = tmp_path_factory.mktemp("evil")
    written(folder, EVIL)
    return folder, asked(folder)


def test_nothing_steers_the_terminal(evil: tuple[Path, list[Done]]) -> None:
    assert [done.code for done in evil[1]] == [*[0] * 10, 1, 2]
    assert sum("alert(1)" in done.out for done in evil[1]) >= 3
    for done in evil[1]:
        for text in (done.out, done.err):
            found = STEERS.search(text)
            assert found is None, text[max(0, found.start() - 80) : found.end() + 20]
            assert "Traceback" not in text and "a fault in curate" not in text


def test_errors_show_names_and_do_not_send_them(tmp_path: Path) -> None:
    name = "a\x1b]0;mine\x07.jsonl"
    (tmp_path / name).write_text("[")
    (tmp_path / "r.yaml").write_text(json.dumps({"name": "x", "kind": "sft", EVIL: [EVIL]}))
    calls = [
        ["check", name],
        ["check", f"no\x1b[2J{name}"],
        ["build", "r.yaml", "-o", "out"],
        ["sql", str(tmp_path), "select '\x1b[2J' from"],
        ["why", "nowhere\x1b[2J", "a"],
    ]
    for arguments in calls:
        done = call(*arguments, cwd=tmp_path)
        assert done.code == 2
        assert STEERS.search(done.err) is None and done.err.startswith("curate: "), done.err


def test_the_page_gets_no_element_from_data(evil: tuple[Path, list[Done]], tmp_path: Path) -> None:
    written(tmp_path, "harmless")
    asked(tmp_path)
    pages = []
    for folder in (evil[0], tmp_path):
        page = Page()
        page.feed((folder / "out" / "report.html").read_text("utf-8"))
        pages.append(page)
    theirs, ours = pages
    kinds = {tag for tag, _ in ours.tags}
    assert {tag for tag, _ in theirs.tags} <= kinds
    for tag in ("script", "img", "iframe", "link", "style"):
        count = [sum(one == tag for one, _ in page.tags) for page in pages]
        assert count[0] == count[1], tag
    for _, attributes in theirs.tags:
        for key, value in attributes:
            assert not key.startswith("on"), key
            assert not (value or "").strip().lower().startswith("javascript:")


def test_the_card_holds_no_element_from_data(evil: tuple[Path, list[Done]]) -> None:
    card = (evil[0] / "out" / "README.md").read_text("utf-8")
    assert STEERS.search(card) is None
    body = card.split("---\n", 2)[2]
    assert not re.search(r"(?<!\\)<(script|img|a) ?", body)
