"""Cases for `math`: real ground truths of MATH in other forms, near misses, and tuples and
intervals of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from benchmarks.verifiers.cases import Case, rows, swapped

_INTEGER = re.compile(r"-?\d{1,12}")
_FRACTION = re.compile(r"(-?)\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_UNITS = (
    ("cm", "mm"),
    ("cm", "cm^2"),
    ("m", "km"),
    ("hours", "minutes"),
    ("kg", "g"),
    ("inches", "feet"),
)
_STATED = (
    "So $\\boxed{{{}}}$.",
    "Hence the result is \\boxed{{{}}}",
    "Final Answer: The final answer is ${}$. I hope it is correct.",
    "Therefore, the answer is ${}$.",
    "We get \\[\\boxed{{ {} }}.\\] This completes the proof.",
    "It follows that $x + 1 = 2$ and \\fbox{{{}}}.",
)


def stated(place: int, answer: str) -> str:
    """An answer in one of the ways in which completions state theirs, in turn."""
    return _STATED[place % len(_STATED)].format(answer)


def last_box(solution: str) -> str:
    """What stands in the last box, by counting braces; the reader of the verifier is not used."""
    start = solution.rindex("\\boxed") + len("\\boxed")
    if solution[start : start + 1] != "{":
        return re.split(r"[\s$]", solution[start:].strip())[0]
    depth = 0
    for place in range(start, len(solution)):
        char = solution[place] if solution[place - 1] != "\\" else ""
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return solution[start + 1 : place]
    raise ValueError("a box that is not closed")


def cases(data: Path) -> Iterator[Case]:
    """All cases from `data`; the same on every call."""
    sets = ("sft/math/orgn-MATH-train", "benchmarks/math/MATH500")
    solutions = [row["solution"] for part in sets for row in rows(data / f"{part}.jsonl")]
    golds = [last_box(solution) for solution in solutions]
    for place, (solution, gold) in enumerate(zip(solutions, golds, strict=True)):
        yield Case("self-check: the solution", solution, gold, True)
        yield Case("self-check: the whole label", solution, solution, True)
        for turn in range(len(_STATED)):
            yield Case("equal: text around", stated(turn, gold), gold, True)
        yield from _respelt(place, gold)
        yield from _numbers(place, gold)
        yield from _expressions(place, gold)
        yield Case(
            "near miss: right answer not last",
            f"\\boxed{{{gold}}}, or rather \\boxed{{{gold}-91}}",
            gold,
            False,
        )
    yield from _pairs([int(gold) for gold in golds if _INTEGER.fullmatch(gold)])
    yield from _words()


def _respelt(place: int, gold: str) -> Iterator[Case]:
    """The same LaTeX, written otherwise."""
    loose = (
        gold.replace(",", " , ").replace("+", " + ").replace("=", " = ")
        if "\\!" not in gold
        else gold
    )
    if not re.search(r"\d\s*\{?,\}?\s*\d{3}", gold):
        yield Case("equal: spacing", stated(place, f"\\displaystyle {loose} "), gold, True)
    if re.search(r"\\[dt]?frac\{", gold):
        plain = re.sub(r"\\[dt]frac", r"\\frac", gold)
        yield Case("equal: dfrac", stated(place, plain.replace("\\frac", "\\dfrac")), gold, True)
        yield Case("equal: tfrac", stated(place, plain.replace("\\frac", "\\tfrac")), gold, True)
    if re.search(r"frac\{\d\}\{\d\}", gold):
        yield Case(
            "equal: no braces",
            stated(place, re.sub(r"frac\{(\d)\}\{(\d)\}", r"frac\1\2", gold)),
            gold,
            True,
        )
    if "(" in gold and "\\left" not in gold and gold.count("(") == gold.count(")"):
        sized = gold.replace("(", "\\left(").replace(")", "\\right)")
        yield Case("equal: left and right", stated(place, sized), gold, True)
    if (
        "=" not in gold
        and "\\in" not in gold
        and "," not in gold
        and "<" not in gold
        and "le" not in gold
    ):
        yield Case("equal: with a name", stated(place, f"x = {gold}"), gold, True)


def _numbers(place: int, gold: str) -> Iterator[Case]:
    fraction = _FRACTION.fullmatch(gold)
    if fraction:
        value = Fraction(int(fraction[1] + fraction[2]), int(fraction[3]))
    elif _INTEGER.fullmatch(gold):
        value = Fraction(int(gold))
    else:
        return
    yield from _equal_numbers(place, gold, value)
    yield from _near_numbers(place, gold, value)


def _latex(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    whole = f"\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    return sign + (str(abs(value.numerator)) if value.denominator == 1 else whole)


def _decimal(value: Fraction) -> str | None:
    """A value as a decimal; None where that never ends or is long."""
    scaled = value * 10**6
    return (
        f"{float(value):.6f}".rstrip("0").rstrip(".")
        if scaled.denominator == 1 and abs(value) < 10**6
        else None
    )


def _equal_numbers(place: int, gold: str, value: Fraction) -> Iterator[Case]:
    top, low = value.numerator, value.denominator
    forms = {
        "equal: slash": f"{top}/{low}",
        "equal: larger terms": f"\\frac{{{3 * top}}}{{{3 * low}}}",
        "equal: minus above": f"\\frac{{{2 * top}}}{{{2 * low}}}",
        "equal: powers of ten": f"{_decimal(value / 100)} \\times 10^{{2}}"
        if _decimal(value / 100)
        else "",
        "equal: decimal": _decimal(value) or "",
        "equal: decimal with zeros": f"{_decimal(value)}00"
        if low > 1 and _decimal(value)
        else ""
        if low > 1
        else f"{top}.00",
        "equal: separators": f"{top:,}" if low == 1 else "",
        "equal: separators in LaTeX": f"{top:,}".replace(",", "{,}") if low == 1 else "",
        "equal: percent": f"{_decimal(value * 100)}\\%"
        if low > 1 and _decimal(value * 100)
        else "",
        "equal: currency": f"\\${top}" if low == 1 and top >= 0 else "",
        "equal: unit": f"{gold}\\text{{ cm}}",
        "equal: decoration": f"{gold} \\text{{ red apples}}",
        "equal: arithmetic": f"{_latex(value - 3)} + 3",
        "equal: a root": f"\\sqrt{{{top * top}}}" if low == 1 and 0 <= top < 10**5 else "",
    }
    yield from (Case(kind, stated(place, form), gold, True) for kind, form in forms.items() if form)
    yield Case("equal: unit of the label", stated(place, gold), f"{gold}\\text{{ cm}}", True)
    if low > 1 and _decimal(value):
        yield Case("equal: a decimal label", stated(place, gold), str(_decimal(value)), True)
    if low == 1:
        percent = _latex(value / 100)
        yield Case("equal: a label in percent", stated(place, f"{gold}\\%"), f"{gold}\\%", True)
        yield Case("equal: a label in percent", stated(place, gold), f"{gold}\\%", True)
        yield Case("equal: a label in percent", stated(place, percent), f"{gold}\\%", True)
        yield Case(
            "equal: a mixed number",
            stated(place, f"{abs(top)}\\frac{{1}}{{3}}"),
            f"\\frac{{{3 * abs(top) + 1}}}{{3}}",
            True,
        )


def _near_numbers(place: int, gold: str, value: Fraction) -> Iterator[Case]:
    others = {
        "near miss: one more": value + 1,
        "near miss: one less": value - 1,
        "near miss: sign": -value,
        "near miss: times ten": value * 10,
        "near miss: a tenth": value / 10,
        "near miss: inverted fraction": 1 / value if value else value,
    }
    for kind, other in others.items():
        if other != value:
            yield Case(kind, stated(place, _latex(other)), gold, False)
            decimal = _decimal(other)
            if decimal:
                yield Case(kind, stated(place + 1, decimal), gold, False)
    if value.denominator == 1 and swapped(str(value)):
        yield Case(
            "near miss: swapped digits", stated(place, str(swapped(str(value)))), gold, False
        )
    low = abs(int(value)) + 2
    yield Case(
        "near miss: inverted fraction",
        stated(place, f"{low + 1}/{low}"),
        f"\\frac{{{low}}}{{{low + 1}}}",
        False,
    )
    one, two = _UNITS[place % len(_UNITS)]
    for mine, other_unit in ((one, two), (two, one)):
        label = f"{gold}\\text{{ {mine}}}" if "^" not in mine else f"{gold}\\text{{ cm}}^2"
        said = (
            f"{gold}\\text{{ {other_unit}}}" if "^" not in other_unit else f"{gold}\\text{{ cm}}^2"
        )
        yield Case("near miss: other unit", stated(place, said), label, False)
    rounded = f"{float(value):.4f}"
    if _decimal(value) is None and value.denominator > 1:
        yield Case("near miss: rounded", stated(place, rounded), gold, False)


def _expressions(place: int, gold: str) -> Iterator[Case]:
    """Answers with letters, roots or powers: equal by algebra, and certainly not equal."""
    plain = not re.search(
        r"\.$|:|[,=<>_%$'|]|\\(text|begin|in|le|ge|cup|pm|infty|circ|mbox|%|\$|mathrm|dots)|\(.*,",
        gold,
    )
    if (
        not plain
        or _INTEGER.fullmatch(gold)
        or _FRACTION.fullmatch(gold)
        or not re.search(r"[a-z\\]", gold)
    ):
        return
    for kind, form in (
        ("equal: algebra", f"\\frac{{2({gold})}}{{2}}"),
        ("equal: algebra", f"({gold}) + 7 - 7"),
    ):
        yield Case(kind, f"\\boxed{{{form}}}", gold, True)
    for kind, form in (
        ("near miss: algebra, one more", f"{gold}+1"),
        ("near miss: algebra, one more", f"1+({gold})"),
        ("near miss: algebra, one more", f"\\frac{{2({gold})+2}}{{2}}"),
        ("near miss: algebra, sign", f"-({gold})"),
        ("near miss: algebra, sign", f"({gold}) \\cdot (-1)"),
        ("near miss: algebra, sign", f"0-({gold})"),
        ("near miss: algebra, times ten", f"10({gold})"),
        ("near miss: algebra, times ten", f"({gold}) \\cdot 10"),
        ("near miss: algebra, a tenth", f"\\frac{{{gold}}}{{10}}"),
    ):
        yield Case(kind, f"\\boxed{{{form}}}", gold, False)


def _pairs(numbers: list[int]) -> Iterator[Case]:
    """Tuples, intervals and lists of neighbouring ground truths."""
    for place, (one, two) in enumerate(pairwise(numbers)):
        if one == two:
            continue
        low, high = sorted((one, two))
        third = numbers[(place * 7) % len(numbers)]
        yield Case(
            "near miss: tuple order", stated(place, f"({two}, {one})"), f"({one},{two})", False
        )
        if (two, one, third) != (one, two, third):
            yield Case(
                "near miss: tuple order",
                stated(place, f"({two},{one},{third})"),
                f"({one},{two},{third})",
                False,
            )
        for label, said in (
            ("({},{})", "[{},{}]"),
            ("[{},{})", "({},{}]"),
            ("({},{}]", "({},{})"),
            ("[{},{}]", "[{},{})"),
        ):
            wrong = Case(
                "near miss: open or closed interval",
                stated(place, said.format(low, high)),
                label.format(low, high),
                False,
            )
            yield wrong
        yield Case("near miss: a list lacks one", stated(place, f"{one}"), f"{one},{two}", False)
        yield Case(
            "equal: tuple", stated(place, f"\\left( {one} , {two} \\right)"), f"({one},{two})", True
        )
        yield Case(
            "equal: list in another order", stated(place, f"{two}, {one}"), f"{one}, {two}", True
        )
        yield Case(
            "equal: list in words",
            stated(place, f"{one} \\text{{ and }} {two}"),
            f"{one}, {two}",
            True,
        )
        yield Case(
            "equal: set", stated(place, f"\\{{{two}, {one}\\}}"), f"\\{{{one}, {two}\\}}", True
        )
        yield Case(
            "equal: interval", stated(place, f"x \\in [{low}, {high})"), f"[{low},{high})", True
        )
        yield Case(
            "equal: interval", stated(place, f"{low} \\le x < {high}"), f"[{low},{high})", True
        )


def _words() -> Iterator[Case]:
    names = "Evelyn Navin Jonah Tuesday parabola ellipse octagon hyperbola Alpha circle forty thousand".split()
    for place, name in enumerate(names):
        anagram = name[0] + name[2] + name[1] + name[3:]
        for turn in range(len(_STATED)):
            yield Case("equal: words", stated(turn, f"\\text{{{name.lower()}}}"), name, True)
            yield Case("equal: words", stated(turn, name), f"\\text{{{name}}}", True)
            yield Case(
                "near miss: letters in another order", stated(turn, anagram), name, anagram == name
            )
            yield Case(
                "near miss: another word",
                stated(turn, names[place - 1]),
                f"\\text{{{name}}}",
                False,
            )
