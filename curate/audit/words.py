"""Text from a data set as people may safely see it: cut to a width, on a terminal, inside a script
element.
"""

from __future__ import annotations

import json
from typing import Any
from unicodedata import category

NAME_WIDTH = 80
REASON_WIDTH = 240


def short(text: str, width: int = NAME_WIDTH) -> str:
    """A text of at most `width` code points."""
    return text if len(text) <= width else text[: width - 1] + "…"


def middle(text: str, width: int) -> str:
    """A name of at most `width` code points that keeps its beginning and its end."""
    if len(text) <= width:
        return text
    behind = (width - 1) // 2
    return f"{text[: width - 1 - behind]}…{text[-behind:]}"


def printable(text: str) -> str:
    """Show control characters by their escapes: text from a data set must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if _harmless(c) else c.encode("unicode_escape").decode("ascii") for c in text)


def _harmless(c: str) -> bool:
    # Python calls every space but the plain one unprintable; Chinese text is full of U+3000.
    return c.isprintable() or category(c) == "Zs"


def island(value: Any) -> str:
    """JSON for a script element: nothing in it can end the element or start a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def percent(rate: float) -> str:
    """A share as people read it: 59 %, 7.6 %, 0.15 %."""
    value = 100 * rate
    if 0 < value < 0.005:
        return "under 0.01 %"
    return (
        f"{value:.0f} %"
        if value >= 9.95
        else f"{value:.1f} %"
        if value >= 0.995
        else f"{value:.2f} %"
    )


def interval_of(judged: int, wrong: int, low: float, high: float) -> str:
    """How many of some judged pairs are wrong, as people read it, with the interval of the share."""
    said = f"of {counted(judged, 'pair')} judged {wrong:,} {'was' if wrong == 1 else 'were'} wrong"
    return f"{said}: {100 * wrong / judged:.3g} %, {100 * low:.1f} to {100 * high:.1f}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun: 1 row, 2,000 rows."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def sized(n: int) -> str:
    """A number of bytes as people read it: 1,234.5 MB, 12.3 kB, 45 bytes."""
    if n < 1000:
        return counted(n, "byte")
    return f"{n / 1e3:,.1f} kB" if n < 100_000 else f"{n / 1e6:,.1f} MB"
