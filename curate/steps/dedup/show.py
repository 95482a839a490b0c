"""What a terminal shows of the step below the summary of a build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from curate.steps.dedup.facts import estimate
from curate.steps.dedup.words import chance_sentence, found_sentence, variant_sentence

_ROWS = 20


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """Which source's rows went for which, the variants, and what is found at all."""
    if figures["pairs"]:
        yield _pairs(figures)
    else:
        yield found_sentence(figures)
    if figures["variant"]:
        yield escape(f"note: {variant_sentence(figures)}: curate sql {out} variants")
    yield f"note: {chance_sentence(figures)}"
    if told := estimate(figures["wrong_removals"]):
        yield escape(f"note: {told}: curate review {out}")


def _pairs(figures: Mapping[str, Any]) -> Table:
    table = Table("source", "like a row of", "kind", title=found_sentence(figures))
    table.title_justify = "left"
    table.add_column("rows", justify="right")
    most = sorted(figures["pairs"], key=lambda pair: -pair["rows"])
    for pair in most[:_ROWS]:
        table.add_row(
            escape(pair["source"]), escape(pair["kept"]), pair["kind"], f"{pair['rows']:,}"
        )
    if len(most) > _ROWS:
        left = sum(pair["rows"] for pair in most[_ROWS:])
        table.add_row(f"and {len(most) - _ROWS} more", "", "", f"{left:,}")
    return table
