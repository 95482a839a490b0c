"""What a terminal shows of filters below the summary of a build."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """What every filter took, and what it would take alone."""
    taking = {name: one for name, one in figures["filters"].items() if one["refused"]}
    quiet = len(figures["filters"]) - len(taking)
    if taking:
        table = Table("filter", title="filters", title_justify="left")
        for column in ("removed", "alone it would remove"):
            table.add_column(column, justify="right")
        for name, one in taking.items():
            table.add_row(escape(name), f"{one['removed']:,}", f"{one['refused']:,}")
        yield table
    if quiet:
        yield f"note: filters that refuse no row: {quiet} of {len(figures['filters'])}"
    yield escape(f"note: other thresholds: curate sql {shlex.quote(str(out))} retention")
