"""What an equation says: that a name has a value, that a computation comes out, or neither.

The rule. A **name** is one quantity that has no value yet: a letter, perhaps with an index, prime or
arrow; a function of something (`f(3)`, `P(X=2)`, `\\sin A`); an angle, a segment, a triangle or its
area, a determinant, a limit, sum or integral; a tuple of names; words. A sum, product, power, root,
quotient or absolute value of unknowns is none. An answer `name = value` or `value = name` states the
value. An answer without unknowns (`6/12 = 1/2`) states its last side, if its sides are equal. Any
other equation is itself the answer and is compared as an equation: `2x = 6` does not state 6."""

from __future__ import annotations

import re

from curate.verify.signs import GREEK

_GREEK = "|".join(GREEK)
_ACCENT = (
    r"\\(?:vec|hat|bar|tilde|dot|ddot|widehat|mathbb|mathcal|mathfrak|overrightarrow|overline)"
)
_LETTER = (
    rf"(?:[A-Za-z]|\\(?:{_GREEK}|ell|hbar|pi)(?![A-Za-z])|{_ACCENT} ?(?:\{{[A-Za-z]+\}}|[A-Za-z]))"
)
_INDEX = r"(?:_(?:\{[^{}]*\}|[A-Za-z0-9]))?"
_PRIME = r"(?:'+|\^\{?\\prime\}?)?"
_SYMBOL = rf"{_LETTER}{_INDEX}{_PRIME}{_INDEX}"
_INSIDE = r"\((?:[^()]|\([^()]*\))*\)|\[(?:[^\[\]])*\]"
_FUNCTION = (
    rf"(?:[A-Zfghpqruv]|\\(?:{_GREEK}|pi)|\\mathbb\{{[EPV]\}}|[a-z](?='|\([-0-9./]+\)))"
    rf"{_INDEX}{_PRIME}(?:\^\{{(?:-1|\([^()]*\))\}})?{_PRIME}(?:{_INSIDE})"
)
_GEOMETRY = (
    r"m?\\(?:angle|measuredangle|triangle|overline|overarc|widehat|odot|text\{[a-z]*\})"
    r" ?\{?(?:[A-Za-z0-9]|\\[a-z]+)+'*\}?"
)
_OF_ANGLES = (
    rf"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z]) ?\(?(?:[A-Z]+|\\(?:{_GREEK})|\\angle ?[A-Z]+)\)?"
)
_OTHERS = (
    rf"\\(?:Pr|det|gcd|max|min|deg|dim|arg|text\{{[A-Za-z]+\}})(?![a-z])_? ?(?:{_INSIDE}|{_SYMBOL}|\{{[^{{}}]*\}})+"
    rf"|(?!(?:sin|cos|tan|cot|sec|csc|log|ln|lg|exp|sqrt)\W)[A-Za-z]{{2,}}(?:{_INSIDE})"
)
_RATE = r"\\frac\{d\^?\{?[0-9]?\}?[a-zA-Z]?(?:\([a-z]\))?\}\{d[a-z](?:\^\{?[0-9]\}?)?\}"
_BARS = rf"\\?\|(?:[A-Z]+|{_ACCENT} ?\{{?[A-Za-z]+\}}?)\\?\||\|\|?{_ACCENT}[^|]*\|\|?|\[[A-Z]+\]"
_CAPITALS = r"[A-Z]{1,4}'*"
_WHOLE = r"\\(?:lim|sum|prod|int|oint|iint)(?![a-z]).*"
_ONE = "|".join(
    f"(?:{form})"
    for form in (
        *(_SYMBOL, _CAPITALS, _FUNCTION, _GEOMETRY, _OF_ANGLES, _OTHERS, _RATE, _BARS, _WHOLE),
    )
)
_NAME = re.compile(rf"(?:{_ONE})\Z", re.DOTALL)
_WORDS = re.compile(r"(?:\\text\{[^{}]*\}|[^\W\d_]{2,}|[ ,.'()-])+\Z")
_TEXTUAL = re.compile(r"\\text\{[^{}]*[^\W\d_]{2}|[^\W\d_]{4}|[^\x00-\x7f]")
_UNKNOWN = re.compile(
    rf"(?<!\\)(?<![A-Za-z])(?:(?![ei](?![A-Za-z]))[A-Za-z])+|\\(?:{_GREEK})(?![a-z])"
)
_CONSTANT = re.compile(
    r"\\text\{[^{}]*\}|\\(?!(?:"
    + _GREEK
    + r")(?![A-Za-z]))(?:begin\{[a-z]*\}|end\{[a-z]*\}|[A-Za-z]+)"
)
_LINES = re.compile(r"(?:\\over(?:line|leftrightarrow)|\\angle|m\\angle) ?\{?([A-Z]+)\}?\Z")


def is_words(text: str) -> bool:
    """Whether the left side of an equation is a description in words."""
    return bool(_TEXTUAL.search(text) and _WORDS.match(text))


def is_name(text: str) -> bool:
    """Whether a side of an equation is one quantity that is to be found."""
    text = text.strip()
    if text[:1] == "(" and text[-1:] == ")" and "," in text:
        return all(is_name(part) for part in text[1:-1].split(","))
    return text not in ("i", "e", "\\pi") and bool(_NAME.match(text))


def has_unknowns(text: str) -> bool:
    """Whether a formula has letters other than those of constants and functions."""
    return bool(_UNKNOWN.search(_CONSTANT.sub(" ", text)))


def same_name(one: str, other: str) -> bool:
    """Whether two names are one; a segment and an angle may be read from either end, and a graph
    may be that of `y` or of `f(x)`.
    """
    pair = {_plain(one), _plain(other)}
    return len(pair) == 1 or pair == {"y", "f(x)"}


def _plain(name: str) -> str:
    name = name.removeprefix("m\\")
    line = _LINES.match(name.strip())
    if line:
        return f"{name.strip()[:6]}{min(line[1], line[1][::-1])}"
    return re.sub(r"[ {}]", "", name)
