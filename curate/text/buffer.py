"""Texts laid out in one buffer of UTF-8, as the compiled kernels read them.

Behind the last text stand eight zero bytes, so that kernels may read eight bytes at once from
wherever a text is. Texts that Arrow holds need no copy: see `records.stretches`. Lone surrogates,
which have no UTF-8, raise UnicodeEncodeError."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Laid(NamedTuple):
    """The bytes of texts, and where each begins and stops in them."""

    data: np.ndarray  # uint8
    starts: np.ndarray  # int64 [texts]
    stops: np.ndarray  # int64 [texts]


def lay_out(texts: Iterable[str]) -> Laid:
    """Put texts one behind the other."""
    blobs = [text.encode() for text in texts]
    lengths = np.array([len(blob) for blob in blobs], np.int64)
    stops = np.cumsum(lengths, dtype=np.int64)
    return Laid(np.frombuffer(b"".join(blobs) + bytes(8), np.uint8), stops - lengths, stops)
