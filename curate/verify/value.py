"""What a mathematical answer is: number, words, tuple, interval, set, union, matrix, equation, or
another expression.

`read` takes an answer apart as far as that can be done with certainty; `same.py` compares two. What
an equation says is the rule of `equations.py`, an inequality of one letter becomes an interval
(`bounds.py`). A run of capitals, or of letters that repeats one (`HTT`), is a word and no product."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from curate.verify import equations, units
from curate.verify.bounds import bounds
from curate.verify.latex import normalise
from curate.verify.numbers import SCALES

LONGEST = 1000
"""Longer answers are compared as text alone."""

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
_TEN = r"\\cdot ?10\^(?:\{(?P<ten>-?[0-9]{1,3})\}|(?P<ten1>[0-9]{1,3}))"
_FRACTION = rf"\\frac\{{(?P<top>-?(?:{_DIGITS}))\}}\{{(?P<low>-?(?:{_DIGITS}))\}}"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)(?P<money>{units.MONEY})?(?P<minus>-?)(?:(?P<whole>[0-9]*){_FRACTION}"
    rf"|(?:(?P<mixed>[0-9]+) )?(?P<over>{_DIGITS})/(?P<under>{_DIGITS})|(?P<plain>{_DIGITS})(?:{_TEN})?)"
    r"(?:_(?:\{(?P<base>[0-9]+)\}|(?P<base1>[0-9]+)))?(?P<rest>(?![0-9]).*)\Z",
    re.DOTALL,
)
_REPEATING = re.compile(
    r"(-?[0-9]*)\.([0-9]*)(?:\\(?:overline|bar|overbar|dot) ?\{?([0-9]+)\}?(?:([0-9]*)\\dot ?\{?([0-9])\}?)?"
    r"|\(([0-9]+)\))(?:\\ldots|\.\.\.)?\Z"
)
_GOES_ON = re.compile(r"(-?[0-9]*)\.([0-9]*?)([0-9]{1,6}?)\3{2,}(?:\\ldots|\.{2,3})\Z")
_QUICK = re.compile(r"-?[0-9]{1,18}\Z")
_SCALE = re.compile(rf"(?:\\text\{{)? ?({'|'.join(SCALES)})(?![a-z])\}}?", re.IGNORECASE)
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_LETTERS = re.compile(r"[A-Za-z][A-Za-z .'’,-]*\Z")
_WORD = re.compile(r"[A-Za-z]{4}")
_RUN = re.compile(r"[A-Z]{2,}\Z|(?=.*([A-Za-z]).*\1)[A-Za-z]{3,}\Z")
_FIGURE = re.compile(r"(m?)\\(angle|triangle|over(?:line|leftrightarrow)) ?\{?([A-Z]{2,})\}?\Z")
_NO_MEMBER = re.compile(
    r"\\emptyset|\\\{ ?\\\}|(?:the )?empty set|\\text\{ ?(?:the )?empty set ?\}", re.I
)
_MATRIX = re.compile(r"\\begin\{([pb]?matrix|array)\}(?:\{[lcr|]*\})?(.*)\\end\{\1\}\Z", re.DOTALL)
_AND = re.compile(
    r",? ?\\text\{,? ?(?:and|or),? ?\}|(?<=[\w}),]) ?(?<![A-Za-z])(?:and|or)(?![A-Za-z]) ?(?=[\w\\({-])"
    r"| ?(?:或者?|和|与) ?"
)
_OR = re.compile(r"\\text\{,? ?or,? ?\}|(?<![A-Za-z\\])or(?![A-Za-z])|或")
_INSIDE = re.compile(r"\\text\{([^{}]*[0-9][^{}]*)\}\Z")
_INEXACT = re.compile(r"\\approx|\\doteq|\\simeq")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Value:
    """An answer taken apart: `kind` says how, and which of the other fields it has."""

    kind: str  # number, text, tuple, set, union, matrix, equation or expr
    text: str  # as normalised, without blanks; brackets for a tuple, "or" for alternatives
    number: Fraction | int = 0
    unit: str = ""
    base: str = ""
    label: str = ""
    items: tuple[Value, ...] = ()
    line: str = ""  # the whole equation that gives a label its value
    steps: tuple[str, ...] = ()  # the sides of a computation before the last


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
    elif text[:1] == "{" and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    number = _number(text, label) or _repeating(text, label)
    if number is not None:
        return number
    if _NO_MEMBER.fullmatch(text):
        return Value("set", "", label=label)
    words = _words(text)
    if words is not None:
        return Value("text", words, label=label)
    listed = _AND.sub(",", text)
    for make in (_list, _union, _bracketed, _matrix, _interval):
        made = make(listed, label)
        if made is not None:
            return _alternatives(made) if made.kind == "set" and _OR.search(text) else made
    if not label:
        named = _membership(text) or _equation(text)
        if named is not None:
            return named
    return _both_signs(text, label) or Value("expr", _tight(text), label=label)


def _alternatives(made: Value) -> Value:
    """Answers with an `or` between them; two rays of one letter are their union."""
    rays = all(one.kind == "tuple" and one.label for one in made.items)
    return replace(made, kind="union" if rays else "set", text="" if rays else "or")


def _both_signs(text: str, label: str) -> Value | None:
    """`1\\pm2` as the set of its two values."""
    if text.count("\\pm") + text.count("\\mp") != 1:
        return None
    both = (text.replace("\\pm", one).replace("\\mp", other) for one, other in ("+-", "-+"))
    return Value(
        "set", text, label=label, items=tuple(_read(one.removeprefix("+")) for one in both)
    )


def _membership(text: str) -> Value | None:
    """`x\\in S` is S, with the name x."""
    name, mark, rest = text.partition("\\in ") if "\\in " in text else text.partition("\\in")
    if not mark or rest[:1].isalpha() or not equations.is_name(name):
        return None
    return _read(rest.strip(), name.strip())


def _equation(text: str) -> Value | None:
    """What an answer with an equals sign, or one that says roughly, states: see `equations`."""
    exact, *rounded = _INEXACT.split(text)
    if rounded and "=" not in exact:
        named = equations.is_name(exact) or equations.is_words(exact)
        return _read(rounded[0].strip() if named else exact.strip())
    sides = [side.strip() for side in _parts(exact, "=")]
    if len(sides) < 2 or not all(sides):
        return None
    if equations.is_words(sides[0]):
        return _read(exact.partition("=")[2].strip())
    if any(mark in exact for mark in ("<", ">", "leq", "geq")):
        return None
    sides[0] = sides[0].removesuffix(":").strip() or sides[0]
    for name, value in ((sides[0], sides[-1]), (sides[-1], sides[0])):
        if equations.is_name(name):
            return replace(_read(value, name), line=_tight(f"{name}={value}"))
    if any(equations.has_unknowns(side) for side in sides):
        return Value("equation", _tight(exact))
    return replace(_read(sides[-1]), steps=tuple(sides[:-1]))


def _number(text: str, label: str) -> Value | None:
    match = _NUMBER.match(text)
    if match is None:
        return None
    part = match.groupdict()
    rest = part["rest"]
    scale = _SCALE.match(rest) if rest else None
    unit = units.unit(rest[scale.end() :] if scale else rest) if rest else ""
    top, low = part["top"] or part["over"], part["low"] or part["under"]
    if unit is None or len(text) > 300 or (low and not float(low.replace(",", ""))):
        return None
    if part["minus"] and not (part["money"] and not part["sign"]):
        return None
    if low:
        value = _exact(top) / _exact(low) + int(part["whole"] or part["mixed"] or 0)
    else:
        value = _exact(part["plain"]) * Fraction(10) ** int(part["ten"] or part["ten1"] or 0)
    value *= (-1 if "-" in (part["sign"], part["minus"]) else 1) * (
        SCALES[scale[1].lower()] if scale else 1
    )
    unit = unit or (units.currency(part["money"]) if part["money"] else "")
    return Value("number", text, value, unit, part["base"] or part["base1"] or "", label)


def _repeating(text: str, label: str) -> Value | None:
    """A decimal with a period: `0.1\\overline{6}`, `0.1(6)`, `0.1\\dot{6}`, `0.1666...`."""
    if "." not in text:
        return None
    match = _REPEATING.match(text)
    if match is not None:
        whole, before, first, between, last, bracket = match.groups()
        period = bracket or f"{first}{between or ''}{last or ''}"
    else:
        match = _GOES_ON.match(text)
        if match is None:
            return None
        whole, before, period = match.groups()
    sign = -1 if whole.startswith("-") else 1
    start = Fraction(int(whole.strip("-") + before or "0"), 10 ** len(before))
    rest = Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(before))
    return Value("number", text, sign * (start + rest), label=label)


def _exact(digits: str) -> Fraction:
    return Fraction(digits.replace(",", ""))


def _words(text: str) -> str | None:
    """The words of an answer in words, lower-case; None where it is a formula. One letter, or
    `(C)`, is a formula.
    """
    figure = _FIGURE.match(text)
    if figure is not None:  # read from either end, but for triangles
        points = figure[3] if figure[2] == "triangle" else min(figure[3], figure[3][::-1])
        return f"{figure[2]} {points.lower()}"
    plain = _TEXT.sub(r" \1 ", text)
    if _RUN.match(plain.strip()):
        return plain.strip().lower()
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
    """What an inequality of one letter allows, as an interval or two: `1<x\\leq2` is `(1,2]`."""
    found = bounds(text)
    if found is None:
        return None
    name, parts = found
    made = [Value("tuple", one.brackets, items=(_read(one.low), _read(one.high))) for one in parts]
    if len(made) == 1:
        return replace(made[0], label=label or name)
    return Value("union", "", label=label or name, items=tuple(made))


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
    text = re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", text) if " " in text else text
    return text.removeprefix("+")
