"""What a person sees of a finished build: a summary, and where to look on."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from markupsafe import Markup
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.audit.face import face
from curate.audit.html import table
from curate.audit.words import counted, sized
from curate.mixture.summary import Summary

_FATES = ("quarantined", "removed", "not sampled")


def show(summary: Summary, out: Path) -> None:
    """Print the summary: sources, overlap with benchmarks, notes, and where things are."""
    console = console_of()
    show_figures(console, summary, out)
    for line in _ending(summary, out):
        console.print(line, markup=False)


def console_of() -> Console:
    """Where a summary is printed."""
    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 120)


def show_figures(console: Console, summary: Summary, out: Path) -> None:
    """Print what there is to tell of a build, but for where it is; `out` is the folder in which to
    ask on.
    """
    console.print(_sources(summary, console))
    if summary.mix is not None or any(share.tokens is not None for share in summary.shares):
        console.print(_shares(summary))
    for line in _reasons(summary, out):
        console.print(line, markup=False)
    for name, figures in summary.told.items():
        shown = face(name)
        for part in (
            shown.show(figures, out) if shown is not None and shown.show is not None else ()
        ):
            console.print(part)
    for line in (
        *(f"note: {note}" for note in summary.notes),
        *(f"warning: {text}" for text in summary.warnings),
    ):
        console.print(line, markup=False)
    for line in _about_the_run(summary):
        console.print(line, markup=False)


def _about_the_run(summary: Summary) -> Iterator[str]:
    if summary.blocks[1]:
        known, n = summary.blocks[1], sum(summary.blocks)
        yield f"note: results of an earlier build were reused for {known:,} of {counted(n, 'block')}"
    if summary.limit:
        yield f"note: a trial run on the first {counted(summary.limit, 'row')} of each source; lock and card say so"
    if summary.validation_shortfall:
        n = summary.validation_shortfall
        yield f"warning: validation: {n:,} fewer rows than requested: {_too_few(summary)}"


def _too_few(summary: Summary) -> str:
    n, asked = summary.validation, summary.validation + summary.validation_shortfall
    return f"{n:,} of {asked:,}, because all rows of a prompt are held out together or not at all"


def as_html(summary: Summary, line: str) -> str:
    """The counts of every source below a line, as a notebook shows them."""
    head, rows = _counts(summary)
    below = table(f"{summary.name} ({summary.kind})", ("source", *head), rows)
    return str(Markup("<p>{}</p>{}").format(line, below))


def _counts(summary: Summary) -> tuple[list[str], list[tuple[str, ...]]]:
    """The heads of the counts, and those of every source behind its name; all of them at the end."""
    some_twice = any(source.duplicate for source in summary.sources)
    held_out = summary.validation > 0
    head = ["read", "quarantined", "removed", *(["duplicate"] if some_twice else [])]
    head += ["not sampled", "kept", *(["train", "validation"] if held_out else ["written"])]
    figures = [
        (s.read, s.quarantined, s.removed, *((s.duplicate,) if some_twice else ()))
        + (s.not_sampled, s.kept)
        + ((s.written - s.validation, s.validation) if held_out else (s.written,))
        for s in summary.sources
    ]
    names = [source.name for source in summary.sources]
    if len(figures) > 1:
        names, figures = [*names, "all"], [*figures, tuple(map(sum, zip(*figures, strict=True)))]
    rows = zip(names, figures, strict=True)
    return head, [(name, *(f"{n:,}" for n in own)) for name, own in rows]


def _sources(summary: Summary, console: Console) -> Table:
    """The counts of every source; where the screen is too narrow, without what no row met."""
    head, rows = _counts(summary)
    drawn = _drawn(summary, head, rows)
    if (
        console.measure(drawn, options=console.options.update(max_width=1000)).maximum
        <= console.width
    ):
        return drawn
    met = [
        place
        for place, name in enumerate(head)
        if name not in _FATES or any(row[1 + place] != "0" for row in rows)
    ]
    some = [(row[0], *(row[1 + place] for place in met)) for row in rows]
    return _drawn(summary, [head[place] for place in met], some)


def _drawn(summary: Summary, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    drawn = Table(title=f"{summary.name} ({summary.kind})", title_justify="left")
    drawn.add_column("source", overflow="fold")
    for column in head:
        drawn.add_column(column, justify="right", overflow="fold")
    for row in rows:
        if len(rows) > 1 and row is rows[-1]:
            drawn.add_section()
        drawn.add_row(*row)
    return drawn


def _shares(summary: Summary) -> Table:
    """What each source puts into the train split, beside what it was to put there."""
    by = summary.mix.by if summary.mix else "rows"
    counted = any(share.tokens is not None for share in summary.shares)
    drawn = Table("source", title="train split", title_justify="left")
    units = ["rows", *(["tokens"] if counted else [])]
    asked = [f"{by} to give"] if summary.mix else []
    for column in (*asked, *chain.from_iterable((unit, "%") for unit in units), "passes"):
        drawn.add_column(column, justify="right")
    whole = {unit: sum(getattr(share, unit) for share in summary.shares) for unit in units}
    for share in summary.shares:
        cells = [f"{share.target:,}"] if share.target is not None else []
        for unit in units:
            n = getattr(share, unit)
            cells += [f"{n:,}", f"{100 * n / max(1, whole[unit]):.2f}"]
        drawn.add_row(escape(share.source), *cells, str(share.passes))
    return drawn


def _reasons(summary: Summary, out: Path) -> Iterator[str]:
    """Why rows left: the most frequent kinds of reasons, each with a row as an example."""
    total = {
        "removed": sum(source.removed + source.duplicate for source in summary.sources),
        "quarantined": sum(source.quarantined for source in summary.sources),
    }
    for left, kinds in summary.reasons.items():
        for one in kinds:
            what = f"{one.about} (such as {one.example}: {one.reason})"
            if one.about is None:
                what = f"{one.reason} (such as {one.example})"
            yield f"{left}: {one.rows:,} by {one.step}: {what}"
        more = total[left] - sum(one.rows for one in kinds)
        if more:
            yield f"{left}: {more:,} for other reasons: curate sql {shlex.quote(str(out))} dropped"


def _ending(summary: Summary, out: Path) -> Iterator[str]:
    split = f" and {summary.validation:,} validation" if summary.validation else ""
    size = f"{sized(summary.text_bytes)} of text, {summary.seconds:.1f} s"
    yield f"\n{out}: rows: {summary.train:,} train{split} ({size})"
    folder = shlex.quote(str(out))
    which = f", {summary.config!r}" if summary.config else ""
    yield f"  load     datasets.load_dataset({str(out)!r}{which})"
    yield f"  look     {out / 'report.html'}"
    yield f"  ask      curate sql {folder} --list"
    yield f"  one row  curate why {folder} {summary.sources[0].name}/0"
