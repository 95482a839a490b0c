"""Rows as 128-bit hashes of what they say, whatever the order and the types of their columns.

Equal rows have equal hashes, and others don't (but for collisions: 2^-128 a pair, if nobody
makes them on purpose). A column that is null says the same as one that isn't there; whole
numbers are equal however wide they are, and also where they stand among floats; large strings
and dictionaries are the texts they hold. What has no rule here (decimals, times, maps) is hashed
as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.kernels.hashing import hash_rows
from curate.records import one_array, stretches

Hashes = npt.NDArray[np.uint64]
"""[n, 2]: a 128-bit hash of each of n values; 0, 0 for null."""
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_TEXT, _BYTES, _WHOLE, _FLOAT, _BOOL, _LIST, _STRUCT, _OTHER = range(8)
_EXACT = 2.0**53  # up to here every whole float is one integer
_WIDTH = 16


def hash_table(table: pa.Table) -> Hashes:
    """The hash of every row of a table."""
    columns = {name: _hash(one_array(table.column(name))) for name in table.column_names}
    return _beside(columns, table.num_rows)


def hash_dicts(rows: Sequence[Mapping[str, Any]]) -> Hashes:
    """The hash of every row that came as a dictionary: the one that it would have in a table."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: _hash_values([row.get(name) for row in rows]) for name in names}
    return _beside(columns, len(rows))


def hash_unread(texts: Sequence[str]) -> Hashes:
    """The hashes of rows that cannot be read, by their text; no row that can has one of them."""
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    return _beside({"\0": _hash(pa.array(raw, pa.binary()))}, len(texts))


def _beside(columns: Mapping[str, Hashes], n: int) -> Hashes:
    """Hash columns that stand side by side, in the order of their names, nulls passed over."""
    names = sorted(name for name, hashes in columns.items() if hashes.any())
    parts = np.zeros((n, len(names), 2), np.uint64)
    for place, name in enumerate(names):
        raw = name.encode("utf-8", "surrogatepass")
        own = np.frombuffer(hashlib.blake2b(raw, digest_size=_WIDTH).digest(), np.uint64)
        filled = np.any(columns[name], axis=1, keepdims=True)
        parts[:, place] = np.where(filled, columns[name] ^ own, np.uint64(0))
    there = np.any(parts, axis=2)
    owners = np.repeat(np.arange(n), there.sum(axis=1))
    return _runs(parts[there], np.arange(len(owners) + 1), owners, n, _STRUCT)


def _hash_values(values: list[Any]) -> Hashes:
    """The hashes of Python values, of which Arrow may not make one column."""
    try:
        return _hash(pa.array(values))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        if len(values) > 1:
            return np.concatenate([_hash_values([value]) for value in values])
        return _as_json(values)


def _hash(array: pa.Array) -> Hashes:
    """The hashes of the values of one column."""
    kind = array.type
    if pa.types.is_null(kind) or not len(array):
        return np.zeros((len(array), 2), np.uint64)
    if isinstance(array, pa.ExtensionArray):
        return _hash(array.storage)
    if pa.types.is_dictionary(kind):
        return _hash(array.dictionary_decode())
    if pa.types.is_struct(kind):
        fields = zip(kind, array.flatten(), strict=True)
        hashes = _beside({field.name: _hash(child) for field, child in fields}, len(array))
    elif any(is_list(kind) for is_list in _LISTS):
        lengths = np.asarray(pc.fill_null(pc.list_value_length(array), 0), np.int64)
        bounds = np.append(0, np.cumsum(lengths))
        hashes = _runs(_hash(array.flatten()), bounds, np.arange(len(array)), len(array), _LIST)
    else:
        hashes = _leaf(array)
    hashes[np.asarray(array.is_null())] = 0
    return hashes


_LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)


def _leaf(array: pa.Array) -> Hashes:
    for is_kind, hashed in _LEAVES.items():
        if is_kind(array.type):
            return hashed(array)
    return _as_json(array.to_pylist())


def _as_json(values: list[Any]) -> Hashes:
    texts = [json.dumps(value, sort_keys=True, default=str) for value in values]
    return _texts(pa.array(texts, pa.string()), _OTHER)


def _texts(texts: pa.Array, tag: int) -> Hashes:
    bounds, data = stretches(texts)
    return _stretches(data, bounds, np.arange(len(texts)), len(texts), tag)


def _integers(array: pa.Array) -> Hashes:
    values = np.asarray(pc.fill_null(array, 0))
    hashes = _numbers(values.astype(np.int64), _WHOLE)
    large = values > np.iinfo(np.int64).max  # of uint64 alone
    if large.any():
        hashes[large] = _numbers(values[large].astype(np.int64), _OTHER)
    return hashes


def _floats(array: pa.Array) -> Hashes:
    values = np.asarray(pc.fill_null(array.cast(pa.float64()), 0.0))
    whole = (np.abs(values) < _EXACT) & (values == np.trunc(values))
    bits = np.where(np.isnan(values), np.nan, values).view(np.int64)
    hashes = _numbers(bits, _FLOAT)
    hashes[whole] = _numbers(values[whole].astype(np.int64), _WHOLE)
    return hashes


_LEAVES: Mapping[Callable[[pa.DataType], bool], Callable[[pa.Array], Hashes]] = {
    pa.types.is_string: lambda array: _texts(array, _TEXT),
    pa.types.is_large_string: lambda array: _texts(array.cast(pa.string()), _TEXT),
    pa.types.is_string_view: lambda array: _texts(array.cast(pa.string()), _TEXT),
    pa.types.is_binary: lambda array: _texts(array, _BYTES),
    pa.types.is_large_binary: lambda array: _texts(array.cast(pa.binary()), _BYTES),
    pa.types.is_fixed_size_binary: lambda array: _texts(array.cast(pa.binary()), _BYTES),
    pa.types.is_boolean: lambda array: _numbers(_zeros_for_null(array.cast(pa.int8())), _BOOL),
    pa.types.is_integer: _integers,
    pa.types.is_floating: _floats,
}


def _numbers(values: Ints, tag: int) -> Hashes:
    data, n = np.ascontiguousarray(values).view(np.uint8), len(values)
    return _stretches(data, np.arange(n + 1) * 8, np.arange(n), n, tag)


def _zeros_for_null(array: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(array, 0)).astype(np.int64)


def _runs(hashes: Hashes, bounds: Ints, owners: Ints, n: int, tag: int) -> Hashes:
    """Hash runs of hashes: run i is `hashes[bounds[i]:bounds[i + 1]]`."""
    data = np.ascontiguousarray(hashes).view(np.uint8).reshape(-1)
    return _stretches(data, bounds * _WIDTH, owners, n, tag)


def _stretches(data: Bytes, bounds: Ints, owners: Ints, n: int, tag: int) -> Hashes:
    """Hash stretches of bytes; those of one owner together, in order. Owners ascend."""
    data = data if data.size else np.zeros(1, np.uint8)
    data.flags.writeable = False  # as everywhere: writable arrays would be compiled for once more
    tags = np.full(len(owners), tag, np.int8)
    hashes: Hashes = hash_rows(data, bounds[:-1], bounds[1:], tags, owners.astype(np.int32), n)
    return hashes
