"""What the step shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section


def show(figures: Mapping[str, Any], out: Path) -> Iterable[str]:
    yield f"phrase: {figures['rows']} rows went"


def why(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterable[tuple[str, Iterable[str]]]:
    found = con.execute("SELECT times, topic FROM phrases WHERE doc_id = ?", [doc_id]).fetchall()
    yield "Phrase", [f"{times} times, on {topic}" for times, topic in found] or ["not in it"]


def card(con: duckdb.DuckDBPyConnection) -> str:
    (n,) = con.execute("SELECT count(*) FROM phrases").fetchone() or (0,)
    return f"## Phrase\n\n{n} rows held it.\n"


def page(con: duckdb.DuckDBPyConnection, page: Page) -> Section:
    topics = con.execute("FROM phrase_topics ORDER BY ALL").fetchall()
    lines = Markup("").join(Markup("<li>{}: {}</li>").format(*topic) for topic in topics)
    html = Markup('<section id="phrase"><h2>Phrase</h2><ul>{}</ul></section>').format(lines)
    return Section(
        html, links=[("phrase", "Phrase")], sentence=f"the phrase is on {len(topics)} topics"
    )
