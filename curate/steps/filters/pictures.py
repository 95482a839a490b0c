"""The step's pictures: what other thresholds would leave, and the languages that were found."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from markupsafe import Markup

from curate.audit.html import template
from curate.audit.pictures import WIDTH, Line, Part, bars
from curate.audit.words import middle, percent, short
from curate.steps.filters.curves import curves

LANGUAGES = 12
"""Languages that have a line of their own."""


def pictures(con: duckdb.DuckDBPyConnection) -> Mapping[str, Markup]:
    """The retention curve of every numeric filter, one below the other."""
    sources = [
        name for (name,) in con.execute("SELECT name FROM sources ORDER BY rowid").fetchall()
    ]
    drawn = [(middle(name, 40), curve) for name, curve in curves(con, sources).items()]
    if not drawn:
        return {}
    made = template("curate.steps.filters", "retention.svg.j2").render(curves=drawn)
    return {"retention": Markup(made.strip())}


def languages(con: duckdb.DuckDBPyConnection) -> Markup | str:
    """The languages of all rows, where a filter found them; empty where none did."""
    rows = con.execute(
        """SELECT h.text, sum(h.rows)::BIGINT AS n FROM filter_histogram AS h
        WHERE h.source IS NULL AND h.filter = (
            SELECT filter FROM filters WHERE name = 'language' ORDER BY position LIMIT 1)
        GROUP BY h.text ORDER BY n DESC, h.text"""
    ).fetchall()
    if not rows:
        return ""
    (missing,) = con.execute(
        """SELECT coalesce(sum(without_value), 0)::BIGINT FROM filter_counts WHERE filter = (
            SELECT filter FROM filters WHERE name = 'language' ORDER BY position LIMIT 1)"""
    ).fetchone() or (0,)
    every = rows[:LANGUAGES] + [("–", missing)] * bool(missing)
    rest = sum(n for _, n in rows[LANGUAGES:])
    every += [(f"{len(rows) - LANGUAGES} more", rest)] * bool(rest)
    n_all = sum(n for _, n in every)
    lines = [
        Line(
            short(name, 24),
            f"{n:,} ({percent(n / n_all)})",
            [[Part("stays", 0, WIDTH * n / n_all)]],
        )
        for name, n in every
    ]
    return bars("Rows in each language", lines)
