"""Writes and opens the audit database, and checks that its counts add up.

A build makes the file with `create`, fills it with `insert` and `insert_all` (Arrow tables, no loop
over rows), calls `reconcile` and then `finish`, which commits: a database that was never finished
is empty. Readers use `open_readonly`. The tables are those of schema.sql, the views those of
views.sql, and each step adds its own (`audit.face`); none of them reads any other file.

Refused: unknown or missing columns, and counts that do not reconcile: rows read must equal the sum
of all fates, rows written the sum of all copies, and every row that is dropped must have the
decision that dropped it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from curate.errors import CurateError, UserError, unknown

DATABASE = "audit.duckdb"
VERSION = 4
"""Of the tables: 1 had neither decisions.about, sources.rows_validation nor
sources.dropped_columns; 2 had no verdicts on duplicates, no sample of them, and no `samples` of
what was written; 3 had neither sensitivity nor shared_prompts.
"""
# Small on purpose: the audit is written beside the step that scans the text. DuckDB spills to disk
# when it needs more.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 2,
    # An audit never fetches anything: without this DuckDB may try to download an extension for a
    # mistyped function.
    "autoinstall_known_extensions": False,
    # The oldest DuckDB that has to read an audit: by default 2.0 writes what no version before it
    # opens.
    "storage_compatibility_version": "v1.2.0",
}

_CLOSED_OFF: dict[str, bool] = {
    # No file, no extension and no variable of this process: an audit may be a stranger's, and its
    # views too.
    "enable_external_access": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}
"""What holds for whoever reads an audit; the last of them last."""


def create(path: Path, schemas: Iterable[str] = ()) -> duckdb.DuckDBPyConnection:
    """Make a new database at `path` with empty tables, those of `schemas` too; refuse to touch a
    file that exists.
    """
    if path.exists():
        raise CurateError(f"{path}: an audit database is already there; it is never overwritten")
    con = duckdb.connect(path, config=SETTINGS)
    con.execute(_script("schema.sql"))
    con.execute(_script("findings.sql"))
    for schema in schemas:
        con.execute(schema)
    # One thread and one transaction: a block of rows is too small to share out, and without a
    # transaction every insert is written twice, to the log and to the file. Measured on 50,000 rows
    # at a time: 1.1 against 0.6 M rows/s.
    con.execute("SET threads = 1")
    con.execute("BEGIN TRANSACTION")
    return con


def insert(con: duckdb.DuckDBPyConnection, table_name: str, rows: pa.Table) -> None:
    """Append `rows`, columns by name; a column that may be null can be left out."""
    insert_all(con, table_name, [rows])


def insert_all(con: duckdb.DuckDBPyConnection, table_name: str, tables: Iterable[pa.Table]) -> None:
    """Append tables of one schema, one after the other, in a single insert: many small ones cost
    half as much again.
    """
    coming = iter(tables)
    first = next(coming, None)
    if first is None:
        return
    _check_columns(con, table_name, first.column_names)
    # As a stream that forgets what it gave: DuckDB holds on to whatever was registered until the
    # transaction ends.
    batches = (batch for table in chain([first], coming) for batch in table.to_batches())
    con.register("arriving", pa.RecordBatchReader.from_batches(first.schema, batches))
    try:
        con.execute(f"INSERT INTO {table_name} BY NAME SELECT * FROM arriving")
    except duckdb.Error as error:
        # The transaction is lost with it, and so is the build: a half-told audit is worse than
        # none.
        raise CurateError(f"audit table {table_name}: {one_line(error)}") from error
    con.unregister("arriving")


def finish(con: duckdb.DuckDBPyConnection, views: Iterable[str] = ()) -> None:
    """Commit, make the views and bring everything into the one file; call it once. The connection
    stays open.
    """
    con.execute("COMMIT")
    con.execute(_script("views.sql"))
    for script in views:
        con.execute(script)
    con.execute("CHECKPOINT")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Have errors of the database, a full disk among them, end as one line that names its file."""
    try:
        yield
    except duckdb.Error as error:
        raise CurateError(f"{path}: {one_line(error)}") from error


def note(path: Path, key: str, value: Any) -> None:
    """Add one fact to the table `runs` of a finished audit: what is known only when everything else
    is written.
    """
    with told(path), duckdb.connect(path, config=SETTINGS) as con:
        con.execute("INSERT INTO runs VALUES (?, ?)", [key, json.dumps(value)])
        con.execute("CHECKPOINT")


def write_findings(path: Path, findings: pa.Table, summary: Any) -> None:
    """Put what a check found into the table `findings` of a finished audit, and its summary into
    `runs` as `check`.

    Both replace those of an earlier check, in one transaction. Raises UserError where the file
    cannot be written."""
    try:
        with duckdb.connect(path, config=SETTINGS) as con:
            con.execute(_script("findings.sql"))
            con.execute("BEGIN TRANSACTION")
            con.execute("DELETE FROM findings")
            insert(con, "findings", findings)
            con.execute("DELETE FROM runs WHERE key = 'check'")
            con.execute("INSERT INTO runs VALUES ('check', ?)", [json.dumps(summary)])
            con.execute("COMMIT")
            con.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise UserError(
            f"{path}: the findings cannot be written there: {one_line(error)}"
        ) from error


def open_readonly(out: Path | str) -> duckdb.DuckDBPyConnection:
    """Open the audit of the built folder `out`, or the database file itself, for reading alone.

    Nothing but the database can be reached from there, whatever is asked or its views say.
    """
    path = Path(out) if Path(out).is_file() else Path(out) / DATABASE
    if not path.is_file():
        raise UserError(f"{out}: no {DATABASE} there; give the folder of a finished build")
    try:
        return duckdb.connect(path, read_only=True, config=SETTINGS | _CLOSED_OFF)
    except duckdb.ConnectionException:  # this process has it open with other settings
        return _attached(path)
    except duckdb.Error as error:
        raise UserError(f"{path}: cannot be opened as an audit: {one_line(error)}") from error


def _attached(path: Path) -> duckdb.DuckDBPyConnection:
    """Open an audit beside a connection of the same process that has settings of its own."""
    con = duckdb.connect(config=SETTINGS)
    place = str(path).replace("'", "''")
    try:
        con.execute(f"ATTACH '{place}' AS audit (READ_ONLY)")
    except duckdb.Error as error:
        con.close()
        raise UserError(
            f"{path}: this process has it open for writing; close that connection, or open it with "
            "read_only=True"
        ) from error
    con.execute("USE audit")
    _close_off(con)
    return con


def _close_off(con: duckdb.DuckDBPyConnection) -> None:
    for name, value in _CLOSED_OFF.items():
        con.execute(f"SET {name} = {value}")


@contextmanager
def open_both(a: Path, b: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the audits of two built folders for reading alone, as `a` and `b` of one connection."""
    for out in (a, b):
        open_readonly(out).close()  # so that it is known which of them cannot be opened, and why
    with TemporaryDirectory() as spill, duckdb.connect(config=SETTINGS) as con:
        con.execute(f"SET temp_directory = '{spill}'")
        for name, out in (("a", a), ("b", b)):
            path = str(out / DATABASE).replace("'", "''")
            con.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        _close_off(con)
        yield con


def runs(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The facts of the table `runs`, by name."""
    facts = con.execute("SELECT key, value::VARCHAR FROM runs").fetchall()
    return {key: json.loads(value) for key, value in facts if value}


def version(con: duckdb.DuckDBPyConnection) -> int:
    """The version of an audit's tables: 1 where none is recorded."""
    found = con.execute("SELECT value::VARCHAR FROM runs WHERE key = 'schema'").fetchall()
    return int(found[0][0]) if found else 1


def columns_of(con: duckdb.DuckDBPyConnection, name: str) -> frozenset[str]:
    """The columns of a table or view; none where an audit lacks it: its version or its steps have
    none.
    """
    rows = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND NOT internal", [name]
    ).fetchall()
    return frozenset(name for (name,) in rows)


def reconcile(con: duckdb.DuckDBPyConnection, written_rows: int) -> None:
    """Check that rows read, fates, copies and decisions agree; raise CurateError naming every
    figure that does not.
    """
    faults = [message for (message,) in con.execute(_script("reconcile.sql")).fetchall()]
    (copies,) = con.execute(
        "SELECT coalesce(sum(copies), 0)::BIGINT FROM documents"
    ).fetchone() or (0,)
    if copies != written_rows:
        faults.append(
            f"{written_rows} rows were written but the copies of all documents sum to {copies}"
        )
    if faults:
        raise CurateError("the audit does not reconcile: " + "; ".join(faults))


def one_line(error: duckdb.Error) -> str:
    """The message of a DuckDB error without its drawing of the query, on one line."""
    message = str(error).split("\n\nLINE ")[0]
    return " ".join(message.split())


def _script(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _check_columns(con: duckdb.DuckDBPyConnection, table_name: str, given: list[str]) -> None:
    known = dict(
        con.execute(
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = ? AND NOT internal",
            [table_name],
        ).fetchall()
    )
    if not known:
        tables = con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        raise CurateError(unknown("audit table", table_name, [name for (name,) in tables]))
    for name in given:
        if name not in known:
            raise CurateError(unknown(f"column of audit table {table_name}", name, known))
    missing = [name for name, nullable in known.items() if not nullable and name not in given]
    if missing:
        raise CurateError(
            f"audit table {table_name}: no column {', '.join(missing)} in what was inserted"
        )
