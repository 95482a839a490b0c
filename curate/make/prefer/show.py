"""What screen, `--json` and card tell of preferences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from curate.audit.markdown import table as markdown
from curate.make.prefer.report import SHARES, answerers, judges


def facts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Judges with their figures and doubts, and who answered, as plain data."""
    return {
        "judges": [
            {"source": one.source, "judge": one.name, "said": one.said, "missing": one.missing}
            | {"doubt": one.doubt}
            | {"figures": {name: vars(figure) for name, figure in one.figures.items()}}
            | {"gold": {name: vars(figure) for name, figure in one.gold.items()}}
            for one in judges(con)
        ],
        "answers": [
            {name: value for name, value in one.items() if name != "wins"} for one in answerers(con)
        ],
    }


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """A line a judge, and what speaks against it."""
    table = Table("judge", title="judges", title_justify="left")
    for column in ("said", "missing", *(title for _, title in SHARES)):
        table.add_column(column, justify="right")
    for one in figures["judges"]:
        shares = [one["figures"].get(name) for name, _ in SHARES]
        told = ["–" if share is None else f"{100 * share['value']:.1f} %" for share in shares]
        table.add_row(escape(one["judge"]), f"{one['said']:,}", f"{one['missing']:,}", *told)
    yield table
    for one in figures["judges"]:
        if one["doubt"]:
            yield escape(f"warning: {one['doubt']}")


def card(con: duckdb.DuckDBPyConnection) -> str:
    """The section of the data set card."""
    rows = [
        [one.name, one.model or "", one.asked, f"{one.said:,}", f"{one.missing:,}"]
        for one in judges(con)
    ]
    told = "Who judged, how each was asked, what it said and what of that is missing."
    doubts = "".join(f"\n\n{one.doubt}" for one in judges(con) if one.doubt)
    head = ["judge", "model", "asked", "said", "missing"]
    return f"## Judges\n\n{told}\n\n{markdown(head, rows, numbers=2)}{doubts}"
