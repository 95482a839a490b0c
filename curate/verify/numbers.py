"""Numbers as people write them in answers, read exactly: no float is ever made.

Read are integers and decimals with thousands separators (`1,234`, `1{,}234`), a sign, a currency
sign, fractions (`3/4`, `\\frac{3}{4}`, `\\frac34`), mixed numbers (`1 1/2`, `1\\frac{1}{2}`),
powers of ten (`1.5e3`, `1.5 \\times 10^3`) and of whole numbers (`5^2`), in ASCII or full-width
characters; `last_number` reads `2 million`, too. A minus is a hyphen, U+2212 or an en dash; one
after a letter, a digit or a closing bracket is a subtraction or a hyphen, not a sign. The exponent
of a unit (`m^2`) is no number. Percent signs and units are left to the caller."""

from __future__ import annotations

import re
from fractions import Fraction

Number = int | Fraction

_PLAIN = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
_SIGNED = rf"[-+−]?(?:{_PLAIN})"
_NUMBER = re.compile(
    rf"""
    (?=[-−–0-9.\\$€£¥])(?P<sign>(?<![\w)\]}}.])[-−–])?(?:\\?[$€£¥])?
    (?:
      (?:(?P<whole>[0-9]+)[ ]?)?\\[dtc]?frac(?:\{{[ ]?(?P<top>{_SIGNED})[ ]?\}}|(?P<top1>[0-9]))
                                           (?:\{{[ ]?(?P<low>{_PLAIN})[ ]?\}}|[ ]?(?P<low1>[0-9]))
    | (?:(?P<mixed>[0-9]+)[ ])?(?<!/)(?P<over>{_PLAIN})[ ]?/[ ]?(?P<under>{_PLAIN})(?!/)
    | (?<![^\W\d_]\^)(?<![^\W\d_]\^\{{)(?P<plain>{_PLAIN})
      (?:
        (?:\^|\*\*)\{{?(?P<power>[0-9]{{1,2}})(?![0-9])\}}?
      | [eE](?P<e>[-+]?[0-9]{{1,3}})(?!\w)
      | [ ]?(?:×|\*|\\times|\\cdot)[ ]?10\^\{{?(?P<ten>[-−]?[0-9]{{1,3}})\}}?
      )?
    )
    """,
    re.VERBOSE,
)
_LAST_DIGIT = re.compile(r"(?s:.*)[0-9]")
_WIDE = re.compile(r"[！-～‐‑]")
# Most answers end in a bare number after a blank or a sign that takes no part in it; this is three
# times as fast.
_EASY = re.compile(
    r"(?s:.*)(?:(?<!/)[\s=:>]|boxed\{)[$*]{0,3}([0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)\Z"
)
_SCALE = re.compile(r"[ \u00a0](hundred|thousand|million|billion|trillion)(?![a-z])", re.IGNORECASE)
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_WINDOW = 96
_SEPARATORS = str.maketrans("", "", ",")
# Full-width forms, character by character: places in the text stay the same.
_ASCII = {place: place - 0xFEE0 for place in range(0xFF01, 0xFF5F)} | {0x2010: "-", 0x2011: "-"}


def last_number(text: str) -> tuple[str, Number] | None:
    """The last number of a text, as written and as a value; None where there is none."""
    digit = _LAST_DIGIT.match(text)
    if not text.isascii():
        text = _in_ascii(text, digit.end() if digit else 0)
        digit = _LAST_DIGIT.match(text)
    if digit is None:
        return None
    stop = digit.end()
    scale = _SCALE.match(text, stop) if stop < len(text) else None
    if scale is not None:
        found = _last_before(text, stop)
        return found and (f"{found[0]} {scale[1]}", found[1] * SCALES[scale[1].lower()])
    return _last_before(text, stop)


def _last_before(text: str, stop: int) -> tuple[str, Number] | None:
    """The number whose last digit stands before `stop`."""
    easy = _EASY.match(text, max(0, stop - _WINDOW), stop)
    if easy is not None:
        token = easy[1]
        return token, (int(token) if token.isdigit() else value_of(token))
    return _last(text[max(0, stop - _WINDOW) : stop + 4], stop > _WINDOW) or _last(
        text[: stop + 4], False
    )


def _in_ascii(text: str, last: int) -> str:
    """A text whose full-width characters are ASCII around its last digit and behind it."""
    start = max(0, last - _WINDOW)
    return text[:start] + text[start:].translate(_ASCII) if _WIDE.search(text, start) else text


def _last(text: str, cut: bool) -> tuple[str, Number] | None:
    """The last number of a piece of text; None where it might begin before a piece that was `cut`."""
    for match in reversed(_matches(text)):
        value = _value(match)
        if value is not None:
            return None if cut and match.start() < _WINDOW // 4 else (match[0], value)
    return None


def _matches(text: str) -> list[re.Match[str]]:
    if "\\" in text or "{" in text:
        text = text.replace("{,}", ",").replace("\\,", ",").replace("\\!", "")
    return list(_NUMBER.finditer(text))


def all_numbers(text: str) -> list[tuple[str, Number]]:
    """Every number of a text in order: as written, and its value."""
    text = text if text.isascii() else text.translate(_ASCII)
    return [(match[0], value) for match in _matches(text) if (value := _value(match)) is not None]


def value_of(token: str) -> Number:
    """The value of digits with separators, a sign and a decimal point; raises ValueError for
    anything else.
    """
    if token.isdecimal():
        return int(token)
    digits = token.translate(_SEPARATORS).replace("−", "-")
    whole, _, part = digits.partition(".")
    if not part.strip("0"):
        return int(whole or "0")
    return Fraction(int(whole + part), 10 ** len(part))


def _value(match: re.Match[str]) -> Number | None:
    """The value of a match; None for a division by zero and for numbers of more than a thousand
    digits.
    """
    if match.end() - match.start() > 1000:
        return None
    sign, whole, top, top1, low, low1, mixed, over, under, plain, power, e, ten = match.groups()
    if plain:
        value = value_of(plain)
        if power:
            value = value ** int(power)
        elif e or ten:
            value = value * Fraction(10) ** int((e or ten).replace("−", "-"))
        return -value if sign else value
    below = value_of(low or low1 or under)
    if below == 0:
        return None
    above, more = value_of(top or top1 or over), whole or mixed
    even = isinstance(above, int) and isinstance(below, int) and above % below == 0
    value = (
        above // below if even else Fraction(above, below)
    )  # a fraction is made in ten times the time of a number
    if more:
        value += int(more)
    return -value if sign else value
