"""What a terminal shows of filters below the summary of a build."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from curate.audit.words import counted


def show(figures: Mapping[str, Any], out: Path) -> Iterable[RenderableType]:
    """What every filter took, and what it would take alone."""
    taking = {name: one for name, one in figures["filters"].items() if one["refused"]}
    quiet = len(figures["filters"]) - len(taking)
    if taking:
        table = Table("filter", title="filters", title_justify="left")
        for column in ("removed", "would remove alone"):
            table.add_column(column, justify="right")
        for name, one in taking.items():
            table.add_row(escape(name), f"{one['removed']:,}", f"{one['refused']:,}")
        yield table
    if quiet:
        yield f"note: {quiet} of {counted(len(figures['filters']), 'filter')} found nothing to remove"
    yield escape(
        f"note: what other thresholds would keep: curate sql {shlex.quote(str(out))} retention"
    )
