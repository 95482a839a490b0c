"""Verifiers on real data: IFEval's responses beside lm-eval's own checkers, solutions of HumanEval
and MBPP.
"""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.verifiers.ifeval import compare, label, rate, reference, responses
from curate.errors import UserError
from curate.verify.code import code
from curate.verify.constraints import constraints_of
from curate.verify.sandbox import run


@pytest.fixture(scope="module")
def nltk_data(shared_data: Path) -> None:
    nltk = pytest.importorskip("nltk", reason="the extra 'verify' is not installed")
    pytest.importorskip("langdetect", reason="the extra 'verify' is not installed")
    nltk.data.path.insert(0, str(shared_data / "models" / "nltk"))


@pytest.mark.slow
@pytest.mark.usefixtures("nltk_data")
def test_ifeval_agrees_with_its_reference_item_for_item(shared_data: Path) -> None:
    theirs = reference()
    if theirs is None:
        pytest.skip("lm-eval is not installed (make test-slow installs it)")
    items = list(responses(shared_data))
    pairs = [pair for item, response in items for pair in compare(theirs, item, response)]
    assert (len(items), len(pairs)) == (540, 2 * 832)
    # Where the letter to count is no letter from a to z the reference counts another one, drawn at
    # random.
    by_chance = [pair for pair in pairs if not str(pair.kwargs.get("letter", "a")).isalpha()]
    assert {pair.kwargs["letter"] for pair in by_chance} == {"#", "!"}
    assert [pair for pair in pairs if pair.ours != pair.reference and pair not in by_chance] == []


@pytest.mark.slow
@pytest.mark.usefixtures("nltk_data")
def test_ifeval_is_fast(shared_data: Path) -> None:
    items = list(responses(shared_data))
    rate(items)  # loads what is loaded once
    assert rate(items) >= 5000


def test_every_label_of_ifeval_is_read(shared_data: Path) -> None:
    rows = map(
        json.loads,
        (shared_data / "benchmarks/ifeval/IFEval_541.jsonl").read_text("utf-8").splitlines(),
    )
    assert sum(len(constraints_of(label(row))) for row in rows) == 834


def test_every_label_of_ifbench_is_read(shared_data: Path) -> None:
    lines = (shared_data / "benchmarks/ifbench/IFBench_test.jsonl").read_text("utf-8").splitlines()
    rows = [constraints_of(label(json.loads(line))) for line in lines]
    assert len(rows) == 300
    assert len({one.id for row in rows for one in row}) == 58


def solutions(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Every twelfth problem of HumanEval and every sixtieth of MBPP: its name, the solution, the
    tests.
    """
    with gzip.open(
        data / "benchmarks/humaneval/HumanEval.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        for row in list(map(json.loads, lines))[::12]:
            yield row["task_id"], row["prompt"] + row["canonical_solution"], [
                f"{row['test']}\ncheck({row['entry_point']})"
            ]  # fmt: skip
    for row in list(
        map(json.loads, (data / "benchmarks/mbpp/mbpp.jsonl").read_text("utf-8").splitlines())
    )[::60]:
        yield f"MBPP/{row['task_id']}", row["code"], row["test_list"]


class _Wrong(ast.NodeTransformer):
    def visit_Return(self, node: ast.Return) -> ast.Return:
        return ast.Return(ast.Constant("wrong"))


@pytest.mark.slow
def test_solutions_pass_and_spoilt_ones_do_not(shared_data: Path) -> None:
    try:
        run("")
    except UserError as error:
        pytest.skip(str(error))
    seen = 0
    for name, text, tests in solutions(shared_data):
        ground_truth = json.dumps({"tests": tests})
        verdict = code(f"```python\n{text}\n```", ground_truth)
        assert verdict.passed, (name, verdict)
        spoilt = ast.unparse(_Wrong().visit(ast.parse(text)))
        assert not code(f"```python\n{spoilt}\n```", ground_truth).passed, name
        seen += 1
    assert seen == 14 + 17
