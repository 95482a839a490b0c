"""What a mathematical answer is: number, words, tuple, interval, set, union, matrix, or another
expression.

`read` takes an answer apart as far as that can be done with certainty; `same` compares two answers
part by part. Numbers are compared exactly, as fractions; words as words; tuples, intervals and
matrices in order and with their brackets; sets and bare lists without order. Only single
expressions that are none of these are handed to `compare`, the computer algebra. So a
letter-by-letter accident (words as products of variables) or a rounded decimal never counts as
equal.

A percentage is equal to its number or to a hundredth of it, whichever side has the sign. Units,
bases of numerals and names on the left of an equals sign may be left out on one side; where both
sides have one, it must be the same. Units are known by name; other words after a number are taken
for decoration."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from curate.verify.latex import normalise
from curate.verify.numbers import SCALES

Compare = Callable[[str, str], bool]
LONGEST = 1000
"""Longer answers are compared as text alone."""

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
_TEN = r"\\cdot ?10\^(?:\{(?P<ten>-?[0-9]{1,3})\}|(?P<ten1>[0-9]))"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)(?P<money>\$?)(?:(?P<whole>[0-9]*)\\frac\{{(?P<top>-?(?:{_DIGITS}))\}}\{{(?P<low>-?(?:{_DIGITS}))\}}"
    rf"|(?:(?P<mixed>[0-9]+) )?(?P<over>{_DIGITS})/(?P<under>{_DIGITS})|(?P<plain>{_DIGITS})(?:{_TEN})?)"
    r"(?:_(?:\{(?P<base>[0-9]+)\}|(?P<base1>[0-9]+)))?(?P<rest>(?![0-9]).*)\Z",
    re.DOTALL,
)
_QUICK = re.compile(r"-?[0-9]{1,18}\Z")
_SCALE = re.compile(rf"(?:\\text\{{)? ?({'|'.join(SCALES)})(?![a-z])\}}?", re.IGNORECASE)
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_LABEL = re.compile(
    r"(?:[A-Za-z](?:_[A-Za-z0-9]|_\{\w+\})?'?(?:\([a-z]\))?|\\[a-z]+)(?:=|\\in(?![a-z]))"
)
_LETTERS = re.compile(r"[A-Za-z][A-Za-z .'’,-]*\Z")
_WORD = re.compile(r"[A-Za-z]{4}")
_MATRIX = re.compile(r"\\begin\{([pb]?matrix|array)\}(?:\{[lcr|]*\})?(.*)\\end\{\1\}\Z", re.DOTALL)
_AND = re.compile(
    r"\\text\{ ?(?:and|or),? ?\}|(?<=[\w})]) ?(?<![A-Za-z])(?:and|or)(?![A-Za-z]) ?(?=[\w\\({-])"
)
_INSIDE = re.compile(r"\\text\{([^{}]*[0-9][^{}]*)\}\Z")
_BELOW = re.compile(r"(?:([^<>=]+?)(<|\\leq) ?)?([A-Za-z]) ?(<|\\leq|>|\\geq)([^<>=]+)\Z")
_FLIPPED = re.compile(r"([^<>=A-Za-z]+)(<|\\leq|>|\\geq) ?([A-Za-z])\Z")
_TURNED = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq"}
_OPEN, _CLOSE = "([{", ")]}"

_UNIT_NAMES = (
    "mm millimeter millimetre", "cm centimeter centimetre", "m meter metre", "km kilometer kilometre", "in inch inches",
    "ft foot feet", "yd yard", "mi mile", "mg milligram", "g gram", "kg kilogram", "lb lbs pound", "oz ounce",
    "ms millisecond", "s sec second", "min minute", "h hr hour", "day", "week", "month", "year", "ml mL milliliter",
    "l L liter litre", "gallon", "quart", "pint", "cup", "mph", "km/h kph", "m/s", "° degree", "rad radian",
    "% percent", "$ dollar USD", "cent ¢", "€ euro", "£", "square", "cubic",
)  # fmt: skip
_UNITS = {
    form: names.split()[0]
    for names in _UNIT_NAMES
    for name in names.split()
    for form in (name, f"{name}s", name.capitalize())
}


@dataclass(frozen=True, slots=True)
class Value:
    """An answer taken apart: `kind` says how, and which of the other fields it has."""

    kind: str  # number, text, tuple, set, union, matrix or expr
    text: str  # as normalised, without blanks; brackets for a tuple
    number: Fraction | int = 0
    unit: str = ""
    base: str = ""
    label: str = ""
    items: tuple[Value, ...] = ()


def read(answer: str) -> Value:
    """Take an answer apart; never fails, what is not understood is an expression."""
    if _QUICK.match(answer):
        return Value("number", answer, int(answer))
    text = normalise(answer[: LONGEST + 1])
    try:
        return _read(text)
    except RecursionError:  # hundreds of brackets
        return Value("expr", text)


def _read(text: str, label: str = "") -> Value:
    inside = _INSIDE.match(text)
    if inside is not None:
        text = inside[1].strip()
    number = _number(text, label)
    if number is not None:
        return number
    words = _words(text)
    if words is not None:
        return Value("text", words, label=label)
    listed = _AND.sub(",", text)
    for make in (_list, _union, _bracketed, _matrix, _interval):
        made = make(listed, label)
        if made is not None:
            return made
    named = _LABEL.match(text)
    if named is not None and not label:
        return _read(
            _last_side(text[named.end() :]), named[0].removesuffix("=").removesuffix("\\in")
        )
    if text.count("\\pm") + text.count("\\mp") == 1:
        both = (text.replace("\\pm", one).replace("\\mp", other) for one, other in ("+-", "-+"))
        return Value(
            "set", text, label=label, items=tuple(_read(one.removeprefix("+")) for one in both)
        )
    return Value("expr", _tight(text), label=label)


def _last_side(text: str) -> str:
    """Of a chain of equations the last side: `3/4=0.75` is 0.75."""
    sides = _parts(text, "=")
    return sides[-1] if len(sides) > 1 and "\\leq" not in text else text


def _number(text: str, label: str) -> Value | None:
    match = _NUMBER.match(text)
    if match is None:
        return None
    part = match.groupdict()
    scale = _SCALE.match(part["rest"])
    unit = _unit(part["rest"][scale.end() :] if scale else part["rest"])
    top, low = part["top"] or part["over"], part["low"] or part["under"]
    if unit is None or len(text) > 300 or (low and not float(low.replace(",", ""))):
        return None
    if low:
        value = _exact(top) / _exact(low) + int(part["whole"] or part["mixed"] or 0)
    else:
        value = _exact(part["plain"]) * Fraction(10) ** int(part["ten"] or part["ten1"] or 0)
    value *= (-1 if part["sign"] == "-" else 1) * (SCALES[scale[1].lower()] if scale else 1)
    return Value(
        "number", text, value, unit or part["money"], part["base"] or part["base1"] or "", label
    )


def _exact(digits: str) -> Fraction:
    return Fraction(digits.replace(",", ""))


def _unit(rest: str) -> str | None:
    """The unit after a number, "" for none or mere decoration; None where the rest is mathematics."""
    if not rest:
        return ""
    if rest in ("%", "\\text{%}"):
        return "%"
    wrapped = _TEXT.sub(r" \1 ", rest.replace("^\\circ", " ° "))
    words = wrapped.replace("{", "").replace("}", "").replace("^", " ^").split()
    if not words or "\\" in wrapped or not all(_plain_word(word) for word in words):
        return None
    bare = rest[0] != "\\" and rest[0] != "^" and not _WORD.search(rest)
    known = [_UNITS[word] for word in words if word in _UNITS]
    if words[0] in ("^2", "^3") or (not known and ("^2" in words or "^3" in words)):
        return None  # a power of the number, not of a unit
    if bare and (not known or len(words[0]) < 2):
        return None
    powers = {"square": "^2", "cubic": "^3", "sq": "^2", "cu": "^3"}
    power = "".join(powers[word] for word in known if word in powers)
    power = power or "".join(word for word in words if word in ("^2", "^3"))
    names = [word for word in known if word not in powers]
    return names[0] + power if names else ""


def _plain_word(word: str) -> bool:
    return (
        word in _UNITS
        or word in ("°", "^2", "^3", "/")
        or bool(re.fullmatch(r"[A-Za-z.,/'-]+", word))
    )


def _words(text: str) -> str | None:
    """The words of an answer in words, lower-case; None where it is a formula. One letter, or
    `(C)`, is a formula.
    """
    plain = _TEXT.sub(r" \1 ", text)
    if not _LETTERS.match(plain.strip()) or not (plain != text or _WORD.search(plain)):
        return None
    words = " ".join(re.findall(r"[a-z]+", plain.lower()))
    return words if len(words) > 1 else None


def _list(text: str, label: str) -> Value | None:
    """A bare list, or one in braces: no order."""
    inner = text
    if text.startswith("\\{") and text.endswith("\\}"):
        inner = text[2:-2]
        if len(_parts(inner, ",")) == 1:
            return Value("set", text, label=label, items=_flat([_read(inner)]))
    parts = [part for part in (part.strip() for part in _parts(inner, ",", ";")) if part]
    if len(parts) < 2:
        return None
    return Value("set", text, label=label, items=_flat([_read(part) for part in parts]))


def _flat(items: list[Value]) -> tuple[Value, ...]:
    """Members of a set, those of `1 \\pm 2` taken in."""
    return tuple(part for item in items for part in (item.items if item.kind == "set" else (item,)))


def _union(text: str, label: str) -> Value | None:
    if "\\cup" not in text:
        return None
    return Value(
        "union", "", label=label, items=tuple(_read(part) for part in _parts(text, "\\cup"))
    )


def _bracketed(text: str, label: str) -> Value | None:
    """A tuple or an interval; brackets around a single thing are taken off."""
    if (
        len(text) < 3
        or text[0] not in "(["
        or text[-1] not in ")]"
        or _closes(text) != len(text) - 1
    ):
        return None
    parts = [part.strip() for part in _parts(text[1:-1], ",")]
    if len(parts) == 1:
        return _read(parts[0], label) if text[0] == "(" and text[-1] == ")" else None
    return Value(
        "tuple", text[0] + text[-1], label=label, items=tuple(_read(part) for part in parts)
    )


def _matrix(text: str, label: str) -> Value | None:
    match = _MATRIX.match(text)
    if match is None or "\\begin" in match[2]:
        return None
    rows = [row for row in match[2].split("\\\\") if row.strip()]
    shape = " ".join(str(row.count("&")) for row in rows)
    items = tuple(_read(cell.strip()) for row in rows for cell in row.split("&"))
    return Value("matrix", shape, label=label, items=items)


def _interval(text: str, label: str) -> Value | None:
    """What an inequality of one letter allows, as an interval: `1<x\\leq2` is `(1,2]`."""
    text = _FLIPPED.sub(lambda match: f"{match[3]}{_TURNED[match[2]]}{match[1]}", text)
    match = _BELOW.match(text)
    if match is None or any(mark in text for mark in ("\\leq\\leq", "|")):
        return None
    low, first, name, second, high = match.groups()
    upward = second in (">", "\\geq")
    if upward and low is not None:
        return None
    left, right = (high, "\\infty") if upward else (low or "-\\infty", high)
    opened = "[" if (second if upward else first) in ("\\leq", "\\geq") else "("
    closed = "]" if not upward and second == "\\leq" else ")"
    return Value(
        "tuple",
        opened + closed,
        label=label or name,
        items=(_read(left.strip()), _read(right.strip())),
    )


def _closes(text: str) -> int:
    """Where the bracket at the beginning of a text is closed; -1 where it is not. Half-open
    intervals close too.
    """
    depth = 0
    for place, char in enumerate(text):
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth == 0:
            return place
    return -1


def _parts(text: str, *marks: str) -> list[str]:
    """A text cut at marks that stand in no brackets; a comma between digits and no blank parts
    nothing at the top.
    """
    parts, start, depth, place = [], 0, 0, 0
    while place < len(text):
        char = text[place]
        depth += (char in _OPEN) - (char in _CLOSE)
        mark = (
            next((mark for mark in marks if text.startswith(mark, place)), "") if depth == 0 else ""
        )
        if mark:
            parts.append(text[start:place])
            start = place + len(mark)
        place += len(mark) or 1
    return [*parts, text[start:]]


def _tight(text: str) -> str:
    """Without blanks that part nothing."""
    text = re.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", text) if " " in text else text
    return text.removeprefix("+")


def same(gold: Value, found: Value, compare: Compare) -> bool:
    """Whether two answers are the same; `compare` judges two expressions that are neither numbers
    nor words.
    """
    if gold.label and found.label and gold.label != found.label:
        return False
    if gold.kind == found.kind == "number":
        return _same_number(gold, found)
    if "text" in (gold.kind, found.kind):
        return _letters(gold) == _letters(found)
    if gold.kind in ("tuple", "matrix") or found.kind in ("tuple", "matrix"):
        alike = (
            gold.kind == found.kind
            and gold.text == found.text
            and len(gold.items) == len(found.items)
        )
        return alike and all(
            same(one, two, compare) for one, two in zip(gold.items, found.items, strict=True)
        )
    if {gold.kind, found.kind} & {"set", "union"}:
        return _same_members(gold, found, compare)
    if (
        gold.kind == "number" and gold.unit and found.kind == "expr"
    ):  # `18m` is 18 metres only beside a unit
        other = re.fullmatch(r"([-0-9.,]+)\$?([A-Za-z]+)", found.text)
        return (
            bool(other) and same(gold, read(f"{other[1]}\\text{{{other[2]}}}"), compare)
            if other
            else False
        )
    return _letters(gold) == _letters(found) or compare(gold.text, found.text)


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
    if gold.unit and found.unit and gold.unit != found.unit:
        return False
    return gold.number == found.number


def _same_members(gold: Value, found: Value, compare: Compare) -> bool:
    """Every member of one set is a member of the other, as often."""
    if found.kind == "number" and gold.kind == "set" and "," in found.text:
        found = Value("set", found.text, items=tuple(_read(part) for part in found.text.split(",")))
    if gold.kind == "number" and found.kind == "set" and "," in gold.text:
        gold = Value("set", gold.text, items=tuple(_read(part) for part in gold.text.split(",")))
    left = list(found.items or (found,))
    for wanted in gold.items or (gold,):
        place = next((place for place, one in enumerate(left) if same(wanted, one, compare)), None)
        if place is None:
            return False
        left.pop(place)
    return not left
