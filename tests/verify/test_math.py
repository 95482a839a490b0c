"""Mathematical answers: tables of equal and unequal ones, exact arithmetic as the oracle, and odd
texts.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curate.verify import BadGroundTruth, find
from curate.verify.extract import answer, boxed
from curate.verify.latex import normalise
from curate.verify.math import golden, perturbed, verify
from curate.verify.symbolic import equal
from curate.verify.value import read

EQUAL = [
    ("1/2", r"\frac12"),
    ("0.5", "1/2"),
    (r"\frac{1}{2}", r"50\%"),
    (r"50\%", "50"),
    (r"50\%", "0.5"),
    (r"50\%", "50 percent"),
    ("1,234", "1234"),
    ("1{,}234", "1234"),
    (r"11,\! 111", "11111"),
    (r"18\text{ cm}", "18"),
    (r"18\text{ cm}", "18 cm"),
    (r"18\text{ cm}", r"18\,\mathrm{cm}"),
    (r"18\text{ centimeters}", "18 cm"),
    (r"18\text{ m}", "18m"),
    (r"18\text{ cm}^2", r"18 \text{ square centimeters}"),
    (r"90^\circ", "90"),
    (r"90^\circ", "90 degrees"),
    (r"90^{\circ}", "90°"),
    ("(1,2)", r"\left( 1, 2\right)"),
    ("1,-2", "-2,1"),
    ("1,-2", "1 and -2"),
    ("1,-2", r"1 \text{ or } -2"),
    ("100,200", "100, 200"),
    (r"1\pm\sqrt{19}", r"1+\sqrt{19},1-\sqrt{19}"),
    (r"\{1\pm\sqrt{5},-2\}", r"-2, 1-\sqrt5, 1+\sqrt5"),
    (r"x\in[-2,7]", "[-2,7]"),
    (r"x\le 3", r"(-\infty,3]"),
    (r"1<x\leq 2", "(1,2]"),
    ("x=5", "5"),
    ("5", "x=5"),
    ("5", "x = 10/2 = 5"),
    ("y=2x+3", "2x+3"),
    ("Evelyn", r"\text{Evelyn}"),
    (r"\text{Evelyn}", "evelyn"),
    (r"\text{(C)}", "C"),
    ("(C)", r"\textbf{(C)}"),
    ("52_8", "52_{8}"),
    ("52_8", "52"),
    (r"\frac{\sqrt{3}}{3}", r"\frac1{\sqrt3}"),
    (r"\frac{\sqrt3}3", r"\frac{\sqrt{3}}{3}"),
    (r"\frac{9}{{}19}", r"\frac9{19}"),
    ("2k+2", "2(k+1)"),
    ("(a+5)(b+2)", "ab+2a+5b+10"),
    ("a", r"\frac{2(a)}{2}"),
    (r"\frac{1}{3}", r"\frac{2(\frac{1}{3})}{2}"),
    (r"7\pi", "7pi"),
    (r"\sqrt{51}", "sqrt(51)"),
    ("6-5i", "-5i+6"),
    (r"(-\infty,2)\cup(3,\infty)", r"(3,\infty)\cup(-\infty,2)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"),
    (r"137\frac12", "137.5"),
    (r"137\frac12", "137 1/2"),
    (r"\$18.90", "18.9"),
    (r"-\frac{35}{9}", r"\frac{-35}{9}"),
    (r"1.5\times 10^{3}", "1500"),
    ("2000000", r"2 \text{ million}"),
    ("x^2+y^2=4", "y^2+x^2=4"),
    ("8", "2^3"),
    ("0", r"\sqrt{2}-\sqrt{2}"),
    (r"\infty", r"+\infty"),
    ("720", "6!"),
    (r"\sin^2 x", r"1-\cos^2 x"),
    ("18", "18 apples"),
    ("18", r"\text{18 apples}"),
]
UNEQUAL = [
    ("50", "0.5"),
    (r"50\%", "5"),
    (r"18\text{ cm}", r"18\text{ mm}"),
    (r"18\text{ cm}", "18m"),
    (r"18\text{ cm}^2", r"18\text{ cm}"),
    (r"10\text{ cents}", r"\$10"),
    (r"90^\circ", r"90\%"),
    ("[1,2)", "(1,2)"),
    ("(1,2)", "(2,1)"),
    ("(2,4)", "2,4"),
    (r"\{2,4\}", "(2,4)"),
    ("1,1,2", "1,2,2"),
    ("1,2", "1"),
    ("x=5", "y=5"),
    ("x=1,y=2", "x=2,y=1"),
    ("Evelyn", "Evlyen"),
    ("even", "odd"),
    ("(C)", "(D)"),
    ("C", "c"),
    ("52_8", "52_9"),
    ("52_8", "42"),
    ("2k+2", "2k+3"),
    ("2k+2", "2m+2"),
    (r"\frac13", "0.333333"),
    (r"\sqrt{2}", "1.414214"),
    (r"7\pi", "21.99"),
    ("10^{-9}", r"2\cdot 10^{-9}"),
    (r"\frac{3}{2}", r"\frac{2}{3}"),
    ("6-5i", "6+5i"),
    ("p-q", "q-p"),
    ("3R^2", "3r^2"),
    ("18", "18x"),
    ("18", "18^2"),
    ("18", r"18\text{ thousand}"),
    (r"(-\infty,2)\cup(3,\infty)", r"(-\infty,2]\cup(3,\infty)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}"),
    ("y=2x+3", "y=2x"),
    ("2", r"\frac{2}{0}"),
    (r"05\!:\!00", r"\frac{3}{\sqrt{10}}"),
    (r"\frac{1}{0}", r"\frac{2}{0}"),
    (r"\infty", r"-\infty"),
    ("1=1", "2=2"),
    ("0", "10^{-20}"),
    (r"x\le 3", r"x\ge 3"),
]


@pytest.mark.parametrize(("gold", "said"), EQUAL)
def test_equal_answers(gold: str, said: str) -> None:
    assert verify(f"So \\boxed{{{said}}}.", gold).passed, (read(gold), read(said))


@pytest.mark.parametrize(("gold", "said"), UNEQUAL)
def test_unequal_answers(gold: str, said: str) -> None:
    verdict = verify(f"So \\boxed{{{said}}}.", gold)
    assert (verdict.score, verdict.parsed) == (0.0, True), (read(gold), read(said))


@pytest.mark.parametrize(
    ("completion", "found"),
    [
        (r"a \boxed{1} and \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\boxed 5 it is", "5"),
        (r"\fbox{3}", "3"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"so $x=3$ and \boxed{4", None),
        (r"\boxed{}", None),
        ("Final Answer: The final answer is $4$. I hope it is correct.", "4"),
        ("Final Answer: The final answer is 4x. I hope it is correct.", "4x"),
        ("The answer is $\\frac{1}{2}$, I think", r"\frac{1}{2}"),
        ("the answer is 3.5. Surely.", "3.5"),
        ("Answer: **42**", "42"),
        (r"the answer is $\$5$", r"\$5"),
        ("we get $x+1$ and then $x^2$", "x^2"),
        (r"thus \[ x^2 \]", "x^2"),
        ("1/2", "1/2"),
        ("There are 7 apples and 5 pears in there", "5"),
        ("I do not know what to say here", None),
        ("", None),
    ],
)
def test_where_the_answer_is(completion: str, found: str | None) -> None:
    assert answer(completion) == found


@given(
    st.fractions(min_value=-1000, max_value=1000, max_denominator=500),
    st.fractions(max_denominator=500),
)
def test_numbers_are_compared_exactly(gold: Fraction, other: Fraction) -> None:
    forms = (f"{other}", f"\\frac{{{other.numerator}}}{{{other.denominator}}}")
    label = f"\\dfrac{{{gold.numerator}}}{{{gold.denominator}}}"
    assert verify(f"\\boxed{{{forms[0]}}}", label).passed == (gold == other)
    assert verify(f"\\boxed{{{forms[1]}}}", label).passed == (gold == other)
    assert verify(f"\\boxed{{{gold}}}", label).passed


@given(st.permutations([1, 2, 3, 4]))
def test_order_counts_in_tuples_and_not_in_sets(numbers: list[int]) -> None:
    said = ", ".join(map(str, numbers))
    assert verify(f"\\boxed{{({said})}}", "(1,2,3,4)").passed == (numbers == [1, 2, 3, 4])
    assert verify(f"\\boxed{{\\{{{said}\\}}}}", r"\{1,2,3,4\}").passed
    assert verify(f"\\boxed{{{said}}}", "1, 2, 3, 4").passed


PIECES = st.lists(
    st.sampled_from(
        r"\frac \sqrt { } ( ) [ ] , ; = < > 1 23 4.5 x y + - \cdot ^ _ \text{ \le \pm \cup \in $ % \% \left( \right) "
        r"\begin{pmatrix} \end{pmatrix} \\ & and \boxed{ : ~ ° π".split()
    ),
    max_size=25,
)


@given(PIECES)
@example(["("] * 900)
@example(["\\frac"] * 200)
@example(["{"] * 900)
@example(["\\sqrt", "{"] * 300)
def test_whatever_is_written_is_read(pieces: list[str]) -> None:
    text = "".join(pieces)
    normalise(text)
    assert read(text).kind in ("number", "text", "tuple", "set", "union", "matrix", "expr")
    found, box = answer(text), boxed(text)
    assert (found == box) or "\\boxed" not in text


@given(st.text(max_size=80))
def test_the_same_text_is_always_equal_to_itself(text: str) -> None:
    try:
        verdict = verify(golden(text), text)
    except BadGroundTruth:
        return
    assert verdict.passed


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("$$", "is empty"),
        (r"\boxed{}", "is empty"),
        (r"\frac{1}{2", "has braces that are not closed"),
        (r"\le(3,\frac{\pi}{2}\right)", r"has a \\left without its \\right or the reverse"),
        (r"\begin{pmatrix}-1/3\2/3\end{pmatrix}", "has a backslash before a digit or a minus"),
        ("x" * 1001, "is longer than 1000 characters"),
    ],
)
def test_an_unreadable_label_is_an_error(label: str, fault: str) -> None:
    with pytest.raises(
        BadGroundTruth, match=f"math: the ground truth .* {fault}; give the answer in LaTeX"
    ):
        verify("5", label)


@pytest.mark.parametrize("gold", [gold for gold, _ in EQUAL])
def test_a_label_passes_and_its_perturbations_do_not(gold: str) -> None:
    assert verify(golden(gold), gold).passed
    for wrong in perturbed(gold):
        assert not verify(wrong, gold).passed, wrong


@pytest.mark.parametrize(
    "bomb",
    [
        "9^{9^{9^{9}}}",
        "9^{99999}",
        "(x+1)^{5000}",
        "99999!",
        "5!!!",
        r"\binom{100000}{500}",
        "1" * 300,
        "x" + "+x" * 300,
        "(((7^{77})^{77})^{77})",
        "2^{(5^{55})}",
        r"\binom{8888}{4444}^{888}",
        r"\log(\log(\log(\log(10^{90}))))",
        "(p+q+r+s)^{88}",
        "(a+b+c)^{60}-(a-b-c)^{60}",
        "e^{e^{e^{e}}}",
        r"\exp(\exp(\exp(11)))",
        r"\sum_{k=1}^{88888}\frac{1}{k^3}",
        r"\int_0^1 e^{x^3}\cos(x^2)dx",
        "(" * 12 + "1" + ")" * 12,
    ],
)
def test_what_would_not_end_is_not_tried(bomb: str) -> None:
    assert not verify(f"\\boxed{{{bomb}}}", "x+y").passed
    assert not verify(f"\\boxed{{{bomb}}}", f"2\\cdot({bomb})").passed
    assert verify(f"\\boxed{{{bomb}}}", bomb).passed


@given(st.integers(2, 60), st.integers(1, 90), st.integers(-3, 3))
def test_powers_are_exact(base: int, exponent: int, more: int) -> None:
    said = f"\\boxed{{{base}^{{{exponent}}}{more:+d}}}"
    assert verify(said, f"{base}^{{{exponent}}}").passed == (more == 0)
    assert verify(said, str(base**exponent)).passed == (more == 0)


@given(st.integers(2, 99), st.integers(8, 60))
def test_a_decimal_of_a_root_is_not_the_root(n: int, digits: int) -> None:
    exact = isqrt(n) ** 2 == n
    whole = str(isqrt(n * 100**digits))
    decimal = f"{whole[:-digits]}.{whole[-digits:]}"
    assert verify(f"\\boxed{{{decimal}}}", f"\\sqrt{{{n}}}").passed == exact


@given(st.fractions(min_value=0, max_value=1, max_denominator=60))
def test_repeating_decimals_are_fractions(value: Fraction) -> None:
    """Long division by hand is the oracle."""
    digits, rests, rest = [], [], value.numerator
    while rest not in rests:
        rests.append(rest)
        digit, rest = divmod(rest * 10, value.denominator)
        digits.append(str(digit))
    start = rests.index(rest)
    before, period = "".join(digits[:start]), "".join(digits[start:])
    if value == 1:
        before, period = "", "9"
    for form in (f"0.{before}\\overline{{{period}}}", f"0.{before}({period})"):
        assert verify(
            f"\\boxed{{{form}}}", f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
        ).passed
        assert not verify(
            f"\\boxed{{{form}}}", f"\\frac{{{value.numerator + 1}}}{{{value.denominator}}}"
        ).passed


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9), st.integers(-4, 4))
def test_a_line_is_the_same_in_every_multiple(a: int, b: int, c: int, times: int) -> None:
    if not (a and b and times):
        return
    gold = f"{a}x{b:+d}y={c}"
    assert verify(f"\\boxed{{{a * times}x{b * times:+d}y={c * times}}}", gold).passed
    assert verify(f"\\boxed{{0={c}{-a:+d}x{-b:+d}y}}", gold).passed
    assert not verify(f"\\boxed{{{a}x{b:+d}y={c + 1}}}", gold).passed
    slope, start = Fraction(-a, b), Fraction(c, b)
    shown = f"\\frac{{{slope.numerator}}}{{{slope.denominator}}}x+\\frac{{{start.numerator}}}{{{start.denominator}}}"
    assert verify(f"\\boxed{{y={shown}}}", gold).passed


@pytest.mark.parametrize(
    "piece",
    [
        "\\(",
        "\\[",
        "$",
        "$x",
        "answer: ",
        "answer is ",
        "\\boxed{",
        "1,",
        "1/",
        "-",
        "Final answer: the final answer is ",
        " ",
    ],
)
@pytest.mark.parametrize("name", ["gsm8k", "math", "multiple-choice", "string", "json-schema"])
def test_a_long_completion_takes_no_longer_than_its_length(name: str, piece: str) -> None:
    verify, label = find(name), {"multiple-choice": "B", "json-schema": "{}"}.get(name, "3")
    completion = piece * (100_000 // len(piece))
    started = time.process_time()
    assert verify(completion, label).score in (0.0, 1.0)
    assert time.process_time() - started < 3


def test_a_long_answer_is_compared_as_text_alone() -> None:
    long = "x+" * 600 + "1"
    assert "are not compared" in verify(f"\\boxed{{{long}}}", "x").reason


def test_threads_give_the_verdicts_of_one() -> None:
    pairs = [pair for pair in EQUAL + UNEQUAL if any(char.isalpha() for char in pair[1])]
    wanted = [verify(f"\\boxed{{{said}}}", gold).passed for gold, said in pairs]
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda pair: verify(f"\\boxed{{{pair[1]}}}", pair[0]).passed, pairs * 3)
        )
    assert found == wanted * 3


def test_no_signal_is_needed() -> None:
    """math-verify's own limits work in the main thread alone; these are not used."""
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(equal("(x+1)(x-1)", "x^2-1")))
    thread.start()
    thread.join()
    assert results == [True]
