"""One match to be pasted: both texts whole or around what they share, and nothing of them is markup."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from curate.errors import UserError
from curate.review.paste import WIDTH, paste
from tests.command import call
from tests.corpus import build_in, chat, write_lines

EVIL = "Does <b>this</b> & @someone close #12 or *that* </pre><script>alert(1)</script> one in $the$ end?"
LONG = " ".join(f"word{n}" for n in range(900))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paste")
    write_lines(
        folder / "suite.jsonl",
        [{"question": EVIL}, {"question": "Which tree is the oldest in the wood?"}],
    )
    both = f"{LONG} {EVIL} Which tree is the oldest in the wood? {LONG}"
    write_lines(folder / "train.jsonl", [chat(both, "So."), chat("Nothing of it.", "So.")])
    recipe = {
        "sources": [{"name": "train", "from": "train.jsonl"}],
        "decontaminate": {"suite": "suite.jsonl"},
    }
    return build_in(folder, recipe).folder


def texts(pasted: str) -> list[str]:
    """What stands in each <pre>, as a reader sees it."""
    return [
        unescape(re.sub("</?b>", "", text))
        for text in re.findall("<pre>(.*?)</pre>", pasted, re.DOTALL)
    ]


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_both_texts_are_there_and_nothing_of_them_is_markup(out: Path, form: str) -> None:
    pasted = paste(out, "train/0", "suite/0", form)
    row, item = texts(pasted)
    assert item.replace("\n", " ") == EVIL
    assert EVIL in row.replace("\n", " ")
    assert "<script>" not in pasted
    assert pasted.count("</pre>") == 2
    assert all(len(line) <= WIDTH for line in row.split("\n"))


def test_what_is_shared_is_bold_and_a_long_text_is_cut_around_it(out: Path) -> None:
    row, item = re.findall(
        "<pre>(.*?)</pre>", paste(out, "train/0", "suite/0", "markdown"), re.DOTALL
    )
    (bold,) = re.findall("<b>(.*?)</b>", item, re.DOTALL)
    assert unescape(bold).startswith("Does <b>this</b>")
    assert row.lstrip().startswith("…") and row.rstrip().endswith("…")
    assert 0 < len(row) < len(LONG)


def test_the_worst_match_is_taken_where_none_is_named(out: Path) -> None:
    pasted = paste(out, "train/0", None, "markdown")
    assert pasted.startswith("### train/0 ↔ suite/")
    assert "hit, leak, counts" in pasted


def test_what_is_not_there_is_refused(out: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no matcher found anything in a row 'train/1'"):
        paste(out, "train/1", None, "html")
    with pytest.raises(UserError, match="unknown item that it matches 'suite/7'"):
        paste(out, "train/0", "suite/7", "html")
    done = call("why", out, "train/0", "--paste", "pdf", cwd=tmp_path)
    assert (done.code, "markdown" in done.err) == (2, True)
    done = call("why", out, "train/0", "--item", "suite/0", cwd=tmp_path)
    assert (done.code, done.err.strip().endswith("--item goes with --paste")) == (2, True)
    done = call("why", out, "train/0", "--paste", "markdown", cwd=tmp_path)
    assert (done.code, done.out) == (0, paste(out, "train/0", None, "markdown"))
