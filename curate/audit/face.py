"""What a step or a maker shows of itself: its tables, views and named queries, its part of the page
and of the card, its lines in `curate why`. All of it lies beside its code, and an audit says by
`runs.steps` and `runs.makers` which it has.

    for face in faces(con):
        con.execute(face.views)

Beside its code a step's package may have `schema.sql`, `views.sql`, `queries/*.sql`, and a module
`face` with any of

    facts(con)              -> plain data for `--json` and the screen, read from the finished audit
    show(figures, out)      -> Iterable of what rich prints below the summary
    why(con, doc_id)        -> Iterable of (title, lines), for `curate why`
    card(con)               -> Markdown, for the data set card
    page(con, page)         -> Section, for the report
    pictures(con)           -> SVG by name, for `curate plot`
    retention(con)          -> Iterable of Retention, for `curate plan --measure`

Whatever is missing is left out. A step that is not installed shows nothing of its own; its rows are
still counted and its reasons still told, since funnel and decisions belong to no step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import duckdb
from markupsafe import Markup

from curate import makers, steps


@dataclass(frozen=True)
class Face:
    """All that a step shows; what it does not have is empty or None."""

    name: str
    schema: str
    views: str
    queries: Mapping[str, str]
    facts: Callable[..., Mapping[str, Any]] | None
    show: Callable[..., Iterable[Any]] | None
    why: Callable[..., Iterable[tuple[str, Iterable[str]]]] | None
    card: Callable[..., str] | None
    page: Callable[..., Section | None] | None
    pictures: Callable[..., Mapping[str, Markup]] | None
    retention: Callable[..., Iterable[Retention]] | None


@dataclass(frozen=True)
class Retention:
    """Rows left at every threshold that a number of the recipe could have."""

    what: str
    bound: str
    """The key that sets it: `at_most`, `threshold`."""
    set_to: float
    source: str | None
    """None: all sources together."""
    rows: int
    """All that are counted."""
    points: Sequence[tuple[float, int]]
    """Thresholds, ascending, and the rows that each one leaves."""


@dataclass(frozen=True)
class Page:
    """What a step needs to know of the page that it is drawn on."""

    sources: Sequence[str]
    """Names of the sources that are listed, in order."""
    about: Mapping[str, Any]
    """The facts of the table `runs`, as far as they are known."""
    room: int
    """Bytes that its data may take."""


@dataclass(frozen=True)
class Section:
    """A step's part of the page."""

    html: str = ""
    """Whole <section> elements (Markup), drawn between the funnel and the rows that were left out.
    """
    links: Sequence[tuple[str, str]] = ()
    """Anchors and titles for the bar at the top."""
    verdict: str = ""
    """What a reader wants to know first, in one sentence without its full stop: it is the headline."""
    sentence: str = ""
    """What the step took, told after how many rows were removed."""
    lead: str = ""
    """Sentences for the paragraph below it."""
    flags: tuple[str, Mapping[str, Markup], Markup] | None = None
    """A column of the table of sources: its head, a cell for each source, and one for all together.
    """
    facts: Sequence[tuple[str, str]] = ()
    left_out: str = ""
    """What else was left out, drawn below the quarantined rows."""
    licences: str = ""
    """What it has to say of licences, drawn below their table."""
    ask: Sequence[tuple[str, str]] = ()
    """Commands that ask more, and what they answer."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What its script draws."""
    script: str = ""


PARTS = ("facts", "show", "why", "card", "page", "pictures", "retention")
"""What a module `face` may have, in the order of the fields of `Face`."""


@cache
def face(name: str) -> Face | None:
    """The face of a step or a maker, or None where it is not installed."""
    package = _package(name)
    if package is None:
        return None
    beside = files(package) if hasattr(package, "__path__") else None
    module = _module(package)

    def text(file: str) -> str:
        path = beside / file if beside is not None else None
        return path.read_text(encoding="utf-8") if path is not None and path.is_file() else ""

    folder = beside / "queries" if beside is not None else None
    named = (
        sorted(folder.iterdir(), key=lambda path: path.name)
        if folder is not None and folder.is_dir()
        else []
    )
    queries = {
        path.name.removesuffix(".sql"): path.read_text("utf-8")
        for path in named
        if path.name.endswith(".sql")
    }
    shows = (getattr(module, part, None) for part in PARTS)
    return Face(name, text("schema.sql"), text("views.sql"), queries, *shows)


def _package(name: str) -> ModuleType | None:
    if name == makers.TOGETHER:
        return import_module("curate.make")
    if name in makers.HOUSE:
        return makers.load(name)
    return steps.load(name) if steps.installed([name]) else None


def _module(package: ModuleType) -> ModuleType | None:
    name = f"{package.__name__}.face"
    return import_module(name) if hasattr(package, "__path__") and find_spec(name) else None


def faces(con: duckdb.DuckDBPyConnection) -> list[Face]:
    """The faces of the makers and steps that an audit has, in the order of the steps."""
    found = con.execute(
        "SELECT key, value::VARCHAR FROM runs WHERE key IN ('makers', 'steps')"
    ).fetchall()
    named = {key: json.loads(value) for key, value in found}
    names = [*makers.shown(named.get("makers", ())), *named.get("steps", ())]
    return [shown for name in names if (shown := face(name)) is not None]
