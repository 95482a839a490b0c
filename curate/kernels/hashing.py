"""128-bit content hashes of records: fast, stable for ever, not cryptographic.

Two records have one content hash iff their turns have the same roles and texts (but for collisions:
2^-128 a pair)."""

from __future__ import annotations

import numpy as np

from curate.kernels.jit import jit, load8
from curate.kernels.tokens import K, mix

_MIX = np.uint64(0xBF58476D1CE4E5B9)
_OTHER_SEED = np.uint64(0x2545F4914F6CDD1D)


@jit
def hash_rows(
    data: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    tags: np.ndarray,
    docs: np.ndarray,
    n_docs: int,
) -> np.ndarray:
    """Hash the turns of every record, in order, each with its tag (its role) and length: uint64
    [n_docs, 2].
    """
    out = np.empty((n_docs, 2), np.uint64)
    for doc in range(n_docs):
        out[doc, 0], out[doc, 1] = K, _OTHER_SEED
    tail = np.zeros(8, np.uint8)
    for turn in range(starts.size):
        a, b = out[docs[turn], 0], out[docs[turn], 1]
        at, stop = starts[turn], stops[turn]
        header = (np.uint64(tags[turn]) << np.uint64(56)) | np.uint64(stop - at)
        a, b = mix(a, header), mix(b, header + _OTHER_SEED)
        while at + 8 <= stop:
            word = load8(data, at)
            a, b = mix(a, word), mix(b ^ (a >> np.uint64(17)), word * _MIX)
            at += 8
        for i in range(8):
            tail[i] = data[at + i] if at + i < stop else 0
        word = load8(tail, 0)
        out[docs[turn], 0], out[docs[turn], 1] = (
            mix(a, word),
            mix(b ^ (a >> np.uint64(17)), word * _MIX),
        )
    return out
