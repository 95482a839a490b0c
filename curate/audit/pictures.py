"""Pictures of a build as SVG: the same on the page and in a file of their own.

    found = pictures(con)                    # by name, those that every build has and those of its steps
    write_text(Path("funnel.svg"), alone(found["funnel"]))

On the page the style is the page's; a file brings its own, in the light colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import faces
from curate.audit.figures import figures
from curate.audit.html import template
from curate.audit.words import middle, percent
from curate.audit.written import Written, written

WIDTH = 420
EDGE = 16
"""Room around a picture in a file of its own."""
SOURCES = 40
"""Sources that have a line of their own."""


@dataclass(frozen=True)
class Part:
    """A stretch of a bar: where it begins and how wide it is, in units of WIDTH, and its class."""

    kind: str
    start: float
    width: float


@dataclass(frozen=True)
class Line:
    """A bar, or several on one line, with what stands above it."""

    label: str
    note: str
    tracks: Sequence[Sequence[Part]]
    gone: str = ""
    kind: str = "gone"


def pictures(con: duckdb.DuckDBPyConnection) -> dict[str, Markup]:
    """All pictures of an audit that is open for reading, by name."""
    found, mixed = figures(con), written(con)
    own = {"funnel": funnel(found.steps, found.funnel[0]), "shares": shares(mixed)}
    if mixed.lengths:
        own["lengths"] = lengths(mixed)
    for face in faces(con):
        if face.pictures is not None:
            own |= face.pictures(con)
    return own


def funnel(steps: Sequence[str], rows: Sequence[tuple[int, int, int]]) -> Markup:
    """Rows that come out of every step, and those that leave at it; sampling takes none away."""
    most = max(1, *(max(into, out) for into, _, out in rows))
    lines = []
    for step, (into, dropped, out) in zip(steps, rows, strict=True):
        kind = "rest" if step == "sample" else "goes"
        width, gone = WIDTH * out / most, WIDTH * dropped / most
        more = out - into + dropped
        said = f"− {dropped:,}" if dropped else f"+ {more:,} repeats" if more > 0 else ""
        track = [Part("stays", 0, width), Part(kind, width, gone)]
        quiet = "soft-ink" if kind == "rest" or not dropped else "gone"
        lines.append(Line(step, f"{out:,}", [track], said, quiet))
    return bars("Rows that come out of every step", lines)


def shares(mixed: Written) -> Markup:
    """The share of every source in the rows that were written, and in their text."""
    lines, most = [], sorted(mixed.sources, key=lambda one: -one.rows)[:SOURCES]
    for one in (one for one in mixed.sources if one in most):  # as the recipe has them
        rows, size = mixed.share(one.rows, 0), mixed.share(one.size, 1)
        note = percent(rows) + " of rows"
        tracks = [[Part("stays", 0, WIDTH * rows)]]
        if mixed.unit:
            note += f", {percent(size)} of {mixed.unit}"
            tracks.append([Part("goes", 0, WIDTH * size)])
        lines.append(Line(middle(one.name, 32), note, tracks))
    return bars("The share of every source in what was written", lines)


def lengths(mixed: Written) -> Markup:
    """How long the written rows are: a column for every half of a doubling."""
    bins = mixed.lengths
    most, n = max(one.rows for one in bins), len(bins)
    wide = WIDTH / n
    drawn = [
        {
            "start": place * wide + 0.5,
            "width": max(0.5, wide - 1),
            "height": 128 * one.rows / most,
            "said": f"{one.rows:,} rows of {one.low:,.0f} to {one.high:,.0f} {mixed.unit}",
        }
        for place, one in enumerate(bins)
    ]
    marks = [
        {"at": mixed.place(value) * WIDTH, "said": f"{name} {value:,.0f}"}
        for name, value in mixed.quantiles
    ]
    ends = f"{bins[0].low:,.0f} {mixed.unit}", f"{bins[-1].high:,.0f} {mixed.unit}"
    top = f"{most:,} rows"
    return _drawn("columns", "How long the rows are", drawn, marks, *ends, top)


def bars(label: str, lines: Sequence[Line]) -> Markup:
    """Lines one below the other; `label` says what they are to whoever cannot see them."""
    return _drawn("bars", label, lines)


def alone(picture: Markup) -> str:
    """A picture as a file: with its namespace, its size, a ground and a style."""
    style = (files("curate.audit") / "picture.css").read_text(encoding="utf-8")
    head, _, body = str(picture).partition(">")
    before, _, rest = head.partition('viewBox="')
    box, _, after = rest.partition('"')
    x, y, width, height = map(float, box.split())
    x, y, width, height = x - EDGE, y - EDGE, width + 2 * EDGE, height + 2 * EDGE
    size = f'xmlns="http://www.w3.org/2000/svg" width="{2 * width:g}" height="{2 * height:g}"'
    sheet = f'{before}{size} viewBox="{x:g} {y:g} {width:g} {height:g}"{after}'
    ground = f'<rect class="paper" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
    return f"{sheet}><style>{style}</style>{ground}{body}\n"


def _drawn(macro: str, *given: Any) -> Markup:
    module: Any = template("curate.audit", "pictures.html.j2").module
    return Markup(str(getattr(module, macro)(*given)).strip())
