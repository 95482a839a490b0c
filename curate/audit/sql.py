"""Asks an audit a question: SQL of one's own or a named query, and the answer as a table, JSON or
CSV.

    render(sql(Path("my-sft"), "contamination"), "table")
    render(sql(Path("my-sft"), "select fate, count(*) from documents group by 1"), "json")

A named query is a file of curate/audit/queries or of a step that the audit has; its first line is
the question it answers. The database is opened for reading alone, and nothing else can be reached
from there: a statement that writes, or reads another file, is refused; `write` puts an answer into
a file. A mistake in the SQL is one line, not a traceback."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from curate.audit.face import faces
from curate.audit.store import VERSION, one_line, open_readonly, version
from curate.audit.words import printable
from curate.errors import UserError, unknown
from curate.shards import staging, write_text

FORMATS = ("table", "json", "csv")
_FILES = ("parquet", "csv", "json")
# What a person reads on a terminal; JSON and CSV always hold everything.
TABLE_ROWS = 200
CELL_WIDTH = 72
_LEAST = 9
"""Columns of text are not made narrower than this."""
_GAP = "  "
_PLAIN = Console()
_LOOK = 0.1
"""Seconds between two looks for a signal while a query runs."""

_NAME = re.compile(r"[A-Za-z0-9_-]+")


def queries(out: Path | str) -> dict[str, str]:
    """The named queries of the audit of a built folder, each with the question it answers."""
    with open_readonly(out) as con:
        named = _named(con)
    return {name: text.splitlines()[0].removeprefix("--").strip() for name, text in named.items()}


def sql(out: Path | str, query: str) -> pa.Table:
    """Answer a named query, or SQL, on the audit of the built folder `out`, as an Arrow table."""
    with open_readonly(out) as con:
        text = _text_of(query.strip(), con)
        try:
            return _interruptibly(con, lambda: _answer(con, text))
        except duckdb.Error as error:
            raise UserError(f"the query failed: {one_line(error)}") from error


def _answer(con: duckdb.DuckDBPyConnection, text: str) -> pa.Table:
    answer = cast("duckdb.DuckDBPyRelation | None", con.sql(text))  # None: it is no question
    return pa.table({}) if answer is None else answer.to_arrow_table()


def _interruptibly(con: duckdb.DuckDBPyConnection, ask: Callable[[], pa.Table]) -> pa.Table:
    """What `ask` gives, asked in a thread: the first thread then hears a signal, and what that raises
    ends the query. It looks up again and again, for the system may give a signal to any thread; and
    a query that has not begun yet does not hear that it is to end.
    """
    with ThreadPoolExecutor(1) as beside:
        waited_for = beside.submit(ask)
        try:
            while not waited_for.done():
                wait([waited_for], _LOOK)
            return waited_for.result()
        except BaseException:
            while not waited_for.done():
                con.interrupt()
                wait([waited_for], _LOOK)
            raise


def write(table: pa.Table, path: Path) -> None:
    """Write an answer to a file, whole or not at all: Parquet, CSV or JSON by the file's name.

    Raises UserError for another name.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _FILES:
        raise UserError(unknown("kind of file", path.suffix, [f".{one}" for one in _FILES]))
    if kind == "parquet":
        with staging(path) as temporary:
            pq.write_table(table, temporary)
    else:
        write_text(path, render(table, kind))


def render(table: pa.Table, fmt: str, width: int | None = None) -> str:
    """Write an answer as an aligned `table`, as `json` (one array of objects) or as `csv`.

    A table wider than a terminal of `width` columns has its texts on several lines; one that is
    too wide even so is written as a block for each row.
    """
    if fmt not in FORMATS:
        raise UserError(unknown("output format", fmt, FORMATS))
    if len(set(table.column_names)) < table.num_columns and fmt == "json":
        raise UserError(
            "two columns of the answer have the same name: rename one with AS, or ask for CSV"
        )
    if fmt == "table":
        return _as_table(table, width)
    return _as_json(table) if fmt == "json" else _as_csv(table)


def _named(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The text of every named query that an audit can answer."""
    folder = files(__package__) / "queries"
    found = {
        entry.name.removesuffix(".sql"): entry.read_text("utf-8") for entry in folder.iterdir()
    }
    for face in faces(con):
        found |= face.queries
    if version(con) < VERSION:  # it may lack tables and views that came later
        found = {name: text for name, text in found.items() if _is_answered(con, text)}
    return dict(sorted(found.items()))


def _is_answered(con: duckdb.DuckDBPyConnection, text: str) -> bool:
    try:
        con.execute(f"EXPLAIN {text}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def _text_of(query: str, con: duckdb.DuckDBPyConnection) -> str:
    if query and not _NAME.fullmatch(query):
        return query
    named = _named(con)
    if not query:
        raise UserError(f"the query is empty; give SQL or one of: {', '.join(named)}")
    if query not in named:
        raise UserError(
            unknown("query", query, named) + "; SQL has more than one word: 'FROM documents'"
        )
    return named[query]


def _plain(value: Any) -> Any:
    """A value as JSON has it: whole decimals (DuckDB's sums) are integers, what is not a number is
    null.
    """
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | None) else str(value)


def _rows(table: pa.Table) -> Iterable[list[Any]]:
    for batch in table.to_batches(max_chunksize=1024):
        columns = [[_plain(value) for value in column.to_pylist()] for column in batch.columns]
        yield from map(list, zip(*columns, strict=True))


def _as_json(table: pa.Table) -> str:
    lines = [
        json.dumps(dict(zip(table.column_names, row, strict=True)), ensure_ascii=False)
        for row in _rows(table)
    ]
    return "[" + ",\n ".join(lines) + "]\n"


def _as_csv(table: pa.Table) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows([_text(value, null="") for value in row] for row in _rows(table))
    return written.getvalue()


def _text(value: Any, null: str = "-") -> str:
    if value is None:
        return null
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _cell(value: Any) -> str:
    # Only the start can be shown, so only the start is cleaned: a cell may hold a megabyte.
    text = printable(
        _text(round(value, 4) if isinstance(value, float) else value)[: CELL_WIDTH + 1]
    )
    return text if cell_len(text) <= CELL_WIDTH else set_cell_size(text, CELL_WIDTH - 1) + "…"


def _as_table(table: pa.Table, terminal: int | None) -> str:
    shown = [[_cell(value) for value in row] for row in _rows(table.slice(0, TABLE_ROWS))]
    names = [_cell(name) for name in table.column_names]
    right = [
        pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t)
        for t in table.schema.types
    ]
    widths = _widths(names, shown, right, terminal)
    if widths is None:
        lines = _as_blocks(names, shown)
    else:
        rows = [names, ["─" * width for width in widths], *shown]
        lines = [line for row in rows for line in _aligned(row, widths, right)]
    return "\n".join([*lines, _count(table.num_rows)]) + "\n"


def _widths(
    names: list[str], shown: list[list[str]], right: list[bool], terminal: int | None
) -> list[int] | None:
    """The width of each column: that of its longest cell, or less where the terminal is narrow. A
    number and a name stay whole; None if that leaves no room.
    """
    columns = list(zip(names, *shown, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    if terminal is None:
        return widths
    least = [
        width if to_right else min(width, max(cell_len(name), _LEAST))
        for name, width, to_right in zip(names, widths, right, strict=True)
    ]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - terminal
    while over > 0:
        place = max(range(len(widths)), key=lambda i: (widths[i] > least[i], widths[i]))
        if widths[place] <= least[place]:
            return None
        widths[place], over = widths[place] - 1, over - 1
    return widths


def _aligned(row: list[str], widths: list[int], right: list[bool]) -> list[str]:
    """The lines of a row: more than one where a cell is wider than its column."""
    cells = []
    for text, width, to_right in zip(row, widths, right, strict=True):
        parts = (
            Text(text).wrap(_PLAIN, width, overflow="fold") if cell_len(text) > width else [text]
        )
        spaces = [" " * (width - cell_len(str(part))) for part in parts]
        cells.append(
            [
                f"{space}{part}" if to_right else f"{part}{space}"
                for part, space in zip(parts, spaces, strict=True)
            ]
        )
    blank = [" " * width for width in widths]
    lines = zip_longest(*cells)
    return [
        _GAP.join(part or empty for part, empty in zip(line, blank, strict=True)).rstrip()
        for line in lines
    ]


def _as_blocks(names: list[str], shown: list[list[str]]) -> list[str]:
    """Each row as a line for each column, and a blank line after it."""
    width = max(map(cell_len, names))
    return [
        line
        for row in shown
        for line in (
            *(
                f"{set_cell_size(name, width)}{_GAP}{cell}"
                for name, cell in zip(names, row, strict=True)
            ),
            "",
        )
    ]


def _count(rows: int) -> str:
    if rows > TABLE_ROWS:
        return f"({rows} rows, the first {TABLE_ROWS} shown; --json and --csv hold all)"
    return f"({rows} {'row' if rows == 1 else 'rows'})"
