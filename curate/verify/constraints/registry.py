"""The table of constraints: one small pure function a type, with the arguments it takes.

A checker is `check(text, **arguments) -> bool`. `@constraint` enters it under its published id,
with a reader for each argument. An argument that the function gives no default is required: the
published checkers draw a random value where one is missing, so that a label without its arguments
is judged by a die; here it is an error of the label."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from curate.errors import unknown
from curate.verify.constraints.text import RELATIONS, composed
from curate.verify.verdict import BadGroundTruth

Check = Callable[..., bool]
Reader = Callable[[Any], Any]

IFEVAL, IFTRAIN, IFBENCH = "ifeval", "iftrain", "ifbench"
"""Where a type was published: IFEval (arXiv 2311.07911), or the training or test part of IFBench
(arXiv 2507.02833). Types of IFBENCH are never trained on.
"""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One type: its published id and set, what it asks for in words, its arguments, the function
    that checks it.
    """

    id: str
    origin: str
    meaning: str
    arguments: Mapping[str, Reader]
    required: frozenset[str]
    check: Check


CONSTRAINTS: dict[str, Constraint] = {}


def constraint(id: str, origin: str, **arguments: Reader) -> Callable[[Check], Check]:
    """Enter a function as the checker of a type; the first line of its docstring says what the type
    asks for.
    """

    def enter(check: Check) -> Check:
        parameters = inspect.signature(check).parameters
        required = frozenset(
            name for name in arguments if parameters[name].default is inspect.Parameter.empty
        )
        meaning = " ".join((check.__doc__ or "").split("\n\n", 1)[0].split())
        CONSTRAINTS[id] = Constraint(id, origin, meaning, arguments, required, check)
        return check

    return enter


def bind(id: str, arguments: Mapping[str, Any]) -> Callable[[str], bool]:
    """The checker of a type with its arguments; raises BadGroundTruth for an unknown id or
    argument, or a bad value.

    Arguments that are None are left out: data sets of many types have one column for each argument
    of any of them."""
    if id not in CONSTRAINTS:
        raise BadGroundTruth(unknown("constraint", id, CONSTRAINTS))
    known, given = (
        CONSTRAINTS[id],
        {name: value for name, value in arguments.items() if value is not None},
    )
    for name in given:
        if name not in known.arguments:
            raise BadGroundTruth(f"constraint '{id}': {unknown('argument', name, known.arguments)}")
    for name in sorted(known.required - given.keys()):
        raise BadGroundTruth(f"constraint '{id}' needs the argument '{name}'")
    return partial(known.check, **{name: _read(id, name, value) for name, value in given.items()})


def _read(id: str, name: str, value: Any) -> Any:
    try:
        return CONSTRAINTS[id].arguments[name](value)
    except ValueError as error:
        raise BadGroundTruth(
            f"constraint '{id}': argument '{name}' is {str(value)[:80]!r}, not {error}"
        ) from None


def text(value: Any) -> str:
    """A text that is not blank, in NFC; a list of one such text counts as that text, as published labels
    have it.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return composed(value.strip())


def as_written(value: Any) -> str:
    """A text whose characters are counted: its form is left as it is."""
    text(value)
    return str(value[0] if isinstance(value, list) else value).strip()


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, at least one."""
    if not isinstance(value, list) or not value:
        raise ValueError("a list of texts")
    return tuple(text(one) for one in value)


def whole(value: Any) -> int:
    """A whole number from 0 on; 3.0 is one, as tables with gaps have it."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError("a whole number from 0 on")
    return number


def positive(value: Any) -> int:
    """A whole number from 1 on."""
    number = whole(value)
    if number < 1:
        raise ValueError("a whole number from 1 on")
    return number


def character(value: Any) -> str:
    """A single character, lower-cased."""
    found = text(value)
    if len(found) != 1:
        raise ValueError("a single character")
    return found.lower()


def relation(value: Any) -> str:
    """How a count is compared: see `text.compare`."""
    if not isinstance(value, str) or value not in RELATIONS:
        raise ValueError(f"one of {', '.join(RELATIONS)}")
    return str(value)
