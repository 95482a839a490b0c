"""What the step says of a build in plain data: for the lock, `--json` and the lines on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from curate.audit.words import counted
from curate.errors import option
from curate.steps.decontaminate.policy import Overlap
from curate.steps.decontaminate.probe import ALL


def figures_of(
    sources: Sequence[str], overlaps: Sequence[list[Overlap]], matchable: np.ndarray
) -> dict[str, Any]:
    """The overlaps that there are, of how many pairs, and the items that can never be hit."""
    cells = [(name, cell) for name, own in zip(sources, overlaps, strict=True) for cell in own]
    benchmarks = [cell.benchmark for cell in (overlaps[0] if overlaps else [])]
    never = {
        b.name: int(np.count_nonzero(~matchable[b.first : b.first + b.n_items])) for b in benchmarks
    }
    return {
        "pairs": len(cells),
        "contamination": [_cell(name, cell) for name, cell in cells if cell.hit],
        "unmatchable_items": {name: n for name, n in never.items() if n},
    }


def _cell(source: str, cell: Overlap) -> dict[str, Any]:
    return {
        "source": source,
        "benchmark": cell.benchmark.name,
        "role": cell.benchmark.role,
        "hit": cell.hit,
        "items": cell.benchmark.n_items,
        "rate": cell.rate,
        "flagged": cell.flagged,
    }


def recall_of(selftest: pa.Table) -> Iterator[Mapping[str, Any]]:
    """What all matchers together found of each mutation."""
    names = ("mutation", "planted", "found", "noticed", "recall", "low", "high")
    for line in selftest.to_pylist():
        if line["matcher"] == ALL and line["benchmark"] is None:
            yield {name: line[name] for name in names}


def told_of(verdicts: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Notes and warnings about the entries of the verdict file."""
    used, lines = [v for v in verdicts if v["applied"]], [v for v in verdicts if v["void"]]
    pairs = sum(v["applied"] for v in used)
    named = "; ".join(f"{v['doc_id']} × {v['instance_id']}: {v['void']}" for v in lines[:5])
    more = f" (and {len(lines) - 5} more)" if len(lines) > 5 else ""
    notes = (
        [f"verdicts applied: {len(used)} of {len(verdicts)}, to {pairs} matches"] if used else []
    )
    return notes, [f"verdicts that are void: {named}{more}"] if lines else []


def over(
    limit: float | None, sources: Sequence[str], overlaps: Sequence[list[Overlap]]
) -> str | None:
    """Why the build fails, if a source hits more of a benchmark than `limit` allows."""
    if limit is None:
        return None
    cells = [
        (n, cell)
        for n, own in zip(sources, overlaps, strict=True)
        for cell in own
        if cell.over(limit)
    ]
    if not cells:
        return None
    named = "; ".join(
        f"{name} hits {100 * cell.rate:.2f} % of {cell.benchmark.name}" for name, cell in cells[:5]
    )
    more = f" (and {len(cells) - 5} more)" if len(cells) > 5 else ""
    return f"over the limit of {100 * limit:g} %: {named}{more}"


def as_they_are(counts: Mapping[str, tuple[int, int]]) -> str:
    """What is said where texts are not normalised: of each source the rows that would read
    otherwise, and all rows.
    """
    some = {name: (n, rows) for name, (n, rows) in counts.items() if n}
    named = ", ".join(
        f"{n:,} of {counted(rows, 'row')} of {name}" for name, (n, rows) in list(some.items())[:5]
    )
    more = f" and of {len(some) - 5} more sources" if len(some) > 5 else ""
    return (
        f"compared as they stand, with tabs, carriage returns, HTML or characters beyond ASCII in which a copy may "
        f"differ: {named}{more}; {option('--normalise', 'normalise: true')} reads them"
    )
