"""The verifier of Python code: runs a completion's program against tests, in the sandbox and
nowhere else.

Ground truth is JSON: `{"tests": ["assert f(2) == 4", ...]}`, lines or whole pieces of test code
that call what the completion defines, or `{"stdio": [{"input": "2\\n", "output": "4\\n"}, ...]}`, a
program's standard input and what it must print. The lists alone, as Tülu's code sets have them, are
read too. The score is the share of tests that pass. Beside the tests there may be a `"solution"`, a
program that passes them: `curate check` runs it, and one that does nothing, which must not pass.

The code is the last fenced block marked as Python, else the last that is marked as nothing, else
the whole text if it looks like code; without code the completion is not parsed. A block that
defines nothing and uses what one before it defines shows how to use it, and is left out. Where the
prompt has opened a fence, the completion goes on in it. Functions are
defined once, and each test then runs in a fork, so that none sees what another left, and a test
that hangs fails alone. Outputs are compared line by line, without blanks at the ends of lines and
without empty lines at the end.

A test passes when its code has run to its end: a program that leaves early passes nothing. Like
every harness that shares a process with what it tests it can be cheated by a program that sets out
to find it (docs/sandbox.md)."""

from __future__ import annotations

import ast
import json
import re
import secrets
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from curate.verify.sandbox import Limits, Outcome, run
from curate.verify.verdict import BadGroundTruth, Verdict

LIMITS = Limits(seconds=15.0, cpu_seconds=15, processes=32)
"""Of all tests of one completion together."""

TEST_SECONDS = 5.0
"""Of one test, or of one run on one input, at most; of one test also half of what all of them have.
"""

_FENCE = re.compile(
    r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_ANY_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)", re.MULTILINE)
_PYTHON = ("python", "py", "python3")
_LOOKS_LIKE_CODE = re.compile(
    r"^\s*(?:(?:async )?def \w|class \w|import \w|from [\w.]+ import |@\w|for .+:|while .+:|print\s*\(|\w+ *= *\S)",
    re.MULTILINE,
)

# Run in the sandbox as the program itself. Without the module `site` there is no exit() and no
# quit().
_AS_PROGRAM = """\
import builtins, sys
builtins.exit = builtins.quit = sys.exit
sys.argv = ["solution.py"]
del builtins, sys
exec(compile({code!a}, "solution.py", "exec"), globals())
"""

# Run in the sandbox: defines what the completion defines, then runs each test in a fork. It writes
# a line for each, with a word that only it knows, to what was standard output; prints of the code
# and of tests go nowhere.
_HARNESS = """\
import builtins, json, os, select, signal, sys, time, types
builtins.exit = builtins.quit = sys.exit

def said(error):
    return f"{type(error).__name__}: {error}"[:200]

def attempt(test, module, channel, word):
    try:
        exec(compile(test, "test.py", "exec"), module.__dict__)
        os.write(channel, word.encode())
    except BaseException as error:
        os.write(channel, ("-" + said(error)).encode("utf-8", "replace"))
    finally:
        os._exit(0)

def outcome(test, module, word, seconds):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reading)
        attempt(test, module, writing, word)
    os.close(writing)
    answer = b""
    if select.select([reading], [], [], seconds)[0]:
        answer = os.read(reading, 4096)
        text = answer.decode("utf-8", "replace")[1:] or "the program left before the end of the test"
    else:
        text = f"no end after {seconds:g} s"
    for victim in (os.killpg, os.kill):
        try:
            victim(child, signal.SIGKILL)
        except OSError:
            pass
    os.waitpid(child, 0)
    os.close(reading)
    return [True, ""] if answer == word.encode() else [False, text]

def main():
    task = json.load(sys.stdin)
    results = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    module = sys.modules["solution"] = types.ModuleType("solution")
    module.__dict__["__builtins__"] = builtins
    def tell(value):
        print(task["word"] + json.dumps(value), file=results, flush=True)
    try:
        exec(compile(task["code"], "solution.py", "exec"), module.__dict__)
    except BaseException as error:
        tell([False, "the code fails before any test: " + said(error)])
        os._exit(1)
    for test in task["tests"]:
        tell(outcome(test, module, task["word"], task["seconds"]))
    os._exit(0)

main()
"""


@dataclass(frozen=True, slots=True)
class Cases:
    """A ground truth: either pieces of test code, or inputs with their outputs."""

    asserts: tuple[str, ...] = ()
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
        outcomes = _on_asserts(program, tests.asserts, limits, allow_weaker)
    else:
        outcomes = _on_stdio(program, tests.stdio, limits, allow_weaker)
    return _verdict(outcomes)


def golden(ground_truth: str) -> str | None:
    """The solution of a ground truth as a completion; None where it holds none."""
    solution = cases_of(ground_truth).solution
    return None if solution is None else _fenced(solution)


def perturbed(ground_truth: str) -> list[str]:
    """A program that does nothing: tests that it passes test nothing."""
    return [_fenced("pass")]


def _fenced(program: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", program)), default=0))
    return f"{fence}python\n{program}\n{fence}"


def extract(completion: str, prompt: str | None = None) -> str | None:
    """The code of a completion, or None (see the module for which block)."""
    if _goes_on(completion, prompt):
        completion = f"```python\n{completion}"
    blocks = [(match[2].lower(), match[3]) for match in _FENCE.finditer(completion)]
    for languages in (_PYTHON, ("",)):
        found = [text for language, text in blocks if language in languages and text.strip()]
        if found:
            return _without_usage(found)
    return completion if not blocks and _LOOKS_LIKE_CODE.search(completion) else None


def _goes_on(completion: str, prompt: str | None) -> bool:
    """Whether a completion begins inside a fence: the last one of the prompt is open, or Python
    stands before a first fence that closes one.
    """
    if prompt is not None and _open_fence(prompt) in (*_PYTHON, ""):
        return not _FENCE.match(completion.lstrip("\n"))
    first = _ANY_FENCE.search(completion)
    if first is None or first[2]:
        return False
    before = completion[: first.start()]
    return bool(_LOOKS_LIKE_CODE.search(before)) and _parsed(before) is not None


def _open_fence(text: str) -> str | None:
    """The language of a fence that is opened and not closed; None where there is none."""
    opened: re.Match[str] | None = None
    for fence in _ANY_FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2]:
            opened = None
    return opened[2].lower() if opened is not None else None


def _without_usage(blocks: list[str]) -> str:
    """The last block, or, where that only uses what an earlier one defines, the last that defines
    something.
    """
    last = _parsed(blocks[-1])
    if last is None or _defined(last):
        return blocks[-1]
    used = {node.id for node in ast.walk(last) if isinstance(node, ast.Name)}
    for block in reversed(blocks[:-1]):
        tree = _parsed(block)
        if tree is not None and _defined(tree) & used:
            return block
    return blocks[-1]


def _defined(tree: ast.Module) -> set[str]:
    """The functions and classes that a program defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def _parsed(text: str) -> ast.Module | None:
    """The tree of a program; None where the text is none, or is too deep to be read."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


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
        tuple(map(_assert, label.get("tests", []))),
        tuple(map(_case, label.get("stdio", []))),
        solution,
    )
    if not tests.asserts and not tests.stdio:
        raise BadGroundTruth("the label has no test")
    return tests


def _assert(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadGroundTruth(f"a test is a piece of code, not {str(value)[:80]!r}")
    return value


def _case(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(value.get(name), str) for name in ("input", "output")
    ):
        raise BadGroundTruth(
            f"a case of 'stdio' has the texts 'input' and 'output', not {str(value)[:80]}"
        )
    return value["input"], value["output"]


def _on_asserts(
    program: str, asserts: Sequence[str], limits: Limits, allow_weaker: bool
) -> list[str]:
    """What is wrong, test by test; nothing where it passes."""
    word = secrets.token_hex(16)
    seconds = min(TEST_SECONDS, limits.seconds / 2)
    task = {"code": program, "tests": asserts, "seconds": seconds, "word": word}
    done = run(_HARNESS, json.dumps(task), limits, allow_weaker=allow_weaker)
    lines = [line.removeprefix(word) for line in done.stdout.splitlines() if line.startswith(word)]
    told = [_told(line) for line in lines][: len(asserts)]
    missing = told[-1] if done.status == "error" and told else _ended(done)
    return told + [missing] * (len(asserts) - len(told))


def _told(line: str) -> str:
    """One line of the harness; a program that found the word may have written anything."""
    try:
        passed, error = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return "the harness was tampered with"
    return "" if passed is True else str(error)[:300] or "it does not pass"


def _on_stdio(
    program: str, cases: Sequence[tuple[str, str]], limits: Limits, allow_weaker: bool
) -> list[str]:
    text, end = _AS_PROGRAM.format(code=program), time.monotonic() + limits.seconds
    outcomes = []
    for given, wanted in cases:
        left = end - time.monotonic()
        if left <= 0:
            outcomes.append("no time was left")
            continue
        done = run(
            text, given, replace(limits, seconds=min(TEST_SECONDS, left)), allow_weaker=allow_weaker
        )
        if done.status != "ok":
            outcomes.append(_ended(done))
        else:
            outcomes.append("" if _lines(done.stdout) == _lines(wanted) else "another output")
    return outcomes


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _ended(done: Outcome) -> str:
    """How a run ended that did not end well, with the last line of its errors."""
    last = done.stderr.rstrip().rpartition("\n")[2][:200]
    return f"it ended with {done.status}" + (f": {last}" if last else "")


def _verdict(outcomes: list[str]) -> Verdict:
    passed = outcomes.count("")
    reason = f"{passed} of {len(outcomes)} tests pass"
    first = next(((place, why) for place, why in enumerate(outcomes, start=1) if why), None)
    return Verdict(
        passed / len(outcomes), True, reason + (f"; test {first[0]}: {first[1]}" if first else "")
    )
