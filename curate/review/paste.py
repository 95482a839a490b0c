"""One match as a small piece of Markdown or HTML, to be pasted into an issue: what found it, and both
texts with what they share in bold.

    print(paste(Path("my-sft"), "chats/17", "gsm8k/3", "markdown"))

Long texts are cut around what is shared. Nothing of the data is markup there: texts stand in <pre>,
where no name is a mention and no number a link. Refused: rows that match nothing, items that the row
does not match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup, escape

from curate.audit.markdown import plain
from curate.audit.store import open_readonly
from curate.audit.windows import windows
from curate.errors import UserError, unknown
from curate.review.cases import Case, Side, Texts, of_row, texts

FORMS = ("markdown", "html")
WIDTH = 100
"""Columns after which a line of text goes on in the next one."""

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid #bbb;padding-left:1rem}"
    "b{background:#ffe08a;color:#000}"
)


def paste(out: Path | str, doc_id: str, item: str | None, form: str) -> str:
    """A match of a row in the built folder `out` with `item`, or with the item that it matches the
    worst.
    """
    if form not in FORMS:
        raise UserError(unknown("form", form, FORMS))
    with open_readonly(out) as con:
        found = {case.item: case for case in of_row(con, doc_id.strip())}
        if not found:
            raise UserError(f"{out}: no matcher found anything in a row '{doc_id}'")
        if item is not None and item not in found:
            raise UserError(f"{doc_id}: {unknown('item that it matches', item, found)}")
        case = found[item] if item is not None else next(iter(found.values()))
        shown = texts(con, case)
    return _markdown(case, shown) if form == "markdown" else _html(case, shown)


def _markdown(case: Case, shown: Texts) -> str:
    lines = [f"### {plain(case.doc)} ↔ {plain(case.item)}", ""]
    lines += [f"- {plain(line)}" for line in _facts(case, shown)]
    for title, side in _sides(shown):
        lines += ["", f"**{plain(title)}**", "", f"<pre>{_marked(side)}</pre>"]
    return "\n".join(lines) + "\n"


def _html(case: Case, shown: Texts) -> str:
    name = f"{case.doc} ↔ {case.item}"
    head = Markup(
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{}</title><style>{}</style>\n'
        "<h1>{}</h1>\n<ul>{}</ul>\n"
    ).format(
        name,
        Markup(_STYLE),
        name,
        Markup("").join(Markup("<li>{}</li>").format(line) for line in _facts(case, shown)),
    )
    sides = (
        Markup("<h2>{}</h2>\n<pre>{}</pre>\n").format(title, _marked(side))
        for title, side in _sides(shown)
    )
    return Markup("").join([head, *sides, Markup("</html>\n")])


def _facts(case: Case, shown: Texts) -> Iterator[str]:
    reason = f" ({shown.reason})" if shown.reason else ""
    yield f"benchmark {case.benchmark}, source {case.source}; the row is {case.fate}{reason}"
    for found in case.found:
        outcome = "hit" if found.hit else "near miss"
        counts = "counts" if found.counts else "does not count"
        yield f"{found.matcher}: {100 * found.score:.1f} %, {outcome}, {found.label or 'no label'}, {counts}"


def _sides(shown: Texts) -> Iterator[tuple[str, Side]]:
    """The turns that share something, or else the first one; and the item."""
    for turn in [turn for turn in shown.turns if turn.spans] or shown.turns[:1]:
        yield f"training row, turn {turn.turn}{f' ({turn.role})' if turn.role else ''}", turn
    yield "benchmark item", shown.item


def _marked(side: Side) -> Markup:
    """The parts of a text that are shown, what is shared in bold."""
    parts, at = list[Markup](), 0
    for start, stop in windows(len(side.text), side.spans):
        parts.append(Markup(" … " if start > at else ""))
        for first, last in side.spans:
            if last > start and first < stop:
                first, last = max(first, start), min(last, stop)
                parts.append(escape(side.text[start:first]))
                parts.append(Markup("<b>{}</b>").format(side.text[first:last]))
                start = last
        parts.append(escape(side.text[start:stop]))
        at = stop
    parts.append(Markup(" …" if at < len(side.text) else ""))
    return _wrapped(Markup("").join(parts))


def _wrapped(text: Markup) -> Markup:
    """The same in lines of about WIDTH columns, cut at blanks; tags and references count too."""
    lines = list[str]()
    for line in str(text).replace("\r\n", "\n").split("\n"):
        first, *words = line.split(" ")
        lines.append(first)
        for word in words:
            if len(lines[-1]) + len(word) < WIDTH:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    return Markup("\n".join(lines))
