"""LaTeX answers in one spelling: what differs only in looks becomes the same text.

`normalise` drops spacing, sizes and delimiters of formulas, unwraps fonts, writes fractions and
roots with braces, and replaces Unicode signs and plain-text names (`sqrt(5)`, `pi`, `×`) by LaTeX.
Words stay inside `\\text{...}`, so that they can be told from products of variables. It does no
mathematics; `value.py` reads what it makes."""

from __future__ import annotations

import re

from curate.verify.extract import closing
from curate.verify.signs import in_ascii

_NAMES = {
    "dfrac": "frac",
    "tfrac": "frac",
    "cfrac": "frac",
    "le": "leq",
    "leqslant": "leq",
    "ge": "geq",
    "geqslant": "geq",
    "ne": "neq",
    "times": "cdot",
    "ast": "cdot",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "degree": "^\\circ",
    "degrees": "^\\circ",
    "textdegree": "^\\circ",
    "varnothing": "emptyset",
    "O": "emptyset",
    "div": "/",
    "vert": "|",
    "lvert": "|",
    "rvert": "|",
    "mid": "|",
    "pounds": "£",
    "euro": "€",
    "yen": "¥",
    "textdollar": "$",
    "dots": "ldots",
    "cdots": "ldots",
    "operatorname*": "operatorname",
}
# Nothing a reader would see, or only how large it is.
_DROPPED = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle limits nolimits "
    "quad qquad thinspace enspace hspace vspace allowbreak nonumber notag boldmath "
    "tiny small normalsize large Large LARGE huge Huge bf it sf".split()
)
_WORDS = frozenset("text textbf textit textrm textsf texttt textnormal mbox hbox mathrm".split())
_COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_SPACED = re.compile(r"\\\\|,\s*\\!\s*|\\[,;:! ]|~|\\\n")
_SPACES = {"\\\\": "\\\\", "\\!": "", "\\,": ""}
_GROUPED = re.compile(
    r"\\(text\w*|[mh]box|math(?:rm|bf|it|sf|bfit)|bold(?:symbol)?|bm|pmb|emph|underline|uline"
    r"|operatorname|boxed|fbox)\s*\{"
)
_COLOUR = re.compile(r"\\(?:text)?color(?:box)?\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}")
_UPRIGHT = re.compile(r"\\(?:math|text)rm\s*\{([ied])\}")
_OVER = re.compile(r"\{([^{}]*)\\over(?![a-z])([^{}]*)\}")
# `2^3 5` is 8 times 5 and `\\log_28` the logarithm of 8: braces keep index and digits apart.
_APART = re.compile(r"([\^_])(-?[0-9A-Za-z])(?=\s+[0-9])")
_LOG = re.compile(r"\\log_([0-9])([0-9]+)(?=$|[-+=,)])")
_TAKES = re.compile(r"\\frac(?![A-Za-z])|\\sqrt(?![A-Za-z])(?:\[[^\]]*\])?")
_TOKEN = re.compile(r"\\[A-Za-z]+|[^\s{}\\]")
_PLAIN_SQRT = re.compile(r"(?<![\\A-Za-z])sqrt\s*\(([^()]*)\)")
_PLAIN_NAME = re.compile(r"(?<![\\A-Za-z])(pi|infinity|infty)(?![A-Za-z])")
_ONE = re.compile(r"([\^_])\s*\{\s*([A-Za-z0-9]|\\circ)\s*\}(?!\s*[0-9])")
_LOOSE = re.compile(r"(^|[-+=/(\[,<>])\{([^{}\\]*)\}")
_BLANK = re.compile(r"\s+")


def normalise(text: str) -> str:
    """A formula in one spelling, blanks kept only where they part words or commands. Runs in linear
    time.
    """
    if text.isascii() and text.isalnum() and "pi" not in text and "inf" not in text:
        return text
    if not text.isascii():
        text = in_ascii(text)
    text = text.strip().removesuffix(".").replace("{,}", ",")
    if "^" in text or "_" in text:
        text = _LOG.sub(r"\\log_{\1}\2", _APART.sub(r"\1{\2}", text))
    if "\\" in text or "~" in text:
        text = _plain_commands(text)
    if "$" in text or "%" in text:
        text = (
            text.replace("\\$", "\\dollar ")
            .replace("$", "")
            .replace("\\dollar ", "$")
            .replace("\\%", "%")
        )
    if "*" in text:
        text = text.replace("**", "^").replace("*", "\\cdot ")
    if "sqrt" in text or "pi" in text or "inf" in text:
        text = _PLAIN_SQRT.sub(r"\\sqrt{\1}", text)
        text = _PLAIN_NAME.sub(lambda match: "\\pi " if match[1] == "pi" else "\\infty ", text)
    if "\\frac" in text or "\\sqrt" in text:
        text = _with_braces(text)
    if "{" in text:
        text = text.replace("\\{\\}", "\\emptyset ").replace("{}", "").strip()
        if text[:1] == "{" and closing(text, 0) == len(text) - 1:
            text = text[1:-1].strip().removesuffix(".")
        text = _LOOSE.sub(r"\1\2", _ONE.sub(r"\1\2", text))
    return _blanks(text)


def _with_braces(text: str) -> str:
    """Every argument of a fraction or a root in braces: `\\frac12` becomes `\\frac{1}{2}`. From
    right to left, so that what stands inside is done first.
    """
    for command in reversed(list(_TAKES.finditer(text))):
        place = command.end()
        for _ in range(2 if command[0] == "\\frac" else 1):
            while text[place : place + 1] == " ":
                place += 1
            if text[place : place + 1] == "{":
                stop = closing(text, place)
                if stop is None:
                    return text
                place = stop + 1
                continue
            token = _TOKEN.match(text, place)
            if token is None:
                return text
            stop = token.end()
            while len(token[0]) > 1 and text[stop : stop + 1] == "{":
                stop = (closing(text, stop) or len(text)) + 1
            text = f"{text[:place]}{{{text[place:stop]}}}{text[stop:]}"
            place = stop + 2
    return text


def _plain_commands(text: str) -> str:
    """Commands in one spelling: synonyms replaced, sizes and spacing dropped, delimiters of
    formulas taken off.
    """
    if "color" in text:
        text = _COLOUR.sub("", text)
    if "rm" in text:
        text = _UPRIGHT.sub(r"\1", text)
    if "\\over" in text:
        text = _OVER.sub(r"\\frac{\1}{\2}", text)
    text = _SPACED.sub(
        lambda match: "," if match[0][0] == "," else _SPACES.get(match[0], " "), text
    )
    text = _COMMAND.sub(_command, text)
    return _GROUPED.sub(lambda match: "\\text{" if match[1] in _WORDS else "{", text)


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name in _DROPPED or name in "()[]":
        return ""
    other = _NAMES.get(name)
    if other is None:
        return match[0]
    return f"\\{other}" if other[0].isalpha() or other in "{}" else other


def _blanks(text: str) -> str:
    """Blanks taken out, but for those between two words or numbers and after a comma."""
    if " " not in text and "\n" not in text and "\t" not in text:
        return text
    text = _BLANK.sub(" ", text).strip()
    out = []
    for place, char in enumerate(text):
        parts_words = char == " " and text[place - 1].isalnum() and text[place + 1].isalnum()
        if char != " " or parts_words or text[place - 1] == ",":
            out.append(char)
    return "".join(out)
