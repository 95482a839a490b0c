"""One row's story: every fate, copies, matches shown from both sides, and ids that were never read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.audit.why import why
from curate.errors import UserError
from curate.steps.decontaminate.why import CONTEXT, SPAN_WIDTH, excerpt
from tests.audit import conftest as rows

Build = Callable[[Path, dict[str, list[dict[str, Any]]], int], Path]


def test_the_whole_story_of_a_removed_row(example: Path) -> None:
    assert (
        why(example, "chat/1")
        == """\
chat/1: removed

Came from
  file         chat.jsonl, row 1 (counted from 0)
  source       chat, row 1 of the source
  read from    ./chat.jsonl
  format       messages; licence: MIT
  upstream id  up-1

Scanned
  10 tokens of its text

Matches
  1. gsm8k, item gsm8k/0
     ngram  hit, score 0.842, label leak, counts
     in the row   turn 1 (user), 18 to 98: In the old story, »Natalia sold clips to 48 of her friends in April, \
and then she sold half as many«.
     in the item  text, 0 to 80: »Natalia sold clips to 48 of her friends in April, \
and then she sold half as many« clips in May.

Decisions
  1. decontaminate: removed, because it hits gsm8k/0
     score 0.842

Fate
  removed at decontaminate; the whole row is in removed/
"""
    )


@pytest.mark.parametrize(
    ("doc_id", "told"),
    [
        (
            "chat/0",
            [
                "kept, written once",
                "none with the 3 benchmark items",
                "none: no step",
                "once, as chat/0",
            ],
        ),
        ("chat/2", ["kept, written 3 times\n", "3 times, as chat/2, chat/2#2, chat/2#3"]),
        ("chat/2#3", ["chat/2: kept, written 3 times; this is copy 3 of it"]),
        ("chat/3", ["not sampled", "1. sample: not-sampled", "not drawn: it had to go"]),
        (
            "math/0",
            [
                "quarantined",
                "not scanned",
                "1. validate: quarantined, because the last turn",
                "quarantine/",
            ],
        ),
        (
            "math/1",
            ["duplicate", "because same content as chat/1", "dropped at doubles as a duplicate"],
        ),
        (
            "math/2",
            [
                "more.jsonl, row 0 (",
                "math, row 2 of the source",
                "ngram  no hit, score 0.300, no label, does not count",
                "licence: not stated",
            ],
        ),
    ],
)
def test_every_fate_is_told(example: Path, doc_id: str, told: list[str]) -> None:
    story = why(example, doc_id)
    for words in told:
        assert words in story


@pytest.mark.parametrize(
    ("doc_id", "message"),
    [
        (
            "chat/99",
            "no row 'chat/99' was read; nearest: 'chat/3', 'chat/2', 'chat/1' (source 'chat' has rows 0 to 3)",
        ),
        ("chta/1", "no row 'chta/1' was read; nearest: 'chat/1', 'chat/0', 'chat/2'"),
        ("mth", "no row 'mth' was read; nearest: 'math/0'"),
        ("up-2", "no row 'up-2' was read; it is the upstream id of 'chat/2'"),
        ("math/7#2", "no row 'math/7#2' was read; nearest: 'math/2'"),
        (
            "chat/2#4",
            "no row 'chat/2#4' was written: 'chat/2' was written 3 times; ask for 'chat/2'",
        ),
        ("chat/2#1", "no row 'chat/2#1' was written"),
        ("chat/1#2", "no row 'chat/1#2' was written: 'chat/1' is removed; ask for 'chat/1'"),
        ("chat/" + "9" * 40, "nearest: 'chat/0'"),
        ("chat/²", "nearest: 'chat/0'"),
        ("", "no row '' was read"),
    ],
)
def test_an_id_that_was_never_read_is_refused_with_the_nearest(
    example: Path, doc_id: str, message: str
) -> None:
    with pytest.raises(UserError) as refused:
        why(example, doc_id)
    assert message in str(refused.value)


def test_sources_with_odd_names(tmp_path: Path, made: Build) -> None:
    names = ["a/b", "it's", "x#2", 'say "hi"']
    sources = [
        {"name": n, "from_": n, "files": 1, "rows_read": 1, "rows_kept": 1, "rows_written": 1}
        for n in names
    ]
    documents = [
        {"id": f"{n}/0", "source": n, "row": 0, "fate": "kept", "copies": 1} for n in names
    ]
    made(tmp_path, {"sources": sources, "documents": documents}, len(names))
    for name in names:
        story = why(tmp_path, f"{name}/0")
        assert story.startswith(f"{name}/0: kept, written once")
        assert "this build has no benchmark items" in story
        assert "file         not on record" in story


def test_a_build_without_sources(tmp_path: Path, made: Build) -> None:
    made(tmp_path, {}, 0)
    with pytest.raises(UserError, match="read no source at all"):
        why(tmp_path, "a/0")


def test_many_matches_and_pieces_are_counted_not_listed(tmp_path: Path, made: Build) -> None:
    spans = [{"turn": 0, "start": n, "stop": n + 1} for n in range(9)]
    match = {
        "doc_id": "it's/0",
        "source": "it's",
        "benchmark": "b",
        "matcher": "ngram",
        "score": 0.9,
        "hit": True,
    }
    match |= {"counts": True}
    matches = [
        match | {"instance_id": f"b/{n}", "doc_spans": spans, "item_spans": spans[:1]}
        for n in range(8)
    ]
    items = [
        {"suite": "s", "benchmark": "b", "instance_id": f"b/{n}", "text": "0123456789"}
        for n in range(8)
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "documents": [
            {"id": "it's/0", "source": "it's", "row": 0, "fate": "kept", "copies": 1, "n_tokens": 1}
        ],
        "sources": [
            {
                "name": "it's",
                "from_": "f",
                "files": 1,
                "rows_read": 1,
                "rows_kept": 1,
                "rows_written": 1,
            }
        ],
        "matches": matches,
        "instances": [
            item | {"n_tokens": 1, "role": "unseen", "matchable": True} for item in items
        ],
    }
    made(tmp_path, tables, 1)
    story = why(tmp_path, "it's/0")
    assert "and 3 more items: SELECT * FROM matches WHERE doc_id = 'it''s/0'" in story
    assert "and 6 more pieces" in story
    assert "its text is not in the audit" in story
    assert "  1 token of its text" in story


def test_a_line_a_matcher(tmp_path: Path, made: Build) -> None:
    tables = rows.example_tables()
    tables["matches"] += [
        rows.match("chat", 1, "gsm8k/0", 0.91, matcher="robust", label="variant"),
        rows.match("chat", 1, "gsm8k/0", 0.3, matcher="minhash"),
        rows.match(
            "chat",
            1,
            "mine/0",
            0.95,
            matcher="semantic",
            label="suspect",
            verdict="leak",
            counts=True,
        ),
    ]
    story = why(made(tmp_path, tables, 5), "chat/1")
    assert (
        """
  1. mine, item mine/0
     semantic  hit, score 0.950, label suspect, verdict leak, counts
  2. gsm8k, item gsm8k/0
     robust   hit, score 0.910, label variant, does not count
     ngram    hit, score 0.842, label leak, counts
     minhash  no hit, score 0.300, no label, does not count
     in the row   turn 1 (user), 18 to 98: """
        in story
    )


def test_text_from_the_data_cannot_steer_the_terminal(tmp_path: Path, made: Build) -> None:
    bad = "\x1b[2Jgone\nFate\n  kept"
    tables: dict[str, list[dict[str, Any]]] = {
        "documents": [
            {
                "id": "a/0",
                "source": "a",
                "file": bad,
                "row": 0,
                "origin_id": bad,
                "fate": "removed",
                "copies": 0,
            }
        ],
        "sources": [
            {
                "name": "a",
                "from_": bad,
                "files": 1,
                "rows_read": 1,
                "rows_kept": 0,
                "rows_written": 0,
            }
        ],
        "decisions": [
            {
                "step": "filters",
                "doc_id": "a/0",
                "action": "removed",
                "reason": bad,
                "detail": bad * 99,
            }
        ],
    }
    made(tmp_path, tables, 0)
    story = why(tmp_path, "a/0")
    assert "\x1b" not in story
    assert story.count("\nFate\n") == 1


@given(st.text(), st.integers(0, 50), st.integers(0, 400), st.text(max_size=400))
def test_an_excerpt_is_one_bounded_line_around_the_piece(
    before: str, gap: int, more: int, piece: str
) -> None:
    text = before + " " * gap + piece + "y" * more
    start = len(before) + gap
    line = excerpt(text, start, start + len(piece))
    assert "\n" not in line
    if before.isprintable() and piece.isprintable() and not set("»«") & set(before + piece):
        assert len(line) <= SPAN_WIDTH + 2 * CONTEXT + 40
        left, _, rest = line.partition("»")
        shared, _, right = rest.partition("«")
        assert left.removeprefix("…") == text[max(0, start - CONTEXT) : start] or before.startswith(
            "…"
        )
        assert shared == piece or (
            len(piece) > SPAN_WIDTH and piece.startswith(shared[: SPAN_WIDTH // 2])
        )
        assert right == "y" * min(more, CONTEXT) + ("…" if more > CONTEXT else "")


def test_a_folder_without_an_audit(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no audit.duckdb"):
        why(tmp_path, "a/0")
