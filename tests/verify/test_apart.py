"""Tests and program in sandboxes of their own: everything that honest tests do works as if both were
in one process.
"""

from __future__ import annotations

import json

import pytest

from curate.verify import find
from curate.verify.batch import verify_table
from curate.verify.code import code
from curate.verify.sandbox import Limits
from curate.verify.verdict import Verdict

pytestmark = pytest.mark.usefixtures("sandboxed")

LIMITS = Limits(seconds=8, cpu_seconds=4, processes=16, memory=256 << 20)

PROGRAM = '''
import collections, dataclasses, decimal, enum, fractions, math
from collections import Counter, namedtuple
from math import gcd

LIMIT = 7
Point = namedtuple("Point", "x y")
class Odd(ValueError): pass
class Coded(Exception):
    def __init__(self, code): super().__init__(code); self.code = code
    def __str__(self): return f"code {self.code}"
class Colour(enum.Enum):
    RED = 1
class Level(enum.IntEnum):
    LOW = 1

def same(value): return value
def values():
    return [None, True, 3, -2 ** 70, 1.5, float("inf"), 2j, "é\\ud800", b"\\x00a", bytearray(b"b"), (1,), [2], {3},
            frozenset({4}), {"a": {1: [2]}}, range(1, 9, 2), collections.deque([5]), Counter("aab"),
            collections.OrderedDict(a=1), decimal.Decimal("1.10"), fractions.Fraction(1, 3), ..., int]
def point(): return Point(1, 2)
def colour(): return Colour.RED
def level(): return Level.LOW
def views(): return {"a": 1}.keys(), list({"a": 1}.items())
def items(): return {"a": 1}.items()
def counted(): return collections.defaultdict(int, a=1)
def odd(n):
    if n % 2: raise Odd("odd", n)
    return n
calls, seen = 0, {}
def count(n):
    global calls
    calls += 1; seen[n] = calls
    if n < 0: raise Coded(n)
    return n
def max(many): return many[0]
def missing(): return {}["key"]
def sort(many, table, last=None):
    many.sort(); table["seen"] = True
    if last is not None: last.append(9)
    return many
def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b
def apply(function, *values): return [function(one) for one in values]
def adder(n): return lambda m: n + m
def shout(text):
    print(text.upper()); print("é")
def twice(function):
    def inner(*args): return function(function(*args))
    return inner

class Pile(list):
    def push(self, item): self.append(item); return self

class Stack:
    """A stack."""
    size = 0
    def __init__(self, *items): self.items = list(items)
    def push(self, item): self.items.append(item); return self
    def pop(self): return self.items.pop()
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __contains__(self, item): return item in self.items
    def __getitem__(self, place): return self.items[place]
    def __eq__(self, other): return isinstance(other, Stack) and self.items == other.items
    def __hash__(self): return 1
    def __repr__(self): return f"Stack({self.items})"
    def __enter__(self): return self
    def __exit__(self, *error): self.items.clear()

@dataclasses.dataclass(order=True)
class Money:
    amount: int
    def __add__(self, other): return Money(self.amount + (other if isinstance(other, int) else other.amount))
    def __mul__(self, times): return Money(self.amount * times)
    __rmul__ = __mul__
'''

PLAIN = {
    "values": """
import collections, decimal, fractions
wanted = [None, True, 3, -2 ** 70, 1.5, float("inf"), 2j, "é\\ud800", b"\\x00a", bytearray(b"b"), (1,), [2], {3},
          frozenset({4}), {"a": {1: [2]}}, range(1, 9, 2), collections.deque([5]), collections.Counter("aab"),
          collections.OrderedDict(a=1), decimal.Decimal("1.10"), fractions.Fraction(1, 3), ..., int]
found = values()
assert found == wanted
assert list(map(type, found)) == list(map(type, wanted))
assert same(wanted) == wanted and values()[17]["z"] == 0
""",
    "globals": "assert LIMIT == 7 and gcd(4, 6) == 2 and math.pi > 3 and Counter('aa') == {'a': 2}",
    "globals that change": "count(5); count(6)\nassert calls == 2 and seen == {5: 1, 6: 2}",
    "the module": "import solution\nassert solution.same(3) == 3 and solution.calls == 0",
    "the module by another name": "def test_it():\n    import solution as s\n    assert s.point().x == s.same(1)",
    "named tuples": "assert point() == (1, 2) and point().x == 1 and Point(3, 4).y == 4",
    "enums": "assert colour() == Colour.RED and colour() is Colour.RED and level() == 1",
    "views": "assert views() == ({'a': 0}.keys(), [('a', 1)])",
    "items": "assert items() == {('a', 1)} and ('a', 1) in items()",
    "defaultdict": "d = counted()\nassert d == {'a': 1} and d['b'] == 0 and isinstance(d, dict)",
    "exceptions": """
try:
    odd(3)
    assert False
except Odd as error:
    assert error.args == ("odd", 3) and isinstance(error, ValueError)
try: missing()
except KeyError as error: assert str(error) == "'key'"
assert odd(2) == 2
try:
    count(-1)
    assert False
except Coded as error: assert (error.code, error.args, str(error)) == (-1, (-1,), "code -1")
assert str(Odd("as it is")) == "as it is"
""",
    "arguments changed in place": """
many, table, last = [3, 1, 2], {}, []
assert sort(many, table, last=last) is many
assert many == [1, 2, 3] and table == {"seen": True} and last == [9]
""",
    "generators": """
import itertools
numbers = fibonacci()
assert [next(numbers) for _ in range(5)] == [0, 1, 1, 2, 3]
assert list(itertools.islice(fibonacci(), 8))[-1] == 13
""",
    "functions of the test's": """
import operator
def square(n): return n * n
assert apply(square, 1, 2, 3) == [1, 4, 9]
assert apply(lambda n: n + 1, 1) == [2] and apply(str, 1) == ["1"] and apply(operator.neg, 1) == [-1]
assert twice(square)(3) == 81 and apply(len, "ab", []) == [2, 0]
def fails(n): raise KeyError(n)
try: apply(fails, 1)
except KeyError: pass
""",
    "functions of the program's": "add = adder(2)\nassert add(3) == 5 and apply(adder(1), 1, 2) == [2, 3]",
    "what is printed": """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as out:
    shout("a")
assert out.getvalue() == "A\\né\\n"
""",
    "objects": """
stack = Stack(1)
assert stack.push(2) is stack and len(stack) == 2 and list(stack) == [1, 2] and stack[0] == 1
assert stack.pop() == 2 and stack.items == [1] and stack.size == 0
assert stack == Stack(1) and stack != Stack(2) and stack in [Stack(1)] and isinstance(stack, Stack)
assert repr(stack) == "Stack([1])" and Stack.__doc__ == "A stack." and not isinstance(stack, Money)
stack.items = [7]
assert same(stack) is stack and stack.pop() == 7 and not stack
with Stack(5) as other:
    assert other.pop() == 5
try: stack.nothing
except AttributeError: pass
""",
    "objects of a class below a plain one": "assert Pile([1]).push(2)[1] == 2 and len(Pile([1]).push(3)) == 2",
    "objects of one kind": "a = Money(1)\na.amount\nassert a + Money(2) == Money(3) and Money(1) < Money(2)",
    "another module of tests": "from solution import same as it\nassert it(3) == 3",
    "unittest": """
import unittest
class Tests(unittest.TestCase):
    def setUp(self): self.stack = Stack(1)
    def test_one(self):
        self.assertEqual(self.stack.pop(), 1)
        with self.assertRaises(Odd): odd(1)
if __name__ == "__main__":
    unittest.main()
""",
    "a function of tests": "def test_it():\n    assert same(1) == 1",
}  # fmt: skip


def judged(program: str, *tests: str) -> Verdict:
    return code(f"```python\n{program}\n```", json.dumps({"tests": tests}), limits=LIMITS)


def test_honest_tests_pass() -> None:
    verdict = judged(PROGRAM, *PLAIN.values())
    assert (verdict.score, verdict.isolated) == (1.0, True), verdict


CASE = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertEqual(same(3), 4)"
WRONG = [
    "from solution import max as own\nassert own([1, 3]) == max([1, 3])",
    "import solution\nassert solution.max([1, 3]) == max([1, 3])",
    "assert same(3) == 4",
    "def test_it():\n    assert same(3) == 4",
    CASE,
    CASE + "\nunittest.main()",
    "import unittest\nclass T(unittest.TestCase):\n    pass\nunittest.main()",
    "def check(candidate):\n    assert candidate(3) == 4\ncheck(same)",
    "if __name__ == '__main__':\n    assert same(3) == 4",
    "assert nothing(3) == 3",
    "assert Stack(1) == [1]",
    "assert same(Stack(1)) == [1]",
    "stack = Stack(1)\nassert stack.push(2) == [1, 2]",
    "raise SystemExit",
    "import os\nassert same(3) == 3\nos._exit(0)",
]


def test_wrong_ones_fail_each_for_itself() -> None:
    verdict = judged(PROGRAM, *WRONG, "assert same(3) == 3")
    assert verdict.score == pytest.approx(1 / (len(WRONG) + 1)), verdict


def test_an_instance_asked_to_judge_itself_is_told_of() -> None:
    test = "m = Money(2)\nm.amount\nassert (m * 3).amount == 6 and (3 * m).amount == 6"
    verdict = judged(PROGRAM, test)
    assert (verdict.score, verdict.isolated) == (1.0, False), verdict


INPUT = "def f(): return int(input()) * 2"
REPLACED = "from unittest.mock import patch\nwith patch('builtins.input', return_value='3'):\n    assert f() == 6"


def test_tests_that_reach_in_are_run_there_and_told_of() -> None:
    reason = "1 of 1 tests pass (not isolated: the program could have cheated)"
    assert judged(INPUT, REPLACED) == Verdict(1.0, True, reason, isolated=False)
    wrong = judged("def f(): return 7", REPLACED)
    assert (wrong.score, wrong.isolated) == (0.0, False)


def test_what_cannot_be_handed_over_is_tested_the_weaker_way() -> None:
    test = "import io\nassert f(io.StringIO('a b')) == 2"
    verdict = judged("def f(file): return len(file.read().split())", test)
    assert (verdict.score, verdict.isolated) == (1.0, False), verdict


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("def f(n):\n    import time; time.sleep(60)", "no end after"),
        ("def f(n): return 'x' * (9 << 20)", "more than 8 MiB"),
        ("def f(n):\n    import os; os.kill(os.getpid(), 9)", "left before the end"),
        ("def f(n):\n    return [bytearray(1 << 20) for _ in range(9999)]", "emory"),
        ("import time\ntime.sleep(60)", "it ended with timeout"),
    ],
)
def test_why_a_program_fails_is_said(program: str, said: str) -> None:
    limits = Limits(seconds=3, cpu_seconds=3, memory=160 << 20)
    verdict = code(f"```python\n{program}\n```", '["assert f(2) == 4"]', limits=limits)
    assert verdict.score == 0 and said in verdict.reason, verdict


def test_rows_say_whether_their_judge_was_out_of_reach() -> None:
    label = json.dumps([REPLACED])
    nested = json.dumps([{"verifier": "code", "ground_truth": json.loads(label)}])
    rows = [("code", label), ("all-of", nested), ("weighted", nested), ("code", '["assert f"]')]
    table = verify_table(
        {
            "verifier": [name for name, _ in rows],
            "ground_truth": [truth for _, truth in rows],
            "completion": [f"```python\n{INPUT}\n```"] * 4,
        }
    )
    assert table["isolated"].to_pylist() == [False, False, False, True]
    assert table["score"].to_pylist() == [1.0] * 4
    assert find("gsm8k")("18", "18").isolated
