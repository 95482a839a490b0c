"""Cases written by hand, kind by kind: forms of an answer that must pass, and others that must not.

They stand in `forms/`. A line is `gold | answer`; `=` before it means that the answer passes, `#` that
it does not. `@a`, `@b` and `@c` stand for numbers, `@P`, `@Q` and `@R` for letters, all different;
every line is written out with several. `[exact]` begins the lines of a kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.verifiers.cases import Case

_FORMS = Path(__file__).with_name("forms")
_NUMBERS = (
    *((7, 17, 31), (11, 29, 41), (13, 37, 59), (19, 43, 67), (23, 53, 73), (47, 61, 83)),
    *((14, 33, 95), (16, 45, 77), (22, 39, 85)),
)
_LETTERS = ("ABC", "PQR", "XYZ", "DEF", "KLM", "RST", "GHJ", "UVW", "BDH")


def _read(name: str) -> str:
    return (_FORMS / f"{name}.txt").read_text(encoding="utf-8")


_, *_parts = re.split(r"^\[(.+)\]\n", _read("boxed"), flags=re.M)
BOXED = dict(zip(_parts[::2], _parts[1::2], strict=True))
"""Answers of `math` that stand in a box, by kind."""


def _lines(table: str) -> Iterator[tuple[str, str, bool]]:
    """Ground truth, answer and whether it passes, for every line and every choice of its signs."""
    for line in table.strip().splitlines():
        seen = set()
        for numbers, letters in zip(_NUMBERS, _LETTERS, strict=True):
            signs = dict(zip("abcPQR", (*map(str, numbers), *letters), strict=True))
            filled = line
            for sign, text in signs.items():
                filled = filled.replace(f"@{sign}", text)
            if filled not in seen:
                seen.add(filled)
                gold, _, answer = filled[2:].partition(" | ")
                yield gold, answer, line[0] == "="


def math_cases() -> Iterator[Case]:
    """Those of `math`."""
    for kind, table in BOXED.items():
        for gold, answer, right in _lines(table):
            yield Case(f"written: {kind}", f"\\boxed{{{answer}}}", gold, right)
    for gold, answer, right in _lines(_read("stated")):
        yield Case("written: stated answers", answer, gold, right)


def other_cases(name: str) -> Iterator[Case]:
    """Those of `gsm8k`, `string` or `multiple-choice`."""
    for gold, answer, right in _lines(_read(name)):
        yield Case("written", answer, gold, right)
