"""Long texts that a pattern with too much freedom reads again and again, and every verifier with a
label for them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from curate.verify import find
from curate.verify.constraints.registry import CONSTRAINTS

ROOT = Path(__file__).resolve().parents[2]
ALPHABET = " \n\t`~\\{}()[]<>*#$_-=+.,:;!?'\"|/^&%a A0é答".replace(" A", "A")
SEVERAL = (
    "```",
    "\\frac",
    "\\boxed{",
    "\\text{",
    "answer is ",
    "print ",
    "<answer>",
    "for ",
    "or ",
    "1,",
    "\r\n",
)
"""Pieces that patterns look for, beside single characters."""
LABELS = {
    "gsm8k": "18", "math": "\\frac{1}{2}", "multiple-choice": "C", "string": "blue",
    "token-f1": "deep blue", "max-length": "10", "json-schema": '{"type": "object"}',
    "regex": "a+b",
}  # fmt: skip


class Late(Exception):
    """No end within the time."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise Late where a block takes more seconds of this process's own time."""

    def late(*_: Any) -> None:
        raise Late

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def subjects() -> dict[str, Callable[[str], object]]:
    """Everything that reads a completion, with the label that it is given."""
    found: dict[str, Callable[[str], object]] = {}
    for name, label in LABELS.items():
        found[name] = lambda text, name=name, label=label: find(name)(text, label)  # type: ignore[misc]
    for id, kwargs in arguments().items():
        label = json.dumps([{"id": id, "kwargs": kwargs}])
        found[id] = lambda text, label=label: find("ifeval")(text, label)  # type: ignore[misc]
    return found


def arguments() -> dict[str, dict[str, Any]]:
    """Arguments for every constraint: those of its example in the documentation."""
    text = (ROOT / "docs/constraints.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w:-]+)` \| `(\{.*?\})` \|", text, re.MULTILINE)
    told = {id: json.loads(kwargs) for id, kwargs in rows}
    assert told.keys() == CONSTRAINTS.keys()
    return told


def texts(size: int, pairs: bool) -> Iterator[tuple[str, str]]:
    """Each character, and piece, as often as fits; with `pairs` every two of them, too."""
    units = [*ALPHABET, *SEVERAL]
    for one in units:
        yield one, one * (size // len(one))
    for one, other in itertools.permutations(units, 2) if pairs else ():
        yield one + other, (one + other) * (size // len(one + other))
        yield f"{one}…{other}", one * (size // 2 // len(one)) + other * (size // 2 // len(other))
