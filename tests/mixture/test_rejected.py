"""Rows that make no record are looked at all the same: what they hold is told, and counts nowhere."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import curate
from curate.audit.why import why
from curate.formats.rejected import texts_of
from curate.mixture import Built
from tests.corpus import ask, build_in, chat, reconcile, sentence, write_lines

LEAKED = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty rows, and three items: one in an empty answer's question, one in a line of broken JSON, one
    in a row without a role, and none elsewhere.
    """
    rng = random.Random(11)
    items = [sentence(rng, 14) for _ in range(6)]
    write_lines(tmp_path / "suite.jsonl", [{"question": item} for item in items])
    rows = [chat(sentence(rng, 12), sentence(rng, 6)) for _ in range(20)]
    rows[4] = chat(items[0], "")
    rows[9] = {"messages": [{"role": "seer", "content": f"Say: {items[2]}"}], "note": 3}
    lines = [json.dumps(row) for row in rows]
    lines[15] = '{"messages": [{"role": "user", "content": "' + items[5]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def built(folder: Path) -> Built:
    recipe = {
        "sources": [{"name": "train", "from": "train.jsonl"}],
        "decontaminate": {"suite": "suite.jsonl", "policy": "drop-rows"},
    }
    return build_in(folder, recipe)


def test_items_in_rows_that_make_no_record_are_reported_and_count_nowhere(built: Built) -> None:
    out = built.folder
    hits = "SELECT DISTINCT doc_id AS doc, instance_id AS item FROM matches WHERE hit ORDER BY ALL"
    assert [tuple(row.values()) for row in ask(out, hits)] == [
        ("train/15", "suite/5"), ("train/4", "suite/0"), ("train/9", "suite/2"),
    ]  # fmt: skip
    assert ask(out, "SELECT count(*) AS n FROM matches WHERE counts") == [{"n": 0}]
    assert ask(out, "SELECT sum(overlapped)::INT AS n FROM contamination") == [{"n": 0}]
    fates = ask(out, "SELECT fate, count(*) AS n FROM documents GROUP BY fate ORDER BY fate")
    assert [tuple(row.values()) for row in fates] == [("kept", 17), ("quarantined", LEAKED)]
    reconcile(out)


def test_their_texts_can_be_read_where_they_hold_something(built: Built) -> None:
    shared = ask(
        built.folder,
        """SELECT DISTINCT t.text[s.start + 1:s.stop] AS text, i.text AS item, t.role
        FROM (SELECT doc_id, instance_id, unnest(doc_spans) AS s FROM matches WHERE matcher = 'ngram') AS m
        JOIN texts AS t ON t.doc_id = m.doc_id AND t.turn = m.s.turn JOIN instances AS i USING (instance_id)""",
    )
    assert len(shared) == LEAKED
    assert all(row["text"].strip(" .") in row["item"] and row["role"] is None for row in shared)
    told = why(built.folder, "train/4")
    assert "though it made no record" in told
    assert "suite/0" in told


def test_summary_page_and_figures_say_so(built: Built) -> None:
    figures = built.summary.as_dict()["steps"]["decontaminate"]
    assert figures["quarantined"] == {"rows": LEAKED, "items": LEAKED}
    page = (built.folder / "report.html").read_text()
    assert "3 rows in quarantine hold an item." in page


def test_data_at_hand_is_looked_at_in_the_same_way(folder: Path, built: Built) -> None:
    result = curate.decontaminate(
        str(folder / "train.jsonl"), suite=str(folder / "suite.jsonl"), kind="sft"
    )
    columns = ["doc_id", "instance_id", "matcher", "score", "counts", "doc_spans", "item_spans"]
    key = lambda row: (row["doc_id"], row["instance_id"], row["matcher"])  # noqa: E731
    mine = sorted(result.matches.select(columns).to_pylist(), key=key)
    assert mine == sorted(ask(built.folder, f"SELECT {', '.join(columns)} FROM matches"), key=key)
    assert len(mine) >= LEAKED


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        ('{"a": "x", "b": [{"c": "y", "d": 3}, " "], "e": {"f": ["z"]}}', ["x", "y", "z"]),
        ('"alone"', ["alone"]),
        ('{"a": "broken', ['{"a": "broken']),
        ("[" * 100_000, ["[" * 100_000]),
        ("3", []),
        ("", []),
        ('{"a": "\\ud800!"}', ["?!"]),
    ],
)
def test_the_texts_of_a_row(raw: str, texts: list[str]) -> None:
    assert list(texts_of(raw)) == texts
