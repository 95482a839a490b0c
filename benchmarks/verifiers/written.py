"""Cases written by hand, kind by kind: forms of an answer that must pass, and others that must not.

A line is `gold | answer`; `=` before it means that the answer passes, `#` that it does not. `@a`, `@b`
and `@c` stand for numbers, `@P`, `@Q` and `@R` for letters, all different; every line is written out
with several."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.verifiers.cases import Case

_NUMBERS = (
    *((7, 17, 31), (11, 29, 41), (13, 37, 59), (19, 43, 67), (23, 53, 73), (47, 61, 83)),
    *((14, 33, 95), (16, 45, 77), (22, 39, 85)),
)
_LETTERS = ("ABC", "PQR", "XYZ", "DEF", "KLM", "RST", "GHJ", "UVW", "BDH")

BOXED = {
    "exact": r"""
= @b! | (@b-1)! \cdot @b
= 2^{@c}-1 | 2\cdot 2^{@c}-2^{@c}-1
= \sqrt{@a} | \frac{@a}{\sqrt{@a}}
= \frac{@a}{@b} | \frac{@a\cdot @a}{@b\cdot @a}
= \sqrt{@a}+\sqrt{@b} | \sqrt{@a+@b+2\sqrt{@a\cdot @b}}
= @a^2 | @a^{2}
= \frac{1}{@a} | @a^{-1}
= @a\sqrt{@b} | \sqrt{@a^2\cdot @b}
= \ln @a+\ln @b | \ln(@a\cdot @b)
= \log_{@a}(@a^{3}) | 3
= @a.5 | @a\frac12
= @a\pi | \pi @a
= \frac{@a}{1000} | 0.1\cdot\frac{@a}{100}
# 2^{@c} | 2^{@c}-1
# 3^{@b} | 3^{@b}+1
# @b! | @b!-1
# @b! | @b!+1
# \binom{@c}{5} | \binom{@c}{5}-1
# @a | @a-10^{-20}
# @a | @a+\frac{1}{2^{@c}}
# 1 | 1-2^{-@c}
# \sqrt{@a} | \sqrt{@a}+10^{-25}
# @a\pi | 3.14159265358979\cdot @a
# \sqrt{2} | 1.41421356237309504880168872420969807856967187537694
# \pi | 3.14159265358979323846264338327950288419716939937510
# e | 2.71828182845904523536
# \frac{@a}{@b} | \frac{@a}{@b}+10^{-18}
# \frac{1}{3} | 0.3333333333333333333333
# @a^{@a} | @a^{@a}-1
# \ln 2 | 0.6931471805599453
# @b!! | @b!
# 10^{@c} | 10^{@c}+@a
# e^{\pi\sqrt{163}} | 262537412640768744
# \frac{@a}{@b} | \frac{@b}{@a}
""",
    "equations": r"""
= @a | x=@a
= @a | @a=x
= x=@a | @a
= x=@a | @a=x
= (@a,@b) | (x,y)=(@a,@b)
= (x,y)=(@a,@b) | (@a,@b)
= @a | f(3)=@a
= @a | f(-2) = @a
= \frac{@a}{@b} | P(X=2)=\frac{@a}{@b}
= \frac{@a}{@b} | P(A\cap B)=\frac{@a}{@b}
= @a | E(X)=@a
= @a | \operatorname{Var}(X)=@a
= @a | a_{10}=@a
= @a | S_n=@a
= @a^\circ | \angle A=@a^\circ
= @a | \angle ABC=@a^\circ
= @a | m\angle ABC=@a
= @a | AB=@a
= @a | \overline{AB}=@a
= @a | |AB|=@a
= @a | [ABC]=@a
= \frac{@a}{@b} | \sin A=\frac{@a}{@b}
= \frac{@a}{@b} | \cos\theta=\frac{@a}{@b}
= @ax | f'(x)=@ax
= @ax | \frac{dy}{dx}=@ax
= @a | \text{Area}=@a
= @a | Total = @a
= @a | \lim_{x\to 0}f(x)=@a
= \begin{pmatrix}@a\\@b\end{pmatrix} | \vec v=\begin{pmatrix}@a\\@b\end{pmatrix}
= \begin{pmatrix}@a\\@b\end{pmatrix} | \vec{v}=\begin{pmatrix}@a\\@b\end{pmatrix}
= \frac{@a}{@b} | \frac{2\cdot @a}{2\cdot @b}=\frac{@a}{@b}
= @a | @a+@b-@b=@a
= y=@ax+@b | y-@b=@ax
= y=@ax+@b | @ax-y+@b=0
= @ax+@by=@c | @by=@c-@ax
= @ax+@by=@c | y=\frac{@c-@ax}{@b}
= @ax+@by=1 | \frac{@ax}{2}+\frac{@by}{2}=\frac12
= x^2+y^2=@a | y^2=@a-x^2
# @a | 2x=@a
# @a | x+1=@a
# @a | x^2=@a
# @a | 2^x=@a
# @a | \sqrt{x}=@a
# @a | |x|=@a
# @a | x+y=@a
# @a | xy=@a
# @a | \ln x=@a
# @a | \frac{x}{2}=@a
# @a | \sin x=@a
# @a | x(x+1)=@a
# x=@a | x+1=@a
# x=@a | 2x=@a
# x=@a | y=@a
# (@a,@b) | (x,y)=(@b,@a)
# @a | @a=2x
# @a | f(@a)=@b
# \frac{@a}{@b} | \frac{@a}{@c}=\frac{@a}{@b}
# @a | @b+1=@a
# y=@ax+@b | y+@b=@ax
# y=@ax+@b | y-@b=@cx
# @ax+@by=@c | @ax-@by=@c
# @ax+@by=@c | @bx+@ay=@c
# x^2+y^2=@a | x^2-y^2=@a
# y=@ax | y=@ax+10^{-20}
""",
    "words": r"""
= @Q@R@P | \text{@Q@R@P}
= @P@Q@Q | \mathrm{@P@Q@Q}
= @P@Q@Q, @Q@P@Q | @Q@P@Q, @P@Q@Q
= \angle @Q@P@R | \angle @R@P@Q
= \angle{@P@Q@R} | \angle @R@Q@P
= \overline{@P@Q} | \overline{@Q@P}
= \triangle @P@Q@R | \triangle{@P@Q@R}
= \text{east} | East
= \text{(@P)} | @P
= @P | \textbf{(@P)}
= IV | \text{IV}
= ab | ba
= xyz | zyx
= @aab | @aba
= @axy+@b | @b+@ayx
# @Q@R@P | @R@P@Q
# @Q@R@P | @P@R@Q
# @P@Q@R@P | @P@R@Q@P
# @P@P@Q | @Q@P@P
# @P@Q@P | @P@P@Q
# VI | IV
# XI | IX
# LEFT | FELT
# @P@Q | @Q@P
# \angle @Q@P@R | \angle @P@Q@R
# \angle @P@Q@R | \angle @Q@P@R
# \triangle @P@Q@R | \triangle @P@R@Q
# \overline{@P@Q} | \overline{@P@R}
# @P@Q@Q, @Q@P@Q | @P@Q@Q, @P@P@Q
# aab | aba
# \text{east} | seat
# \text{no} | \text{on}
# @P | @Q
# @aab | @aac
# @axy | @bxy
""",
    "functions": r"""
= \sin^2 x | \sin^2(x)
= \sin^{2}(@ax) | (\sin(@ax))^2
= \sec^2(y) | \tan^2(y)+1
= \cos^2(@ax)-\sin^2(@ax) | \cos(2\cdot @ax)
= \log_2 8 | 3
= \log_{@a} @a | 1
= 2^3 @a | 8\cdot @a
= x^2 @a | @ax^2
= \log_2(@a)+1 | \log_2(2\cdot @a)
= \ln(x^{@a}) | @a\ln x
= e^{@a\ln 2} | 2^{@a}
= x^{@a}x^{@b} | x^{@a+@b}
= \frac{x^2-@a^2}{x-@a} | x+@a
= @a(x+@b) | @ax+@a\cdot @b
= (x+@a)(x-@a) | x^2-@a^2
= \sqrt{x^4} | x^2
= \cos 60^\circ | \frac12
= \tan^2(@ax)+1 | \frac{1}{\cos^2(@ax)}
= 0.5x+@a | \frac{x}{2}+@a
= \sin(2x) | 2\sin x\cos x
= i^2 | -1
= @a+@bi | @bi+@a
= (1+i)^2 | 2i
= |3+4i| | 5
= e^{i\pi} | -1
= \frac{@a}{i} | -@ai
# \sin^2(x) | \sin(x^2)
# \sin^2 x | \sin x
# \sec^2(y) | \tan^2(y)-1
# 2^{3@a} | 2^3 @a
# 23@a | 2^3 @a
# \log_2 8 | 8
# \log_2 @a | \log_3 @a
# x^{@a} | x^{@b}
# @a(x+@b) | @ax+@b
# (x+@a)(x-@a) | x^2+@a^2
# (x+@a)^2 | x^2+@a^2
# \sqrt{x^2} | x
# \cos(@ax) | \cos(-@bx)
# \ln(@ax) | @a\ln x
# @a+@bi | @a-@bi
# @a+@bi | @b+@ai
# i | -i
# i^2 | 1
# e^{@a} | e^{@b}
# \frac{x+@a}{@b} | x+\frac{@a}{@b}
""",
    "lists, sets and intervals": r"""
= @a,@b,@c | @a, @b, and @c
= @a, @b, \text{ and } @c | @c, @b and @a
= @a,@b | @a \text{ or } @b
= @a,@b | \{@b,@a\}
= \pm @a | @a,-@a
= x=@a,y=@b | y=@b, x=@a
= \emptyset | \varnothing
= \emptyset | \{\}
= \emptyset | ∅
= \emptyset | \text{the empty set}
= [@a,@b] | @b\ge x\ge @a
= (@a,@b] | @b \geq x > @a
= (@a,@b) | @a<\theta<@b
= (@a,@b) | \alpha\in(@a,@b)
= @a<\theta<@b | (@a,@b)
= (-@a,@a) | |x|<@a
= |x|<@a | -@a<x<@a
= [-@a,@a] | |t|\le @a
= (-\infty,-@a)\cup(@a,\infty) | |x|>@a
= (-\infty,@a)\cup(@b,\infty) | x<@a \text{ or } x>@b
= (@a,\infty) | @a<x
= @a | @a \text{ or } @a.0
= \frac{@a}{2} | \frac{@a}{2} \text{ or } 0.5\cdot @a
# @a,@b,@c | @a, @b, and @a
# @a,@b,@c | @a and @b
# @a,@b | @a
# @a | @a,@b
# @a | @a \text{ or } @b
# @a | @a,@a
# \emptyset | 0
# \emptyset | \{0\}
# [@a,@b] | @b>x\ge @a
# (@a,@b) | [@a,@b)
# (@a,@b) | @a<\theta<@c
# (-@a,@a) | |x|\le @a
# (-@a,@a) | |x|>@a
# (-@a,@a) | |x|<@b
# (@a,@b) | (@b,@a)
# (@a,@b) | \{@a,@b\}
# (-\infty,@a)\cup(@b,\infty) | x<@a \text{ or } x\ge @b
# x=@a,y=@b | x=@b,y=@a
# \pm @a | @a
# @a | \pm @a
# (@a,@b,@c) | (@a,@c,@b)
""",
    "units and looks": r"""
= @a | {\color{red}@a}
= @a | \color{blue}{@a}
= @a | \textcolor{green}{@a}
= @a | \underline{@a}
= @a | \underline{\textbf{@a}}
= @a | @a€
= @a | €@a
= @a | @a \text{ USD}
= \$@a | @a \text{ dollars}
= \$@a | US\$@a
= £@a | @a \text{ GBP}
= @a | Rs. @a
= @a\text{ m/s} | @a\text{ meters per second}
= @a\text{ km/h} | @a\text{ kph}
= @a\text{ mph} | @a\text{ miles per hour}
= @a\text{ cm}^2 | @a\text{ sq cm}
= @a\text{ cm}^2 | @a cm²
= @a\text{ cm}^2 | @a\text{ square centimetres}
= @a\text{ m}^3 | @a\text{ cubic meters}
= @a\text{ ft}^2 | @a\text{ feet squared}
= @a^\circ\text{C} | @a°C
= @a^\circ | @a\text{ degrees}
= \frac{@a}{9} | @a\cdot 0.\overline{1}
= \frac13 | 0.\overline{3}
= \frac16 | 0.1\overline{6}
= \frac16 | 0.1\dot{6}
= \frac{1}{7} | 0.\overline{142857}
= \frac13 | 0.(3)
= \frac13 | 0.333\ldots
= 1 | 0.\overline{9}
= @a | @a \approx @a.0
= \sqrt{@a} | \sqrt{@a}\approx 4.1
# @a€ | \$@a
# \$@a | @a\text{ euros}
# @a\text{ m/s} | @a\text{ km/h}
# @a\text{ m/s} | @a\text{ m}
# @a\text{ m} | @a\text{ meters per second}
# @a\text{ cm}^2 | @a\text{ cubic cm}
# @a\text{ cm}^2 | @a\text{ cm}
# @a\text{ cm}^2 | @a\text{ sq m}
# @a^\circ\text{C} | @a°F
# @a\text{ hours} | @a\text{ minutes}
# @a | {\color{red}@b}
# @a | \underline{@b}
# \frac13 | 0.\overline{4}
# \frac13 | 0.33
# \frac16 | 0.\overline{16}
# \frac13 | 0.3(4)
# 0.@a | 0.\overline{@a}
# \frac16 | 0.\dot{1}\dot{6}
""",
    "Chinese and Unicode": r"""
= @a | @a元
= @a | @a个
= @a | @a 人
= @a\text{ kg} | @a千克
= @a\text{ cm} | @a厘米
= @a\text{ m}^2 | @a平方米
= 5@a | ５@a
= (@a,@b) | （@a，@b）
= @a,@b | @a、@b
= @a,@b | @a或@b
= @a\% | @a％
= \sqrt{@a} | √@a
= \sqrt{@a} | √(@a)
= x^4 | x⁴
= x^{12} | x¹²
= \frac23 | ⅔
= @a\frac{1}{2} | @a½
= @a\cdot 10^5 | @a×10⁵
= @a\cdot 10^{-3} | @a×10⁻³
= x_1+x_2 | x₁+x₂
= \alpha+\beta | α+β
= @a\pi | @aπ
= @a | @a​
= @a | ﻿@a
= x\leq @a | x≤@a
= @a<x | x＞@a
= -@a | −@a
= -@a | –@a
= @a | 面积=@a
= @a | @a。
= @a\cdot @b | @a×@b
= \frac{@a}{@b} | @a÷@b
= x+@a | 𝑥+@a
# @a | @b元
# @a\text{ kg} | @a克
# @a\text{ m}^2 | @a平方厘米
# 5@a | ６@a
# (@a,@b) | （@b，@a）
# @a,@b | @a、@c
# @a | @a或@b
# @a\% | @b％
# \sqrt{@a} | √@b
# x^4 | x⁵
# \frac23 | ⅓
# @a\cdot 10^5 | @a×10⁶
# x_1+x_2 | x₁+x₃
# \alpha+\beta | α+γ
# -@a | @a
# x\leq @a | x≥@a
# x\leq @a | x＜@a
""",
}
"""Answers of `math` that stand in a box."""

STATED = r"""
= @a | The answer is @a, not @b.
= @a | The answer is @a, since 2·@a = 2·@a.
= @a | The answer is @a because @b is too large.
= @a | The answer is @a (see above).
= @a | The answer is $@a$, not $@b$.
= @a | The answer is @a, which is odd.
= @a | The answer is @a; hence we are done.
= @a | The answer is @a rather than @b.
= @a | The answer is @a, as was to be shown.
= @a | The answer is @a, so we are done.
= @a | The answer is @a or @a.0.
= \frac{@a}{2} | The answer is @a/2, that is, half of @a.
= (@a,@b) | The answer is (@a, @b), as before.
= @a,@b | The answer is @a and @b.
= @a | 答案：@a
= @a | 答案是@a。
= @a | 最终答案为：@a
= @a | 答案：@a，因为@b太大。
= @a | Answer：@a
= @a | The answer is x = @a, because 2x = 2·@a.
# @a | The answer is @b, not @a.
# @a | The answer is @a or @b.
# @a | The answer is not @a.
# @a | The answer is @a if x>0 and @b otherwise.
# @a | The answer is @a, but it could be @b.
# @a | The answer is @a (or @b).
# @a | The answer is @b, since @a is too small.
# @a | The answer is @a for x>0, or @b.
# @a | The answer is @a as well as @b.
# @a | 答案：@b
# @a | 答案是@b，不是@a。
# @a | The answer is @a unless it is @b.
# @a | The answer is 2x = @a.
# @a | The answer is @a, it may also be @b.
"""

GSM8K = r"""
= @a | It is @a.
= -@a | The change is –@a
= -@a | The change is −@a
= @a | pages @b–@a
= @a | 答案是@a。
= 1@a | １@a
= 12@a | １２@a
= 1500 | １，５００
= 2.5 | ２．５
= @a | 合计@a元
= @a | 共@a％
= @a | It is “@a” in all
= @a | The answer is $@a.00
= @a | #### @a
= \frac{@a}{1} | @a/1
# @a | The change is –@a
# @a | The change is －@a
# @a | It is @a, not @b
# 1@a | ２@a
# 1500 | １，６００
# 2.5 | ２５
# @a | 合计@b元
# -@a | It is @a
# @a | It is @a and @b
# @a | @a.5
# @a | １@a
"""

STRING = r"""
= Paris | paris.
= @a | @a.
= 1,2@b | 12@b
= x<@a | x < @a
= @a.5 | @a.5.
= -@a | −@a
= @a | the @a
= x>=@a | x ≥ @a
= @a/@b | @a / @b
= route @a | Route @a!
# @a5 | @a.5
# @a | -@a
# -@a | @a
# @a@b | @a/@b
# @a@b | @a-@b
# @a@b | @a^@b
# @a@b | @a:@b
# x<@a | x>@a
# x<@a | x@a
# x<=@a | x<@a
# x=@a | x!=@a
# 5 | .5
# a->@a | a<-@a
# @a | @b
"""

CHOICE = r"""
= @P | The answer is @P.
= @P | The answer is (@P), not (@Q).
= @P | The answer is @P because @Q is wrong.
= @P | The answer is @P, since @Q and @R are wrong.
= @P | Answer: **@P**
= @P | \boxed{@P}
= @P | \boxed{\text{@P}}
= @P | (@P) vitamin @Q or @R
= @P | Option @P
= @P | <answer>@P</answer>
= I | The answer is I.
# @P | The answer is @P or @Q.
# @P | The answer is @P and @Q.
# @P | The answer is @P/@Q.
# @P | The answer is (@P) or (@Q).
# @P | The answer is **@P** or **@R**.
# @P | The answer is @P, or maybe @R.
# @P | The answer is @P, though it could be @Q
# @P | \boxed{@P, @Q}
# @P | \boxed{@P or @Q}
# @P | \boxed{(@P) or (@Q)}
# @P | (@P) or (@Q)
# @P | <answer>@P or @Q</answer>
# @P | The answer is either @P or @Q
# @P | The answer is @Q, not @P.
# @P | The answer is not @P
# A | The answer is A lot of things
# A | The answer is A matter of taste
# I | The answer is I don't know
# I | The answer is I cannot say
"""


def _lines(table: str) -> Iterator[tuple[str, str, bool]]:
    """Ground truth, answer and whether it passes, for every line and every choice of its signs."""
    for line in table.strip().splitlines():
        seen = set()
        for numbers, letters in zip(_NUMBERS, _LETTERS, strict=True):
            signs = dict(zip("abcPQR", (*map(str, numbers), *letters), strict=True))
            filled = line
            for sign, text in signs.items():
                filled = filled.replace(f"@{sign}", text)
            if filled not in seen:
                seen.add(filled)
                gold, _, answer = filled[2:].partition(" | ")
                yield gold, answer, line[0] == "="


def math_cases() -> Iterator[Case]:
    """Those of `math`."""
    for kind, table in BOXED.items():
        for gold, answer, right in _lines(table):
            yield Case(f"written: {kind}", f"\\boxed{{{answer}}}", gold, right)
    for gold, answer, right in _lines(STATED):
        yield Case("written: stated answers", answer, gold, right)


def other_cases(name: str) -> Iterator[Case]:
    """Those of `gsm8k`, `string` or `multiple-choice`."""
    table = {"gsm8k": GSM8K, "string": STRING, "multiple-choice": CHOICE}[name]
    for gold, answer, right in _lines(table):
        yield Case("written", answer, gold, right)
