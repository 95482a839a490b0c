"""Changes to prose that rewriters share: words put in and taken out, sentences added and joined,
a text divided in parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from curate.make.constraints.stock import stock
from curate.verify.constraints.text import RUN, whole_word, words

_GAP = re.compile(r"(?<=\w) (?=\w)")
_BREAK = re.compile(r"\n(?!\n)|(?<=[.!?]) (?=\S)")
_JOINT = re.compile(r"(?<=\w)[.!?] (?=\w)")
_PIECE = re.compile(r"\S+")


def prose(rng: Random, n: int = 6) -> str:
    """Sentences of the stock."""
    return " ".join(rng.sample(stock().sentences, n))


def put_in(text: str, words: Sequence[str], rng: Random) -> str:
    """Words, each at a place of its own between two others: no end of a sentence is touched."""
    for word in words:
        gaps = [gap.start() for gap in _GAP.finditer(text)]
        at = rng.choice(gaps) if gaps else len(text.rstrip(".!?"))
        text = f"{text[:at]} {word}{text[at:]}".strip()
    return text


def taken_out(text: str, pattern: re.Pattern[str], times: int) -> str:
    """The last occurrences of a pattern gone, so many of them, and the blank before each."""
    for found in list(pattern.finditer(text))[::-1][:times]:
        before = text[: found.start()]
        text = (before[:-1] if before.endswith(" ") else before) + text[found.end() :]
    return text.strip()


def without(text: str, word: str, times: int) -> str:
    """A word gone, the last occurrences first."""
    return taken_out(text, whole_word(word, text), times)


def longer(text: str, n: int, rng: Random) -> str:
    """At least `n` words more: whole sentences, or a clause where few are missing."""
    while n > 0:
        if n < 5:
            more = rng.choice(stock().clauses)
            end = text.rstrip(".!?")
            text = f"{end} {more}{text[len(end) :]}"
        else:
            more = _unused(text, rng)
            text = with_sentence(text, more)
        n -= len(RUN.findall(more))
    return text


def with_sentence(text: str, sentence: str) -> str:
    """A sentence more, at the end."""
    return f"{text} {sentence}".strip()


def _unused(text: str, rng: Random) -> str:
    """A sentence of the stock that the text does not have, while there is one."""
    known = [one for one in stock().sentences if one not in text]
    return rng.choice(known or stock().sentences)


def more_sentences(text: str, n: int, rng: Random) -> str:
    """`n` sentences of the stock more."""
    for _ in range(n):
        text = with_sentence(text, _unused(text, rng))
    return text


def joined(text: str, n: int, rng: Random) -> str:
    """`n` ends of sentences replaced by `and`, which loses no word."""
    for _ in range(n):
        joints = list(_JOINT.finditer(text))
        if not joints:
            break
        joint = rng.choice(joints)
        after = text[joint.end() :]
        text = f"{text[: joint.start()]} and {after[:1].lower()}{after[1:]}"
    return text


def shorter(text: str, n: int, rng: Random) -> str:
    """Up to `n` words of the stock gone, those that end a sentence last."""
    known = stock().vocabulary
    spare = [one for one in RUN.finditer(text) if one[0].lower() in known]
    inner = [one for one in spare if text[one.end() : one.end() + 1] == " "]
    n = max(0, min(n, len(spare) - 1))  # some text is left
    chosen = rng.sample(inner, min(n, len(inner)))
    rest = [one for one in spare if one not in inner]
    chosen += rng.sample(rest, min(n - len(chosen), len(rest)))
    for found in sorted(chosen, key=lambda one: one.start(), reverse=True):
        before = text[: found.start()]
        text = (before.rstrip(" ") if before else "") + text[found.end() :]
    return _mended(text)


def _mended(text: str) -> str:
    """Ends of sentences that no words are left before are gone."""
    return re.sub(r"(?:(?<=[.!?])|^)[.!?]+", "", text).strip()


def divided(text: str, n: int, divider: str) -> str:
    """`n` parts, of like size: at ends of lines or sentences, or else between words."""
    breaks = _breaks(text, n - 1)
    chosen = [breaks[(place + 1) * len(breaks) // n] for place in range(n - 1)] if breaks else []
    for start, end in reversed(chosen):
        text = f"{text[:start]}{divider}{text[end:]}"
    return text


def itemised(text: str, n: int, mark: str) -> str:
    """The last `n` sentences, or pieces, on lines of their own that begin with a mark."""
    breaks = _breaks(text, n)
    for start, end in reversed(breaks[-n:] if n else []):
        text = f"{text[:start]}\n{mark}{text[end:]}"
    return text


def _breaks(text: str, n: int) -> list[tuple[int, int]]:
    """Places where a text can be broken, at least `n` if it has as many words."""
    found = [one.span() for one in _BREAK.finditer(text)]
    return found if len(found) >= n else [one.span() for one in re.finditer(r" (?=\w)", text)]


def marked(text: str, n: int, before: str, after: str, rng: Random) -> str:
    """`n` words between two marks."""
    plain = [one for one in _PIECE.finditer(text) if one[0].isalpha()]
    chosen = sorted(rng.sample(plain, min(n, len(plain))), key=lambda one: one.start())
    for one in reversed(chosen):
        text = f"{text[: one.start()]}{before}{one[0]}{after}{text[one.end() :]}"
    return text


def first_word(text: str) -> str:
    """The first word, or nothing."""
    return next(iter(words(text)), "")
