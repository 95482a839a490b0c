"""What was written, by source: rows and their text, and how long they are. Read from the audit alone.

Text is counted in tokens where the audit has them for the rows, else in bytes; audits of earlier
versions know neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import duckdb

from curate.audit.store import columns_of
from curate.licences import commercial

UNITS = {"tokens": "tokens", "text_bytes": "bytes"}
"""Columns of `documents` that say how long a row is, the better one first, and their units."""
_HALF = 2
"""Columns of a histogram for every doubling of the length."""


@dataclass(frozen=True)
class Share:
    """What one source gives."""

    name: str
    licence: str | None
    rows: int
    size: int

    @property
    def commercial(self) -> bool | None:
        """Whether its licence allows commercial use; None where that is not known."""
        return commercial(self.licence)


@dataclass(frozen=True)
class Bin:
    """Rows from one length up to another."""

    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Written:
    """Everything of this module; `unit` is empty where no length is known."""

    sources: Sequence[Share]
    unit: str
    lengths: Sequence[Bin]
    quantiles: Sequence[tuple[str, float]]

    def share(self, n: int, of_size: int) -> float:
        """A number of rows, or of what `unit` counts, as a share of all."""
        return n / (sum(one.size if of_size else one.rows for one in self.sources) or 1)

    def place(self, length: float) -> float:
        """Where a length is on the scale of the histogram, 0 to 1."""
        low, high = self.lengths[0].low, self.lengths[-1].high
        return log2(max(length, low) / low) / log2(high / low)


def sized(n: int, unit: str) -> str:
    """So much text as people read it: 2.0 MB of text, 310,000 tokens."""
    return f"{n:,} {unit}" if unit != "bytes" else f"{n / 1e6:,.1f} MB of text"


def measure(con: duckdb.DuckDBPyConnection) -> str | None:
    """The column of `documents` that says how long rows are."""
    known = columns_of(con, "documents")
    for column in UNITS:
        if column in known:
            (found,) = con.execute(
                f"SELECT count({column}) FROM documents WHERE fate = 'kept'"
            ).fetchone() or (0,)
            if found:
                return column
    return None


def written(con: duckdb.DuckDBPyConnection) -> Written:
    """Count everything; `con` is an audit opened for reading."""
    column = measure(con)
    size = f"coalesce(sum({column} * copies), 0)::BIGINT" if column else "0"
    rows = con.execute(
        f"""SELECT s.name, s.licence, coalesce(sum(d.copies), 0)::BIGINT, {size}
        FROM sources AS s LEFT JOIN documents AS d ON d.source = s.name
        GROUP BY s.rowid, s.name, s.licence ORDER BY s.rowid"""
    ).fetchall()
    sources = [Share(*row) for row in rows]
    if column is None:
        return Written(sources, "", [], [])
    return Written(sources, UNITS[column], _lengths(con, column), _quantiles(con, column))


def _lengths(con: duckdb.DuckDBPyConnection, column: str) -> list[Bin]:
    rows = con.execute(
        f"""SELECT floor({_HALF} * log2(greatest({column}, 1)))::INTEGER AS bin, count(*)
        FROM documents WHERE copies > 0 AND {column} IS NOT NULL GROUP BY bin ORDER BY bin"""
    ).fetchall()
    found = dict(rows)
    if not found:
        return []
    return [
        Bin(2 ** (place / _HALF), 2 ** ((place + 1) / _HALF), found.get(place, 0))
        for place in range(min(found), max(found) + 1)
    ]


def _quantiles(con: duckdb.DuckDBPyConnection, column: str) -> list[tuple[str, float]]:
    values = con.execute(
        f"""SELECT quantile_disc({column}, [0.5, 0.9, 0.99]) FROM documents
        WHERE copies > 0 AND {column} IS NOT NULL"""
    ).fetchone()
    half, most, nearly = (values[0] if values else None) or (None, None, None)
    if half is None:
        return []
    return [("half up to", half), ("90 % up to", most), ("99 % up to", nearly)]
