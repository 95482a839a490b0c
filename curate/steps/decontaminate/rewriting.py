"""How people rewrite a text and leave its words, or most of them: other names, numbers as words, typos,
synonyms, HTML, Unicode, LaTeX and code set anew, options in another order.

Each gives None where the text has nothing of the kind."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable

from curate.text.numbers import SMALL, TENS

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(
    r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,]|\.\d)|(?<![\w.,])\d{1,6}(?![\w]|[.,]\d)"
)
_OPTION = re.compile(r"(\s*\(?[A-Z][.):]\s+)(\S.*)")
_IN_SENTENCE = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}\b")
_NAMES = "Amara Bjorn Chiara Dmitri Esther Farouk Greta Hiroshi Ingrid Jamal Katya Lorenzo".split()
_SYNONYMS = {
    "amount": "quantity", "answer": "response", "apartment": "flat", "begin": "start", "big": "large",
    "buy": "purchase", "buys": "purchases", "car": "automobile", "check": "verify", "children": "kids",
    "correct": "right", "cost": "price", "costs": "is priced at", "create": "make", "day": "date",
    "each": "every", "end": "finish", "explain": "describe", "find": "determine", "finds": "determines",
    "friend": "companion", "friends": "companions", "function": "routine", "gets": "receives",
    "give": "hand", "gives": "hands", "given": "provided", "happened": "occurred", "help": "assist",
    "house": "home", "job": "task", "large": "big", "left": "remaining", "list": "sequence",
    "make": "create", "makes": "creates", "many": "numerous", "money": "cash", "need": "require",
    "needs": "requires", "now": "at present", "number": "figure", "person": "individual",
    "picture": "image", "put": "place", "question": "query", "reason": "cause", "remove": "delete",
    "return": "output", "sells": "vends", "show": "demonstrate", "small": "little", "sold": "vended",
    "start": "begin", "statement": "claim", "store": "shop", "string": "text", "takes": "requires",
    "total": "sum", "true": "right", "use": "employ", "uses": "employs", "want": "wish", "wants": "wishes",
    "whole": "entire", "work": "labour", "write": "compose", "wrote": "composed",
}  # fmt: skip
_LATEX = (
    (r"\\[dt]?frac", r"\\dfrac"),
    (r"\\(?:left|right)(?![a-z])", ""),
    (r"\\[,;!]", ""),
    (r"\$\$?([^$]+)\$\$?", r"\\( \1 \\)"),
    (r"\s*([=+<>])\s*", r" \1 "),
)


def numbers_as_words(text: str, rng: random.Random) -> str | None:
    """Whole numbers below a million as words."""
    return _if_other(text, _NUMBER.sub(lambda one: in_words(int(one[0].replace(",", ""))), text))


def in_words(number: int) -> str:
    """A whole number below a million in words: twelve, one hundred and five, two thousand."""
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        return f"{in_words(thousands)} thousand" + (f" {in_words(rest)}" if rest else "")
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return f"{SMALL[hundreds]} hundred" + (f" and {in_words(rest)}" if rest else "")
    if number < 20:
        return SMALL[number]
    tens, ones = divmod(number, 10)
    return TENS[tens - 2] + (f"-{SMALL[ones]}" if ones else "")


def other_numbers(text: str, rng: random.Random) -> str | None:
    """Another number in the place of every whole number: this is no copy, but another item."""

    def other(one: re.Match[str]) -> str:
        value = int(one[0].replace(",", ""))
        return str(value + rng.randrange(1, max(3, value)))

    return _if_other(text, _NUMBER.sub(other, text))


def other_names(text: str, rng: random.Random) -> str | None:
    """Another name for every one that stands within a sentence, the same throughout."""
    old = dict.fromkeys(_IN_SENTENCE.findall(text))
    new = rng.sample(_NAMES, len(_NAMES))
    for place, name in enumerate(old):
        text = re.sub(rf"\b{name}\b", new[place % len(new)], text)
    return text if old else None


def synonyms(text: str, rng: random.Random) -> str | None:
    """Another word of the same meaning for every one that a short list has."""

    def other(one: re.Match[str]) -> str:
        found = _SYNONYMS.get(one[0].lower(), one[0])
        return found.capitalize() if one[0][0].isupper() and found != one[0] else found

    return _if_other(text, _WORD.sub(other, text))


def typos(text: str, rng: random.Random) -> str | None:
    """Two letters swapped in a quarter of the words that have four letters or more."""
    places = [one.span() for one in _WORD.finditer(text) if len(one[0]) > 3]
    letters = list(text)
    for start, stop in rng.sample(places, -(-len(places) // 4)):
        at = rng.randrange(start + 1, stop - 2)
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters) if places else None


def in_unicode(text: str, rng: random.Random) -> str | None:
    """No-break spaces, typographic signs, full-width digits, and zero-width spaces in long words."""
    text = text.translate(str.maketrans(" '\"-", "\u00a0\u2019\u201d\u2010"))
    text = re.sub("[0-9]", lambda one: chr(ord(one[0]) + 0xFEE0), text)
    return _WORD.sub(lambda one: one[0][:3] + "\u200b" + one[0][3:] if one[0][4:] else one[0], text)


def in_html(text: str, rng: random.Random) -> str | None:
    """Entities, a line break for each line, and every fourth word in tags."""
    words = html.escape(text, quote=True).replace("\n", " <br> ").split(" ")
    marked = (f"<b>{word}</b>" if place % 4 == 3 and "<" not in word else word for place, word in enumerate(words))  # fmt: skip  # noqa: E501
    return "<p>" + "&nbsp;".join(marked) + "</p>"


def latex_set_anew(text: str, rng: random.Random) -> str | None:
    """Other commands for fractions, brackets and math, and blanks around signs."""
    if "$" not in text and "\\" not in text:
        return None
    new = text
    for old, put in _LATEX:
        new = re.sub(old, put, new)
    return _if_other(text, new)


def code_set_anew(text: str, rng: random.Random) -> str | None:
    """Half the indentation, the other quotation marks, no comments and no blank lines."""
    if not re.search(r"^(?: {4}|\t)\S", text, re.MULTILINE):
        return None
    lines = (re.sub(r"\s+#.*$|^#.*$", "", line) for line in text.split("\n"))
    halved = (re.sub(r"^ +", lambda one: one[0][::2], line) for line in lines if line.strip())
    return _if_other(text, "\n".join(halved).translate(str.maketrans("\"'", "'\"")))


def options_shuffled(text: str, rng: random.Random) -> str | None:
    """The options of a multiple choice, a line each, in another order under the same letters."""
    lines = text.split("\n")
    found = [place for place, line in enumerate(lines) if _OPTION.fullmatch(line)]
    if len(found) < 3:
        return None
    parts = [_OPTION.fullmatch(lines[place]) for place in found]
    said = [part[2] for part in parts if part]
    new = rng.sample(said, len(said))
    for place, part, words in zip(found, parts, new, strict=True):
        lines[place] = (part[1] if part else "") + words
    return _if_other(text, "\n".join(lines))


def truncated(text: str, rng: random.Random) -> str | None:
    """The first three fifths of the words."""
    words = text.split()
    return " ".join(words[: round(0.6 * len(words))]) or None


def _if_other(text: str, new: str) -> str | None:
    return new if new != text else None


REWRITING: dict[str, Callable[[str, random.Random], str | None]] = {
    "typos": typos,
    "synonyms": synonyms,
    "numbers-as-words": numbers_as_words,
    "names": other_names,
    "unicode": in_unicode,
    "html": in_html,
    "latex": latex_set_anew,
    "code": code_set_anew,
    "options": options_shuffled,
    "first-60": truncated,
}
"""What people do, by name."""
