"""Rows one at a time, for benchmarks: small files in which the first bad row is an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from curate.errors import UserError
from curate.files import BadInput, Row
from curate.sources.opening import open_source
from curate.sources.source import Source


def read_rows(
    from_: str, *, base: Path, split: str | None = None, rows_key: str | None = None
) -> Iterator[tuple[str, int, Row]]:
    """The same as `rows_of`, of what `from_` means."""
    return rows_of(open_source(from_, from_, base=base, split=split), rows_key)


def rows_of(source: Source, rows_key: str | None = None) -> Iterator[tuple[str, int, Row]]:
    """(file, row in that file, row) of a small file or Hub set; the first bad row is a UserError.

    `rows_key` is the key that holds the rows of a JSON file that is one object.
    """
    if rows_key is not None:
        yield from _keyed_rows(source, rows_key)
        return
    first_row, current = 0, ""
    for block in source.blocks():
        if block.file != current:
            first_row, current = block.first_row, block.file
        for position, row in block.rows():
            if isinstance(row, BadInput):
                raise UserError(f"{block.file}: row {position - first_row}: {row.reason}")
            yield block.file, position - first_row, row


def _keyed_rows(source: Source, key: str) -> Iterator[tuple[str, int, Row]]:
    for file in source.files:
        try:
            whole = json.loads(file.path.read_text("utf-8-sig"))
        except ValueError as error:
            raise UserError(f"{file.name}: not a JSON file: {error}") from error
        rows = whole.get(key) if isinstance(whole, dict) else None
        if not isinstance(rows, list):
            found = ", ".join(whole) if isinstance(whole, dict) else "no object at the top"
            raise UserError(f"{file.name}: no list of rows under '{key}' (found: {found})")
        for place, row in enumerate(rows):
            if not isinstance(row, dict):
                raise UserError(f"{file.name}: row {place}: a row must be a JSON object")
            yield file.name, place, row
