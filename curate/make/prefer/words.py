"""How long an answer is, whatever model wrote it."""

from __future__ import annotations


def words_in(text: str) -> int:
    """Words between blanks."""
    return len(text.split())
