"""Whether two mathematical answers are the same, part by part.

Numbers are compared exactly, as fractions; words as words; tuples, intervals and matrices in order
and with their brackets; sets and bare lists without order; equations as equations. Only single
expressions that are none of these are handed to `compare`, the computer algebra.

A percentage is equal to its number or to a hundredth of it, whichever side has the sign. Units,
bases of numerals and names on the left of an equals sign may be left out on one side; where both
sides have one, it must be the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from curate.verify import equations, units
from curate.verify.value import Value, read

Compare = Callable[[str, str], bool]
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_WITH_LETTERS = re.compile(r"([-0-9.,]+)\$?([A-Za-z]+)")


def same(gold: Value, found: Value, compare: Compare) -> bool:
    """Whether two answers are the same; `compare` judges two expressions, or two equations."""
    if gold.kind == found.kind == "number" and not found.steps and not (gold.label and found.label):
        return _same_number(gold, found)
    if found.steps and not all(_same_side(side, found, compare) for side in found.steps):
        return False  # a computation that does not come out
    if "equation" in (gold.kind, found.kind) or _other_name(gold, found):
        return _same_equation(gold, found, compare)
    if gold.kind == found.kind == "number":
        return _same_number(gold, found)
    if "text" in (gold.kind, found.kind):
        return _letters(gold) == _letters(found)
    if found.text == "or" and gold.kind != "set":  # `1/2 or 0.5`: all of them, or none
        return all(same(gold, one, compare) for one in found.items)
    if {gold.kind, found.kind} & {"tuple", "matrix"}:
        return _same_order(gold, found, compare)
    if {gold.kind, found.kind} & {"set", "union"}:
        return _same_members(gold, found, compare)
    if gold.kind == "number" and gold.unit and found.kind == "expr":
        other = _WITH_LETTERS.fullmatch(found.text)  # `18m` is 18 metres only beside a unit
        wrapped = read(f"{other[1]}\\text{{{other[2]}}}") if other else found
        return wrapped.kind == "number" and _same_number(gold, wrapped)
    return _letters(gold) == _letters(found) or compare(gold.text, found.text)


def _same_side(side: str, found: Value, compare: Compare) -> bool:
    """Whether a side of a computation has the value of its last."""
    last = Value(found.kind, found.text, found.number, found.unit, found.base, items=found.items)
    return same(last, read(side), compare)


def _other_name(gold: Value, found: Value) -> bool:
    return bool(gold.label and found.label and not equations.same_name(gold.label, found.label))


def _same_equation(gold: Value, found: Value, compare: Compare) -> bool:
    """Two equations, or two names with values that are formulas of other unknowns: `y=2x+3` and
    `y-3=2x`. A ground truth that names a number wants that number, not an equation for it.
    """
    if gold.kind != "equation" and not equations.has_unknowns(gold.line.partition("=")[2]):
        return False
    one, two = (
        value.line or (value.text if value.kind == "equation" else "") for value in (gold, found)
    )
    return bool(one and two) and (one == two or compare(one, two))


def _same_order(gold: Value, found: Value, compare: Compare) -> bool:
    alike = gold.kind == found.kind and gold.text == found.text
    if not alike or len(gold.items) != len(found.items):
        return False
    return all(same(one, two, compare) for one, two in zip(gold.items, found.items, strict=True))


def _letters(value: Value) -> str:
    """An answer as text without regard to blanks; case counts in formulas alone."""
    if value.kind == "text":
        return value.text.replace(" ", "")
    text = _TEXT.sub(r"\1", value.text).replace(" ", "")
    return text.lower() if re.fullmatch(r"[A-Za-z]{2,}", text) else text


def _same_number(gold: Value, found: Value) -> bool:
    if gold.base and found.base and gold.base != found.base:
        return False
    if (gold.unit == "%") != (found.unit == "%"):
        percent, other = (gold, found) if gold.unit == "%" else (found, gold)
        return not other.unit and other.number in (percent.number, Fraction(percent.number) / 100)
    return gold.number == found.number and units.same_unit(gold.unit, found.unit)


def _same_members(gold: Value, found: Value, compare: Compare) -> bool:
    """Every member of one set is a member of the other, as often."""
    if found.kind == "number" and gold.kind == "set" and "," in found.text:
        found = Value("set", found.text, items=tuple(map(read, found.text.split(","))))
    if gold.kind == "number" and found.kind == "set" and "," in gold.text:
        gold = Value("set", gold.text, items=tuple(map(read, gold.text.split(","))))
    left, wants = _members(found), _members(gold)
    if len(left) != len(wants):
        return False
    for wanted in wants:
        place = next((place for place, one in enumerate(left) if same(wanted, one, compare)), None)
        if place is None:
            return False
        left.pop(place)
    return True


def _members(value: Value) -> list[Value]:
    return list(value.items) if value.items or value.kind == "set" else [value]
