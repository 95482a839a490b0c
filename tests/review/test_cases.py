"""What there is to judge: one case for equal texts, in an order that plain sorting gives, filtered,
with its spans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from curate.audit.store import open_readonly
from curate.errors import UserError
from curate.review.cases import Case, Selection, as_object, cases, in_order, texts
from curate.verdicts import Ruling, item_hash
from tests.audit import conftest as rows
from tests.review.conftest import judgeable

Made = Callable[[Path, dict[str, rows.Rows], int], Path]


@pytest.fixture
def out(tmp_path: Path, made: Made) -> Path:
    return made(tmp_path, judgeable(), 5)


def found(out: Path, **wanted: Any) -> list[Case]:
    with open_readonly(out) as con:
        return cases(con, Selection(**wanted))


def named(found: list[Case]) -> list[str]:
    return [f"{case.doc} {case.item}" for case in found]


def test_one_case_for_a_pair_of_texts_whatever_found_it(out: Path) -> None:
    (first, second, third) = found(out)
    assert named([first, second, third]) == ["chat/1 gsm8k/0", "chat/2 gsm8k/0", "chat/0 mine/0"]
    assert [(one.matcher, one.score, one.hit, one.label, one.counts) for one in first.found] == [
        ("exact", 1.0, True, "leak", True),
        ("ngram", 0.842, True, "leak", True),
        ("robust", 0.4, False, None, False),
    ]
    # math/2 holds the text of chat/1, so it is the same case.
    assert (first.others, second.others) == (1, 0)
    assert first.texts == (UUID(int=1).hex, item_hash(rows.ITEM))
    assert not third.found[0].counts


def test_near_misses_come_last_when_asked_for(out: Path) -> None:
    assert named(found(out, near=True)) == [*named(found(out)), "math/2 mine/0"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"benchmark": "mine"}, ["chat/0 mine/0"]),
        ({"matcher": "ngram"}, ["chat/1 gsm8k/0"]),
        ({"matcher": "robust"}, ["chat/2 gsm8k/0"]),
        ({"label": "variant"}, ["chat/2 gsm8k/0"]),
        ({"label": "suspect"}, ["chat/0 mine/0"]),
        ({"label": "none"}, []),
        ({"label": "none", "near": True}, ["chat/1 gsm8k/0", "math/2 mine/0"]),
        ({"matcher": "ngram", "label": "suspect"}, []),
    ],
)
def test_filters(out: Path, wanted: dict[str, Any], expected: list[str]) -> None:
    assert named(found(out, **wanted)) == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"benchmark": "gsm8"}, "unknown benchmark 'gsm8'; did you mean 'gsm8k'?"),
        ({"matcher": "rubust"}, "unknown matcher 'rubust'; did you mean 'robust'?"),
        ({"label": "varient"}, "unknown label 'varient'; did you mean 'variant'?"),
    ],
)
def test_names_that_are_not_there(out: Path, wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as refused:
        found(out, **wanted)
    assert message in str(refused.value)


def test_what_is_judged_comes_last(out: Path) -> None:
    every = found(out, near=True)
    judged = [Ruling("x", "y", "allowed", None, *every[at].texts) for at in (0, 2)]
    assert in_order(every, [one.texts for one in judged]) == [
        every[1],
        every[3],
        every[0],
        every[2],
    ]
    # A verdict whose texts are no longer these does not hold.
    assert in_order(every, [replace(judged[0], doc_hash="0" * 32).texts]) == every


def test_the_spans_of_all_matchers_are_merged(out: Path) -> None:
    with open_readonly(out) as con:
        shown = texts(con, cases(con, Selection())[0])
    user = shown.turns[1]
    assert [user.text[a:b] for a, b in user.spans] == [rows.LEAK[rows.LEAK.index(rows.SHARED) :]]
    assert [shown.item.text[a:b] for a, b in shown.item.spans] == [rows.ITEM[:85]]
    assert (shown.turns[0].spans, shown.turns[0].role, user.turn) == ([], "system", 1)
    assert shown.reason == "decontaminate: it hits gsm8k/0"


def test_a_case_for_a_program(out: Path) -> None:
    case = found(out)[1]
    line = as_object(case, Ruling("a", "b", "leak", "so", *case.texts))
    assert (line["doc"], line["verdict"], line["note"], line["fate"]) == (
        "chat/2",
        "leak",
        "so",
        "kept",
    )
    assert line["matches"] == [
        {"matcher": "robust", "score": 0.7, "hit": True, "label": "variant", "counts": False}
    ]
    assert as_object(case, None)["verdict"] is None


def test_a_build_without_matches(tmp_path: Path, made: Made) -> None:
    made(
        tmp_path, {"sources": [rows.source("a", 1, 1, 1)], "documents": [rows.document("a", 0)]}, 1
    )
    assert found(tmp_path) == []
