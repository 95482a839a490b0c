"""A preview as people read it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.mixture.preview import AWAY, Preview, SourcePlan, StepPlan, away

_LISTED = 8
"""Values of a list that are shown one by one, at most."""


def show_preview(found: Preview) -> None:
    """Print sources, steps, notes, and what is not on this machine."""
    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(_sources(found))
    for step in found.steps:
        console.print(f"step {step.name}: {_settings(step)}", markup=False)
        if step.given:
            console.print(_given(step))
    if found.made:
        console.print(_made(found))
    for line in _told(found):
        console.print(line, markup=False)


def _sources(found: Preview) -> Table:
    table = Table("source", title=f"{found.name} ({found.kind})", title_justify="left")
    table.add_column("from", overflow="fold")
    table.add_column("licence")
    table.add_column("format", overflow="fold")
    by = (found.mix or {}).get("by", "rows")
    for column in ("rows", f"{by} to train with", "%"):
        table.add_column(column, justify="right")
    for source in found.sources:
        share = source.expected.share
        amount = getattr(source.expected, by)
        table.add_row(
            escape(source.name),
            escape(source.from_),
            source.licence or "not stated",
            source.format or source.where,
            _rows(source),
            "unknown" if amount is None else f"{amount:,}",
            "" if share is None else f"{100 * share:.2f}",
        )
    if len(found.sources) > 1:
        table.add_section()
        table.add_row("all", "", "", "", _all_rows(found), _all(found, by), "")
    return table


def _made(found: Preview) -> Table:
    """What it takes to have models write sources; tokens written and cost are upper bounds."""
    table = Table("source", "engine", "model", title="to be asked", title_justify="left")
    for column in ("items", "requests", "prompt tokens", "tokens written", "cost"):
        table.add_column(column, justify="right")
    for one in found.made:
        least = "at least " if one.at_least else ""
        counts = (one.requests, one.prompt_tokens, one.completion_tokens)
        cost = "unknown" if one.cost is None else f"${one.cost:,.2f}"
        table.add_row(
            escape(one.source),
            escape(one.engine),
            escape(one.model),
            f"{least}{one.items:,}",
            *(f"{n:,}" for n in counts),
            cost,
        )
    return table


def _rows(source: SourcePlan) -> str:
    if source.rows is None:
        return "unknown"
    return f"{source.rows:,}" if source.exact else f"about {source.rows:,}"


def _all_rows(found: Preview) -> str:
    known = [source.rows for source in found.sources if source.rows is not None]
    if len(known) < len(found.sources):
        return "unknown"
    about = "" if all(source.exact for source in found.sources) else "about "
    return f"{about}{sum(known):,}"


def _all(found: Preview, by: str) -> str:
    amounts = [getattr(source.expected, by) for source in found.sources]
    known = [amount for amount in amounts if amount is not None]
    return f"{sum(known):,}" if len(known) == len(amounts) else "unknown"


def _settings(step: StepPlan) -> str:
    """What is set, in a line of YAML; nulls and empty lists say nothing, of a long list its length
    is told.
    """
    plain = step.settings.get("filters", step.settings)
    shown = yaml.safe_dump(_short(plain), default_flow_style=True, sort_keys=False, width=10**6)
    return shown.strip()


def _short(value: object) -> object:
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items() if one not in (None, [], {})}
    if not isinstance(value, list):
        return value
    plain = len(value) > _LISTED and not any(isinstance(one, dict) for one in value)
    return f"{len(value)} values" if plain else [_short(one) for one in value]


def _given(step: StepPlan) -> Table:
    table = Table("reads")
    table.add_column("from", overflow="fold")
    table.add_column("licence")
    table.add_column("")
    table.add_column("items", justify="right")
    for one in step.given:
        where = "cannot be read" if one.problem else "here" if one.here else AWAY
        items = f"{one.items:,}" if one.items is not None else ""
        table.add_row(escape(one.name), escape(one.from_), one.licence or "", where, items)
    return table


def _told(found: Preview) -> Iterator[str]:
    yield from (f"note: {note}" for note in found.notes)
    missing = away(found)
    if missing:
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        yield f"note: on the Hub and not on this machine, so a build fetches them: {listed}"
    if not found.problems:
        yield "note: rows to train with are those if no step takes one; --measure says what they take"
