"""Two expressions compared by computer algebra: read by math-verify's parser, decided by SymPy.

Exact arithmetic decides. Floating point may only refute: a difference that is not zero at some
point is none; one that looks like zero has to be proved so (`zero`), or counts as not decided, which
is not equal. Decimals are read as fractions, so 1.4142135623730951 is not the root of 2.

There is no clock here: what would not end is known by its size, before it is worked out (`size`).
Calls are serialised: the parser keeps tables that several threads must not fill at once, and gains
nothing from threads."""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock
from typing import Any

from curate.errors import UserError, extra
from curate.verify.size import too_large

_LOCK = Lock()
_LONGEST = 400
_IMAGINARY = re.compile(r"(?<![A-Za-z\\])i(?![A-Za-z])|(?<=[0-9}])i(?![A-Za-z])")
_INDEX = re.compile(r"_\{?i|i\}?=")
_DECIMAL = re.compile(r"(?<![0-9.])([0-9]*)\.([0-9]+)(?![0-9.])")
_PERIOD = re.compile(r"(?<![0-9.])([0-9]*)\.([0-9]*)\\overline\{([0-9]+)\}")
_DEGREES = re.compile(r"([0-9]+)\^\{?\\circ\}?")
_ANGLES = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
# The parser takes `2(\\frac{1}{3})` and `(2)(3)` for mixed numbers.
_PRODUCT = re.compile(r"(?<![_0-9.^])([0-9.]+)\(")
_BRACKETS = re.compile(r"\)(?=\(|\\frac)")
_RELATION = re.compile(r"=|<|>|\\leq|\\geq|\\neq")


def equal(gold: str, found: str) -> bool:
    """Whether two expressions, equations or inequalities in LaTeX are equal; False where that
    cannot be decided.

    Raises UserError where math-verify is not installed.
    """
    if max(len(gold), len(found)) > _LONGEST or too_large(gold) or too_large(found):
        return False
    if bool(_RELATION.search(gold)) != bool(_RELATION.search(found)):
        return False
    complex_ = any(_IMAGINARY.search(text) and not _INDEX.search(text) for text in (gold, found))
    with _LOCK:
        one, two = _parsed(gold, complex_), _parsed(found, complex_)
        try:
            return one is not None and two is not None and _equal(one, two)
        except Exception:  # what the algebra cannot do is no proof of equality
            return False


def _equal(one: Any, two: Any) -> bool:
    from sympy import Expr, Rel, nan, zoo

    from curate.verify import zero

    if one.has(nan, zoo) or two.has(nan, zoo):  # a division by zero is equal to nothing
        return False
    if _is_open(one) or _is_open(two):  # as it stands, or not at all
        return bool(one == two)
    if isinstance(one, Rel) and isinstance(two, Rel):
        return _same_relation(one, two)
    if one == two:
        return not getattr(one, "is_Boolean", False)
    if not (isinstance(one, Expr) and isinstance(two, Expr)):
        return False
    return zero.is_zero(one - two)


def _same_relation(one: Any, two: Any) -> bool:
    """Whether two equations or inequalities are multiples of each other: every side on the left,
    one is a number times the other, above zero for inequalities.
    """
    from sympy import Eq, Ge, Gt, Ne

    from curate.verify import zero

    if isinstance(one, Eq | Ne) or isinstance(two, Eq | Ne):
        if type(one) is not type(two):
            return False
        factor = zero.factor(one.lhs - one.rhs, two.lhs - two.rhs)
        return factor is not None
    strict = [isinstance(side, Gt) or side.rel_op == "<" for side in (one, two)]
    left, right = (
        side.lhs - side.rhs if isinstance(side, Gt | Ge) else side.rhs - side.lhs
        for side in (one, two)
    )
    factor = zero.factor(left, right)
    return strict[0] == strict[1] and factor is not None and bool(factor > 0)


@lru_cache(maxsize=4096)
def _parsed(text: str, complex_: bool) -> Any:
    """The expression of a text, worked out where that is simple; None where it cannot be read."""
    try:
        from latex2sympy2_extended.latex2sympy2 import ConversionConfig, latex2sympy
    except ImportError as error:
        raise UserError(f"verifier 'math' needs math-verify: {extra('verify')}") from error
    try:
        read = latex2sympy(
            _for_the_parser(text),
            is_real=True,
            convert_degrees=False,
            normalization_config=None,
            conversion_config=ConversionConfig(lowercase_symbols=False),
        )
        return _worked_out(read, complex_)
    except Exception:  # ANTLR, its listener and SymPy each have errors of their own
        return None


def _for_the_parser(text: str) -> str:
    """A formula as the parser reads it rightly: exact decimals, products with their signs, degrees
    of an angle as such.
    """
    if "." in text:
        text = _PERIOD.sub(_with_period, text)
        text = _DECIMAL.sub(_fraction, text)
    if "\\circ" in text and _ANGLES.search(text):
        text = _DEGREES.sub(r"(\\frac{\1\\pi}{180})", text)
    return _PRODUCT.sub(r"\1\\cdot (", _BRACKETS.sub(r")\\cdot ", text))


def _fraction(decimal: re.Match[str]) -> str:
    """A decimal as a fraction; `^0.5` has no braces of its own."""
    whole, part, place = decimal[1], decimal[2], decimal.start()
    fraction = f"\\frac{{{int(whole + part)}}}{{1{'0' * len(part)}}}"
    return f"{{{fraction}}}" if decimal.string[place - 1 : place] in ("^", "_") else fraction


def _with_period(decimal: re.Match[str]) -> str:
    whole, before, period = decimal[1], decimal[2], decimal[3]
    value = int(whole + before + period) - int(whole + before or "0")
    return f"\\frac{{{value}}}{{{'9' * len(period)}{'0' * len(before)}}}"


def _worked_out(read: Any, complex_: bool) -> Any:
    """Factorials, logarithms and the like with their values, `i` as the imaginary unit; sums and
    integrals as they stand.
    """
    from sympy import I, Rel, Symbol

    if complex_:
        read = read.xreplace(
            {one: I if one.name == "i" else Symbol(one.name) for one in read.free_symbols}
        )
    if isinstance(read, Rel):
        sides = (_worked_out(side, False) for side in read.args)
        return type(read)(*sides, evaluate=False)
    if _is_open(read):
        return read
    return read.doit() if hasattr(read, "doit") else read


def _is_open(value: Any) -> bool:
    """Whether an expression holds a sum, an integral or the like, which nobody works out."""
    from sympy import Derivative, Integral, Limit, Product, Sum

    return bool(value.has(Integral, Sum, Product, Limit, Derivative))
