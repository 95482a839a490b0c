"""Writes report.html: one page on a build, made from its audit alone, that opens in any browser
without a network.

    write_report(Path("my-sft"))

Style, script and data stand in the file itself, and its content security policy allows nothing else
to load or run. The frame shows what every build has; each step adds its own sections
(`audit.face`). Figures are complete; what is shown of the data itself fits into `LIMIT` bytes, and
the page says how much it leaves out and how to ask for it. The same audit gives the same bytes: no
time of writing, no path. Text from the data is escaped by the template or set as text by the
script, and never read as HTML."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section, faces
from curate.audit.figures import Figures, figures
from curate.audit.html import template
from curate.audit.store import open_readonly, runs
from curate.audit.words import counted, island, short
from curate.shards import write_text

REPORT = "report.html"
# Bytes of the file, and of what the steps may show in it.
LIMIT = 2_900_000
STEPS_LIMIT = 2_200_000
# Kept free for the facts of the run, which are not known when the rest is drawn.
FACTS_LIMIT = 16_000

# Where the data goes. No text from the data can hold it: the template escapes quotes.
_ISLAND = 'id="data"></script>'


@dataclass(frozen=True)
class Drawn:
    """What a page shows, but for what is known of the run: that may come later, and the rest takes
    a second a GB.
    """

    found: Figures
    sections: Sequence[Section]
    data: str  # JSON for the script


def write_report(out: Path, drawn: Drawn | None = None) -> Path:
    """Write the report of the built folder `out` into it, and give its path; UserError if `out` has
    no audit.

    `drawn` is what `draw` gave for the same audit.
    """
    with open_readonly(out) as con:
        page = render(drawn or draw(con), runs(con))
    path = (out if out.is_dir() else out.parent) / REPORT
    write_text(path, page)
    return path


def draw(con: duckdb.DuckDBPyConnection) -> Drawn:
    """Count and choose all that a page shows of an audit that is open for reading."""
    found, about = figures(con), runs(con)
    head = {
        "sources": [source.name for source in found.sources],
        "steps": found.steps,
        "funnel": found.funnel,
    }
    room = LIMIT - FACTS_LIMIT - len(_frame(found, [], {}).encode()) - len(island(head).encode())
    sections = []
    for shown in (face.page for face in faces(con) if face.page is not None):
        section = shown(con, Page(found.names, about, min(room, STEPS_LIMIT)))
        if section is not None:
            sections.append(section)
            room -= sum(
                len(text.encode()) for text in (section.html, section.script, island(section.data))
            )
    data = {key: value for section in sections for key, value in section.data.items()}
    return Drawn(found, sections, island(data | head))


def render(drawn: Drawn, about: Mapping[str, Any]) -> str:
    """The whole page; `about` are the facts of the run by name."""
    before, after = _frame(drawn.found, drawn.sections, about).split(_ISLAND)
    return f'{before}id="data">{drawn.data}</script>{after}'


def _verdict(found: Figures, sections: Sequence[Section]) -> str:
    """The build in one sentence."""
    total = found.totals
    said = "; ".join(section.sentence for section in sections if section.sentence)
    if not said and not total.removed:
        return f"{counted(total.written, 'row')} written of {total.read:,} read; no step looked for anything in them."
    gone = f"{total.removed:,} of {counted(total.read, 'row')} {'was' if total.removed == 1 else 'were'} removed"
    return f"{gone}; {said}." if said else f"{gone}."


def _frame(found: Figures, sections: Sequence[Section], about: Mapping[str, Any]) -> str:
    """The page without its data."""
    style = _file("report.css")
    script = _file("report.js") + "".join(section.script for section in sections)
    return template("curate.audit", "report.html.j2").render(
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        verdict=_verdict(found, sections),
        facts=_facts(found, sections, about),
        found=found,
        sections=sections,
        flags=[section.flags for section in sections if section.flags],
        total=found.totals,
        title=_title(about),
        limit=_fact(about, "parameters").get("limit"),
    )


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


def _facts(
    found: Figures, sections: Sequence[Section], about: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What is known of the run: name and value; what no one recorded is left out."""
    finished, versions = _fact(about, "finished"), _fact(about, "versions")
    seconds = finished.get("seconds")
    facts = [
        ("kind", ", ".join(found.kinds)),
        *(fact for section in sections for fact in section.facts),
        ("time", f"{seconds:,.1f} s" if isinstance(seconds, int | float) else None),
        (
            "versions",
            ", ".join(
                f"{name} {versions[name]}" for name in ("curate", "python") if name in versions
            ),
        ),
        ("sha256 of recipe.lock.json", finished.get("lock_sha256")),
    ]
    return [(name, short(str(value), 200)) for name, value in facts if value]
