"""Duplicates among what is to be judged: the random sample in its order, with keys of their own."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from curate.audit import store
from curate.audit.face import face
from curate.audit.store import open_readonly
from curate.review.cases import Case, Selection, cases
from curate.review.twins import Twin, twin_texts, twins
from curate.review.walk import Verdicts, walk
from curate.steps.dedup.why import why
from tests.audit import conftest as rows
from tests.command import call


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A build with dedup alone: three pairs in the sample, one that is only least alike."""
    (tmp_path / "built").mkdir()
    step = face("dedup")
    assert step is not None
    con = store.create(tmp_path / "built" / store.DATABASE, [step.schema])
    places = range(1, 5)
    pair = {"source": "a", "kept_id": "a/0", "kept_source": "a", "kind": "near", "jaccard": 0.9}
    pair |= {"dropped": True, "against": False, "verdict": None, "other_label": None}
    own = {place: UUID(int=100 + place) for place in places}
    drawn = {1: 3, 2: 1, 3: 2, 4: None}
    tables: dict[str, rows.Rows] = {
        "sources": [rows.source("a", 5, 1, 1)],
        "documents": [rows.document("a", 0)]
        + [rows.document("a", place, "duplicate", 0) for place in places],
        "decisions": [rows.decision("dedup", f"a/{place}", "duplicate") for place in places],
        "duplicates": [pair | {"doc_id": f"a/{place}"} for place in places],
        "duplicate_pairs": [
            {"doc_id": f"a/{place}", "kept_id": "a/0", "doc_hash": own[place]}
            | {"kept_hash": UUID(int=7), "drawn": drawn[place]}
            for place in places
        ],
        "duplicate_texts": [
            {"doc_id": f"a/{place}", "text": f"some text with word{place} in it", "length": 25}
            for place in range(5)
        ],
        "runs": [{"key": "steps", "value": '["read", "validate", "dedup", "sample", "write"]'}],
    }
    rows.fill(con, tables)
    store.reconcile(con, 1)
    store.finish(con, [step.views])
    con.close()
    return tmp_path / "built"


def test_what_is_not_kept_of_a_text_is_told_and_marked(out: Path) -> None:
    with duckdb.connect(out / store.DATABASE) as con:
        con.execute("UPDATE duplicate_texts SET text = 'the same', length = 30008")
    with open_readonly(out) as con:
        shown = twin_texts(con, twins(con, near=False)[0])
        [(_, said)] = why(con, "a/2")
        told = list(said)
    for side in (*shown.turns, shown.item):
        [(start, stop)] = side.spans
        assert side.text[start:stop] == "[30,000 more characters, which are not kept here]"
    assert "compared here in their first 8 characters alone" in told


def test_they_come_in_the_order_in_which_they_were_drawn(out: Path) -> None:
    with open_readonly(out) as con:
        assert [one.doc for one in twins(con, near=False)] == ["a/2", "a/3", "a/1"]
        assert [one.doc for one in twins(con, near=True)] == ["a/2", "a/3", "a/1", "a/4"]
        assert cases(con, Selection()) == []


def test_what_differs_is_marked(out: Path) -> None:
    with open_readonly(out) as con:
        first = twins(con, near=False)[0]
        shown = twin_texts(con, first)
    (row,) = shown.turns
    assert [row.text[start:stop] for start, stop in row.spans] == ["word2"]
    assert [shown.item.text[start:stop] for start, stop in shown.item.spans] == ["word0"]


def test_their_own_keys_judge_them(out: Path) -> None:
    with open_readonly(out) as con:
        found: list[Case | Twin] = [*twins(con, near=False)]
    verdicts: Verdicts = {}
    keys = iter("dlk")  # `l` is a key of matches: here it means nothing
    walk(found, verdicts, lambda *_: None, lambda: next(keys, ""), lambda: "", lambda: None)
    said = {ruling.doc: ruling.verdict for ruling in verdicts.values()}
    assert said == {"a/2": "duplicate", "a/3": "not-a-duplicate"}
    assert {ruling.item for ruling in verdicts.values()} == {"a/0"}


def test_the_list_names_them_and_matches_cannot_be_chosen_where_there_are_none(out: Path) -> None:
    listed = call("review", out, "--list", cwd=out)
    assert listed.out.splitlines()[0] == " 90.0 %  -                a/2 ↔ a/0  dedup:near"
    assert listed.out.splitlines()[-1] == "3 to review, 0 judged, 3 left"
    refused = call("review", out, "--list", "--matcher", "ngram", cwd=out)
    assert refused.code == 2 and "this build looked for no benchmark" in refused.error
