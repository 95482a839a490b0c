"""Inequalities of one letter as the intervals that they describe.

`1 < x \\leq 2` and `2 \\geq x > 1` are `(1,2]`, `|x| < 2` is `(-2,2)`, `|x-1| \\geq 2` the union of two
rays. Ends are left as text."""

from __future__ import annotations

import re
from typing import NamedTuple

from curate.verify.signs import GREEK

_RELATION = re.compile(r"(<|>|\\leq(?![a-z])|\\geq(?![a-z]))")
_LETTER = re.compile(rf" ?(?:[A-Za-z]|\\(?:{'|'.join(GREEK)}))(?:_(?:\w|\{{\w+\}}))? ?\Z")
_ABSOLUTE = re.compile(r" ?\|([^|<>=]+)\| ?\Z")
_SHIFTED = re.compile(r"(?P<name>\\?[A-Za-z]+)(?P<shift>[-+][^-+]+)?\Z")
_TURNED = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq"}


class Bounds(NamedTuple):
    """An interval: its two brackets and the texts of its ends."""

    brackets: str
    low: str
    high: str


def bounds(text: str) -> tuple[str, list[Bounds]] | None:
    """The letter of an inequality and the interval, or the two, in which it lies; None where it is
    none of one letter.
    """
    if ("<" not in text and ">" not in text and "eq" not in text) or "=" in text:
        return None
    parts = _RELATION.split(text)
    if len(parts) == 3:
        return _one_sided(*parts)
    if len(parts) != 5 or not _LETTER.match(parts[2]):
        return None
    low, first, name, second, high = parts
    if first in (">", "\\geq"):
        low, first, second, high = high, _TURNED[second], _TURNED[first], low
    if first not in ("<", "\\leq") or second not in ("<", "\\leq") or not low or not high:
        return None
    brackets = ("[" if first == "\\leq" else "(") + ("]" if second == "\\leq" else ")")
    return name.strip(), [Bounds(brackets, low.strip(), high.strip())]


def _one_sided(left: str, relation: str, right: str) -> tuple[str, list[Bounds]] | None:
    if not _LETTER.match(left) and not _ABSOLUTE.match(left):
        left, relation, right = right, _TURNED[relation], left
    closed, up, bound = "eq" in relation, relation in (">", "\\geq"), right.strip()
    if not bound:
        return None
    if _LETTER.match(left):
        if _LETTER.match(bound) or left.strip() in bound:
            return None
        ray = Bounds("[)" if closed else "()", bound, "\\infty")
        fall = Bounds("(]" if closed else "()", "-\\infty", bound)
        return left.strip(), [ray if up else fall]
    inside = _ABSOLUTE.match(left)
    shifted = _SHIFTED.match(inside[1].replace(" ", "")) if inside else None
    if shifted is None or not _LETTER.match(shifted["name"]) or bound[0] == "-":
        return None
    low, high = (_moved(sign, bound, shifted["shift"] or "") for sign in "-+")
    if up:
        brackets = ("(]", "[)") if closed else ("()", "()")
        return shifted["name"], [
            Bounds(brackets[0], "-\\infty", low),
            Bounds(brackets[1], high, "\\infty"),
        ]
    return shifted["name"], [Bounds("[]" if closed else "()", low, high)]


def _moved(sign: str, bound: str, shift: str) -> str:
    """Where `|x + shift|` reaches the bound, below or above."""
    if not shift:
        return bound if sign == "+" else f"-{bound}" if bound.isalnum() else f"-({bound})"
    away = ("-" if shift[0] == "+" else "") + shift[1:]
    return f"{away}{sign}({bound})"
