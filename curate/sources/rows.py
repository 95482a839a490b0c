"""Rows one at a time, for benchmarks: small files in which the first bad row is an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curate.errors import UserError
from curate.files import BadInput, Row
from curate.sources.opening import open_source
from curate.sources.source import Source


def read_rows(
    from_: str, *, base: Path, split: str | None = None, field: str | None = None
) -> Iterator[tuple[str, int, Row]]:
    """The same as `rows_of`, of what `from_` means; `field` is as in `open_source`."""
    return rows_of(open_source(from_, from_, base=base, split=split, field=field))


def rows_of(source: Source) -> Iterator[tuple[str, int, Row]]:
    """(file, row in that file, row) of a small file or Hub set; the first bad row is a UserError."""
    first_row, current = 0, ""
    for block in source.blocks():
        if block.file != current:
            first_row, current = block.first_row, block.file
        for position, row in block.rows():
            if isinstance(row, BadInput):
                raise UserError(f"{block.file}: row {position - first_row}: {row.reason}")
            yield block.file, position - first_row, row
