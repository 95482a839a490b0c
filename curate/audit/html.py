"""Templates of the report's frame and of the steps' sections, and tables for notebooks: all text from
the data is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from curate.audit.words import REASON_WIDTH, counted, percent, short


@cache
def template(package: str, file: str) -> Template:
    """The template in a file of a package; a name that it is not given is an error."""
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_imported),
    )
    environment.filters |= {"percent": _unbroken, "counted": counted, "n": lambda n: f"{n:,}"}
    return environment.from_string((files(package) / file).read_text(encoding="utf-8"))


def _imported(path: str) -> str:
    """What a template imports: a file by its path from the folder that `curate` is in."""
    package, _, file = path.rpartition("/")
    return (files(package.replace("/", ".")) / file).read_text(encoding="utf-8")


def _unbroken(rate: float) -> str:
    """A share whose sign stays with its number."""
    return percent(rate).replace(" ", "\u00a0")


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Markup:
    """A small table; nothing at all where there is no row."""
    lines = [
        Markup("<tr>{}</tr>").format(_cells("td", (short(str(v or ""), REASON_WIDTH) for v in row)))
        for row in rows
    ]
    if not lines:
        return Markup("")
    caption = Markup("<caption>{}</caption>").format(title)
    top = Markup("<thead><tr>{}</tr></thead>").format(_cells("th", head))
    body = Markup("<tbody>{}</tbody>").format(Markup("").join(lines))
    return Markup("<table>{}{}{}</table>").format(caption, top, body)


def _cells(tag: str, values: Iterable[str]) -> Markup:
    cell = Markup(f"<{tag}>{{}}</{tag}>")
    return Markup("").join(cell.format(value) for value in values)
