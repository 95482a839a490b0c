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
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section, faces
from curate.audit.figures import Figures, figures
from curate.audit.html import template
from curate.audit.pictures import SOURCES, funnel, lengths, shares
from curate.audit.samples import Sample, read_samples
from curate.audit.store import open_readonly, runs
from curate.audit.words import counted, island, percent, short
from curate.audit.written import Written, sized, written
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
    mixed: Written
    samples: Sequence[Sample]
    sections: Sequence[Section] = ()
    data: str = ""  # JSON for the script
    audited: bool = False
    """Whether data sets were audited, and nothing was written."""


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
    frame = Drawn(found, written(con), read_samples(con), audited="audit" in about)
    head = {"sources": [source.name for source in found.sources]}
    room = LIMIT - FACTS_LIMIT - len(_frame(frame, {}).encode()) - len(island(head).encode())
    sections = []
    for shown in (face.page for face in faces(con) if face.page is not None):
        section = shown(con, Page(found.names, about, min(room, STEPS_LIMIT)))
        if section is not None:
            sections.append(section)
            room -= sum(
                len(text.encode()) for text in (section.html, section.script, island(section.data))
            )
    data = {key: value for section in sections for key, value in section.data.items()}
    return replace(frame, sections=sections, data=island(data | head))


def render(drawn: Drawn, about: Mapping[str, Any]) -> str:
    """The whole page; `about` are the facts of the run by name."""
    before, after = _frame(drawn, about).split(_ISLAND)
    return f'{before}id="data">{drawn.data}</script>{after}'


def _verdict(found: Figures, sections: Sequence[Section]) -> str:
    """The build in one sentence: what steps have found out of what was written, or else what left."""
    told = "; ".join(section.verdict for section in sections if section.verdict)
    return f"{told[0].upper()}{told[1:]}." if told else _removed(found, sections)


def _removed(found: Figures, sections: Sequence[Section]) -> str:
    """How many rows left, and what the steps took."""
    total = found.totals
    said = "; ".join(section.sentence for section in sections if section.sentence)
    looked = any(section.verdict or section.sentence for section in sections)
    if not looked and not total.removed and not total.duplicate:
        return f"{counted(total.written, 'row')} written of {total.read:,} read; no step looked for anything in them."
    gone = f"{total.removed:,} of {counted(total.read, 'row')} {_were(total.removed)} removed"
    if total.duplicate:
        gone += f" and {total.duplicate:,} dropped as {'a duplicate' if total.duplicate == 1 else 'duplicates'}"
    return f"{gone}; {said}." if said else f"{gone}."


def _lead(found: Figures, sections: Sequence[Section], audited: bool) -> str:
    """The sentences below the verdict."""
    total = found.totals
    leads = [section.lead for section in sections if section.lead]
    if audited:
        rows = f"{counted(total.read, 'row')} of {counted(found.n_sources, 'data set')} were read; no data was written."
        return " ".join([rows, *leads])
    distinct = f", from {total.kept:,} distinct ones" if total.written != total.kept else ""
    bad = f"{counted(total.quarantined, 'row')} could not be used and {_are(total.quarantined)} quarantined."
    few = f"{counted(total.not_sampled, 'row')} {_were(total.not_sampled)} not drawn: the recipe asks for fewer."
    said = [
        (True, f"{counted(total.written, 'row')} written{distinct}."),
        (total.quarantined, bad),
        (total.not_sampled, few),
        (total.shortfall, f"{total.shortfall:,} {found.unit} fewer than requested."),
    ]
    first = [_removed(found, sections)] if any(one.verdict for one in sections) else []
    return " ".join([*first, *(sentence for there, sentence in said if there), *leads])


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _what_if(mixed: Written) -> list[str]:
    """What a build that has to allow commercial use would lose, in rows and in text."""
    said = []
    for allowed, what in (
        (False, "whose licence forbids it"),
        (None, "whose licence is not known"),
    ):
        own = [one for one in mixed.sources if one.commercial is allowed and one.rows]
        if not own:
            continue
        rows, size = sum(one.rows for one in own), sum(one.size for one in own)
        text = (
            f" and {sized(size, mixed.unit)} ({percent(mixed.share(size, 1))})"
            if mixed.unit
            else ""
        )
        lost = f"{counted(rows, 'row')} ({percent(mixed.share(rows, 0))}){text}"
        said.append(f"{counted(len(own), 'source')} {what}: {lost} would go.")
    return said or ["Nothing would go: every source that was written has a licence that allows it."]


def _frame(drawn: Drawn, about: Mapping[str, Any]) -> str:
    """The page without its data."""
    style = _file("report.css")
    script = _file("report.js") + "".join(section.script for section in drawn.sections)
    return template("curate.audit", "report.html.j2").render(
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        verdict=_verdict(drawn.found, drawn.sections),
        lead=_lead(drawn.found, drawn.sections, drawn.audited),
        audited=drawn.audited,
        facts=_facts(drawn.found, drawn.sections, about),
        found=drawn.found,
        sections=drawn.sections,
        flags=[section.flags for section in drawn.sections if section.flags],
        total=drawn.found.totals,
        title=_title(about),
        limit=_fact(about, "parameters").get("limit"),
        funnels=[funnel(drawn.found.steps, rows) for rows in drawn.found.funnel[: SOURCES + 1]],
        mixed=drawn.mixed,
        n_drawn=SOURCES,
        shares=shares(drawn.mixed),
        lengths=lengths(drawn.mixed) if drawn.mixed.lengths else "",
        samples=drawn.samples,
        what_if=_what_if(drawn.mixed),
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


def _date(text: Any) -> str | None:
    """A time as people read it."""
    if not isinstance(text, str):
        return None
    at = datetime.fromisoformat(text)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _splits(found: Figures) -> str:
    """Rows of every split."""
    train = found.totals.written - found.validation
    return f"{train:,} train" + (f", {found.validation:,} validation" if found.validation else "")


def _facts(
    found: Figures, sections: Sequence[Section], about: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What is known of the run: name and value; what no one recorded is left out."""
    finished, versions = _fact(about, "finished"), _fact(about, "versions")
    seconds = finished.get("seconds")
    facts = [
        ("built", _date(finished.get("at"))),
        ("kind", ", ".join(found.kinds)),
        ("rows", _splits(found)),
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
