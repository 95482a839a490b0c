"""When two texts are the same but for blanks, and for nothing else.

Python's own idea of a blank (`str.split`) is that of Unicode's `White_Space` and the four
separators of ASCII. `curate.kernels.folded` is the same, compiled."""

from __future__ import annotations

BLANKS = frozenset(chr(code) for code in range(0x3001) if chr(code).isspace())
"""All of them: none lies behind the ideographic space."""


def one_spaced(text: str) -> str:
    """A text with every run of blanks as one space, and none at its ends."""
    return " ".join(text.split())
