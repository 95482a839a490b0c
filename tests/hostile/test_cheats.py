"""No program scores more than an honest one of the same skill, whatever the form of its tests."""

from __future__ import annotations

import json

import pytest

from curate.verify.code import code
from curate.verify.sandbox import Limits
from curate.verify.verdict import Verdict
from tests.hostile.cheats import CHEATS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("sandboxed")]

LIMITS = Limits(seconds=6, cpu_seconds=4, memory=256 << 20, processes=16)
NUMBERS = (2, 3, 10)
CASE = """
import unittest
class TestDouble(unittest.TestCase):
    def test_it(self): self.assertEqual(double({n}), {wanted})
unittest.main()
"""
CHECK = "def check(candidate):\n    assert candidate({n}) == {wanted}\n\ncheck(double)"
NEAR = "assert abs(double({n}) - {wanted}) < 1e-6"
OTHERS = "assert double({n}) in ({wanted}, None)\nassert {wanted} in [double({n})]"
LISTED = "assert [double({n})] == [{wanted}] and str(double({n})) == '{wanted}'"
ORDERED = "def test_it():\n    assert {wanted} <= double({n}) <= {wanted}"
FORMS = {
    "assert": "assert double({n}) == {wanted}",
    "check": CHECK,
    "unittest": CASE,
    "near": NEAR,
    "member": OTHERS,
    "listed": LISTED,
    "ordered": ORDERED,
}


LABEL = json.dumps(
    {"tests": [form.format(n=n, wanted=2 * n) for form in FORMS.values() for n in NUMBERS]}
)


def judged(program: str, label: str = LABEL) -> Verdict:
    return code(f"```python\n{program}\n```", label, limits=LIMITS)


def test_honest_programs_get_what_they_deserve() -> None:
    right = judged("def double(n): return n + n")
    assert (right.score, right.isolated) == (1.0, True), right
    constant = judged("def double(n): return 4")
    assert constant.score == pytest.approx(1 / 3), constant


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gets_no_more_than_its_skill(name: str) -> None:
    verdict = judged(CHEATS[name])
    assert verdict.score <= 1 / 3 + 1e-9, verdict
    assert verdict.isolated


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_prints_no_output_that_it_does_not_know(name: str) -> None:
    cases = [{"input": f"{n}\n", "output": f"{2 * n}\n"} for n in NUMBERS]
    program = CHEATS[name] + "\nprint(double(int(input())))"
    verdict = judged(program, json.dumps({"stdio": cases}))
    assert verdict.score <= 1 / 3 + 1e-9, verdict


def test_there_are_enough_cheats() -> None:
    assert len(CHEATS) >= 50
