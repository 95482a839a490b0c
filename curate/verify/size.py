"""How large a formula becomes when it is worked out, bounded from its text.

Computer algebra has no brake: `9^{9^{9}}` or a sum of four letters to the 99th fills the memory
before anything could stop it. So nothing is worked out whose bound here is too large; it counts as
not decided. The bound depends on the text alone, never on a clock."""

from __future__ import annotations

import re
from math import comb, inf, log2
from typing import NamedTuple

MOST_BITS = 20_000.0
"""Of any number on the way."""
MOST_TERMS = 400.0
"""Of any sum, were all its brackets multiplied out."""
DEEPEST = 10
"""Brackets within brackets."""
MOST_NESTED = 3
"""Functions within functions."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\S", re.DOTALL)
_GROWING = frozenset(["\\exp", "\\sinh", "\\cosh", "\\tanh", "\\coth", "\\Gamma", "\\zeta"])
_FUNCTIONS = frozenset(
    "\\log \\ln \\lg \\sin \\cos \\tan \\cot \\sec \\csc \\arcsin \\arccos \\arctan \\exp \\sinh "
    "\\cosh \\tanh \\coth \\Gamma \\zeta \\sum \\prod \\int \\lim".split()
)
_OPEN = {"(": ")", "[": "]", "{": "}"}


class _TooLarge(Exception):
    """The bound is passed."""


class _Size(NamedTuple):
    """Bits of the largest number, terms of the longest sum, functions within each other."""

    bits: float
    terms: float
    nested: int = 0


_ONE = _Size(0.0, 1.0)


def too_large(text: str) -> bool:
    """Whether a formula in LaTeX might not be worked out at once."""
    if "!!" in text:
        return True
    try:
        _sum(_TOKEN.findall(text)[::-1], "", 0)
    except _TooLarge:
        return True
    return False


def _checked(size: _Size) -> _Size:
    if size.bits > MOST_BITS or size.terms > MOST_TERMS or size.nested > MOST_NESTED:
        raise _TooLarge
    return size


def _sum(tokens: list[str], close: str, depth: int) -> _Size:
    """Terms up to a closing bracket, which is taken; tokens are taken from the end of the list."""
    if depth > DEEPEST:
        raise _TooLarge
    whole, product, last = _Size(0.0, 0.0), _ONE, _ONE
    while tokens and (token := tokens.pop()) != close:
        if token in "+-" or token in ("\\pm", "\\mp", "&", ",", "=", "<", ">"):
            whole, product, last = _plus(whole, _times(product, last)), _ONE, _ONE
        elif token == "^":
            last = _power(last, _argument(tokens, depth))
        elif token == "!":
            last = _power(_Size(min(last.bits, 64.0), 1.0), last)
        elif token == "_":
            _argument(tokens, depth)
        else:
            product, last = _times(product, last), _atom(token, tokens, depth)
    return _plus(whole, _times(product, last))


def _atom(token: str, tokens: list[str], depth: int) -> _Size:
    if token in _OPEN:
        return _sum(tokens, _OPEN[token], depth + 1)
    if token[0].isdigit():
        digits = token.replace(".", "")
        return _checked(_Size(max(1.0, log2(int(digits) + 1) if len(digits) < 6000 else inf), 1.0))
    if token in ("\\binom", "\\dbinom", "\\tbinom"):
        top, low = _argument(tokens, depth), _argument(tokens, depth)
        return _power(_Size(1.0, 1.0), top)._replace(nested=max(top.nested, low.nested))
    if token in _FUNCTIONS:
        while tokens and tokens[-1] in "^_":
            tokens.pop()
            _argument(tokens, depth)
        inner = _argument(tokens, depth)
        grown = _power(_Size(2.0, 1.0), inner) if token in _GROWING else inner
        return _checked(_Size(grown.bits, 1.0, inner.nested + 1))
    return _Size(1.0, 1.0)


def _argument(tokens: list[str], depth: int) -> _Size:
    """The next group, number, letter or command with its arguments; a sign before it is skipped."""
    while tokens and tokens[-1] in "+-":
        tokens.pop()
    return _atom(tokens.pop(), tokens, depth + 1) if tokens else _ONE


def _plus(one: _Size, other: _Size) -> _Size:
    bits = one.bits + other.bits
    return _checked(_Size(bits, one.terms + other.terms, max(one.nested, other.nested)))


def _times(one: _Size, other: _Size) -> _Size:
    bits, terms = one.bits + other.bits, one.terms * other.terms
    return _checked(_Size(bits, terms, max(one.nested, other.nested)))


def _power(base: _Size, exponent: _Size) -> _Size:
    if exponent.bits > 40:
        raise _TooLarge
    n = 2.0**exponent.bits
    terms = float(comb(round(n) + int(base.terms) - 1, int(base.terms) - 1)) if n < 1e6 else inf
    size = _Size(max(base.bits, 1.0) * n, terms if base.terms > 1 else 1.0)
    return _checked(size._replace(nested=max(base.nested, exponent.nested)))
