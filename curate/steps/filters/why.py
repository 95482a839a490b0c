"""What `curate why` tells of filters: the values of a row that left at one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from curate.audit.words import counted, printable, short
from curate.steps.filters.curves import number


def why(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterable[tuple[str, Iterator[str]]]:
    """The step's section on one row; `con` is an audit opened for reading."""
    return [("Filters", _lines(con, doc_id))]


def _lines(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterator[str]:
    rows = con.execute(
        """SELECT f.filter, f.numeric, f.unit, v.value, v.text, v.refused, f.at_least, f.at_most
        FROM filter_values AS v JOIN filters AS f USING (filter)
        WHERE v.doc_id = ? ORDER BY f.position""",
        [doc_id],
    ).fetchall()
    if not rows:
        (n,) = con.execute("SELECT count(*) FROM filters").fetchone() or (0,)
        yield (
            f"removed by none of {counted(n, 'filter')} (values are kept only for rows that a filter removes)"
        )
        return
    width = max(len(printable(row[0])) for row in rows)
    for name, numeric, unit, value, text, refused, low, high in rows:
        shown = "no value"
        if (value if numeric else text) is not None:
            shown = number(unit, value) if numeric else repr(text)
        found = f", {printable(short(text, 160))}" if numeric and text else ""
        bounds = [f"at least {number(unit, low)}"] if low is not None else []
        bounds += [f"at most {number(unit, high)}"] if high is not None else []
        rule = f" ({' and '.join(bounds)})" if bounds else ""
        word = "refuses it:" if refused else "lets it pass:"
        yield f"{printable(name):{width}}  {word:13} {printable(shown)}{rule}{found}"
