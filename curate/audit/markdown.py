"""Markdown for the data set card: text from data and recipes is never read as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable


def table(header: list[str], rows: Iterable[list[str]], numbers: int) -> str:
    """A Markdown table whose last `numbers` columns are right-aligned."""
    rule = ["---"] * (len(header) - numbers) + ["---:"] * numbers
    lines = [header, rule, *([plain(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def plain(text: str) -> str:
    """Text as it is, on one line: nothing in it is taken for Markdown, a table's border or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>|#~&$])", r"\\\1", " ".join(text.split()))


def two_places(rate: float) -> str:
    """A share in per cent with two places; what is there is never shown as nothing."""
    shown = f"{100 * rate:.2f}"
    return "under 0.01 %" if shown == "0.00" and rate > 0 else f"{shown} %"
