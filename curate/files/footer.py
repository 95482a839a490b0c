"""What the end of a Parquet file says of its row groups and columns.

It is read here, by Thrift's compact protocol, because pyarrow ends the process where one number in
it contradicts another: what reads it is not what reads the rows. Of a damaged end a
ValueError is raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TAIL = 8
_BYTE_ARRAY, _FIXED = 6, 7
_WIDTHS = {0: 1, 1: 4, 2: 8, 3: 8, 4: 4, 5: 8}
"""Bytes of a decoded value by the number of its physical type."""
_PREFIXED = 7
"""The encoding in which a value may be all of the one before."""
_DEEPEST = 20


@dataclass(frozen=True)
class Column:
    """A column of one row group; `width` is None for texts and other bytes of any length."""

    path: str
    width: int | None
    n_values: int
    size: int
    """Bytes of its pages, not compressed."""
    has_dictionary: bool
    has_prefixes: bool


@dataclass(frozen=True)
class Group:
    """A row group."""

    n_rows: int
    size: int
    """Bytes of its pages, not compressed."""
    columns: Sequence[Column]


def groups_of(path: Path) -> list[Group]:
    """The row groups of a Parquet file."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(max(0, end - _TAIL))
        size = int.from_bytes(file.read(4), "little")
        file.seek(max(0, end - _TAIL - size))
        end_of_file = file.read(size)
    try:
        said = _Thrift(end_of_file).struct()
        leaves = [element for element in said[2][1:] if not element.get(5)]
        return [_group(one, leaves) for one in said.get(4, ())]
    except (LookupError, TypeError, AttributeError) as error:  # of another type, or not there
        raise ValueError(f"its end is damaged: {error}") from error


def _group(said: dict[int, Any], leaves: list[dict[int, Any]]) -> Group:
    columns = [_column(one[3], leaf) for one, leaf in zip(said[1], leaves, strict=True)]
    return Group(max(0, said[3]), max(0, said[2]), columns)


def _column(said: dict[int, Any], leaf: dict[int, Any]) -> Column:
    path = ".".join(name.decode() for name in said[3])
    kind = said[1]
    width = None if kind == _BYTE_ARRAY else leaf[2] if kind == _FIXED else _WIDTHS[kind]
    return Column(path, width, max(0, said[5]), max(0, said[6]), 11 in said, _PREFIXED in said[2])


class _Thrift:
    """A reader of Thrift's compact protocol: structs are dicts from the numbers of their fields."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.depth = data, 0, 0

    def struct(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError("its end is nested too deep")
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.whole()
            found[number] = self.value(head & 15, in_struct=True)
        self.depth -= 1
        return found

    def value(self, kind: int, *, in_struct: bool) -> Any:
        if kind in (1, 2):
            return kind == 1 if in_struct else self.byte() == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.whole()
        if kind == 7:
            return self.bytes(8)
        if kind == 8:
            return self.bytes(self.varint())
        if kind in (9, 10):
            head = self.byte()
            n = head >> 4 if head >> 4 < 15 else self.varint()
            return [self.value(head & 15, in_struct=False) for _ in range(n)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"its end holds a value of unknown type {kind}")

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def bytes(self, n: int) -> bytes:
        self.at += n
        if self.at > len(self.data):
            raise ValueError("its end is cut off")
        return self.data[self.at - n : self.at]

    def varint(self) -> int:
        found = shift = 0
        while (byte := self.byte()) & 128:
            found |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("its end holds a number that is too long")
        return found | byte << shift

    def whole(self) -> int:
        said = self.varint()
        return (said >> 1) ^ -(said & 1)
