"""Every real ground truth of GSM8K and MATH passes its own verifier; and model answers that people
judged.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.verifiers.math import last_box
from curate.check import check
from curate.verify import BadGroundTruth, find


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("name", "n"), [("sft/gsm8k/train.jsonl", 7473), ("benchmarks/gsm8k/test.jsonl", 1319)]
)
def test_gsm8k_solutions(shared_data: Path, name: str, n: int) -> None:
    verify = find("gsm8k")
    solutions = [row["answer"] for row in rows(shared_data / name)]
    assert len(solutions) == n
    assert all(
        verify(one, one).passed and verify(one, one.rpartition("####")[2]).passed
        for one in solutions
    )


@pytest.mark.parametrize(
    ("name", "n"),
    [("sft/math/orgn-MATH-train.jsonl", 3000), ("benchmarks/math/MATH500.jsonl", 500)],
)
def test_math_solutions(shared_data: Path, name: str, n: int) -> None:
    verify = find("math")
    solutions = [row["solution"] for row in rows(shared_data / name)]
    assert len(solutions) == n
    failed = [
        last_box(one)
        for one in solutions
        if not (verify(one, one).passed and verify(one, last_box(one)).passed)
    ]
    assert failed == []


def test_answers_that_an_export_has_damaged_are_refused_or_not_met(shared_data: Path) -> None:
    """This copy of MATH-500 has lost backslashes, letters and commas in its column `answer`, and of
    an equation all but `0`; its solutions have not.
    """
    verify = find("math")
    refused, unmet = [], []
    for row in rows(shared_data / "benchmarks/math/MATH500.jsonl"):
        try:
            if not verify(row["solution"], row["answer"]).passed:
                unmet.append(row["answer"])
        except BadGroundTruth:
            refused.append(row["answer"])
    assert all("\\le" in one or "\\begin{pmatrix}" in one for one in refused)
    assert (len(refused), len([one for one in unmet if "\\iny" in one]), len(unmet)) == (11, 4, 6)


@pytest.mark.parametrize(
    "model", ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]
)
def test_published_verdicts_on_model_answers(shared_data: Path, model: str) -> None:
    verify = find("gsm8k")
    for row in rows(shared_data / "sft/gsm8k/example_model_solutions.jsonl"):
        judged = json.loads(json.dumps(row[model]))
        gold = row["ground_truth"].rpartition("A:")[2].strip()
        assert verify(judged["solution"], gold).passed == judged["is_correct"]


def test_a_check_of_gsm8k_finds_nothing(shared_data: Path) -> None:
    checked = check(shared_data / "sft/gsm8k/train.jsonl", "rlvr", workers=2)
    assert (checked.rows, checked.findings) == (7473, [])
