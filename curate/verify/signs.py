"""Characters that people write in answers, as the LaTeX or the ASCII that means the same.

Full-width letters, digits and punctuation become ASCII, mathematical alphabets plain letters,
superscripts and subscripts `^{...}` and `_{...}`, vulgar fractions `\\frac`, signs and Greek letters
their commands; what nobody sees (zero-width characters, soft hyphens) goes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

GREEK = tuple(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon "
    "phi chi psi omega varepsilon vartheta varrho varphi varsigma Gamma Delta Theta Lambda Xi Sigma "
    "Upsilon Phi Psi Omega".split()
)
"""Greek letters that stand for a quantity: all but π and Π."""

_COMMANDS = {
    "π": "pi",
    "×": "cdot",
    "·": "cdot",
    "⋅": "cdot",
    "∙": "cdot",
    "•": "cdot",
    "∗": "cdot",
    "∞": "infty",
    "≤": "leq",
    "≦": "leq",
    "⩽": "leq",
    "≥": "geq",
    "≧": "geq",
    "⩾": "geq",
    "≠": "neq",
    "±": "pm",
    "∓": "mp",
    "∪": "cup",
    "∩": "cap",
    "∈": "in",
    "∅": "emptyset",
    "Ø": "emptyset",
    "⌀": "emptyset",
    "∠": "angle",
    "△": "triangle",
    "≈": "approx",
    "≡": "equiv",
    "…": "ldots",
    "⋯": "ldots",
    "→": "to",
    "⇒": "Rightarrow",
    "∑": "sum",
    "∫": "int",
    "ϕ": "phi",
    "ϵ": "epsilon",
    "⟨": "langle",
    "⟩": "rangle",
    "∖": "setminus",
    "⌊": "lfloor",
    "⌋": "rfloor",
    "⌈": "lceil",
    "⌉": "rceil",
    "ℝ": "mathbb{R}",
}
_PLAIN = {
    **dict.fromkeys("−–‐‑‒﹣", "-"),
    "÷": "/",
    "⁄": "/",
    "∕": "/",
    "、": ",",
    "。": ".",
    "′": "'",
    "’": "'",
    "∣": "|",
    "〜": "~",
    "º": "^\\circ ",
    "°": "^\\circ ",
    "℃": "^\\circ C",
    "℉": "^\\circ F",
    "【": "[",
    "】": "]",
    "“": '"',
    "”": '"',
    "‘": "'",
    "″": "''",
}
_ROOTS = {"√": "\\sqrt", "∛": "\\sqrt[3]", "∜": "\\sqrt[4]"}
_ROOT = re.compile(r"([√∛∜])\s*(?:\(([^()]*)\)|\{([^{}]*)\}|([0-9]+(?:\.[0-9]+)?|\\?[A-Za-z]+))")
_RAISED = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣ", "0123456789+-=()nix", strict=True))}
_LOWERED = {**dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙᵢₓ", "0123456789+-=()nix", strict=True))}
_RUNS = (
    ("^", _RAISED, re.compile(f"[{''.join(_RAISED)}]+")),
    ("_", _LOWERED, re.compile(f"[{''.join(_LOWERED)}]+")),
)


def in_ascii(text: str) -> str:
    """A formula with every sign that has one as its LaTeX; other characters stay as they are."""
    for mark, plain, run in _RUNS:
        text = run.sub(lambda found: _run(mark, plain, found[0]), text)  # noqa: B023
    text = _ROOT.sub(_root, text)
    return "".join([char if char < "\x7f" else _sign(char) for char in text])


def _run(mark: str, plain: dict[str, str], run: str) -> str:
    return f"{mark}{{{''.join(plain[char] for char in run)}}}"


def _root(match: re.Match[str]) -> str:
    return f"{_ROOTS[match[1]]}{{{match[2] or match[3] or match[4] or ''}}}"


@lru_cache(maxsize=4096)
def _sign(char: str) -> str:
    """One character as LaTeX."""
    if char in _COMMANDS:
        return f"\\{_COMMANDS[char]} "
    if char in _PLAIN:
        return _PLAIN[char]
    kind = unicodedata.category(char)
    if kind == "Cf":
        return ""
    if kind in ("Zs", "Zl", "Zp"):
        return " "
    plain = unicodedata.normalize("NFKC", char)
    if kind == "No" and "⁄" in plain:
        top, _, low = plain.partition("⁄")
        return f"\\frac{{{top}}}{{{low}}}"
    if plain != char and plain.isascii():
        return plain
    words = unicodedata.name(plain[0], "").split()
    if len(words) == 4 and words[0] == "GREEK" and words[2] == "LETTER":
        name = {"LAMDA": "lambda"}.get(words[3], words[3].lower())
        name = name.capitalize() if words[1] == "CAPITAL" else name
        return f"\\{name} " if name in (*GREEK, "pi") else char
    return char
