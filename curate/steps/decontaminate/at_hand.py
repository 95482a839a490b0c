"""Data that a program holds: paths, and data sets of the libraries that people use, as blocks of
rows.

    for name, blocks in inputs(dataframe, "train", "data"):
        ...

Read are `datasets.Dataset`, pandas and polars frames (lazy ones are collected), pyarrow tables,
whatever else hands its columns over as Arrow, and lists of dicts. What holds several splits, or
rows without an end, is refused with the way on.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import UserError
from curate.files import BadInput
from curate.files.columnar import ArrowBlock
from curate.items import Located, detect_fields, make_items
from curate.sources import Block, DatasetSource, open_source, source_names
from curate.suites import ReadBenchmark, ReadSuite

_ROWS_A_BLOCK = 20_000


def inputs(data: Any, split: str | None, what: str) -> list[tuple[str, Iterator[Block]]]:
    """Named streams of blocks of whatever was given; `what` names data at hand, in its rows' ids
    and in errors.
    """
    if is_paths(data):
        paths = [str(path) for path in ([data] if isinstance(data, str | Path) else data)]
        if not paths:
            raise UserError(f"{what}: an empty list; give at least one path or row")
        sources = [
            open_source(name, path, base=Path.cwd(), split=split)
            for name, path in zip(source_names(paths), paths, strict=True)
        ]
        for source in sources:
            for note in source.notes:
                warnings.warn(f"{source.from_}: {note}", stacklevel=4)
        return [(source.name, source.blocks()) for source in sources]
    if _is(data, "datasets", "Dataset"):
        return [(what, DatasetSource(what, what, data).blocks())]
    table = _table(data, what)
    starts = range(0, table.num_rows, _ROWS_A_BLOCK)
    return [
        (what, (ArrowBlock.of(what, start, table.slice(start, _ROWS_A_BLOCK)) for start in starts))
    ]


def write_parquet(data: Any, path: Path, what: str) -> None:
    """Write data at hand to a file, with its columns as they are; raises UserError as `inputs` does."""
    if not _is(data, "datasets", "Dataset"):
        pq.write_table(_table(data, what), path)
        return
    rows = data.with_format("arrow")
    with pq.ParquetWriter(path, rows[:0].schema) as file:
        for part in rows.iter(_ROWS_A_BLOCK):
            file.write_table(part)


def is_paths(data: Any) -> bool:
    """Whether data is given by where it lies: a path, or a list of them."""
    if isinstance(data, list | tuple):
        return all(isinstance(path, str | Path) for path in data)
    return isinstance(data, str | Path)


def suite_at_hand(data: Any, split: str | None, fields: Sequence[str]) -> ReadSuite:
    """The items in the rows of a data set at hand, as one benchmark called `suite`; the `fields`
    that a model is shown are detected where none are given.
    """
    name = "suite"
    if is_paths(data):
        raise UserError(
            f"{name}: give one path; a suite of several files is a .yaml file of its own"
        )
    ((_, blocks),) = inputs(data, split, name)
    rows = list(_located(name, blocks))
    if not rows:
        raise UserError(f"{name}: no rows; a benchmark needs at least one item")
    shown, optional = (tuple(fields), ()) if fields else detect_fields(rows[0][2], name)
    items = list(make_items(rows, name, shown, optional, None))
    benchmark = ReadBenchmark(name, "development", None, len(items), (), None, None)
    return ReadSuite(name, items, [benchmark], [])


def _located(name: str, blocks: Iterator[Block]) -> Iterator[Located]:
    for block in blocks:
        for place, row in block.rows():
            if isinstance(row, BadInput):
                raise UserError(f"{name}: row {place}: {row.reason}")
            yield name, place, row


def _is(data: Any, package: str, *names: str) -> bool:
    """Whether data is of a class of a package, which need not be installed to ask."""
    return any(
        kind.__module__.partition(".")[0] == package and kind.__name__ in names
        for kind in type(data).__mro__
    )


def _table(data: Any, what: str) -> pa.Table:
    """The columns of data at hand; raises UserError where it holds none, with the way on."""
    _refuse(data, what)
    if isinstance(data, list | tuple):
        return _of_rows(data, what)
    try:
        if _is(data, "pandas", "DataFrame"):
            return pa.Table.from_pandas(data, preserve_index=False)
        if _is(data, "polars", "LazyFrame"):
            data = data.collect()
        if isinstance(data, pa.Table):
            return data
        if hasattr(data, "to_arrow"):  # polars, whose own way keeps plain types of text
            return data.to_arrow()
        if hasattr(data, "__arrow_c_stream__"):
            return pa.table(data)
    except (pa.ArrowException, TypeError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"{what}: its columns cannot be read as Arrow ({said})") from error
    kind = type(data).__name__
    raise UserError(
        f"{what}: neither paths nor a Dataset, Table, DataFrame or list of dicts, but {kind}"
    )


def _refuse(data: Any, what: str) -> None:
    """Say how to go on from what is no single table of rows."""
    if _is(data, "datasets", "DatasetDict", "IterableDatasetDict"):
        splits = ", ".join(map(str, data))
        first = next(iter(data), "train")
        raise UserError(
            f"{what}: a {type(data).__name__} of the splits {splits}; give one of them: {what}[{first!r}]"
        )
    if _is(data, "datasets", "IterableDataset"):
        raise UserError(
            f"{what}: an IterableDataset, which has no positions; give rows of it: list({what}.take(1000))"
        )


def _of_rows(rows: Sequence[Any], what: str) -> pa.Table:
    """Rows as columns: every key of any row is one, and null where a row lacks it."""
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise UserError(f"{what}: row {place} is no dict, but {type(row).__name__}")
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        try:
            columns[str(name)] = pa.array([row.get(name) for row in rows])
        except (pa.ArrowException, TypeError) as error:
            said = " ".join(str(error).split())
            raise UserError(
                f"{what}: column '{name}' holds values of several types ({said})"
            ) from error
    return pa.table(columns)
