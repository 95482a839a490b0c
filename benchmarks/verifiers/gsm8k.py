"""Cases for `gsm8k`: real ground truths in other forms and near misses, and model answers that its
authors judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from benchmarks.verifiers.cases import Case, around, rows, swapped


def cases(data: Path) -> Iterator[Case]:
    """All cases from `data`; the same on every call."""
    solutions = [
        row["answer"]
        for part in ("sft/gsm8k/train", "benchmarks/gsm8k/test")
        for row in _rows(data, part)
    ]
    for place, solution in enumerate(solutions):
        gold = solution.rpartition("####")[2].strip()
        yield Case("self-check: the solution", solution, gold, True)
        yield Case("self-check: the whole label", f"#### {gold}", solution, True)
        yield from _equal(place, gold)
        yield from _near(place, gold)
    yield from _judged(data)


def _rows(data: Path, part: str) -> Iterator[dict[str, str]]:
    return rows(data / f"{part}.jsonl")


def _equal(place: int, gold: str) -> Iterator[Case]:
    value = Fraction(gold.replace(",", ""))
    n = int(value) if value.denominator == 1 else None
    if n is None:
        return
    forms = {
        "equal: separators": (f"{n:,}", f"{n:,}".replace(",", "{,}"), str(n)),
        "equal: decimals": (f"{n}.0", f"{n}.00", f"{n:,}.000"),
        "equal: currency": (f"${n}", f"${n:,}.00", f"\\${n}"),
        "equal: percent": (f"{n}%", f"{n} %", f"{n}\\%"),
        "equal: fractions": (f"{2 * n}/2", f"\\frac{{{3 * n}}}{{3}}", f"\\dfrac{{{n}}}{{1}}"),
        "equal: in a box": (
            f"$\\boxed{{{n}}}$",
            f"\\boxed{{{n:,}}}",
            f"\\boxed{{\\text{{{n} eggs}}}}",
        ),
        "equal: units": (f"{n} apples", f"{n} m^2", f"{n} km/h"),
        "equal: equation": (f"5 + {n - 5} = {n}", f"x = {n}", f"{n + 3} - 3 = {n}"),
    }
    for kind, ways in forms.items():
        yield from (
            Case(kind, around(place + turn, way), gold, True) for turn, way in enumerate(ways)
        )
    n = abs(n)
    quarter = n * 4 + 1
    label = f"{quarter / 4:.2f}"
    for way in (
        f"{quarter}/4",
        f"\\frac{{{quarter}}}{{4}}",
        f"{n} 1/4",
        f"{n}\\frac{{1}}{{4}}",
        f"{n}\\frac14",
        f"{label}0",
    ):
        yield Case("equal: a quarter more", around(place, way), label, True)
    yield Case("equal: negative", around(place, f"-{n or 1}"), f"-{n or 1}", True)
    yield Case("equal: negative", around(place, f"−{n or 1}.0"), f"-{n or 1}", True)
    yield Case("equal: negative", around(place, f"-${n or 1}"), f"-{n or 1}", True)


def _near(place: int, gold: str) -> Iterator[Case]:
    plain = gold.replace(",", "")
    value = Fraction(plain)
    for kind, other in (
        ("near miss: one more", value + 1),
        ("near miss: one less", value - 1),
        ("near miss: sign", -value),
        ("near miss: times ten", value * 10),
        ("near miss: a tenth", value / 10),
        ("near miss: other unit", value * (100, 60, 12, 1000)[place % 4]),
    ):
        if other != value:
            text = str(other) if other.denominator == 1 else f"{float(other):.10g}"
            yield Case(kind, around(place, text), gold, False)
    exchanged = swapped(plain)
    if exchanged:
        yield Case("near miss: swapped digits", around(place, exchanged), gold, False)
    top, low = abs(int(value)) + 2, abs(int(value)) + 3
    yield Case("near miss: inverted fraction", around(place, f"{low}/{top}"), f"{top}/{low}", False)
    yield Case(
        "near miss: inverted fraction",
        around(place, f"\\frac{{{low}}}{{{top}}}"),
        f"{top}/{low}",
        False,
    )
    yield Case(
        "near miss: right number not last",
        f"The answer is {gold}. It was {value + 5} before.",
        gold,
        False,
    )
    yield Case("near miss: right number not last", f"#### {gold}\n#### {value + 1}", gold, False)
    yield Case("near miss: no number", "I do not know.", gold, False)


def _judged(data: Path) -> Iterator[Case]:
    """Answers of four models with the verdict that came with them."""
    for row in rows(data / "sft/gsm8k/example_model_solutions.jsonl"):
        gold = row["ground_truth"].rpartition("A:")[2].strip()
        for name, answer in row.items():
            if isinstance(answer, dict):
                yield Case(f"judged: {name}", answer["solution"], gold, bool(answer["is_correct"]))
