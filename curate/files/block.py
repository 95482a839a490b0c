"""A block: consecutive raw rows of one file, before anybody has asked what they mean.

A block can be looked at in two ways. `table()` parses all of it at once into Arrow columns and is
what speed comes from; it answers None whenever the columns would not say exactly what the rows
say (a bad row, mixed types, bytes that are no UTF-8). `rows()` parses row by row, exactly, and
turns what cannot be read into `BadInput` instead of failing: one broken line never costs its
neighbours. Both are pure and safe to call from any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

BLOCK_BYTES = 32 << 20
"""How much text a block holds; a longer row makes a longer block. Results never depend on it."""

RAW_CHARACTERS = 64 << 10
"""How much of a bad row is kept for the quarantine."""

Row = dict[str, Any]


@dataclass(frozen=True)
class BadInput:
    """A row that cannot be read: why, and its text as `raw_text` shows it."""

    reason: str
    raw: str


class Block(Protocol):
    """Consecutive rows of one file; it pickles, so that another process can work on it."""

    @property
    def file(self) -> str:
        """The file, relative to the source's root, with forward slashes."""

    @property
    def first_row(self) -> int:
        """0-based position in the source of the first row."""

    @property
    def n_rows(self) -> int:
        """Rows in the block, bad ones included."""

    @property
    def nbytes(self) -> int:
        """Size of the block in memory."""

    def table(self) -> pa.Table | None:
        """All rows as Arrow columns; None where those would not say exactly what the rows say."""

    def rows(self, only: Iterable[int] | None = None) -> Iterator[tuple[int, Row | BadInput]]:
        """(position in the source, row) of all rows, or of those at the places `only` in the block."""

    def raw(self, place: int) -> str:
        """The text of the row at `place` within the block, as `BadInput.raw` holds it."""

    def head(self, n: int) -> Block:
        """The first `n` rows as a block."""


def not_utf8(line: bytes, error: UnicodeDecodeError) -> BadInput:
    """A row that is no UTF-8, with the likely cause where most of what is beyond ASCII is no UTF-8."""
    reason = f"not UTF-8: byte 0x{line[error.start]:02x} at byte {error.start} of the row"
    wrong, right = (
        sum(char > "\x7f" and (char == "\ufffd") == bad for char in line.decode("utf-8", "replace"))
        for bad in (True, False)
    )
    if wrong > right:
        reason += "; text of cp1252 or another code page? convert the file to UTF-8, or name its `encoding` in a recipe"
    return BadInput(reason, raw_text(line))


def raw_text(data: bytes) -> str:
    """Bytes as text for people: invalid UTF-8 as backslash escapes, cut at 64 Ki characters."""
    return data[: 4 * RAW_CHARACTERS].decode("utf-8", "backslashreplace")[:RAW_CHARACTERS]
