"""The step's section of the data set card: how many rows said what another one says."""

from __future__ import annotations

import duckdb

from curate.audit.markdown import table
from curate.audit.store import runs
from curate.steps.dedup.facts import estimate, wrong_removals

_ROWS = 50


def card(con: duckdb.DuckDBPyConnection) -> str:
    """Markdown; `con` is an audit opened for reading."""
    own = runs(con)["parameters"]["dedup"]
    found = con.execute(
        """SELECT source, kept_source, kind, CASE WHEN dropped THEN 'dropped' ELSE 'kept' END, count(*)
        FROM duplicates GROUP BY ALL ORDER BY count(*) DESC, 1, 2, 3, 4"""
    ).fetchall()
    lines = ["## Duplicates\n", f"{_compared(own)} {_treated(own)}\n"]
    if found:
        rows = [[*row[:4], f"{row[4]:,}"] for row in found[:_ROWS]]
        lines.append(
            table(
                ["source", "like a row of", "kind", "what became of them", "rows"], rows, numbers=1
            )
        )
        if len(found) > _ROWS:
            lines.append(
                f"{len(found) - _ROWS} more: `curate sql path/to/this/folder duplicates`.\n"
            )
    else:
        lines.append("None was found.\n")
    told = estimate(wrong_removals(con))
    return "\n".join([*lines, *([f"{told}.\n"] if told else [])])


def _compared(own: dict[str, object]) -> str:
    if own["threshold"] is None:
        return f"Rows were compared by {own['by']}; those with equal texts are duplicates."
    return (
        f"Rows were compared by {own['by']}: duplicates have equal texts, or a Jaccard value of "
        f"{own['threshold']} or more over runs of {own['shingle']} words. Every such pair is found, "
        "and confirmed with the exact value against the row that stays."
    )


def _treated(own: dict[str, object]) -> str:
    stays = "goes too" if own["variants"] == "drop" else "is a variant and stays"
    return f"A row that is like another but has other numbers, another question or another answer {stays}."
