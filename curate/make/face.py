"""What an audit shows of sources that a model wrote, on screen, page and card, and in `curate why`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from curate.audit.face import Page, Section
from curate.audit.html import template
from curate.audit.words import counted

_ACCEPTANCE = "SELECT * FROM acceptance ORDER BY source"
_SAMPLES = """
SELECT r.doc_id, r.lineage, list({'role': t.role, 'text': left(t.text, 600)} ORDER BY t.turn) AS turns
FROM make_rows AS r JOIN samples AS t ON t.doc_id = r.doc_id WHERE r.source = ?
GROUP BY ALL ORDER BY r.doc_id LIMIT 3
"""
_OF_ROW = "SELECT lineage FROM make_rows WHERE doc_id = ?"


def facts(con: duckdb.DuckDBPyConnection) -> Mapping[str, Any]:
    """What became of the rows of each made source, and what they cost."""
    found = con.execute(_ACCEPTANCE)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {"sources": {row.pop("source"): row for row in rows}}


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """A line a source: tried, came to nothing, removed by what, accepted, cost."""
    if not figures["sources"]:  # makers that ask no model
        return
    causes = _causes(figures["sources"])
    table = Table(title="written by models", title_justify="left")
    table.add_column("source", overflow="fold")
    for column in ("tried", "no answer", *causes, "accepted", "%", "requests", "personas", "a row"):
        table.add_column(column, justify="right", overflow="fold")
    for name, one in figures["sources"].items():
        table.add_row(escape(name), *_cells(one, causes))
    yield table


def _causes(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What removed rows of any source."""
    return sorted({cause for one in sources.values() for cause in one["removed"]})


def _cells(one: Mapping[str, Any], causes: Iterable[str]) -> list[str]:
    removed = [f"{one['removed'].get(cause, 0):,}" for cause in causes]
    share, cost = f"{100 * one['share']:.0f}", _dollars(one["cost_per_row"])
    personas = f"{one['personas']:,} of {one['pool']:,}" if one["pool"] else "–"
    counts = [f"{one[name]:,}" for name in ("tried", "nothing")]
    return [
        *counts,
        *removed,
        f"{one['accepted']:,}",
        share,
        f"{one['requests']:,}",
        personas,
        cost,
    ]


def _dollars(cost: float | None) -> str:
    return "–" if cost is None else f"${cost:.2f}" if cost >= 1 or not cost else f"${cost:.4f}"


def page(con: duckdb.DuckDBPyConnection, page: Page) -> Section | None:
    """The section on what models wrote: acceptance, cost, personas, and rows to look at."""
    sources = facts(con)["sources"]
    if not sources:
        return None
    causes = _causes(sources)
    lines = [(name, _cells(one, causes), _samples(con, name)) for name, one in sources.items()]
    html = template("curate.make", "page.html.j2").render(causes=causes, lines=lines)
    accepted, tried = (sum(one[what] for one in sources.values()) for what in ("accepted", "tried"))
    return Section(
        html=Markup(html),
        links=[("made", "Written by models")],
        lead=f"Models wrote {counted(tried, 'row')}, of which {accepted:,} were accepted.",
        ask=[
            (
                "curate sql . acceptance",
                "what became of the rows that models wrote, and their cost",
            ),
            ("curate sql . personas", "the personas behind accepted rows and the others"),
        ],
    )


def _samples(con: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, str, list[Any]]]:
    found = con.execute(_SAMPLES, [source]).fetchall()
    return [(doc_id, _in_words(lineage), turns) for doc_id, lineage, turns in found]


def _in_words(lineage: str) -> str:
    plain = json.loads(lineage)
    return ", ".join(f"{name} {_short(value)}" for name, value in plain.items())


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("model") or json.dumps(value, ensure_ascii=False))
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}…"


def card(con: duckdb.DuckDBPyConnection) -> str:
    """The paragraph of the data set card."""
    sources, lines = facts(con)["sources"], ["## Written by models", ""]
    for name, one in sources.items():
        models = con.execute(
            "SELECT DISTINCT model FROM make_answers WHERE source = ? ORDER BY 1", [name]
        ).fetchall()
        by = ", ".join(f"`{model}`" for (model,) in models)
        domain = f" in the domain `{one['domain']}`" if one["domain"] else ""
        tried = counted(one["tried"], "row")
        lines.append(
            f"- `{name}`: {tried} written by {by}{domain}; {one['accepted']:,} were accepted."
        )
    return "\n".join(lines) if sources else ""


def why(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterable[tuple[str, Iterable[str]]]:
    """What a row was made of and by."""
    found = con.execute(_OF_ROW, [doc_id]).fetchone()
    if found:
        plain = json.loads(found[0])
        yield "made of", [f"{name}: {json.dumps(value)}" for name, value in plain.items()]
