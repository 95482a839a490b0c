"""The tables of written cases: every line gets its verdict, and near misses of it do not pass."""

from __future__ import annotations

import pytest

from benchmarks.verifiers.measure import measure
from benchmarks.verifiers.near import changes
from benchmarks.verifiers.written import BOXED, math_cases, other_cases
from curate.verify import find

KINDS = [*BOXED, "stated answers"]
GOLDS = [
    *(
        "17",
        "-\\frac{5}{12}",
        "3x^2-7x+4",
        "(4,-9)",
        "[2,\\sqrt{13})",
        "12,15,31",
        "y=3x-8",
        "2^{19}-5",
    ),
    *(
        "\\{3, 8, 21\\}",
        "7\\sqrt{6}-2",
        "x^3y-4z",
        "(k+3)(k-11)",
        "\\frac{a+2}{b-5}",
        "375-x",
        "6\\pi-1",
    ),
]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_of_mathematics(kind: str) -> None:
    cases = [case for case in math_cases() if case.kind == f"written: {kind}"]
    assert len(cases) >= 200
    assert [line for count in measure("math", cases).values() for line in count.examples] == []


@pytest.mark.parametrize("name", ["gsm8k", "string", "multiple-choice"])
def test_answers_of_others(name: str) -> None:
    cases = list(other_cases(name))
    assert len(cases) >= 200
    assert [line for count in measure(name, cases).values() for line in count.examples] == []


@pytest.mark.parametrize("gold", GOLDS)
def test_a_change_in_one_place_does_not_pass(gold: str) -> None:
    verify, others = find("math"), list(changes(gold))
    assert verify(f"\\boxed{{{gold}}}", gold).passed
    assert len(others) >= 2
    assert [other for other in others if verify(f"\\boxed{{{other}}}", gold).passed] == []
