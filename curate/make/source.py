"""A made source: rows that came out of answers, read as any others are.

It comes in parts. Of each, `answers/<source>-00000.parquet` holds every answer that its items got,
and is what the lock names; the rows stand beside it in a file that goes with the build, since they
can be made again from the answers alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.engines.answer import Answer, answer_from
from curate.engines.stock import SCHEMA, shown
from curate.engines.store import escaped
from curate.errors import UserError
from curate.files import BLOCK_BYTES, BadInput, Block, Row, SourceFile, read_file
from curate.make.asking import Kept
from curate.make.drive import Made
from curate.make.maker import Row as MadeRow
from curate.shards import staging, write_arrow, write_bytes, write_stream
from curate.sources.source import some

ANSWERS = "answers"
"""The folder of a build in which answers are kept."""
LINEAGE = "lineage"
"""The column that says what a row was made of."""
_BAD, _RAW = "\0bad", "\0raw"


@dataclass(frozen=True)
class Part:
    """Some items of a source one after the other: their answers, and their rows."""

    answers: SourceFile
    rows: SourceFile
    n: int
    lines: Mapping[str, Path] = field(default_factory=dict)
    """Staged lines of the audit, by the name of their table."""


@dataclass(frozen=True)
class MadeSource:
    """The rows of a maker; see `sources.Source`."""

    name: str
    from_: str
    """The maker's name."""
    parts: tuple[Part, ...]
    made: Mapping[str, Any] = field(default_factory=dict)
    """What the rows depend on beside the answers: it goes into the lock."""
    begun: Mapping[str, Path] = field(default_factory=dict)
    """Staged lines of the audit from before the first part."""
    origin: str = "made"
    revision: None = None
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files of answers."""
        return tuple(part.answers for part in self.parts)

    def blocks(
        self,
        limit: int | None = None,
        *,
        block_bytes: int = BLOCK_BYTES,
        hashes: MutableMapping[str, str] | None = None,
    ) -> Iterator[Block]:
        """The blocks of all parts; nothing streams past, so `hashes` stays as it is."""
        return some(self, self._all(block_bytes), limit)

    @property
    def staged(self) -> dict[str, list[Path]]:
        """The files of its lines of the audit, by the name of their table."""
        files: dict[str, list[Path]] = {}
        for lines in (self.begun, *(part.lines for part in self.parts)):
            for name, path in lines.items():
                files.setdefault(name, []).append(path)
        return files

    def _all(self, block_bytes: int) -> Iterator[Block]:
        first_row = 0
        for part in self.parts:
            blocks = read_file(part.rows, first_row=first_row, block_bytes=block_bytes)
            yield from (MadeBlock(block) for block in blocks)
            first_row += part.n

    def estimated_bytes(self) -> int:
        """Bytes of the rows."""
        return sum(part.rows.stamp.size for part in self.parts)


@dataclass(frozen=True)
class MadeBlock:
    """A block of rows as they were made; one that came to nothing says why."""

    block: Block

    @property
    def file(self) -> str:
        """The file of answers that the rows came out of."""
        return self.block.file

    @property
    def first_row(self) -> int:
        """0-based position of the first row."""
        return self.block.first_row

    @property
    def n_rows(self) -> int:
        """Rows, those that came to nothing included."""
        return self.block.n_rows

    @property
    def nbytes(self) -> int:
        """Size of the block."""
        return self.block.nbytes

    def table(self) -> pa.Table | None:
        """The rows as columns; None where one of them came to nothing."""
        table = self.block.table()
        return None if table is None or _BAD in table.column_names else table

    def rows(self, only: Iterable[int] | None = None) -> Iterator[tuple[int, Row | BadInput]]:
        """Every row with its position, or those at some places."""
        for place, row in self.block.rows(only):
            bad = isinstance(row, dict) and _BAD in row
            yield place, BadInput(row[_BAD], row[_RAW]) if bad else row  # type: ignore[index]

    def raw(self, place: int) -> str:
        """The text of a row."""
        return self.block.raw(place)

    def head(self, n: int) -> Block:
        """The first rows."""
        return MadeBlock(self.block.head(n))


def part_names(source: str, number: int) -> tuple[str, str]:
    """What the files of a part are called: that of answers within a built folder, that of rows."""
    stem = f"{source.replace('/', '-')}-{number:05d}"
    return f"{ANSWERS}/{stem}.parquet", f"{stem}.jsonl"


def write_rows(path: Path, made: Sequence[Made]) -> None:
    """Write rows, a line each."""
    lines = (json.dumps(_line(one), ensure_ascii=False) for one in made)
    text = "".join(f"{line}\n" for line in lines)
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def _line(made: Made) -> dict[str, Any]:
    result = made.result
    if isinstance(result, MadeRow):
        return {**result.record, LINEAGE: _json(result.lineage)}
    said = made.answers[-1].said if made.answers else ""
    assert result is not None
    return {_BAD: result.reason, _RAW: _json({"item": made.item.data, "said": said})}


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def stage_lines(folder: Path, stem: str, lines: Mapping[str, pa.Table]) -> dict[str, Path]:
    """Lay lines of the audit on disk until it is written."""
    files = {name: folder / f"{stem}.{name}.arrow" for name in lines}
    for name, table in lines.items():
        write_arrow(files[name], table)
    return files


def write_answers(path: Path, kept: Mapping[str, Kept]) -> None:
    """Write answers in the order of their keys, as `curate store export` does."""
    lines = [
        shown(key, *map(escaped, (identity.text, request.text, _text(answer))))
        for key, (identity, request, answer) in sorted(kept.items(), key=lambda one: one[0])
    ]
    with staging(path) as temporary:
        write_stream(temporary, SCHEMA, [pa.Table.from_pylist(lines, SCHEMA)])


def _text(answer: Answer) -> str:
    return json.dumps(answer.plain(), ensure_ascii=False)


def read_answers(path: Path) -> dict[str, Answer]:
    """The answers of a file, by key; raises UserError where it is none."""
    try:
        table = pq.read_table(path, columns=["key", "answer"])
    except (OSError, pa.ArrowException, KeyError) as error:
        line = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: cannot be read as a file of answers ({line})") from None
    rows = zip(table["key"].to_pylist(), table["answer"].to_pylist(), strict=True)
    return {key: answer_from(json.loads(text)) for key, text in rows}
