"""Asks an audit a question: SQL of one's own or a named query, and the answer as a table, JSON or
CSV.

    render(sql(Path("my-sft"), "contamination"), "table")
    render(sql(Path("my-sft"), "select fate, count(*) from documents group by 1"), "json")

A named query is a file of curate/audit/queries or of a step that the audit has; its first line is
the question it answers. The database is opened for reading alone, so a statement that writes to it
is refused. A mistake in the SQL is one line, not a traceback."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa
from rich.cells import cell_len, set_cell_size

from curate.audit.face import faces
from curate.audit.store import VERSION, one_line, open_readonly, version
from curate.audit.words import printable
from curate.errors import UserError, unknown

FORMATS = ("table", "json", "csv")
# What a person reads on a terminal; JSON and CSV always hold everything.
TABLE_ROWS = 200
CELL_WIDTH = 72

_NAME = re.compile(r"[A-Za-z0-9_-]+")


def queries(out: Path | str) -> dict[str, str]:
    """The named queries of the audit of a built folder, each with the question it answers."""
    with open_readonly(out) as con:
        named = _named(con)
    return {name: text.splitlines()[0].removeprefix("--").strip() for name, text in named.items()}


def sql(out: Path | str, query: str) -> pa.Table:
    """Answer a named query or SQL on the audit of the built folder `out`."""
    with open_readonly(out) as con:
        text = _text_of(query.strip(), con)
        try:
            answer = cast(
                "duckdb.DuckDBPyRelation | None", con.sql(text)
            )  # None for a statement without an answer
            return pa.table({}) if answer is None else answer.to_arrow_table()
        except duckdb.Error as error:
            raise UserError(f"the query failed: {one_line(error)}") from error


def render(table: pa.Table, fmt: str) -> str:
    """Write an answer as an aligned `table`, as `json` (one array of objects) or as `csv`."""
    if fmt not in FORMATS:
        raise UserError(unknown("output format", fmt, FORMATS))
    if len(set(table.column_names)) < table.num_columns and fmt == "json":
        raise UserError(
            "two columns of the answer have the same name: rename one with AS, or ask for CSV"
        )
    return {"table": _as_table, "json": _as_json, "csv": _as_csv}[fmt](table)


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


def _as_table(table: pa.Table) -> str:
    shown = [[_cell(value) for value in row] for row in _rows(table.slice(0, TABLE_ROWS))]
    names = [_cell(name) for name in table.column_names]
    widths = [
        max([cell_len(name), *(cell_len(row[i]) for row in shown)]) for i, name in enumerate(names)
    ]
    right = [
        pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t)
        for t in table.schema.types
    ]
    lines = [
        _aligned(row, widths, right) for row in [names, ["─" * width for width in widths], *shown]
    ]
    return "\n".join([*lines, _count(table.num_rows)]) + "\n"


def _aligned(row: list[str], widths: list[int], right: list[bool]) -> str:
    cells = []
    for text, width, to_right in zip(row, widths, right, strict=True):
        space = " " * (width - cell_len(text))
        cells.append(space + text if to_right else text + space)
    return "  ".join(cells).rstrip()


def _count(rows: int) -> str:
    if rows > TABLE_ROWS:
        return f"({rows} rows, the first {TABLE_ROWS} shown; --json and --csv hold all)"
    return f"({rows} {'row' if rows == 1 else 'rows'})"
