"""Writes report.html: one page on a build, made from its audit alone, that opens in any browser without a network.

    write_report(Path("my-sft"))

Style, script and data stand in the file itself, and its content security policy allows nothing else to load or run.
The figures are complete; the matches are the worst of every source and benchmark, as many as fit into `LIMIT` bytes,
and the page says how many it leaves out and how to ask for them. The same audit gives the same bytes: no time of
writing, no path. Text from the data is escaped by the template or set as text by the script, and never read as HTML.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from curate.audit.figures import Figures, figures
from curate.audit.findings import Findings, findings, kinds
from curate.audit.reasons import short
from curate.audit.samples import Match, island, samples
from curate.audit.store import open_readonly, runs
from curate.shards import write_text

REPORT = "report.html"
# Bytes of the file, and of the matches in it.
LIMIT = 2_900_000
MATCHES_LIMIT = 2_200_000
# Kept free for the facts of the run, which are not known when the matches are chosen.
FACTS_LIMIT = 16_000
# Benchmarks named beside a source; the heat map has them all.
CHIPS = 4

# Where the data goes. No text from the data can hold it: the template escapes quotes.
_ISLAND = 'id="data"></script>'


@dataclass(frozen=True)
class Drawn:
    """What a page shows, but for what is known of the run: that may come later, and the rest takes a second a GB."""

    found: Figures
    more: Findings
    data: str  # JSON for the script


def write_report(out: Path, drawn: Drawn | None = None) -> Path:
    """Write the report of the built folder `out` into it, and give its path; UserError if `out` has no audit.

    `drawn` is what `draw` gave for the same audit.
    """
    with open_readonly(out) as con:
        page = render(drawn or draw(con), runs(con))
    path = (out if out.is_dir() else out.parent) / REPORT
    write_text(path, page)
    return path


def draw(con: duckdb.DuckDBPyConnection) -> Drawn:
    """Count and choose all that a page shows of an audit that is open for reading."""
    found, more = figures(con), findings(con)
    matchers, listed = kinds(con, *found.places)
    head = _data(found) | {"matchers": [short(name, 24) for name in matchers], "kinds": listed}
    room = LIMIT - FACTS_LIMIT - len(_frame(found, more, {}).encode()) - len(island(head).encode())
    shown = samples(con, *found.places, matchers, min(room, MATCHES_LIMIT))
    return Drawn(found, more, island(head | {"matches": shown.matches, "pool": shown.pool}))


def render(drawn: Drawn, about: Mapping[str, Any]) -> str:
    """The whole page; `about` are the facts of the run by name."""
    before, after = _frame(drawn.found, drawn.more, about).split(_ISLAND)
    return f'{before}id="data">{drawn.data}</script>{after}'


def percent(rate: float) -> str:
    """A share as people read it: 59 %, 7.6 %, 0.15 %."""
    value = 100 * rate
    if 0 < value < 0.005:
        return "under 0.01 %"
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %" if value >= 0.995 else f"{value:.2f} %"


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun: 1 row, 2,000 rows."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def verdict(found: Figures) -> str:
    """The build in one sentence."""
    total = found.totals
    if not found.n_benchmarks:
        return f"{counted(total.written, 'row')} written of {total.read:,} read; no benchmark was searched for."
    gone = f"{total.removed:,} of {counted(total.read, 'row')} {'was' if total.removed == 1 else 'were'} removed"
    if not found.hits:
        return f"{gone}; no item of {'any' if found.n_benchmarks > 1 else 'the'} benchmark was hit."
    if not found.counted:
        return f"{gone}; no hit counts as contamination."
    pairs = f"{found.flagged:,} of {counted(found.pairs, 'pair')} of source and benchmark"
    return f"{gone}; {pairs} {'is' if found.flagged == 1 else 'are'} flagged."


def _frame(found: Figures, more: Findings, about: Mapping[str, Any]) -> str:
    """The page without its data."""
    style, script = _file("report.css"), _file("report.js") + _file("matches.js")
    return _template().render(
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        verdict=verdict(found),
        facts=_facts(found, about),
        found=found,
        more=more,
        total=found.totals,
        title=_title(about),
        chips=CHIPS,
        limit=_fact(about, "parameters").get("limit"),
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {"percent": percent, "counted": counted, "n": lambda n: f"{n:,}"}
    return environment.from_string(_file("report.html.j2"))


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """The source expression of a policy that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _fact(about: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = about.get(key)
    return value if isinstance(value, dict) else {}


def _title(about: Mapping[str, Any]) -> str:
    name = _fact(about, "recipe").get("name")
    return short(str(name)) if name else "a build"


def _facts(found: Figures, about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of the run: name and value; what no one recorded is left out."""
    parameters, finished = _fact(about, "parameters"), _fact(about, "finished")
    versions = _fact(about, "versions")
    seconds = finished.get("seconds")
    facts = [
        ("kind", ", ".join(found.kinds)),
        ("suite", ", ".join(found.suites)),
        ("profile", _profile(parameters)),
        ("matchers", ", ".join(_fact(parameters, "matchers"))),
        ("policy", parameters.get("policy")),
        ("time", f"{seconds:,.1f} s" if isinstance(seconds, int | float) else None),
        ("versions", ", ".join(f"{name} {versions[name]}" for name in ("curate", "python") if name in versions)),
        ("sha256 of recipe.lock.json", finished.get("lock_sha256")),
    ]
    return [(name, short(str(value), 200)) for name, value in facts if value]


def _profile(parameters: Mapping[str, Any]) -> str | None:
    name, n, threshold = (parameters.get(key) for key in ("profile", "n", "threshold"))
    if not name:
        return None
    rule = f" (n = {n}, hit over {100 * threshold:g} %)" if n and isinstance(threshold, int | float) else ""
    return f"{name}{rule}"


def _data(found: Figures) -> Match:
    """What the script draws, but for the matches."""
    return {
        "sources": [source.name for source in found.sources],
        "benchmarks": found.benchmarks,
        "cells": found.cells,
        "nCells": found.n_cells,
        "steps": found.steps,
        "funnel": found.funnel,
        "hits": found.hits,
        "near": found.near,
    }
