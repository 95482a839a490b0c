"""The verifier of code: which code it takes, what it makes of tests and outputs, and that it is not
easily fooled.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.verify.code import cases_of, code
from curate.verify.program import extract
from curate.verify.sandbox import Limits
from curate.verify.verdict import BadGroundTruth, Verdict
from tests.hostile.long_texts import within
from tests.soak import examples

DOUBLE = "def double(n):\n    return 2 * n"
SHORT = Limits(seconds=2, cpu_seconds=2, processes=16, memory=256 << 20)


def fenced(text: str, language: str = "python") -> str:
    return f"Here it is:\n```{language}\n{text}\n```\nThat is all."


def judged(text: str, label: Any, limits: Limits = SHORT) -> Verdict:
    return code(text, json.dumps(label), limits=limits)


@pytest.mark.parametrize(
    ("completion", "found"),
    [
        (fenced("x = 1"), "x = 1\n"),
        (fenced("x = 1", "py"), "x = 1\n"),
        (fenced("x = 1", "Python3"), "x = 1\n"),
        (fenced("x = 1") + "\nAnd better:\n" + fenced("x = 2"), "x = 2\n"),
        (fenced("x = 1") + fenced("output", ""), "x = 1\n"),
        (fenced("x = 1", "") + fenced("ls", "bash"), "x = 1\n"),
        ("~~~python\nx = 1\n~~~", "x = 1\n"),
        ("````python\nx = '''```'''\n```\n````", "x = '''```'''\n```\n"),
        ("  ```python\n  x = 1\n  ```", "  x = 1\n"),
        ("```python\nx = 1", "x = 1"),
        (DOUBLE, DOUBLE),
        ("print(int(input()) * 2)", "print(int(input()) * 2)"),
        (fenced("ls", "bash"), None),
        (fenced("  "), None),
        ("The answer is 4.", None),
        ("", None),
        ("I would say x == 4, for all of them", None),
    ],
)
def test_which_code_is_taken(completion: str, found: str | None) -> None:
    assert extract(completion) == found


OPEN = "Write double.\n```python\n"
TALK = "\n```\nThis doubles a number. For example:\n```\ndouble(4) gives 8\n```\n"


@pytest.mark.parametrize("prompt", [OPEN, "```\nold\n```\n```py\n", "~~~\n", None])
def test_a_fence_that_the_prompt_opened_goes_on(prompt: str | None) -> None:
    assert extract(DOUBLE + TALK, prompt) == DOUBLE + "\n"
    assert extract(DOUBLE + "\n```", prompt) == DOUBLE + "\n"


def test_a_fence_that_the_prompt_closed_or_the_completion_opens_does_not_go_on() -> None:
    closed = OPEN + "pass\n```\n"
    assert extract(fenced(DOUBLE), closed) == DOUBLE + "\n"
    assert extract(fenced(DOUBLE)[12:], OPEN) == DOUBLE + "\n"
    assert extract("Sure: x = 1.\n```\ny = 2\n```", None) == "y = 2\n"


@pytest.mark.parametrize(
    "usage", ["print(double(4))", "assert double(0) == 0", "for n in range(3):\n    double(n)"]
)
def test_a_block_that_only_uses_the_solution_is_left_out(usage: str) -> None:
    assert extract(fenced(DOUBLE) + "\nUse it so:\n" + fenced(usage)) == DOUBLE + "\n"
    both = DOUBLE + "\n" + usage
    assert extract(fenced("def other(): pass") + "\n" + fenced(both)) == both + "\n"


def test_a_last_block_that_uses_nothing_earlier_is_the_code() -> None:
    assert (
        extract(fenced(DOUBLE) + "\n" + fenced("print(int(input()) * 2)"))
        == "print(int(input()) * 2)\n"
    )


@given(st.text(alphabet="`~python \n=x", max_size=200))
def test_any_text_has_code_or_none(completion: str) -> None:
    found = extract(completion)
    assert found is None or (found.strip() and found in completion)


@pytest.mark.parametrize(
    "text",
    ["```python\n" * 50_000, "\n" * 10**6, "```" + " " * 10**6, "```" + "a " * 10**6, "print\n" * 10**5,
     "```python\nx = 1\n```\n" * 20_000, "x = 1\n" * 200_000 + "```\n", "for " * 10**5],
    ids=range(8),
)  # fmt: skip
def test_a_huge_text_is_read_in_time(text: str) -> None:
    with within(10.0):
        extract(text)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("[", "not JSON"),
        ("{}", "neither"),
        ('{"tests": ["x"], "stdio": []}', "both"),
        ('{"tests": []}', "no test"),
        ("[]", "no test"),
        ('{"tests": "assert 1"}', "lists"),
        ('{"tests": [3]}', "piece of code"),
        ('{"tests": [" "]}', "piece of code"),
        ('{"stdio": [{"input": "1"}]}', "'input' and 'output'"),
        ('{"stdio": ["1"]}', "'input' and 'output'"),
        ("7", "neither"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_label_that_cannot_be_read_raises(label: str, said: str) -> None:
    with pytest.raises(BadGroundTruth, match=said):
        code(fenced(DOUBLE), label)


def test_lists_alone_are_labels_too() -> None:
    assert cases_of('["assert 1"]') == cases_of('{"tests": ["assert 1"]}')
    assert cases_of('[{"input": "", "output": ""}]') == cases_of(
        '{"stdio": [{"input": "", "output": ""}]}'
    )


def test_without_code_it_is_not_parsed() -> None:
    assert judged("I do not know.", ["assert 1"]) == Verdict(
        0.0, False, "there is no code in the completion"
    )


@pytest.mark.usefixtures("sandboxed")
class TestRuns:
    def test_the_score_is_the_share_of_tests_that_pass(self) -> None:
        tests = [
            "assert double(2) == 4",
            "assert double(3) == 7",
            "assert double('a') == 'aa'",
            "assert double(0) == 1",
        ]
        verdict = judged(fenced(DOUBLE), {"tests": tests})
        assert (verdict.score, verdict.parsed) == (0.5, True)
        assert verdict.reason == "2 of 4 tests pass; test 2: AssertionError: "

    def test_all_pass(self) -> None:
        assert judged(
            fenced(DOUBLE), ["assert double(2) == 4", "import math\nassert double(math.pi) > 6"]
        ).passed

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("def double(n): return", "AssertionError"),
            ("def triple(n): return 3 * n", "NameError: name 'double' is not defined"),
            ("def double(n) return 2 * n", "the code fails before any test: SyntaxError"),
            ("1 / 0\n" + DOUBLE, "the code fails before any test: ZeroDivisionError"),
            ("def double(n):\n    while True: pass", "no end after 1 s"),
            ("def double(n):\n    import os; os._exit(0)", "left before the end"),
            ("def double(n):\n    raise SystemExit(0)", "SystemExit"),
            ("import os\nos._exit(0)", "it ended with ok"),
            ("import sys\nsys.exit(0)", "the code fails before any test: SystemExit"),
            ("while True: pass", "it ended with timeout"),
            ("x = bytearray(10 ** 10)", "the code fails before any test: MemoryError"),
            ("import ctypes; ctypes.string_at(0)", "it ended with killed"),
            ("print('[true, \"\"]')\nprint('passed')\ndef double(n): return 5", "AssertionError"),
        ],
    )
    def test_what_does_not_pass(self, text: str, said: str) -> None:
        verdict = judged(fenced(text), ["assert double(2) == 4"])
        assert (verdict.score, verdict.parsed) == (0.0, True)
        assert said in verdict.reason

    def test_tests_are_apart(self) -> None:
        text = "seen = []\ndef add(n):\n    seen.append(n)\n    open('left', 'a').write('x')\n    return len(seen)"
        assert judged(fenced(text), ["assert add(1) == 1"] * 3).passed

    def test_a_test_that_hangs_fails_alone(self) -> None:
        text = "def f(n):\n    while n == 1: pass\n    return n"
        verdict = code(
            fenced(text),
            json.dumps(["assert f(0) == 0", "assert f(1) == 1", "assert f(2) == 2"]),
            limits=Limits(seconds=15, cpu_seconds=8),
        )
        assert verdict.score == pytest.approx(2 / 3)
        assert "test 2: no end after 5 s" in verdict.reason

    def test_code_may_use_what_programs_use(self) -> None:
        text = (
            "from __future__ import annotations\nfrom dataclasses import dataclass\nimport pickle\n\n"
            "@dataclass\nclass P:\n    x: int\n\ndef f():\n    print('noise')\n"
            "    return pickle.loads(pickle.dumps(P(3))).x\n\nif __name__ == '__main__':\n    f(input())"
        )
        assert judged(fenced(text), ["assert f() == 3"]).passed

    def test_standard_input_and_output(self) -> None:
        text = "import sys\nn = int(input())\nprint(n * 2, '  ')\nif n > 3: exit()\nprint('more')\n"
        cases = [
            {"input": "2\n", "output": "4\nmore"},
            {"input": "5\n", "output": "10\n\n"},
            {"input": "1\n", "output": "3\nmore\n"},
            {"input": "x\n", "output": ""},
        ]
        verdict = judged(fenced(text), {"stdio": cases})
        assert verdict.score == 0.5
        assert verdict.reason == "2 of 4 tests pass; test 3: another output"
        last = judged(fenced(text), {"stdio": cases[3:]})
        assert "it ended with error: ValueError" in last.reason

    def test_a_program_is_the_main_module(self) -> None:
        text = "import sys\ndef main():\n    print(__name__, len(sys.argv))\nif __name__ == '__main__':\n    main()"
        assert judged(fenced(text), {"stdio": [{"input": "", "output": "__main__ 1"}]}).passed

    def test_the_time_of_all_inputs_is_bounded(self) -> None:
        cases = [{"input": "", "output": ""}] * 6
        verdict = judged(
            fenced("while True: pass"), {"stdio": cases}, Limits(seconds=1, cpu_seconds=5)
        )
        assert verdict.score == 0
        assert "timeout" in verdict.reason

    @examples(15)
    @given(st.text(alphabet="'\"\\\n{}%a\x00é漢\U0001f600", max_size=30))
    def test_any_text_in_code_and_labels_comes_through(self, text: str) -> None:
        body = text.replace("\x00", "").replace("`", "")
        label = {"tests": [f"assert value == {body!r}"]}
        assert judged(fenced(f"value = {body!r}"), label).passed
        assert judged(
            fenced(f"print(repr({body!r}))"), {"stdio": [{"input": body, "output": repr(body)}]}
        ).passed
