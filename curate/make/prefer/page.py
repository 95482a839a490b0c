"""The part of the report about preferences: who answered, and how far the judges can be believed."""

from __future__ import annotations

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section
from curate.audit.html import template
from curate.make.prefer.report import SHARES, agreement, alphas, answerers, judges

LISTED = 60
"""Judges, entries and pairs of judges that are listed at most."""


def page(con: duckdb.DuckDBPyConnection, page: Page) -> Section | None:
    """Everything of the page that is about preferences."""
    found, who = judges(con), answerers(con)
    html = template("curate.make.prefer", "page.html.j2").render(
        judges=found[:LISTED],
        shares=SHARES,
        doubts=[one.doubt for one in found if one.doubt],
        answerers=who[:LISTED],
        agreement=agreement(con)[:LISTED],
        alphas=alphas(con),
    )
    doubtful = [one.name for one in found if one.doubt]
    lead = f"Not to be believed without a look: {', '.join(doubtful)}." if doubtful else ""
    return Section(
        html=Markup(html),
        links=[("judges", "Judges"), ("answerers", "Answers")],
        lead=lead,
        ask=[
            ("curate sql . judges", "agreement and bias of every judge, with intervals"),
            ("curate sql . win-rates", "who of the pool wins how often"),
            ("curate sql . missing-ratings", "which ratings are missing, and why"),
        ],
    )
