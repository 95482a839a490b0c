"""Text that is written as something else: entities and tags of HTML, percent-encoding.

    >>> read("Is <b>5</b>&nbsp;&lt; 7?")
    'Is 5\\xa0< 7?'

Read are entities that end with a semicolon, by the names and rules of HTML (`html`). Tags go where
they are known and come in pairs, since a single `<p>` may be what the text is about; `<br>`, `<hr>`
and `<wbr>` go by themselves. What divides text leaves a blank, and so does
`<sup>`. Percent-encoding is read in a stretch without blanks that holds an encoded blank twice: a
single `%20` may be a percentage, which some languages write in front. Nothing is read twice: what
is encoded twice is once encoded then."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from html.entities import html5
from typing import NamedTuple

_DIVIDE = frozenset(
    "p div ul ol li dl dt dd h1 h2 h3 h4 h5 h6 table thead tbody tfoot tr td th caption blockquote "
    "pre center section article header footer main nav aside figure figcaption html body sup".split()
)
_WITHIN = frozenset(
    "span b i u s em strong small big mark sub a code tt kbd samp var q cite font del ins abbr".split()
)
ALONE = ("br", "hr", "wbr")
_ENTITY = r"&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_TAG = r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>"
_MARKUP = re.compile(f"{_ENTITY}|{_TAG}")
_ENCODED_BLANK = re.compile("%(?:25)*20")
_ESCAPED = re.compile("(?:%[0-9A-Fa-f]{2})+")
_STRETCH = re.compile(r"\S+")


class Piece(NamedTuple):
    """What stands for a part of a text."""

    start: int
    stop: int
    text: str


def read(text: str) -> str:
    """The text with all of it read."""
    parts, at = [], 0
    for piece in pieces(text):
        parts += [text[at : piece.start], piece.text]
        at = piece.stop
    return "".join([*parts, text[at:]])


def pieces(text: str) -> list[Piece]:
    """The parts of a text that stand for something else, in their order; none overlaps another."""
    found = [*_markup(text), *_percent(text)]
    kept: list[Piece] = []
    for piece in sorted(found):
        if not kept or piece.start >= kept[-1].stop:
            kept.append(piece)
    return kept


def _markup(text: str) -> Iterator[Piece]:
    if "<" not in text and "&" not in text:
        return
    opened: dict[str, list[re.Match[str]]] = defaultdict(list)
    for found in _MARKUP.finditer(text):
        name = (found["name"] or "").lower()
        if not name:
            yield from _entity(found)
        elif name in ALONE:
            yield Piece(*found.span(), "" if name == "wbr" else " ")
        elif name not in _DIVIDE and name not in _WITHIN:
            continue
        elif not found["close"]:
            opened[name].append(found)
        elif opened[name]:
            stands = " " if name in _DIVIDE else ""
            yield Piece(*opened[name].pop().span(), stands)
            yield Piece(*found.span(), stands)


def _entity(found: re.Match[str]) -> Iterator[Piece]:
    entity = found.group()
    if entity[1] == "#":
        yield Piece(*found.span(), unescape(entity))
    elif entity[1:] in html5:
        yield Piece(*found.span(), html5[entity[1:]])


def _percent(text: str) -> Iterator[Piece]:
    if "%2" not in text:
        return
    for stretch in _STRETCH.finditer(text):
        if len(_ENCODED_BLANK.findall(stretch.group())) < 2:
            continue
        for found in _ESCAPED.finditer(text, *stretch.span()):
            try:
                decoded = bytes.fromhex(found.group().replace("%", "")).decode()
            except UnicodeDecodeError:
                continue
            at = found.start()
            for char in decoded:
                size = 3 * len(char.encode())
                yield Piece(at, at + size, char)
                at += size
