"""The step's part of the report: what the sources hold of each benchmark, and the matches side by
side.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section
from curate.audit.html import template
from curate.audit.words import counted, island, percent, short
from curate.steps.decontaminate.page_figures import Overlaps, overlaps
from curate.steps.decontaminate.page_matches import samples
from curate.steps.decontaminate.page_more import More, kinds, more
from curate.steps.decontaminate.page_pairs import lay, thresholds
from curate.steps.decontaminate.page_side_by_side import side_by_side
from curate.steps.decontaminate.page_thresholds import curves

# Benchmarks named beside a source; the heat map has them all.
CHIPS = 4

_PACKAGE = "curate.steps.decontaminate"


def page(con: duckdb.DuckDBPyConnection, page: Page) -> Section | None:
    """Draw the sections from an audit that is open for reading; None where no benchmark was
    searched for.
    """
    lay(con, page.about)
    found = overlaps(con, page.sources)
    if not found.n_benchmarks:
        return Section(sentence="no benchmark was searched for")
    rest = more(con)
    side, drawn = side_by_side(con), list(curves(con, thresholds(page.about)))
    html = Markup(template(_PACKAGE, "report.html.j2").render(found=found, more=rest))
    if side:
        html = Markup(template(_PACKAGE, "side_by_side.html.j2").render(side=side)) + html
    if drawn:
        floor = any(not complete for curve in drawn for *_, complete in curve.table)
        html += Markup(template(_PACKAGE, "thresholds.html.j2").render(curves=drawn, floor=floor))
    script = "".join(
        (files(_PACKAGE) / name).read_text("utf-8") for name in ("heat.js", "matches.js")
    )
    matchers, listed = kinds(con, found.sources, found.places)
    head = {
        "benchmarks": found.benchmarks,
        "cells": found.cells,
        "nCells": found.n_cells,
        "outcomes": found.outcomes,
        "matchers": [short(name, 24) for name in matchers],
        "thresholds": [thresholds(page.about).get(name) for name in matchers],
        "kinds": listed,
    }
    room = page.room - sum(len(text.encode()) for text in (html, script, island(head)))
    shown = samples(con, found.sources, found.places, matchers, room)
    return Section(
        html=html,
        links=_links(rest, side, drawn),
        verdict=_verdict(found, audited=side is not None),
        lead=_lead(found, rest),
        flags=_flags(found, page),
        facts=_facts(found, page.about),
        left_out=Markup(template(_PACKAGE, "never.html.j2").render(found=found)),
        ask=_ASK,
        data=head | {"matches": shown.matches, "pool": shown.pool},
        script=script,
    )


_ASK = (
    ("curate sql . contamination", "every overlap of a source with a benchmark"),
    (
        'curate sql . "SELECT * FROM worst_matches WHERE rank <= 100" --json',
        "the worst matches with the text they share",
    ),
    ("curate sql . clean-items --csv", "the items that no source hits"),
    ("curate review .", "judge the matches in a terminal, one key each"),
)


def _links(more: Any, side: Any, drawn: Any) -> list[tuple[str, str]]:
    links = [
        ("side", "Side by side", side),
        ("heat", "Overlap", True),
        ("without", "If one goes", more.going),
        ("matches", "Matches", True),
        ("judged", "Judged", more.judged),
        ("found", "Self-test", more.selftest),
        ("thresholds", "Thresholds", drawn),
    ]
    return [(anchor, title) for anchor, title, there in links if there]


def _verdict(found: Overlaps, *, audited: bool) -> str:
    """Is what was written clean, or are the data sets that were audited?"""
    benchmarks = f"{found.n_benchmarks:,} benchmarks" if found.n_benchmarks > 1 else "the benchmark"
    if audited:
        rows = counted(found.written, "row") if found.written else "no row"
        hold = "holds" if found.written < 2 else "hold"
        return f"{rows} {hold} an item of {benchmarks}, as far as these settings find any"
    if found.written:
        rows = f"{counted(found.written, 'row')} that {'was' if found.written == 1 else 'were'} written"
        return f"{rows} still {'holds' if found.written == 1 else 'hold'} an item of {benchmarks}"
    return (
        f"no row that was written holds an item of {benchmarks}, as far as these settings find any"
    )


def _lead(found: Overlaps, rest: More) -> str:
    """How sure that is, and what the sources held before anything was removed."""
    pairs = f"{found.flagged:,} of {counted(found.pairs, 'pair')} of source and benchmark"
    said = [
        f"Before anything was removed {pairs} {'was' if found.flagged == 1 else 'were'} flagged."
    ]
    if found.allowed:
        said.append(f"{counted(found.allowed, 'written row')} may stay by a verdict.")
    if found.quarantined:
        rows = counted(found.quarantined, "row")
        said.append(
            f"{rows} in quarantine {'holds' if found.quarantined == 1 else 'hold'} an item."
        )
    if rest.selftest:
        shares = [(shares[0], name) for name, shares in rest.selftest.mutations if shares[0]]
        worst, name = min(shares, key=lambda one: one[0].recall)
        share = f"{percent(worst.recall)} ({percent(worst.low)} to {percent(worst.high)})"
        said.append(f"Of planted copies the hardest kind, {name}, is found in {share}.")
    else:
        said.append(
            "How many changed copies these settings miss was not measured: build with --self-test."
        )
    never = sum(benchmark["never"] for benchmark in found.benchmarks)
    if never:
        said.append(f"{counted(never, 'item')} can never be hit.")
    return " ".join(said)


def _flags(found: Overlaps, page: Page) -> tuple[str, dict[str, Markup], Markup]:
    """The column of the benchmarks that each source is flagged on."""
    cell = template(_PACKAGE, "flags.html.j2")
    cells = {
        name: Markup(cell.render(place=place, flagged=found.flags.get(name, []), chips=CHIPS))
        for place, name in enumerate(page.sources)
    }
    together = Markup(
        '<td class="flags" data-label="flagged pairs"><span class="soft">{} of {:,}</span></td>'
    )
    return "flagged on", cells, together.format(counted(found.flagged, "pair"), found.pairs)


def _facts(found: Overlaps, about: Mapping[str, Any]) -> list[tuple[str, str]]:
    parameters = about.get("parameters") or {}
    own = parameters.get(
        "decontaminate", parameters
    )  # version 1 of the audit had them beside the others
    matchers = own.get("matchers") or {}
    return [
        ("suite", ", ".join(found.suites)),
        ("profile", _profile(own.get("profile"), matchers.get("ngram") or own)),
        ("matchers", ", ".join(matchers)),
        ("policy", own.get("policy") or ""),
    ]


def _profile(name: str | None, rule: Mapping[str, Any]) -> str:
    n, threshold = rule.get("n"), rule.get("threshold")
    if not name or not n or not isinstance(threshold, int | float):
        return name or ""
    return f"{name} (n = {n}, hit over {100 * threshold:g} %)"
