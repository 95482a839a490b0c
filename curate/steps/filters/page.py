"""The step's part of the report: what each filter took, how many rows other thresholds would leave,
and rows to look at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section
from curate.audit.html import template
from curate.audit.words import counted, short
from curate.steps.filters.card import rule_in_words
from curate.steps.filters.curves import Curve, curves
from curate.steps.filters.pictures import languages

FILTERS = 60
"""Filters that are listed."""
_TEXT_WIDTH = 400


@dataclass(frozen=True)
class Line:
    """One filter in the funnel."""

    name: str
    rule: str
    before: int
    removed: int
    refused: int
    missing: int
    examples: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]  # id, reason, (role, text)
    curve: Curve | None


def page(con: duckdb.DuckDBPyConnection, page: Page) -> Section | None:
    """Everything of the page that is about filters."""
    lines, n_filters, n_shown = _lines(con, page)
    (removed,) = con.execute(
        "SELECT coalesce(sum(removed), 0)::BIGINT FROM filter_counts"
    ).fetchone() or (0,)
    html = template("curate.steps.filters", "page.html.j2").render(
        lines=lines,
        more=n_filters - len(lines),
        rows=lines[0].before if lines else 0,
        n_shown=n_shown,
        languages=languages(con),
    )
    return Section(
        html=Markup(html),
        links=[("filters", "Filters"), ("retention", "Thresholds")],
        sentence=f"filters removed {counted(removed, 'row')}",
        ask=[
            ("curate sql . retention", "rows that other thresholds of each filter would keep"),
            ("curate sql . filtered-rows --csv", "all values of every row that a filter removed"),
        ],
    )


def _lines(con: duckdb.DuckDBPyConnection, page: Page) -> tuple[list[Line], int, int]:
    found = con.execute(
        """SELECT f.filter, f.settings, f.unit, sum(c.removed)::BIGINT, sum(c.refused)::BIGINT,
            sum(c.without_value)::BIGINT
        FROM filters AS f JOIN filter_counts AS c USING (filter)
        GROUP BY f.position, f.filter, f.settings, f.unit ORDER BY f.position"""
    ).fetchall()
    (before,) = con.execute(
        "SELECT coalesce(sum(rows_in), 0)::BIGINT FROM funnel WHERE step = 'filters'"
    ).fetchone() or (0,)
    drawn = curves(con, page.sources)
    shown = _examples(con, page.room // 3)
    lines = []
    for name, settings, unit, removed, refused, missing in found[:FILTERS]:
        rule = short(rule_in_words(json.loads(settings), unit), 120)
        own = shown.get(name, [])
        lines.append(
            Line(short(name), rule, before, removed, refused, missing, own, drawn.get(name))
        )
        before -= removed
    return lines, len(found), sum(map(len, shown.values()))


def _examples(
    con: duckdb.DuckDBPyConnection, room: int
) -> dict[str, list[tuple[str, str, list[tuple[str, str]]]]]:
    """Rows that each filter took, as many as there is room for."""
    rows = con.execute(
        """SELECT filter, doc_id, any_value(reason), list((role, text) ORDER BY turn)
        FROM filter_examples GROUP BY filter, doc_id ORDER BY filter, doc_id"""
    ).fetchall()
    found: dict[str, list[tuple[str, str, list[tuple[str, str]]]]] = {}
    for name, doc_id, reason, turns in rows:
        texts = [(role, short(text, _TEXT_WIDTH + 2)) for role, text in turns]
        # Escaped text takes up to six times its room.
        room -= sum(3 * len(text.encode()) for _, text in texts) + 300
        if room < 0:
            break
        told: Any = (short(doc_id), short(reason, 240), texts)
        found.setdefault(name, []).append(told)
    return found
