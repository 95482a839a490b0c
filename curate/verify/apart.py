"""A program and its tests, each in a sandbox of its own: the judge is not in the process of the judged.

The sandbox of the tests asks for the functions of the program by name and sends what to call them
with; the sandbox of the program answers with plain data, which is compared where the tests are
(`curate.verify.inside`). Tests that reach into the program's process are run there: the weaker way,
of which the outcome tells."""

from __future__ import annotations

import json
import marshal
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from curate.verify.asserts import Piece
from curate.verify.sandbox import Limits, Outcome, run, run_pair

_INSIDE = "curate.verify.inside"
_FAILS = "the code fails before any test"
_LEFT = "the program left before the end of the test"


class Told(NamedTuple):
    """What is wrong with the program, test by test, nothing where one passes; and whether the tests
    alone said so.
    """

    faults: list[str]
    isolated: bool


def on_tests(
    program: str, tests: Sequence[Piece], seconds: float, limits: Limits, allow_weaker: bool
) -> Told:
    """Run every test against a program, each for so many seconds at most."""
    if any(test.weaker for test in tests):
        return _together(program, tests, seconds, limits, allow_weaker)
    asking = _script("asking", [asdict(test) for test in tests], seconds)
    captures = any("stdout" in test.code for test in tests)
    answering = _script("answering", program, captures)
    asked, answered = run_pair(asking, answering, limits, allow_weaker=allow_weaker)
    before, *lines = map(json.loads, asked.stdout.rpartition("\n")[0].splitlines() or ['""'])
    if any(how == "weaker" for _, how in lines):
        return _together(program, tests, seconds, limits, allow_weaker)
    faults = [fault for fault, _ in lines]
    if answered.status in ("memory", "timeout", "output"):
        faults = [ended(answered) if fault.startswith(_LEFT) else fault for fault in faults]
    missing = before if before.startswith(_FAILS) else ended(answered)
    missing = ended(asked) if asked.status != "ok" else missing
    faults += [missing] * (len(tests) - len(faults))
    return Told(faults, walled(answered) and all(how != "trusted" for _, how in lines))


def _together(
    program: str, tests: Sequence[Piece], seconds: float, limits: Limits, allow_weaker: bool
) -> Told:
    """The weaker way: tests in the process of the program."""
    word = secrets.token_hex(16)
    script = _script("together", program, [asdict(test) for test in tests], seconds, word)
    done = run(script, "", limits, allow_weaker=allow_weaker)
    lines = [line.removeprefix(word) for line in done.stdout.splitlines() if line.startswith(word)]
    told = [_told(line) for line in lines][: len(tests)]
    missing = told[-1] if done.status == "error" and told else ended(done)
    return Told(told + [missing] * (len(tests) - len(told)), False)


def _told(line: str) -> str:
    """One line; a program that found the word may have written anything."""
    try:
        fault = json.loads(line)
    except (ValueError, RecursionError):
        fault = None
    return fault[:300] if isinstance(fault, str) else "the harness was tampered with"


def walled(done: Outcome) -> bool:
    """Whether a program was shut in: one with limits alone can reach whatever its user can."""
    return not any(lack.startswith("the same user") for lack in done.lacks)


def ended(done: Outcome) -> str:
    """How a run ended that did not end well, with the last line of its errors."""
    last = done.stderr.rstrip().rpartition("\n")[2][:200]
    return f"it ended with {done.status}" + (f": {last}" if last else "")


def _script(main: str, *arguments: Any) -> str:
    """What runs in a sandbox: the modules of `inside`, and the call of one's `main`."""
    return f"{_modules(main)}\nmain(*{arguments!a})\n"


@lru_cache(maxsize=4)
def _modules(main: str) -> str:
    """Code that makes the modules of `inside`, which no sandbox has, and takes `main` from one. They
    are compiled here, once: the interpreter in a sandbox is the one that runs this.
    """
    names = {"answering": ("wire",)}.get(main, ("wire", "whole"))
    compiled = {}
    for name in (*names, main):
        text = files(_INSIDE).joinpath(f"{name}.py").read_text("utf-8")
        code = compile(text, f"{name}.py", "exec", dont_inherit=True)
        compiled[f"{_INSIDE}.{name}"] = marshal.dumps(code)
    return (
        "import marshal, sys\n"
        "made = type(sys)\n"
        f"for name in ('curate', 'curate.verify', {_INSIDE!r}): sys.modules[name] = made(name)\n"
        f"for name, code in {compiled!r}.items():\n"
        "    module = sys.modules[name] = made(name)\n"
        "    exec(marshal.loads(code), module.__dict__)\n"
        "main = module.main\n"
        "for name in [one for one in sys.modules if one.startswith('curate')]: del sys.modules[name]"
    )
