"""The step's section of the data set card: the filters, their rules, and what each one removed."""

from __future__ import annotations

import json

import duckdb

from curate.audit.markdown import table
from curate.steps.filters.curves import number


def card(con: duckdb.DuckDBPyConnection) -> str:
    """Markdown; `con` is an audit opened for reading."""
    rows = con.execute(
        """SELECT f.filter, f.settings, f.unit, sum(c.removed)::BIGINT, sum(c.refused)::BIGINT
        FROM filters AS f JOIN filter_counts AS c USING (filter)
        GROUP BY f.position, f.filter, f.settings, f.unit ORDER BY f.position"""
    ).fetchall()
    lines = [
        [name, rule_in_words(json.loads(settings), unit), f"{removed:,}", f"{refused:,}"]
        for name, settings, unit, removed, refused in rows
    ]
    told = (
        "Rows stay where all of these hold. A row that several filters refuse counts as removed at "
        "the first; the last column counts it at each."
    )
    head = ["filter", "stays if the value is", "removed", "refused"]
    return f"## Filters\n\n{told}\n\n{table(head, lines, numbers=2)}"


def rule_in_words(settings: dict[str, object], unit: str) -> str:
    """The rule of a filter as people read it."""
    names = {"at_least": "at least", "at_most": "at most", "not_in": "not one of", "in": "one of"}
    said = []
    for key in ("at_least", "at_most", "is", "in", "not_in"):
        value = settings.get(key)
        if isinstance(value, list):
            shown = ", ".join(map(str, value[:8]))
            value = f"{shown} and {len(value) - 8} more" if len(value) > 8 else shown
        if value is not None:
            shown = number(unit, value) if isinstance(value, float) else str(value)
            said.append(f"{names.get(key, '')} {shown}".strip())
    return " and ".join(said)
