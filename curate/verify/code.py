"""The verifier of Python code: runs a completion's program against tests, in the sandbox and
nowhere else.

Ground truth is JSON: `{"tests": ["assert f(2) == 4", ...]}`, lines or whole pieces of test code
that call what the completion defines, or `{"stdio": [{"input": "2\\n", "output": "4\\n"}, ...]}`, a
program's standard input and what it must print. The lists alone, as Tülu's code sets have them, are
read too. The score is the share of tests that pass. Beside the tests there may be a `"solution"`, a
program that passes them: `curate check` runs it, and one that does nothing, which must not pass.

Which code of a completion is its program: `curate.verify.program`. Programs for standard input and
output are judged by what they print; line by line, without blanks at the ends of lines and without
empty lines at the end. Tests run in a sandbox of their own and call the program's functions in
another (`curate.verify.apart`). Functions are defined once, and each test is answered by a fork, so
that none sees what another left, and a test that hangs fails alone. A test passes when its code has
run to its end: a program that leaves early passes nothing.

What a label's tests define and do not call (`def test_…`, cases of unittest) is called. A label with
a test that tests nothing is refused. Tests that reach into the program's process are run there; a
program that sets out to find them can cheat those, and the verdict says `isolated=False`
(docs/sandbox.md)."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from curate.verify.apart import Told, ended, on_tests, walled
from curate.verify.asserts import Piece, read
from curate.verify.program import extract, fenced
from curate.verify.sandbox import Limits, run
from curate.verify.verdict import BadGroundTruth, Verdict

LIMITS = Limits(seconds=15.0, cpu_seconds=15, processes=32)
"""Of all tests of one completion together."""

TEST_SECONDS = 5.0
"""Of one test, or of one run on one input, at most; of one test also half of what all of them have.
"""

# Run in the sandbox as the program itself. Without the module `site` there is no exit() and no
# quit().
_AS_PROGRAM = """\
import builtins, sys
builtins.exit = builtins.quit = sys.exit
sys.argv = ["solution.py"]
del builtins, sys
exec(compile({code!a}, "solution.py", "exec"), globals())
"""


@dataclass(frozen=True, slots=True)
class Cases:
    """A ground truth: either pieces of test code, or inputs with their outputs."""

    asserts: tuple[Piece, ...] = ()
    stdio: tuple[tuple[str, str], ...] = ()
    solution: str | None = None


def code(
    completion: str,
    ground_truth: str,
    prompt: str | None = None,
    *,
    limits: Limits = LIMITS,
    allow_weaker: bool = False,
) -> Verdict:
    """The completion's Python program passes every test of the ground truth, in a sandbox.

    The score is the share of tests that pass. `limits` bound all tests of the completion together.
    Raises BadGroundTruth for a label it cannot read, and UserError where there is no sandbox,
    unless `allow_weaker`."""
    tests = cases_of(ground_truth)
    program = extract(completion, prompt)
    if program is None:
        return Verdict(0.0, False, "there is no code in the completion")
    if tests.asserts:
        seconds = min(TEST_SECONDS, limits.seconds / 2)
        told = on_tests(program, tests.asserts, seconds, limits, allow_weaker)
    else:
        told = _on_stdio(program, tests.stdio, limits, allow_weaker)
    return _verdict(told)


def golden(ground_truth: str) -> str | None:
    """The solution of a ground truth as a completion; None where it holds none."""
    solution = cases_of(ground_truth).solution
    return None if solution is None else fenced(solution)


def perturbed(ground_truth: str) -> list[str]:
    """A program that does nothing: tests that it passes test nothing."""
    return [fenced("pass")]


@lru_cache(maxsize=4096)
def cases_of(ground_truth: str) -> Cases:
    """Read a ground truth; raises BadGroundTruth."""
    try:
        label = json.loads(ground_truth)
    except (ValueError, RecursionError):
        raise BadGroundTruth(f"the tests are not JSON: {ground_truth[:80]}") from None
    if isinstance(label, list):
        label = {"tests" if all(isinstance(one, str) for one in label) else "stdio": label}
    if not isinstance(label, dict) or len(label.keys() & {"tests", "stdio"}) != 1:
        raise BadGroundTruth("the label has neither 'tests' nor 'stdio', or has both")
    if not isinstance(label.get("tests", []), list) or not isinstance(label.get("stdio", []), list):
        raise BadGroundTruth("'tests' and 'stdio' are lists")
    solution = label.get("solution")
    if solution is not None and (not isinstance(solution, str) or not solution.strip()):
        raise BadGroundTruth(f"'solution' is a program, not {str(solution)[:80]!r}")
    tests = Cases(
        tuple(_assert(one, place) for place, one in enumerate(label.get("tests", []), start=1)),
        tuple(map(_case, label.get("stdio", []))),
        solution,
    )
    if not tests.asserts and not tests.stdio:
        raise BadGroundTruth("the label has no test")
    return tests


def _assert(value: Any, place: int) -> Piece:
    if not isinstance(value, str) or not value.strip():
        raise BadGroundTruth(f"a test is a piece of code, not {str(value)[:80]!r}")
    return read(value, place)


def _case(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(value.get(name), str) for name in ("input", "output")
    ):
        raise BadGroundTruth(
            f"a case of 'stdio' has the texts 'input' and 'output', not {str(value)[:80]}"
        )
    return value["input"], value["output"]


def _on_stdio(
    program: str, cases: Sequence[tuple[str, str]], limits: Limits, allow_weaker: bool
) -> Told:
    text, end = _AS_PROGRAM.format(code=program), time.monotonic() + limits.seconds
    outcomes, isolated = [], True
    for given, wanted in cases:
        left = end - time.monotonic()
        if left <= 0:
            outcomes.append("no time was left")
            continue
        done = run(
            text, given, replace(limits, seconds=min(TEST_SECONDS, left)), allow_weaker=allow_weaker
        )
        isolated = isolated and walled(done)
        if done.status != "ok":
            outcomes.append(ended(done))
        else:
            outcomes.append("" if _lines(done.stdout) == _lines(wanted) else "another output")
    return Told(outcomes, isolated)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _verdict(told: Told) -> Verdict:
    faults = told.faults
    passed = faults.count("")
    reason = f"{passed} of {len(faults)} tests pass"
    first = next(((place, why) for place, why in enumerate(faults, start=1) if why), None)
    reason += f"; test {first[0]}: {first[1]}" if first else ""
    reason += "" if told.isolated else " (not isolated: the program could have cheated)"
    return Verdict(passed / len(faults), True, reason, told.isolated)
