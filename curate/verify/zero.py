"""Whether an expression is zero: refuted by numbers at a few points, proved by exact algebra."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_POINTS = ((7, 5), (11, 3), (13, 7), (2, 9), (17, 4), (5, 13), (19, 6), (23, 8))
_DIGITS = 400
_SIMPLE = 60
"""Operations of an expression up to which proofs that may take long are tried."""
_RADICALS = 4


def is_zero(value: Any) -> bool:
    """Whether an expression is proved to be zero; False where it is not, or cannot be decided."""
    if value.is_Rational:
        return bool(value == 0)
    if _refuted(value):
        return False
    return any(proof == 0 for proof in _proofs(value))


def factor(one: Any, two: Any) -> Any:
    """The number c, not zero, for which `one` is c times `two`; None where there is none.

    Neither may be free of letters: `1=1` says nothing."""
    symbols = one.free_symbols
    if not symbols or symbols != two.free_symbols:
        return None
    point = _point(symbols, 0)
    above, below = one.subs(point), two.subs(point)
    if not (above.is_finite and below.is_finite) or above == 0 or below == 0:
        return None
    ratio = above / below
    return ratio if is_zero(one - ratio * two) else None


def _point(symbols: Any, turn: int) -> dict[Any, Any]:
    """A positive fraction for every letter."""
    from sympy import Rational

    named = sorted(symbols, key=lambda one: str(one))
    return {
        one: Rational(*_POINTS[(place + turn) % len(_POINTS)]) + place // len(_POINTS)
        for place, one in enumerate(named)
    }


def _refuted(value: Any) -> bool:
    """Whether the value at some point is certainly another than zero."""
    symbols = value.free_symbols
    return any(_not_zero(value.subs(_point(symbols, turn))) for turn in range(2 if symbols else 1))


def _not_zero(number: Any) -> bool:
    from sympy.core.evalf import PrecisionExhausted

    if number.is_Rational:
        return bool(number != 0)
    if not number.is_number:
        return False
    try:
        found = number.evalf(5, maxn=_DIGITS, strict=True)
    except PrecisionExhausted:
        return False
    return bool(found.is_number and found.is_finite and found != 0)


def _proofs(value: Any) -> Iterator[Any]:
    """Forms of an expression, the cheap ones first, one of which is 0 if it can be shown to be so."""
    import sympy

    yield sympy.expand(value)
    top = sympy.expand(sympy.together(value).as_numer_denom()[0])
    yield top
    if value.has(sympy.log):
        yield sympy.expand(sympy.expand_log(value, force=True, factor=True))
    yield sympy.expand(sympy.expand_power_base(value, force=True))
    if top.count_ops() > _SIMPLE:
        return
    steps: tuple[Callable[[Any], Any], ...] = (sympy.radsimp, sympy.sqrtdenest, _algebraic, _turned)
    for step in steps:
        yield sympy.expand(step(value))
    if value.has(sympy.core.function.AppliedUndef):
        return
    if value.has(sympy.functions.elementary.trigonometric.TrigonometricFunction):
        yield sympy.expand(sympy.expand(top.rewrite(sympy.exp)).rewrite(sympy.exp))
    yield sympy.simplify(value)


def _algebraic(value: Any) -> Any:
    """0 if the minimal polynomial of a number of few radicals says so."""
    from sympy import Pow, Symbol, minimal_polynomial
    from sympy.functions.elementary.trigonometric import TrigonometricFunction

    if not value.is_algebraic:
        return value
    roots = [one for one in value.atoms(Pow) if not one.exp.is_Integer]
    if len(roots) + len(value.atoms(TrigonometricFunction)) > _RADICALS:
        return value
    if any(one.exp.q > 6 for one in roots):
        return value
    x = Symbol("x")
    return 0 if minimal_polynomial(value, x) == x else value


def _turned(value: Any) -> Any:
    """0 if a sum of inverse functions of angles has the tangent 0 and is less than a half turn."""
    from sympy import acos, asin, atan, expand_trig, tan

    if not value.is_number or not value.has(atan, asin, acos):
        return value
    less = abs(value.evalf(15)) < 1
    return 0 if less and expand_trig(tan(value)).equals(0) else value
