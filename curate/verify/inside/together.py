"""Tests run in the process of the program, each in a fork: the weaker way, which a program that sets
out to find the tests can cheat.

A line for each is written, with a word that only this knows, to what was standard output."""

from __future__ import annotations

import builtins
import json
import os
import select
import sys
import types

from curate.verify.inside.whole import run_whole
from curate.verify.inside.wire import end, run_as, said, silent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def _attempt(test: dict[str, Any], module: types.ModuleType, channel: int, word: str) -> NoReturn:
    try:
        run_whole(test, module)
        os.write(channel, word.encode())
    except BaseException as error:
        os.write(channel, ("-" + said(error)).encode("utf-8", "replace"))
    finally:
        os._exit(0)


def _outcome(test: dict[str, Any], module: types.ModuleType, word: str, seconds: float) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reading)
        _attempt(test, module, writing, word)
    os.close(writing)
    answer = b""
    if select.select([reading], [], [], seconds)[0]:
        answer = os.read(reading, 4096)
        text = (
            answer.decode("utf-8", "replace")[1:] or "the program left before the end of the test"
        )
    else:
        text = f"no end after {seconds:g} s"
    end(child)
    os.close(reading)
    return "" if answer == word.encode() else text


def main(code: str, tests: list[dict[str, Any]], seconds: float, word: str) -> NoReturn:
    """Define what the program defines, then run test after test."""
    channel, output = silent()
    os.close(channel)
    results = os.fdopen(output, "w")
    module = types.ModuleType("solution")
    module.__dict__["__builtins__"] = builtins
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]

    def tell(text: str) -> None:
        print(word + json.dumps(text), file=results, flush=True)

    try:
        run_as(code, module, "solution.py")
    except BaseException as error:
        tell("the code fails before any test: " + said(error))
        os._exit(1)
    for test in tests:
        tell(_outcome(test, module, word, seconds))
    os._exit(0)
