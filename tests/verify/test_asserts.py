"""The test code of a label, read: what is the program's, what is called, what is refused."""

from __future__ import annotations

import json

import pytest

from curate.verify.asserts import Piece, read
from curate.verify.code import cases_of
from curate.verify.verdict import BadGroundTruth

CASE = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(f(1), 2)\n"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("assert f(2) == 4", ("f",)),
        ("assert abs(f(2) - g(3)) < 1e-6", ("f", "g")),
        ("def check(candidate):\n    assert candidate(2) == 4\ncheck(f)", ("f",)),
        ("import math\nassert math.isclose(f(2), 4)", ("f",)),
        ("assert math.isclose(f(2), 4)", ("f", "math")),
        ("x = f(2)\nfor n in range(x):\n    assert [y for y in g(n)]", ("f", "g")),
        ("try:\n    f(2)\nexcept TooLarge:\n    pass", ("TooLarge", "f")),
        ("from solution import f as g\nassert g(2) == 4", ("f",)),
        ("import solution as s\nassert s.f(2) == s.g", ("f", "g")),
        ("assert sum(10, 15) == 6", ("sum",)),
        ("assert set(sum(10, 15)) == set()", ("sum",)),
        (CASE, ("f",)),
    ],
)
def test_which_names_are_the_programs(code: str, names: tuple[str, ...]) -> None:
    assert read(code, 1).names == names


@pytest.mark.parametrize(
    ("code", "classes"),
    [
        ("s = Stack()\ns.push(1)\nassert len(s) == 1", ("Stack",)),
        ("assert Solution().two_sum([1, 2], 3) == [0, 1]", ("Solution",)),
        ("assert Diff([1], [2]) == [1] and point().x == 1", ()),
        ("assert f(2).lower() == 'a' and f(3).real", ()),
    ],
)
def test_which_make_instances(code: str, classes: tuple[str, ...]) -> None:
    assert read(code, 1).classes == classes


@pytest.mark.parametrize(
    ("code", "functions", "cases"),
    [
        ("def test_f():\n    assert f(2) == 4", ("test_f",), False),
        ("def test_f():\n    assert f(2) == 4\ntest_f()", (), False),
        ("def test_f(n=2):\n    assert f(n) == 4", ("test_f",), False),
        (CASE, (), True),
        (CASE + "unittest.main()", (), True),
    ],
)
def test_what_is_run_for_a_test(code: str, functions: tuple[str, ...], cases: bool) -> None:
    found = read(code, 1)
    assert (found.functions, found.cases) == (functions, cases)


@pytest.mark.parametrize(
    "code",
    [
        "from unittest.mock import patch\nwith patch('builtins.input', return_value='3'):\n    assert f() == 3",
        "input = lambda: '3'\nassert f() == 3",
        "import builtins\nbuiltins.input = lambda: '3'\nassert f() == 3",
        "import inspect\nassert 'for' in inspect.getsource(f)",
        "class Node:\n    pass\nassert f(Node()) is None",
        "import solution\nsolution.LIMIT = 3\nassert f() == 3",
        "import asyncio\nassert asyncio.run(f()) == 3",
    ],
)
def test_what_reaches_into_the_program_is_run_there(code: str) -> None:
    assert read(code, 1).weaker


@pytest.mark.parametrize("code", ["assert f(2) == 4", CASE, "s = Stack()\ns.top = 1\nassert s.top"])
def test_what_does_not_is_not(code: str) -> None:
    assert not read(code, 1).weaker


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("assert f(2) ==", "test 2 is no Python"),
        ("print 'a'", "test 2 is no Python"),
        ("return 3", "test 2 is no Python"),
        ("def check(candidate):\n    assert candidate(2) == 4", "never calls it"),
        ("import math\nLIMIT = 3", "tests nothing"),
        ("f(2) == 4", "tests nothing"),
        ("def run():\n    assert f(2) == 4", "tests nothing"),
        ("def test_f(client):\n    assert client", "wants arguments"),
        ("(" * 5000, "test 2 is no Python"),
    ],
)
def test_a_test_that_tests_nothing_is_refused(code: str, said: str) -> None:
    with pytest.raises(BadGroundTruth, match=said):
        cases_of(json.dumps(["assert f(2) == 4", code]))


def test_a_test_is_kept_as_it_is_written() -> None:
    assert read("assert f(2) == 4  # four\n", 1) == Piece(
        "assert f(2) == 4  # four\n", ("f",), (), (), (), False, False
    )
