"""Last numbers, against Python's own arithmetic."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curate.verify import BadGroundTruth, load
from curate.verify.gsm8k import golden, perturbed, verify
from curate.verify.numbers import all_numbers, last_number

READ: list[tuple[str, Any]] = [
    ("it is 18.", 18),
    ("#### 1,234", 1234),
    ("so $5.00", 5),
    ("-$5", -5),
    ("\\$5", 5),
    ("- 5 apples", 5),
    ("10-3=7", 7),
    ("9-18", 18),
    ("COVID-19", 19),
    ("x = -7", -7),
    ("(−3)", -3),
    ("−3.50", Fraction(-7, 2)),
    ("1/2", Fraction(1, 2)),
    ("1 / 2", Fraction(1, 2)),
    ("\\frac{1}{2}", Fraction(1, 2)),
    ("$\\frac12$", Fraction(1, 2)),
    ("-\\dfrac{3}{4}", Fraction(-3, 4)),
    ("2\\frac{1}{2}", Fraction(5, 2)),
    ("1 1/2 cups", Fraction(3, 2)),
    ("\\boxed{18}", 18),
    ("18 m^2", 18),
    ("18 m^{2}", 18),
    ("5^2", 25),
    ("2**10", 1024),
    ("50\\%", 50),
    ("1{,}234", 1234),
    ("1\\,234", 1234),
    ("1,234,5", 5),
    ("1, 234", 234),
    ("1.5e3", 1500),
    ("1.5 \\times 10^{3}", 1500),
    ("2 × 10^3", 2000),
    ("1.5 million dollars", 1_500_000),
    ("5 millions", 5),
    (".5", Fraction(1, 2)),
    ("0.10", Fraction(1, 10)),
    ("007", 7),
    ("7/8/2020", 2020),
    ("**18**", 18),
    ("18\n\n", 18),
    ("3/0", None),
    ("none", None),
    ("", None),
    ("½ and ٤٢", None),
    ("the change is –12", -12),
    ("pages 3–12", 12),
    ("– 12 pears", 12),
    ("４２", 42),
    ("共４２元。", 42),
    ("１，２３４．５", Fraction(2469, 2)),
    ("－４２", -42),
    ("“four” or 42’s", 42),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_the_last_number_of_a_text(text: str, value: Any) -> None:
    found = last_number(text)
    assert (found and found[1]) == value


def same_text(value: int) -> list[str]:
    """Some ways to write a whole number."""
    sign, digits = ("-" if value < 0 else ""), abs(value)
    return [
        str(value),
        f"{value:,}",
        f"{value}.00",
        f"{value * 3}/3",
        f"{sign}\\frac{{{digits * 2}}}{{2}}",
        f"{sign}${digits:,}",
    ]


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["{}", "So it is {}.", "The answer: **{}**\n", "$\\boxed{{{}}}$"]),
)
def test_every_way_to_write_a_number_is_that_number(value: int, text: str) -> None:
    for form in same_text(value):
        assert verify(text.format(form), str(value)).passed, form
        assert not verify(text.format(form), str(value + 1)).passed, form


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4
    )
)
def test_decimals_are_exact(value: Decimal) -> None:
    found = last_number(f"= {value:f}")
    assert found is not None
    assert found[1] == Fraction(value)


@given(st.integers(-999, 999), st.integers(1, 999))
def test_fractions_are_exact(top: int, low: int) -> None:
    for form in (f"{top}/{low}", f"\\frac{{{top}}}{{{low}}}"):
        found = last_number(f"so {form}")
        assert found is not None
        assert found[1] == Fraction(top, low)


@given(st.text(st.characters(), max_size=200))
@example("\\frac{1}{" * 50)
@example("1" * 5000)
@example("1," * 3000)
@example("9" * 900 + "e999")
def test_any_text_has_a_last_number_or_none(text: str) -> None:
    found = last_number(text)
    assert found is None or isinstance(found[1], int | Fraction)
    assert verify(text, "3").score in (0.0, 1.0)


@given(st.text("0123456789.,/ -$\\{}frac^e", max_size=150))
def test_a_window_sees_what_the_whole_text_has(text: str) -> None:
    """The last number is looked for in a short piece; it must be that of the whole text."""
    padded = "word " * 40 + text
    whole = all_numbers(padded)
    found = last_number(padded)
    if any(char.isdigit() for char in text) and whole:
        assert found is not None
        assert found[1] == whole[-1][1]


def test_not_parsed_and_wrong_are_two_things() -> None:
    assert (verify("I do not know.", "18").parsed, verify("17", "18").parsed) == (False, True)
    assert verify("It is 17.", "18").reason == "the last number is 17, not 18"


def test_the_right_number_must_come_last() -> None:
    assert not verify("The answer is 18, not 19", "18").passed


@pytest.mark.parametrize(
    "label", ["18", "... so <<9*2=18>>18 a day.\n#### 18", "$18", "18 %", "1,8" + "00"]
)
def test_a_label_may_be_a_number_or_a_solution(label: str) -> None:
    assert verify(golden(label), label).passed
    for wrong in perturbed(label):
        assert not verify(wrong, label).passed


@pytest.mark.parametrize("label", ["", "none", "3 or 4", "1 2 3", "#### "])
def test_an_unreadable_label_is_an_error(label: str) -> None:
    with pytest.raises(BadGroundTruth, match=r"gsm8k: (no number|\d numbers) in the ground truth"):
        verify("18", label)


def test_nothing_has_a_perturbation_too() -> None:
    assert load("gsm8k").perturbed is perturbed
    assert all(not verify(wrong, "0").passed for wrong in perturbed("0"))
