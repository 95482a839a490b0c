"""One case on a screen: it fits, the shared text is marked, and nothing of the data steers the
terminal.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from curate.audit.store import open_readonly
from curate.audit.windows import Sizes
from curate.review.cases import Case, Opinion, Selection, Side, Texts, cases, texts
from curate.review.screen import draw, marked, readable
from curate.verdicts import Ruling
from tests.audit import conftest as rows
from tests.review.conftest import judgeable

Made = Callable[[Path, dict[str, rows.Rows], int], Path]
EVIL = "\x1b[2J\x1b]0;mine\x07[bold red]\u202e\x9b31m\r\x08[/]"
# What rich itself sends: colours, and clearing the screen.
SENT = re.compile(r"\x1b\[[0-9;]*[mHJ]")


def drawn(
    case: Case, shown: Texts, width: int = 120, height: int = 40, note: str | None = None
) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        width=width,
        height=height,
        color_system="standard",
        highlight=False,
    )
    draw(
        console,
        case,
        shown,
        "1 of 3",
        Ruling("a", "b", "allowed", "as agreed", "0" * 32, "1" * 32),
        note,
    )
    return out.getvalue()


def test_all_that_is_needed_to_judge_is_there(tmp_path: Path, made: Made) -> None:
    with open_readonly(made(tmp_path, judgeable(), 5)) as con:
        case = cases(con, Selection())[0]
        screen = drawn(case, texts(con, case), note="to be kept")
    plain = SENT.sub("", screen)
    for words in (
        "1 of 3",
        "chat/1 ↔ gsm8k/0",
        "the row is removed · decontaminate: it hits gsm8k/0; 1 more pair has these texts",
        "verdict: allowed · as agreed",
        "note: to be kept",
        "TRAINING ROW",
        "turn 1 · user",
        "1 more turn",
        "BENCHMARK ITEM",
        "false alarm",
    ):
        assert words in plain, words
    assert re.search(r"exact +100\.0 % +hit +leak +counts", plain)
    assert re.search(r"robust +40\.0 % +near miss +no label +does not count", plain)
    assert "\x1b[30;43m" in screen


CASE = Case(
    "a/0", "b/0", "a", "b", "kept", "0" * 32, "1" * 32, (Opinion("ngram", 0.9, True, None, True),)
)


@pytest.mark.parametrize("width", [40, 80, 120, 300])
@pytest.mark.parametrize("height", [14, 24, 60])
def test_it_fits_whatever_the_texts(width: int, height: int) -> None:
    long = Side(
        "line\n" * 3000 + "shared words here " * 400,
        [(15_000, 15_400), (20_000, 20_300)],
        0,
        "user",
    )
    screen = SENT.sub(
        "", drawn(CASE, Texts([long], Side(long.text, long.spans), None), width, height)
    )
    lines = screen.splitlines()
    assert len(lines) <= max(height, 16)
    assert all(len(line) <= width for line in lines)
    assert "shared words" in screen


def test_nothing_of_the_data_reaches_the_terminal_as_a_command() -> None:
    evil = Case(
        EVIL, EVIL, EVIL, EVIL, "kept", "0" * 32, "1" * 32, (Opinion(EVIL, 0.9, True, None, True),)
    )
    side = Side(EVIL * 3, [(4, 12)], 0, EVIL)
    for width in (60, 140):
        left = SENT.sub("", drawn(evil, Texts([side], side, EVIL), width, 60, EVIL))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", left)
        assert "[bold red]" in left.replace("\n", "")


@given(st.text(st.sampled_from("ab \n😀é")), st.data())
def test_marks_lie_on_the_shared_text(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = list(pairwise(cuts))[::2]
    shown = marked(Side(text, spans), Sizes(whole=10_000))
    assert shown.plain == text
    assert [shown.plain[s.start : s.end] for s in shown.spans if "yellow" in str(s.style)] == [
        text[a:b] for a, b in spans
    ]


def test_lines_stay_lines_and_controls_are_shown() -> None:
    assert readable("a\tb\r\nc\x1b[0m\u2028") == "a    b\nc\\x1b[0m\\u2028"
