"""Brackets, quotes and italics: what stands in them, and how deep."""

from __future__ import annotations

import re

from curate.verify.constraints.registry import IFBENCH, constraint

_CLOSES = {")": "(", "]": "[", "}": "{"}
_STRAIGHT = str.maketrans("“”„«»‘’", '"""""\'\'')
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


@constraint("format:parentheses", IFBENCH)
def parentheses(answer: str) -> bool:
    """Brackets of any kind stand within one another five deep or more, each closed by its like."""
    opened: list[str] = []
    depths: list[int] = []
    for char in answer:
        if char in "([{":
            opened.append(char)
            depths.append(1)
        elif char in _CLOSES and opened and opened[-1] == _CLOSES[char]:
            opened.pop()
            depth = depths.pop()
            if depth >= 5:
                return True
            if depths:
                depths[-1] = max(depths[-1], depth + 1)
        elif char in _CLOSES:
            opened, depths = [], []
    return False


@constraint("format:quotes", IFBENCH)
def quotes(answer: str) -> bool:
    """Quotes stand within quotes three deep or more, double and single ones in turn; an apostrophe
    within a word is none.
    """
    opened: list[str] = []
    depth = 0
    for char in re.findall("[\"']", _APOSTROPHE.sub("", answer.translate(_STRAIGHT))):
        if opened and char == opened[-1]:
            opened.pop()
            if depth - len(opened) >= 3:
                return True
            depth = depth if opened else 0
        else:
            opened.append(char)
            depth = max(depth, len(opened))
    return False


@constraint("format:quote_unquote", IFBENCH)
def explained_quotes(answer: str) -> bool:
    """After every phrase in double quotes there are words outside of quotes before the next one, or
    the end.
    """
    pieces = answer.translate(_STRAIGHT).split('"')
    return len(pieces) % 2 == 1 and all(re.search(r"\w", piece) for piece in pieces[2::2])


@constraint("format:thesis", IFBENCH)
def thesis(answer: str) -> bool:
    """Some text stands in HTML's italics, and more text follows it."""
    return any(_followed(answer, tag) for tag in ("i", "em"))


def _followed(answer: str, tag: str) -> bool:
    """Whether the first text in a tag is not blank, nor what comes after it."""
    _, opened, rest = answer.partition(f"<{tag}>")
    inside, closed, after = rest.partition(f"</{tag}>")
    return bool(opened and closed and inside.strip() and after.strip())
