"""Cases for `code`: the solutions of HumanEval and MBPP in several wrappings, and what is surely
wrong made from them.

Only changes whose effect is known without running anything are made, so that the label does not
come from a sandbox: no value is returned, another one is, the function has another name, the
program leaves before the tests. Programs for standard input and output are written here."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.verifiers.cases import Case, rows

_WRAPPED = (
    "```python\n{}\n```",
    "Here is a solution.\n\n```py\n{}\n```\nIt goes through the values once.",
    "```\n{}\n```",
    "{}",
    "A first try:\n```python\nraise ValueError\n```\nBetter:\n\n~~~python\n{}\n~~~",
)
_LEAVE = (
    "import os\nos._exit(0)\n",
    "raise SystemExit(0)\n",
    "print('all tests passed')\nexit()\n",
)
_ENDLESS = 2


class Problem(NamedTuple):
    """A published problem: its solution and its tests."""

    solution: str
    tests: tuple[str, ...]


def cases(data: Path) -> Iterator[Case]:
    """Two wrappings and every change of each of HumanEval's solutions, one and two of MBPP's;
    programs of our own.
    """
    for place, problem in enumerate(_humaneval(data)):
        yield from _of_problem("HumanEval", place, problem, right=2, wrong=5)
    for place, problem in enumerate(_mbpp(data)):
        yield from _of_problem("MBPP", place, problem, right=1, wrong=2)
    yield from _programs()


def _humaneval(data: Path) -> Iterator[Problem]:
    for row in rows(data / "benchmarks/humaneval/HumanEval.jsonl.gz"):
        yield Problem(
            row["prompt"] + row["canonical_solution"],
            (f"{row['test']}\ncheck({row['entry_point']})",),
        )


def _mbpp(data: Path) -> Iterator[Problem]:
    for row in rows(data / "benchmarks/mbpp/mbpp.jsonl"):
        setup = row["test_setup_code"]
        yield Problem(
            row["code"].replace("\r", ""),
            tuple(f"{setup}\n{test}".strip() for test in row["test_list"]),
        )


def _of_problem(name: str, place: int, problem: Problem, right: int, wrong: int) -> Iterator[Case]:
    label = json.dumps({"tests": problem.tests})
    for turn in range(right):
        wrapped = _WRAPPED[(place + turn) % len(_WRAPPED)].format(problem.solution)
        yield Case(f"{name}: the solution", wrapped, label, True)
    changed = list(changes(place, problem).items())
    for turn in range(min(wrong, len(changed))):
        kind, text = changed[(place + turn) % len(changed)]
        yield Case(f"{name}: {kind}", f"```python\n{text}\n```", label, False)
    if place < _ENDLESS:
        yield Case(
            f"{name}: never ends",
            f"```python\n{problem.solution}\nwhile True: pass\n```",
            label,
            False,
        )


def changes(place: int, problem: Problem) -> dict[str, str]:
    """Kinds of change with the changed program; only those that leave nothing right."""
    tree = ast.parse(problem.solution)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = {"leaves before the tests": _LEAVE[place % len(_LEAVE)] + problem.solution}
    if not names:
        return found
    found["another name"] = re.sub(rf"\b({'|'.join(names)})\b", r"\1_", problem.solution)
    found["no body"] = (
        problem.solution[: problem.solution.index(f"def {names[-1]}")]
        + f"def {names[-1]}(*values):\n"
    )
    found["raises"] = _returning("1 / 0", problem.solution)
    compared = all("==" in test for test in problem.tests)
    if compared and len(functions) == 1 and problem.solution.count(names[0]) == 1:
        found["another value"] = _returning(f"[({{}}), {place}]", problem.solution)
    return found


class _Returns(ast.NodeTransformer):
    """Returns another expression, made from the one that was returned."""

    def __init__(self, form: str) -> None:
        self.form = form

    def visit_Return(self, node: ast.Return) -> ast.Return:
        """Change one."""
        value = "None" if node.value is None else ast.unparse(node.value)
        return ast.Return(ast.parse(self.form.format(value), mode="eval").body)


def _returning(form: str, program: str) -> str:
    return ast.unparse(ast.fix_missing_locations(_Returns(form).visit(ast.parse(program))))


def _programs() -> Iterator[Case]:
    """Programs that read two numbers and print their sum and product."""
    for n in range(2, 30):
        given = [(n, n + 3), (-n, n * 1000), (0, n)]
        label = json.dumps(
            {"stdio": [{"input": f"{a} {b}\n", "output": f"{a + b}\n{a * b}\n"} for a, b in given]}
        )
        good = "a, b = map(int, input().split())\nprint(a + b, '')\nprint(a * b)\nprint()"
        yield Case("input and output: right", _WRAPPED[n % len(_WRAPPED)].format(good), label, True)
        for bad in (
            good.replace("a * b", "a * b + 1"),
            good.replace("print(a", "print('sum', a"),
            "import nothing",
        ):
            yield Case("input and output: wrong", f"```python\n{bad}\n```", label, False)
