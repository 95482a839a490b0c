"""Files on disk: atomic writes, fingerprints, staged tables, and Parquet shards.

A shard is written row group by row group from pieces of rows that come in order. Row groups are cut
by the order and the size of rows alone; the same rows give the same bytes, however they came."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from secrets import token_hex

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.records import one_array

SHARD_BYTES = 256 << 20
ROW_GROUP_BYTES = 32 << 20
ROW_GROUP_ROWS = 1 << 16
# Dictionaries and statistics cost more time than they save bytes where nearly every value is a text
# of its own.
_REPEATED = ("source", "step", "file")
_SEARCHED = ("id", "source", "row")


def write_text(path: Path, text: str) -> None:
    """Write a text file to a temporary name, fsync it and rename it."""
    with staging(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have errors of writing name the file: those of a full disk name none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file of a cache whole, or not at all."""
    with staging(path) as temporary:
        temporary.write_bytes(content)


def fsync_tree(folder: Path) -> None:
    """Bring every file and folder below `folder` to the disk."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_arrow(path: Path, table: pa.Table) -> None:
    """Stage a table as an Arrow file of one record batch, written to a temporary name and renamed."""
    with (
        staging(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        for batch in table.combine_chunks().to_batches():
            writer.write_batch(batch)


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """A temporary name of its own, which becomes `path` when the block ends well, and of
    which nothing is left when it does not.

    Another build may be writing, or reading, the same stage: what has the name is whole, and what
    was read stays."""
    temporary = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with naming(path):
            yield temporary
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_arrow(path: Path) -> pa.Table:
    """A staged table, which lies in the file, not in memory, until it is touched."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def cut(sizes: np.ndarray, limit: int, rows: int | None = None) -> list[int]:
    """Cut rows in order into stretches of at most `limit` bytes and `rows` rows (but at least one
    row): the bounds.
    """
    total = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    bounds = [0]
    while bounds[-1] < len(sizes):
        start = bounds[-1]
        stop = int(np.searchsorted(total, total[start] + limit, side="right")) - 1
        stop = min(max(stop, start + 1), len(sizes), start + rows if rows else len(sizes))
        bounds.append(stop)
    return bounds


def shard_count(size: int, shards: int | str) -> int:
    """How many shards rows of `size` bytes make: about one for each SHARD_BYTES (`auto`), or the
    number asked for.
    """
    return max(1, round(size / SHARD_BYTES)) if shards == "auto" else int(shards)


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer with the settings of every Parquet file of a build."""
    leaves = [".".join(leaf) for leaf in _leaves(schema)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        version="2.6",
        use_dictionary=[leaf for leaf in leaves if leaf in _REPEATED or leaf.endswith(".role")],
        write_statistics=[leaf for leaf in leaves if leaf in _SEARCHED],
    )


def _leaves(schema: pa.Schema) -> Iterator[tuple[str, ...]]:
    """The paths of the leaf columns, as Parquet names them."""
    for field in schema:
        yield from ((field.name, *rest) for rest in _below(field.type))


def _below(kind: pa.DataType) -> Iterator[tuple[str, ...]]:
    if pa.types.is_list(kind):
        yield from (("list", "element", *rest) for rest in _below(kind.value_type))
    elif pa.types.is_struct(kind):
        yield from ((child.name, *rest) for child in kind for rest in _below(child.type))
    else:
        yield ()


def row_groups(pieces: Iterable[tuple[pa.Table, np.ndarray]]) -> Iterator[pa.Table]:
    """Put rows together to row groups: pieces of them come in order, each with the size of its rows
    in bytes.

    The cuts depend on the rows and their sizes alone, not on the pieces. One group and one piece
    are held."""
    waiting: list[pa.Table] = []
    sizes = np.empty(0, np.int64)
    for table, size in pieces:
        rows = pa.concat_tables([*waiting, table])
        sizes = np.concatenate([sizes, size])
        *whole, last = cut(sizes, ROW_GROUP_BYTES, ROW_GROUP_ROWS)[:-1] or [0]
        for start, stop in pairwise([*whole, last]):
            yield _in_one_piece(rows.slice(start, stop - start))
        waiting, sizes = [rows.slice(last)], sizes[last:]
    for rows in waiting:
        if rows.num_rows:
            yield _in_one_piece(rows)


def _in_one_piece(rows: pa.Table) -> pa.Table:
    """The rows without the seams of the pieces they came in, of which nothing may reach the file;
    else not copied.
    """
    return rows.combine_chunks() if any(column.num_chunks > 1 for column in rows.columns) else rows


def write_shard(
    path: Path, schema: pa.Schema, pieces: Iterable[tuple[pa.Table, np.ndarray]]
) -> None:
    """Write the rows of one shard, which come in order as pieces for `row_groups`."""
    with naming(path), parquet_writer(path, schema) as writer:
        for group in row_groups(pieces):
            writer.write_table(group, row_group_size=group.num_rows)


def write_stream(
    path: Path, schema: pa.Schema, tables: Iterable[pa.Table], rows: int = 1000
) -> None:
    """Write tables one after the other in row groups of `rows` rows, however the rows came; one
    group is held.
    """
    with naming(path), parquet_writer(path, schema) as writer:
        waiting = schema.empty_table()
        for table in tables:
            waiting = pa.concat_tables([waiting, table])
            while waiting.num_rows >= rows:
                writer.write_table(waiting.slice(0, rows).combine_chunks())
                waiting = waiting.slice(rows)
        if waiting.num_rows:
            writer.write_table(waiting.combine_chunks())


_BYTES = (
    pa.types.is_string,
    pa.types.is_binary,
    pa.types.is_large_string,
    pa.types.is_large_binary,
)


def text_bytes(array: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """How many bytes of text each value of a column holds, in lists and structs too: int64.

    Bytes that are no text count as well: an image is what makes a row large."""
    array = one_array(array)
    if any(is_bytes(array.type) for is_bytes in _BYTES):
        return np.asarray(pc.fill_null(pc.binary_length(array), 0), np.int64)
    if pa.types.is_dictionary(array.type):
        own = np.append(text_bytes(array.dictionary), 0)
        codes = np.asarray(pc.fill_null(array.indices.cast(pa.int64()), -1), np.int64)
        return np.take(own, codes)
    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        lengths = np.frombuffer(array.buffers()[1], np.int32)[::4]  # 16 bytes a view, length first
        own = lengths[array.offset : array.offset + len(array)].astype(np.int64)
        return np.where(np.asarray(pc.is_valid(array), np.bool_), own, 0)
    if pa.types.is_struct(array.type):
        return sum((text_bytes(child) for child in array.flatten()), np.zeros(len(array), np.int64))
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        lengths = np.asarray(pc.fill_null(pc.list_value_length(array), 0), np.int64)
        total = np.concatenate([[0], np.cumsum(text_bytes(array.flatten()))])
        stops = np.cumsum(lengths)
        return np.asarray(total[stops] - total[stops - lengths], np.int64)
    return np.zeros(len(array), np.int64)


def shard_names(split: str, n: int) -> list[str]:
    """File names as `datasets` writes them: `train-00000-of-00004.parquet`."""
    return [f"{split}-{i:05d}-of-{n:05d}.parquet" for i in range(n)]
