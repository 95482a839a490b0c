"""The report in a real browser: it draws, answers clicks and keys, asks for nothing, and runs
nothing of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate.audit.report import write_report
from tests.audit import conftest as rows
from tests.audit.browser import Browser, Page, chromium
from tests.audit.pages import EVIL, Made, huge, judged_build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        chromium() is None, reason="no Chromium here (Debian: apt-get install chromium)"
    ),
]

SECTIONS = [
    "verdict",
    "funnel",
    "mixture",
    "heat",
    "without",
    "matches",
    "judged",
    "found",
    "reasons",
    "licences",
    "ask",
]
ABSENT = {
    "small": {"judged", "found"},
    "evil": {"judged", "found"},
    "huge": {"without", "judged", "found"},  # near misses alone
    "plain": {"heat", "without", "matches", "judged", "found"},
    "rich": set(),
}
MEGABYTE = "😀 naïve text " * 80_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as running:
        yield running


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, made: Made) -> dict[str, str]:
    """Give the addresses of five reports: small, full of markup, huge, rich, and without
    benchmarks.
    """
    evil = rows.example_tables()
    evil["sources"][0]["licence"] = EVIL
    evil["runs"].append({"key": "recipe", "value": '{"name": "<b onclick=1>"}'})
    evil["texts"][1]["text"] = MEGABYTE + EVIL + "\u202e\x07" + rows.LEAK + MEGABYTE
    start = len(MEGABYTE) + len(EVIL) + 2 + rows.LEAK.index(rows.SHARED)
    evil["matches"][0]["doc_spans"] = [
        {"turn": 1, "start": start, "stop": start + len(rows.SHARED)}
    ]
    plain: dict[str, rows.Rows] = {
        "sources": [rows.source("chat", 1, 1, 1)],
        "documents": [rows.document("chat", 0)],
    }
    builds = {
        "small": (several(), 5),
        "evil": (evil, 5),
        "huge": (huge(200, 60, 1, "text " * 150), 0),
        "plain": (plain, 1),
        "rich": (judged_build(), 7),
    }
    folders = {name: made(tmp_path_factory.mktemp(name), *build) for name, build in builds.items()}
    return {name: write_report(folder).as_uri() for name, folder in folders.items()}


def several() -> dict[str, rows.Rows]:
    """The example with a few more matches: 3 hits in chat × gsm8k, 1 near miss in math × mine, 1 in
    chat × mine.
    """
    tables = rows.example_tables()
    tables["instances"].append(
        rows.instance("gsm8k", 2, "A second item, about a zeppelin and other things that fly.")
    )
    for row in (0, 2):
        tables["texts"].append(
            {
                "doc_id": f"chat/{row}",
                "turn": 0,
                "role": "user",
                "text": f"A zeppelin, number {row}.",
            }
        )
        tables["matches"].append(rows.match("chat", row, "gsm8k/2", 0.7 + row / 100))
    tables["texts"].append(
        {"doc_id": "math/2", "turn": 0, "role": "user", "text": "Something else."}
    )
    tables["matches"].append(rows.match("chat", 0, "mine/0", 0.25))
    return tables


@pytest.fixture
def page(browser: Browser, reports: dict[str, str]) -> Page:
    return browser.open(reports["small"])


def text(page: Page, selector: str) -> str:
    return str(page.run(f"document.querySelector({selector!r}).textContent"))


def listed(page: Page) -> list[str]:
    """What the list shows: the item and the row of every match."""
    script = "[...document.querySelectorAll('#list .row')].map((row) => [...row.querySelectorAll('span')]"
    found: list[str] = page.run(script + ".map((span) => span.textContent).join(' '))")
    return found


def active(page: Page) -> Any:
    return page.run(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.id"
    )


@pytest.mark.parametrize("name", ["small", "evil", "huge", "plain", "rich"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_draws_everything_and_asks_for_nothing(
    browser: Browser, reports: dict[str, str], name: str, dark: bool, width: int
) -> None:
    page = browser.open(reports[name], width=width, dark=dark)
    shown = page.run(
        "[...document.querySelectorAll('section')].filter((s) => s.offsetHeight > 40).map((s) => s.id)"
    )
    assert shown == [s for s in SECTIONS if s not in ABSENT[name]]
    assert page.run("document.querySelectorAll('#funnel figure:not([hidden]) .step').length") >= 3
    if name != "plain":
        assert (
            page.run("document.querySelectorAll('.cell').length")
            == {"small": 3, "evil": 2, "huge": 12_000, "rich": 5}[name]
        )
        assert page.run("document.querySelectorAll('#pair .text').length") >= 2
    assert page.run("document.documentElement.scrollWidth") == width
    assert page.requests() == [reports[name]]
    assert page.complaints() == []


def test_the_page_is_light_or_dark_as_the_system_is_and_the_button_turns_it(
    browser: Browser, reports: dict[str, str]
) -> None:
    def ground(page: Page) -> int:
        return int(
            page.run(
                "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]"
            )
        )

    light, dark = browser.open(reports["small"]), browser.open(reports["small"], dark=True)
    assert ground(light) > 200 and ground(dark) < 60
    assert light.run("document.getElementById('theme').ariaPressed") == "false"
    light.click("#theme")
    assert ground(light) < 60
    assert light.run("document.getElementById('theme').ariaPressed") == "true"
    light.click("#theme")
    assert ground(light) > 200
    light.run("localStorage.clear()")


def test_a_cell_filters_the_matches_and_a_second_click_frees_them(page: Page) -> None:
    assert len(listed(page)) == 5
    page.click(".cell[data-s='0'][data-b='0']")
    assert listed(page) == ["gsm8k/0 chat/1", "gsm8k/2 chat/2", "gsm8k/2 chat/0"]
    assert (
        page.run('document.querySelector(\'.cell[data-s="0"][data-b="0"]\').ariaPressed') == "true"
    )
    assert text(page, "#count") == "3 pairs"
    page.click(".cell[data-s='0'][data-b='0']")
    assert len(listed(page)) == 5


def test_a_benchmark_named_beside_its_source_filters_too(page: Page) -> None:
    page.click(".chip")
    assert {entry.split("/")[0] for entry in listed(page)} == {"gsm8k"}
    page.click("#clear")
    assert len(listed(page)) == 5


def test_arrow_keys_walk_through_the_cells(page: Page) -> None:
    assert (
        page.run("[...document.querySelectorAll('.cell')].filter((c) => c.tabIndex === 0).length")
        == 1
    )
    page.run("document.querySelector('.cell').focus()")
    assert str(active(page)).startswith("chat, gsm8k: 2 of 3 items")
    page.press("ArrowRight")
    assert str(active(page)).startswith("chat, mine: no hit, 1 near miss")
    page.press("ArrowDown")
    assert str(active(page)).startswith("math, mine")
    page.press("ArrowDown")
    assert str(active(page)).startswith("math, mine")
    page.press("Enter")
    assert listed(page) == ["mine/0 math/2"]


def test_arrow_keys_walk_through_the_matches(page: Page) -> None:
    page.run("document.getElementById('list').focus()")
    seen = [text(page, "#pair h3")]
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowDown"):
        page.press(key)
        seen.append(text(page, "#pair h3"))
    first, second, third, last = (
        "chat/1 ↔ gsm8k/0",
        "chat/2 ↔ gsm8k/2",
        "chat/0 ↔ gsm8k/2",
        "chat/0 ↔ mine/0",
    )
    assert seen == [first, second, third, second, last, last]
    assert page.run("document.querySelectorAll('#list [aria-selected=true]').length") == 1
    assert (
        page.run("document.getElementById('list').getAttribute('aria-activedescendant')")
        == "match-4"
    )


def test_a_click_in_the_list_shows_both_texts_with_what_they_share(page: Page) -> None:
    page.click("#match-1")
    assert text(page, "#pair h3") == "chat/2 ↔ gsm8k/2"
    page.click("#match-0")
    marks = page.run("[...document.querySelectorAll('#pair mark')].map((mark) => mark.textContent)")
    assert marks == [rows.SHARED, rows.SHARED]
    pair = text(page, "#pair")
    for part in (
        "84.2\u00a0%",
        "hit",
        "leak",
        "turn 1 · user",
        "The row was removed · decontaminate: it hits gsm8k/0",
        "unseen",
    ):
        assert part in pair


def test_search_filters_and_the_slash_goes_there(page: Page) -> None:
    page.press("/")
    assert page.run("document.activeElement.id") == "search"
    for letter in "zeppelin":
        page.press(letter)
    assert listed(page) == ["gsm8k/2 chat/2", "gsm8k/2 chat/0", "mine/0 chat/0"]
    page.press("/")  # in the field it is a letter like any other
    assert page.run("document.getElementById('search').value") == "zeppelin/"
    assert "No pair here has these words." in text(page, "#list")
    page.press("Escape")
    assert len(listed(page)) == 5
    assert page.run("document.activeElement.id") == "list"


def test_hits_and_near_misses_are_told_apart(page: Page) -> None:
    for outcome, n in (("strong", 3), ("weak", 0), ("near", 2), ("all", 5)):
        page.click(f"input[value={outcome}] + span")
        assert len(listed(page)) == n
    page.run(
        "const s = document.getElementById('by-source'); s.value = '1'; s.dispatchEvent(new Event('change'))"
    )
    assert listed(page) == ["mine/0 math/2"]


def pick(page: Page, name: str, value: int) -> None:
    page.run(
        f"byId('by-{name}').value = '{value}'; byId('by-{name}').dispatchEvent(new Event('change'))"
    )


def test_matches_are_chosen_by_matcher_and_label(browser: Browser, reports: dict[str, str]) -> None:
    page = browser.open(reports["rich"])
    every = len(listed(page))
    matchers = page.run(
        "[...document.querySelectorAll('#by-matcher option')].map((option) => option.textContent)"
    )
    assert matchers == ["all matchers", "minhash", "ngram", "robust", "semantic"]
    labels = page.run(
        "[...document.querySelectorAll('#by-label option')].map((option) => option.textContent)"
    )
    assert labels == ["all labels", "leak", "variant", "suspect", "no label"]
    pick(page, "matcher", 3)
    assert listed(page) == ["gsm8k/2 chat/0", "gsm8k/2 web/0"]
    assert text(page, "#count") == "2 pairs"
    pick(page, "label", 0)
    assert listed(page) == [] and "There is no such pair." in text(page, "#list")
    pick(page, "matcher", -1)
    pick(page, "label", 5)
    assert listed(page) == ["mine/0 math/2"]
    page.click("#clear")
    assert len(listed(page)) == every
    assert every == page.run("Object.values(data.outcomes).reduce((a, b) => a + b)")
    pick(page, "label", 1)
    assert listed(page) == ["gsm8k/0 chat/2"]
    assert "does not count" in text(page, "#pair .opinions")


def test_one_matcher_is_no_choice(page: Page) -> None:
    assert page.run("byId('by-matcher').parentNode.hidden") is True
    assert page.run("document.querySelectorAll('#list .matcher-ngram').length") == 0


def test_badges_name_matcher_label_and_verdict(browser: Browser, reports: dict[str, str]) -> None:
    page = browser.open(reports["rich"])
    badges = "[...document.querySelectorAll('#pair .badge')].map((badge) => badge.textContent)"
    assert page.run(badges) == ["judged leak", "leak", "leak", "leak"]
    assert page.run(
        "[...document.querySelectorAll('#match-0 .badge')].map((badge) => badge.textContent)"
    ) == ["robust", "ngram", "minhash", "leak", "judged leak"]
    assert text(page, "#pair h3") == "chat/1 ↔ gsm8k/0"
    opinions = page.run(
        "[...document.querySelectorAll('.opinion')].map((one) => one.textContent.split('\u00a0')[0])"
    )
    assert opinions == ["robust93.0", "ngram84.2", "minhash77.0"]
    widths = page.run("[...document.querySelectorAll('.meter i')].map((bar) => bar.style.width)")
    assert widths == ["93%", "84.2%", "77%"]


def test_the_bars_of_the_self_test_and_of_a_source_that_goes(
    browser: Browser, reports: dict[str, str]
) -> None:
    page = browser.open(reports["rich"])
    box = "[...document.querySelectorAll('{} .goes')].map((bar) => bar.getBBox().width)"
    assert page.run(box.format("#found")) == [100, 100, 92, 87, 80]
    going = page.run(box.format("#without"))
    assert [round(width) for width in going] == [50, 33, 0]
    assert page.run("document.querySelector('#found .share').getBoundingClientRect().height") > 5


def test_the_funnel_of_one_source(page: Page) -> None:
    shown = "document.querySelectorAll('#funnel figure:not([hidden]) .step')"
    said = f"[...{shown}].map((step) => step.textContent.trim())"
    assert "doubles5− 1" in page.run(said)
    page.run(
        "const f = document.getElementById('funnel-source'); f.value = '1'; f.dispatchEvent(new Event('change'))"
    )
    assert page.run(said) == [
        "read3",
        "validate2− 1",
        "doubles1− 1",
        "decontaminate1",
        "sample1",
        "write1",
    ]


def test_what_is_only_not_drawn_is_not_red(page: Page) -> None:
    fill = "getComputedStyle(document.querySelector('#funnel figure:not([hidden]) {}')).fill"
    assert page.run(fill.format(".rest")) != page.run(fill.format(".goes"))


def test_the_worst_is_at_the_top_left_of_the_heat_map(
    browser: Browser, reports: dict[str, str]
) -> None:
    page = browser.open(reports["rich"], width=400)
    first = page.run("document.querySelector('.cell').getAttribute('aria-label')")
    assert first.startswith("web, gsm8k: 4 of 12 items")
    box = page.run(
        "(() => { const b = document.querySelector('.cell').getBoundingClientRect(); return [b.left, b.right]; })()"
    )
    assert 0 <= box[0] < box[1] <= 400


def test_own_words_are_darker_and_licences_fit_a_small_screen(
    browser: Browser, reports: dict[str, str]
) -> None:
    page = browser.open(reports["rich"], width=400)
    assert page.run("document.querySelector('.licences').scrollWidth") <= 400
    page.run(
        "pick = [...document.querySelectorAll('#list .row')].find((row) => row.textContent.includes('gsm8k/2'))"
    )
    page.run("pick.click()")
    assert page.run("[...document.querySelectorAll('#pair mark b')].length") > 0


def test_what_has_the_focus_can_be_seen(page: Page) -> None:
    seen = []
    for _ in range(40):
        page.press("Tab")
        seen.append(
            page.run(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
        style = "getComputedStyle(document.activeElement)"
        ring = page.run(
            f"{style}.outlineStyle !== 'none' || document.activeElement.type === 'radio'"
        )
        assert ring, seen[-1]
        if seen[-1] == "list":
            break
    assert {"theme", "chip", "funnel-source", "by-source", "by-benchmark", "search", "list"} <= set(
        seen
    )
    assert sum("cell" in name for name in seen) == 1


def test_markup_and_a_megabyte_are_shown_as_text(browser: Browser, reports: dict[str, str]) -> None:
    page = browser.open(reports["evil"])
    assert page.run("window.evil === undefined")
    assert page.run("document.querySelectorAll('img, b[onclick]').length") == 0
    pair = text(page, "#pair")
    assert EVIL[-40:].split("\u2028")[1] in pair
    assert "U+202E" in pair and "\u202e" not in pair
    assert "characters left out" in pair and len(pair) < 5_000
    assert (
        page.run("[...document.querySelectorAll('#pair mark')].map((m) => m.textContent)")
        == [rows.SHARED] * 2
    )
    assert (
        page.run("document.querySelectorAll('.turn')[1].textContent")
        == f"turn 1 · user · {2 * len(MEGABYTE) + len(EVIL) + 2 + len(rows.LEAK):,} characters"
    )
    assert page.run("document.title").startswith("<b onclick=1>")


def test_the_policy_stops_what_would_load_or_run(browser: Browser, reports: dict[str, str]) -> None:
    page = browser.open(reports["small"])
    page.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    page.run(
        "document.body.append(Object.assign(document.createElement('img'), {src: 'http://127.0.0.1:9/x.png'}))"
    )
    assert page.run("window.ran === undefined")
    assert (
        page.run("fetch('http://127.0.0.1:9/').then(() => 'loaded', () => 'refused')") == "refused"
    )
    assert len([said for said in page.complaints() if "Content Security Policy" in said]) >= 3


def test_of_a_huge_build_the_rest_is_counted_and_can_be_asked_for(
    browser: Browser, reports: dict[str, str]
) -> None:
    page = browser.open(reports["huge"])
    shown = int(page.run("data.matches.length"))
    assert 100 < shown < 12_000
    assert text(page, "#count") == f"{shown:,} pairs of 12,000"
    assert text(page, "#rest").startswith(f"{12_000 - shown:,} more pairs are not in this file")
    assert text(page, "#rest code") == 'curate sql . "SELECT * FROM worst_matches"'
    before = len(listed(page))
    page.run("document.getElementById('list').focus()")
    page.press("End")
    assert len(listed(page)) == shown > before
    page.click(".cell")
    assert text(
        page,
        "#rest code" if page.run("document.querySelector('#rest code') !== null") else "#count",
    )


def test_it_prints_without_its_controls(page: Page, tmp_path: Path) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run("getComputedStyle(document.querySelector('.bar')).display") == "none"
    assert page.run("document.getElementById('pair').offsetHeight") > 100
    assert len(page.call("Page.printToPDF")["data"]) > 10_000
