"""What columns take once they are decoded, known before they are, and whether they are sound.

A Parquet column of one text a million times is a few bytes on disk; so is an Arrow column whose
dictionary has one long entry, or whose views all look at one buffer. What is bounded is what such
columns decode to. A batch of an Arrow file is validated before anything follows its offsets: where
they lead out of the buffers, whoever follows them brings the process down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.files.footer import Group
from curate.shards import cut, text_bytes

_MOST_ROWS = 1 << 20
"""Of a piece: a column of nulls has no bytes to go by."""


def most_bytes(path: Path, metadata: pq.FileMetaData, groups: Sequence[Group]) -> list[int]:
    """The most bytes that each row group of a Parquet file can be decoded to."""
    coded = {
        column.path: None
        for group in groups
        for column in group.columns
        if column.width is None and column.has_dictionary
    }
    opened = pq.ParquetFile(
        path,
        metadata=metadata,
        read_dictionary=list(coded),
        pre_buffer=False,
        buffer_size=1 << 16,
    )
    return [
        _most_of(group, _longest(opened, number, list(coded)) if coded else {})
        for number, group in enumerate(groups)
    ]


def _most_of(group: Group, longest: Mapping[str, int]) -> int:
    total = 0
    for column in group.columns:
        if column.width is not None:
            total += column.n_values * column.width
            continue
        total += column.size
        if column.has_prefixes:
            total += column.n_values * column.size
        elif column.has_dictionary:
            total += column.n_values * (longest.get(column.path) or column.size)
    return total


def _longest(opened: pq.ParquetFile, group: int, columns: list[str]) -> dict[str, int]:
    """The bytes of the longest entry in the dictionary of each column that has one; 0: unknown.

    It stands before the first value, so that reading one row tells.
    """
    try:
        batch = next(opened.iter_batches(1, [group], columns, use_threads=False))
        own = [one for column in batch.columns for one in _dictionaries(column)]
    except (StopIteration, pa.ArrowNotImplementedError):
        return {}
    lengths = [0 if one is None else pc.max(pc.binary_length(one)).as_py() or 0 for one in own]
    return dict(zip(columns, lengths, strict=True)) if len(lengths) == len(columns) else {}


def _dictionaries(array: pa.Array) -> Iterator[pa.Array | None]:
    """The dictionaries of the columns of text in an array, in the order of the file's columns."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from _dictionaries(array.storage)
    elif pa.types.is_dictionary(kind):
        yield array.dictionary
    elif pa.types.is_struct(kind):
        for place in range(kind.num_fields):
            yield from _dictionaries(array.field(place))
    elif pa.types.is_map(kind):
        yield from _dictionaries(array.keys)
        yield from _dictionaries(array.items)
    elif pa.types.is_nested(kind):
        yield from _dictionaries(array.values)
    else:
        yield None


def pieces(batches: Iterable[pa.RecordBatch], most: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Batches in pieces that are decoded to at most so many bytes each, and to how many."""
    for batch in batches:
        for start in range(0, batch.num_rows, _MOST_ROWS):
            part = batch.slice(start, _MOST_ROWS)
            sizes = _sizes(part)
            for first, stop in pairwise(cut(sizes, most)):
                yield part.slice(first, stop - first), int(sizes[first:stop].sum())


def _sizes(batch: pa.RecordBatch) -> np.ndarray:
    """About how many bytes each row is decoded to: int64."""
    sizes = np.full(batch.num_rows, batch.nbytes // batch.num_rows + 1, np.int64)
    for column in batch.columns:
        if _shares(column.type):
            sizes += text_bytes(column)
    return sizes


def _shares(kind: pa.DataType) -> bool:
    """Whether values of a type may be several times in the bytes of one."""
    if pa.types.is_dictionary(kind) or kind in _VIEWS:
        return True
    return any(_shares(kind.field(place).type) for place in range(kind.num_fields))


_VIEWS = (pa.string_view(), pa.binary_view())
_AS_BYTES = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}


def check(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch; raises pa.ArrowInvalid where its buffers are not what its types say.

    Text that is no UTF-8 is no damage: it makes bad rows.
    """
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        for column in batch.columns:
            column.view(_as_bytes(column.type)).validate(full=True)
    return batch


def _as_bytes(kind: pa.DataType) -> pa.DataType:
    """The type that takes texts for any bytes."""
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _as_bytes(kind.value_type), kind.ordered)
    if pa.types.is_struct(kind):
        return pa.struct([one.with_type(_as_bytes(one.type)) for one in kind])
    if pa.types.is_map(kind):
        return pa.map_(_as_bytes(kind.key_type), _as_bytes(kind.item_type), kind.keys_sorted)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_as_bytes(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_as_bytes(kind.value_type)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_as_bytes(kind.value_type)), kind.list_size)
    return _AS_BYTES.get(kind, kind)
