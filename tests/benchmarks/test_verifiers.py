"""The benchmark of verifiers counts what it says, and its makers of cases label them rightly."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed.verify import forget, rate, series
from benchmarks.verifiers import code, gsm8k, math, others
from benchmarks.verifiers.cases import Case, swapped
from benchmarks.verifiers.measure import CASES, RATES, measure, total
from curate.verify import load

SLOW = pytest.mark.slow  # a program that never ends is waited for
PROBLEM: dict[str, Any] = {
    "code": "def twice(n):\n    if n == 0:\n        return 0\n    return n + n",
    "test_list": ["assert twice(2) == 4", "assert twice(0) == 0"],
    "test_setup_code": "",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder like the real data with a few rows of each set, written here."""
    sums = [
        {"question": "?", "answer": f"{n} + 1 is <<{n}+1={n + 1}>>{n + 1}.\n#### {n + 1:,}"}
        for n in (4, 12, 1233)
    ]
    answers = ["5", "\\frac{3}{4}", "x^2+3", "(1,2)", "\\text{blue}", "120"]
    solutions = [
        {"problem": "?", "solution": f"It is clear that this is $\\boxed{{{one}}}$."}
        for one in answers
    ]
    choices = [
        {"question": "?", "choices": ["the one", "the two", "the three", "the four"], "answer": 2}
    ]
    judged = [{"ground_truth": "A: 5", "m": {"solution": "so 5", "is_correct": True}}]
    judged += [{"ground_truth": "A: 5", "m": {"solution": "so 6", "is_correct": True}}]
    for name, rows in (
        ("sft/gsm8k/train.jsonl", sums),
        ("sft/gsm8k/example_model_solutions.jsonl", judged),
        ("sft/math/orgn-MATH-train.jsonl", solutions),
        ("benchmarks/mbpp/mbpp.jsonl", [PROBLEM] * 4),
        ("benchmarks/mmlu/mmlu_validation.jsonl", choices),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    bbh = tmp_path / "benchmarks/bbh/bbh"
    bbh.mkdir(parents=True)
    (bbh / "one.json").write_text(
        json.dumps({"examples": [{"target": "yes"}, {"target": "(A)"}]}), "utf-8"
    )
    return tmp_path


def test_counts_are_those_of_the_verdicts() -> None:
    cases = [
        Case("a", "18", "18", True),
        Case("a", "17", "18", True),
        Case("b", "18", "18", False),
        Case("b", "1", "18", False),
    ]
    cases.append(Case("b", "1", "none", True))
    counts = measure("gsm8k", cases)
    assert counts["a"].figures() == {"right": 2, "wrong": 0, "false_rejects": 1, "false_accepts": 0}
    assert counts["b"].figures() == {"right": 1, "wrong": 2, "false_rejects": 1, "false_accepts": 1}
    assert total(counts).figures() == {
        "right": 3,
        "wrong": 2,
        "false_rejects": 2,
        "false_accepts": 1,
    }
    assert "no number in the ground truth" in counts["b"].examples[-1]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=SLOW if name == "code" else ()) for name in CASES]
)
def test_cases_are_made_and_judged(name: str, data: Path, request: pytest.FixtureRequest) -> None:
    if name == "code":
        request.getfixturevalue("sandboxed")
    make = CASES[name]
    counts = measure(name, make(data))
    whole = total(counts)
    assert whole.right and whole.wrong
    judged = counts.pop("judged: m", None)
    assert judged is None or judged.figures() == {
        "right": 2,
        "wrong": 0,
        "false_rejects": 1,
        "false_accepts": 0,
    }
    assert not [example for count in counts.values() for example in count.examples]
    assert list(make(data)) == list(make(data))


def test_changes_of_a_solution_leave_nothing_right() -> None:
    problem = code.Problem(PROBLEM["code"], tuple(PROBLEM["test_list"]))

    def passes(program: str) -> bool:
        space: dict[str, object] = {}
        try:
            exec(program, space)
            for test in problem.tests:
                exec(test, space)
        except (Exception, SystemExit):
            return False
        return True

    changed = code.changes(1, problem)
    assert set(changed) == {
        "leaves before the tests",
        "another name",
        "no body",
        "raises",
        "another value",
    }
    assert passes(problem.solution)
    assert not [kind for kind, program in changed.items() if passes(program)]


def test_no_case_has_both_labels(data: Path) -> None:
    for make in (
        gsm8k.cases,
        math.cases,
        others.multiple_choice,
        others.json_schema,
        others.max_length,
    ):
        labels: dict[tuple[str, str], bool] = {}
        for case in make(data):
            if not case.kind.startswith("judged"):
                assert labels.setdefault(case[1:3], case.right) == case.right, case


@pytest.mark.parametrize(
    ("digits", "other"),
    [("12", "21"), ("100", None), ("120", "210"), ("7", None), ("77", None), ("1001", "1010")],
)
def test_swapped_digits_are_another_number(digits: str, other: str | None) -> None:
    assert swapped(digits) == other
    assert other is None or Fraction(other) != Fraction(digits)


def test_the_shipped_rates_cover_every_verifier_that_is_measured() -> None:
    assert set(CASES) <= set(json.loads(RATES.read_text("utf-8")))
    assert all(load(name).name == name for name in CASES)


def test_speed_is_measured_on_cases_of_every_kind(data: Path) -> None:
    timed = series(data)
    assert {name for name, _ in timed.values()} == {"gsm8k", "math", "ifeval"}
    assert all(rate(name, cases * 3, forget) > 0 for name, cases in timed.values() if cases)


def test_the_command_prints_a_table(root: Path, data: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks.verifiers.measure",
        "--data",
        str(data),
        "--only",
        "regex",
        "gsm8k",
    ]
    done = subprocess.run(
        [*command, "--examples", "1"], cwd=root, capture_output=True, text=True, check=True
    )
    assert (
        "| gsm8k | all |" in done.stdout
        and "| regex | all | 1,920 | 0 | 1,921 | 0 |" in done.stdout
    )
