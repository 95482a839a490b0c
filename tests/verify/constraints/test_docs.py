"""docs/constraints.md: every type is there, with all its arguments, and its examples are true."""

from __future__ import annotations

import json
import re

import pytest

from curate.verify.constraints import CONSTRAINTS, bind, canonical
from curate.verify.constraints.registry import IFBENCH, IFEVAL, IFTRAIN
from tests.conftest import ROOT
from tests.verify.constraints.conftest import need

PAGE = (ROOT / "docs" / "constraints.md").read_text("utf-8")
UNSAID = {
    "options",
    "instruction",
}  # optional; `relation` of word_count_different_numbers is not used


def rows(title: str) -> list[list[str]]:
    (section,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize(
    ("title", "origin"),
    [
        ("Types of IFEval", IFEVAL),
        ("Types of IFBench-train", IFTRAIN),
        ("Types of IFBench's test set", IFBENCH),
    ],
)
def test_every_type_is_documented(title: str, origin: str) -> None:
    told = {
        cells[0].strip("`"): json.loads(cells[1].strip("`"))
        for cells in rows(title)
        if cells[1].startswith("`{")
    }
    assert set(told) == {id for id, one in CONSTRAINTS.items() if one.origin == origin}
    for id, kwargs in told.items():
        assert kwargs.keys() | UNSAID >= CONSTRAINTS[id].arguments.keys()


def test_what_a_type_of_the_test_set_asks_for_is_told_in_its_own_words() -> None:
    told = {cells[0].strip("`"): cells[2] for cells in rows("Types of IFBench's test set")[:58]}
    assert told == {id: CONSTRAINTS[id].meaning.replace("|", "") for id in told}


@pytest.mark.parametrize(
    "cells",
    [*rows("Types of IFEval"), *rows("Types of IFBench-train")],
    ids=lambda one: str(one[0]),
)
def test_its_examples_are_true(cells: list[str]) -> None:
    id, kwargs, good, bad = (cell.strip("`") for cell in cells)
    need(id)
    holds = bind(id, json.loads(kwargs))
    assert holds(json.loads(good)) is True
    assert holds(json.loads(bad)) is False


def test_the_forms_of_labels_are_one_label() -> None:
    section = PAGE.partition("## Labels")[2].partition("\n## ")[0]
    forms = re.findall(r"^\| .+? \| `(.+)` \|$", section, re.MULTILINE)
    assert len(forms) == 4
    assert {canonical(form) for form in forms} == {forms[0]}


def test_what_tells_both_apart_is_told_here_as_said() -> None:
    assert bind("detectable_format:sentence_hyphens", {})("A well-known oak.-It fell.")
    assert not bind("detectable_format:bigram_wrapping", {})("<<a b>>> <<<c d>>")
    assert not bind("keywords:palindrome", {})("I saw a tree")
    assert not bind("detectable_format:constrained_response", {"options": ["A"]})("Apple")
    assert bind("detectable_format:number_bullet_lists", {"num_bullets": 2})("*\n* a")
    assert bind("paragraphs:paragraphs2", {})("One.\n\n\n\nTwo.")
    assert bind("keywords:frequency", {"keyword": "C++", "frequency": 1, "relation": "at least"})(
        "Use C++."
    )
    assert not bind("detectable_format:json_format", {})("[" * 100_000)
    assert bind("length_constraints:number_paragraphs", {"num_paragraphs": 2})("One * * * Two")
