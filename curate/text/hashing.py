"""128-bit content hashes and the 64-bit keys that order and sample rows; fast, stable for ever, not cryptographic.

Two records have one content hash iff their turns have the same roles and texts (but for collisions: 2^-128 a pair). A
sampling key depends on the seed, the source's name, the row's position and the pass alone, so a sample does not depend
on who computes it or in which order.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from curate.text.kernels import K, jit, load8, mix

_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_OTHER_SEED = np.uint64(0x2545F4914F6CDD1D)


@jit
def hash_rows(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, tags: np.ndarray, docs: np.ndarray, n_docs: int
) -> np.ndarray:
    """Hash the turns of every record, in order, each with its tag (its role) and length: uint64 [n_docs, 2]."""
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
            a, b = mix(a, word), mix(b ^ (a >> np.uint64(17)), word * _MIX_1)
            at += 8
        for i in range(8):
            tail[i] = data[at + i] if at + i < stop else 0
        word = load8(tail, 0)
        out[docs[turn], 0], out[docs[turn], 1] = mix(a, word), mix(b ^ (a >> np.uint64(17)), word * _MIX_1)
    return out


def as_uuids(hashes: np.ndarray, n_null: int = 0) -> pa.ExtensionArray:
    """Hashes, uint64 [n, 2], as n values of Arrow's UUID type, followed by some nulls."""
    raw = np.zeros((len(hashes) + n_null, 2), ">u8")
    raw[: len(hashes)] = hashes
    there = np.arange(len(raw)) < len(hashes)
    bits = pa.py_buffer(np.packbits(there, bitorder="little")) if n_null else None
    return pa.ExtensionArray.from_storage(
        pa.uuid(), pa.Array.from_buffers(pa.binary(16), len(raw), [bits, pa.py_buffer(raw)])
    )


def from_uuids(column: pa.ChunkedArray) -> np.ndarray:
    """The hashes of a column that `as_uuids` made, uint64 [n, 2], nulls left out."""
    raw = pa.concat_arrays([chunk.storage.drop_null() for chunk in column.chunks] or [pa.array([], pa.binary(16))])
    data = np.frombuffer(raw.buffers()[1], ">u8", 2 * len(raw), 16 * raw.offset) if len(raw) else np.empty(0, ">u8")
    return data.reshape(-1, 2).astype(np.uint64)


def _splitmix(x: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit."""
    x = x + K
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    mixed: np.ndarray = x ^ (x >> np.uint64(31))
    return mixed


def sampling_keys(seed: int, source: str, rows: np.ndarray, turn: int) -> np.ndarray:
    """The 64-bit key of each row of a source in one pass over it (`turn` 0 is the first): uint64, uniform."""
    base = int.from_bytes(hashlib.blake2b(f"{seed}\0{source}".encode(), digest_size=8).digest(), "big")
    keys = _splitmix(np.asarray(rows, dtype=np.uint64) ^ np.uint64(base))
    return _splitmix(keys ^ np.uint64(turn))
