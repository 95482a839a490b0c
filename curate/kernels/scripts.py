"""How many code points of texts are Chinese characters."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import inner, jit
from curate.kernels.tokens import code_point


@inner
def _is_han(code: int) -> bool:
    """Whether a code point is a CJK ideograph: unified, an extension of it, or a compatibility one."""
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x323AF
    )


@jit
def han_points(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Of each text the code points, and how many of them are CJK ideographs: int64 [texts, 2]."""
    found = np.zeros((starts.size, 2), np.int64)
    for text in range(starts.size):
        points, han = np.int64(0), np.int64(0)
        for at in range(starts[text], stops[text]):
            byte = data[at]
            if byte & 0xC0 != 0x80:
                points += 1
            if byte >= 0xE3 and _is_han(code_point(data, at)[0]):
                han += 1
        found[text, 0], found[text, 1] = points, han
    return found
