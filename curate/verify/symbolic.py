"""Two expressions compared by computer algebra: `math-verify`, without its timeouts.

math-verify limits its time with signals, which work in the main thread of a process alone; here
they are never set. Whoever needs a limit runs rows through `verify_table`, which has one. What
would obviously not end (towers of powers, factorials of large numbers) is not tried. Numbers are
compared to 30 digits rather than to math-verify's 6: a rounded decimal is not an exact answer, and
two small numbers are not both zero. Calls are serialised: the parser below keeps tables that
several threads must not fill at once, and gains nothing from threads."""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock
from typing import Any

from curate.errors import UserError

_LOCK = Lock()
_LONGEST = 400
# Exponents of four digits, of three over a bracket, towers of powers of numbers, factorials of
# large numbers.
_HUGE = re.compile(
    r"\^\{?-?[0-9]{4,}|\)\^\{?-?[0-9]{3,}|[0-9)]\^\{?[0-9]+\^|[0-9]{4,}!|!!|\\binom\{[0-9]{5}|[0-9]{100}"
)
_COMPLEX = re.compile(r"(?<![A-Za-z\\])i(?![A-Za-z])|(?<=[0-9}])i")
_PRODUCT = re.compile(
    r"(?<![_0-9.])([0-9.]+)\("
)  # the parser takes `2(\\frac{1}{3})` for a mixed number
_RELATION = re.compile(r"=|<|>|\\leq|\\geq|\\neq")


def equal(gold: str, found: str) -> bool:
    """Whether two expressions in LaTeX are equal; False where either cannot be read or would take
    too long.

    Raises UserError where math-verify is not installed.
    """
    if max(len(gold), len(found)) > _LONGEST or _HUGE.search(gold) or _HUGE.search(found):
        return False
    if bool(_RELATION.search(gold)) and not _RELATION.search(found):
        return False
    complex_ = bool(_COMPLEX.search(gold) or _COMPLEX.search(found))
    with _LOCK:
        one, two = _parsed(gold, complex_), _parsed(found, complex_)
        return one is not None and two is not None and _equal(one, two)


def _equal(one: Any, two: Any) -> bool:
    from math_verify.grader import sympy_expr_eq, sympy_symbolic_eq

    if any(_is_relation(value) and not value.free_symbols for value in (one, two)):
        return False  # `1=1` and `2=2` are both true, but not the same answer
    try:
        if getattr(one, "is_number", False) and getattr(two, "is_number", False):
            return _equal_numbers(one, two)
        # math-verify compares a single letter by its name alone: `2a/2` would not be `a`.
        letter = getattr(one, "is_Symbol", False) or getattr(two, "is_Symbol", False)
        return bool(
            sympy_expr_eq(one, two, 12, 30, True, True) or (letter and sympy_symbolic_eq(one, two))
        )
    except Exception:  # what the algebra cannot do is no proof of equality
        return False


def _is_relation(value: Any) -> bool:
    return bool(getattr(value, "is_Relational", False) or getattr(value, "is_Boolean", False))


def _equal_numbers(one: Any, two: Any) -> bool:
    left, right, difference = (value.evalf(30, maxn=60) for value in (one, two, one - two))
    if not (left.is_finite and right.is_finite):  # a division by zero is equal to nothing
        return False
    return bool(abs(difference) <= abs(left) * 10**-12)


@lru_cache(maxsize=4096)
def _parsed(text: str, complex_: bool) -> Any:
    """The expression of a text; None where it cannot be read."""
    try:
        from latex2sympy2_extended.latex2sympy2 import ConversionConfig, latex2sympy
    except ImportError as error:
        raise UserError(
            "verifier 'math' needs math-verify: pip install 'tulu-curate[verify]'"
        ) from error
    try:
        config = ConversionConfig(lowercase_symbols=False)
        return latex2sympy(
            _PRODUCT.sub(r"\1\\cdot (", text),
            is_real=not complex_,
            convert_degrees=False,
            normalization_config=None,
            conversion_config=config,
        )
    except Exception:  # ANTLR, its listener and SymPy each have errors of their own
        return None
