"""Content hashes as a column, and the 64-bit keys that order and sample rows: stable for ever, not
cryptographic.

A sampling key depends on the seed, the source's name, the row's position and the pass alone, so a
sample does not depend on who computes it or in which order."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


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
    raw = pa.concat_arrays(
        [chunk.storage.drop_null() for chunk in column.chunks] or [pa.array([], pa.binary(16))]
    )
    data = (
        np.frombuffer(raw.buffers()[1], ">u8", 2 * len(raw), 16 * raw.offset)
        if len(raw)
        else np.empty(0, ">u8")
    )
    return data.reshape(-1, 2).astype(np.uint64)


def mixed(x: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): every input bit reaches every
    output bit.
    """
    x = x + _STEP
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    found: np.ndarray = x ^ (x >> np.uint64(31))
    return found


def sampling_keys(seed: int, source: str, rows: np.ndarray, pass_no: int) -> np.ndarray:
    """The 64-bit key of each row of a source in one pass over it (the first is 0): uint64,
    uniform.
    """
    base = int.from_bytes(
        hashlib.blake2b(f"{seed}\0{source}".encode(), digest_size=8).digest(), "big"
    )
    keys = mixed(np.asarray(rows, dtype=np.uint64) ^ np.uint64(base))
    return mixed(keys ^ np.uint64(pass_no))
