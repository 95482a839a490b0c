"""One case on a screen: what the matchers say, both texts with what they share marked, and the
keys.

Texts are cut to what fits, around the shared pieces. Nothing of the data is markup, and no control
character of it reaches the terminal: it is shown by its escape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from curate.audit.windows import Sizes, windows
from curate.audit.words import printable
from curate.review.cases import Case, Opinion, Side, Texts
from curate.review.twins import Twin
from curate.verdicts import Ruling

WIDE = 96
"""Columns from which both texts stand side by side."""
KEYS = (
    ("n", "note"),
    ("s", "skip"),
    ("b", "back"),
    ("q", "quit"),
)
_SHARED = "black on yellow"
_WORDS = {
    "leak": "bold red",
    "false-alarm": "bold green",
    "allowed": "bold cyan",
    "duplicate": "bold red",
    "not-a-duplicate": "bold green",
}
_LABELS = {
    "leak": "red",
    "variant": "yellow",
    "other question": "yellow",
    "suspect": "magenta",
    "template": "dim",
}


def draw(
    console: Console,
    case: Case | Twin,
    shown: Texts,
    place: str,
    verdict: Ruling | None,
    note: str | None,
) -> None:
    """Clear the screen and show one case; `place` says where in the list it is."""
    head = Group(*_head(case, shown, place, verdict, note))
    foot = _keys(case.keys)
    taken = sum(len(console.render_lines(part)) for part in (head, foot))
    console.clear()
    console.print(head)
    console.print(_both(console, case, shown, max(6, console.height - taken - 1)))
    console.print(foot, end="")


def readable(text: str) -> str:
    """Text for a terminal: lines stay lines, a tab is four blanks, other control characters are
    written as escapes.
    """
    plain = text.replace("\r\n", "\n").replace("\t", "    ")
    return "\n".join(printable(line) for line in plain.split("\n"))


def marked(side: Side, sizes: Sizes) -> Text:
    """The parts of a text that are shown, its shared pieces marked."""
    found, at = Text(), 0
    for start, stop in windows(len(side.text), side.spans, sizes):
        found.append(" … " if start > at else "", "dim")
        for piece, shared in _pieces(side, start, stop):
            found.append(readable(piece), _SHARED if shared else "")
        at = stop
    found.append(" …" if at < len(side.text) else "", "dim")
    return found


def _pieces(side: Side, start: int, stop: int) -> Iterator[tuple[str, bool]]:
    """A window cut at the borders of the shared pieces, each piece with whether it is shared."""
    for first, last in side.spans:
        if last <= start or first >= stop:
            continue
        yield side.text[start : max(start, first)], False
        yield side.text[max(start, first) : min(stop, last)], True
        start = min(stop, last)
    yield side.text[start:stop], False


def _head(
    case: Case | Twin, shown: Texts, place: str, verdict: Ruling | None, note: str | None
) -> Iterator[RenderableType]:
    yield Text(place, "dim")
    yield Text.assemble((printable(case.doc), "bold"), " ↔ ", (printable(case.item), "bold"))
    yield from _of_twin(case) if isinstance(case, Twin) else _of_match(case, shown)
    if verdict:
        said = f" · {printable(verdict.note)}" if verdict.note else ""
        yield Text.assemble("verdict: ", (verdict.verdict, _WORDS[verdict.verdict]), said)
    if note:
        yield Text.assemble(
            "note: ", printable(note), ("  (kept with the verdict you give)", "dim")
        )


def _of_match(case: Case, shown: Texts) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2))
    for found in case.found:
        table.add_row(*_found(found))
    yield table
    pairs = "pair has" if case.others == 1 else "pairs have"
    more = f"; {case.others:,} more {pairs} these texts" if case.others else ""
    reason = f" · {printable(shown.reason)}" if shown.reason else ""
    fate = case.fate.replace("-", " ")
    yield Text(f"source {printable(case.source)} · the row is {fate}{reason}{more}", "dim")


def _of_twin(case: Twin) -> Iterator[RenderableType]:
    what = {
        "near": "a near duplicate",
        "variant": "a variant: other numbers, another question or another answer",
    }
    yield Text.assemble(f"{what[case.kind]}, Jaccard ", (f"{case.jaccard:.3f}", "bold"))
    place = (
        f"number {case.drawn} of the random sample" if case.drawn else "not in the random sample"
    )
    went = "the row went" if case.dropped else "both rows stay"
    yield Text(f"source {printable(case.source)} · {went} · {place}; marked is what differs", "dim")


def _found(found: Opinion) -> tuple[Text, ...]:
    outcome = "hit" if found.hit else "near miss"
    label = Text(found.label or "no label", _LABELS.get(found.label or "", "dim"))
    counts = Text("counts" if found.counts else "does not count", "" if found.counts else "dim")
    return (
        Text(printable(found.matcher)),
        Text(f"{100 * found.score:.1f} %", "bold"),
        Text(outcome),
        label,
        counts,
    )


def _both(console: Console, case: Case | Twin, shown: Texts, rows: int) -> RenderableType:
    wide = console.width >= WIDE
    width, lines = ((console.width - 3) // 2, rows) if wide else (console.width, rows // 2)
    sizes = _sizes(width * lines * 3 // 4)
    turns = [turn for turn in shown.turns if turn.spans] or shown.turns[:1]
    row = Text()
    for turn in turns:
        if turn.turn is not None:
            row.append(
                f"turn {turn.turn}{f' · {printable(turn.role)}' if turn.role else ''}\n", "dim"
            )
        row.append_text(marked(turn, sizes)).append("\n")
    left = len(shown.turns) - len(turns)
    row.append(f"{left} more {'turn' if left == 1 else 'turns'}" if left else "", "dim")
    item = marked(shown.item, sizes)
    if isinstance(case, Case):
        item = Text.assemble((f"{printable(case.benchmark)}\n", "dim"), item)
    sides = [
        Group(Text(title, "bold cyan"), _fitted(console, text, width, max(2, lines - 1)))
        for title, text in zip(case.titles, (row, item), strict=True)
    ]
    if not wide:
        return Group(*sides)
    table = Table.grid(padding=(0, 3, 0, 0))
    for _ in sides:
        table.add_column(width=width)
    table.add_row(*sides)
    return table


def _sizes(room: int) -> Sizes:
    return Sizes(whole=room, context=min(160, room // 4), piece=room * 2 // 3, shown=room)


def _fitted(console: Console, text: Text, width: int, lines: int) -> Text:
    """The text on at most so many lines: where it has more, from just before the first that holds a
    mark.
    """
    text.rstrip()
    wrapped = list(text.wrap(console, width))
    if len(wrapped) <= lines:
        return Text("\n").join(wrapped)
    first = next(
        (
            at
            for at, line in enumerate(wrapped)
            if any(span.style == _SHARED for span in line.spans)
        ),
        0,
    )
    start = min(max(0, first - lines // 4), len(wrapped) - lines)
    kept = wrapped[start : start + lines]
    for at, cut in ((0, start > 0), (-1, start + lines < len(wrapped))):
        if cut and not any(span.style == _SHARED for span in kept[at].spans):
            kept[at] = Text("…", "dim")
    return Text("\n").join(kept)


def _keys(words: Mapping[str, str]) -> Text:
    named = [(key, word.replace("-", " ")) for key, word in words.items()]
    return Text("\n").append_text(
        Text("  ").join(
            Text.assemble((f" {key} ", "reverse"), f" {word}") for key, word in (*named, *KEYS)
        )
    )
