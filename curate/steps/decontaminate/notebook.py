"""How a result looks at the end of a cell, or at the prompt: one line, and a short page of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from curate.audit.html import table
from curate.audit.words import counted
from curate.steps.decontaminate.policy import Overlap

_WORST = 5


class Result(Protocol):
    """What `curate.decontaminate` gives, as far as it is shown."""

    @property
    def kept(self) -> pa.Table: ...  # noqa: D102

    @property
    def dropped(self) -> pa.Table: ...  # noqa: D102

    @property
    def matches(self) -> pa.Table: ...  # noqa: D102

    @property
    def quarantine(self) -> Sequence[Any]: ...  # noqa: D102

    @property
    def overlaps(self) -> Mapping[str, Sequence[Overlap]]: ...  # noqa: D102


def as_line(result: Result) -> str:
    """The result in one line: what was kept, and what was found of which benchmark."""
    rows = f"{counted(result.kept.num_rows, 'row')} kept, {result.dropped.num_rows:,} dropped"
    bad = f", {len(result.quarantine):,} quarantined" if result.quarantine else ""
    hits = [
        f"{cell.hit:,} of {counted(cell.benchmark.n_items, 'item')} of {cell.benchmark.name} in {source}"
        for source, cells in result.overlaps.items()
        for cell in cells
        if cell.hit
    ]
    more = f" and {len(hits) - 3} more" if len(hits) > 3 else ""
    found = ", ".join(hits[:3]) + more if hits else "no benchmark item found"
    return f"<Decontaminated: {rows}{bad}; {found}>"


def as_html(result: Result) -> str:
    """The same as a page: counts of every source, overlaps, and the worst matches."""
    hits = [
        (source, cell.benchmark.name, f"{cell.hit:,}", f"{cell.benchmark.n_items:,}")
        for source, cells in result.overlaps.items()
        for cell in cells
        if cell.hit
    ]
    parts = [
        Markup("<p>{}</p>").format(as_line(result).strip("<>")),
        table("Overlap with benchmarks", ("source", "benchmark", "items hit", "of"), hits),
        table(
            "Worst matches",
            ("row", "item", "matcher", "score", "label"),
            _worst(result),
        ),
    ]
    return str(Markup("").join(part for part in parts if part))


def _worst(result: Result) -> list[tuple[Any, ...]]:
    matches = result.matches.select(
        ["doc_id", "instance_id", "matcher", "score", "label", "hit", "counts"]
    )
    hits = matches.filter(pc.field("hit"))
    keys = [("counts", "descending"), ("score", "descending")]
    order = [*keys, *((name, "ascending") for name in ("doc_id", "instance_id", "matcher"))]
    return [
        (
            line["doc_id"],
            line["instance_id"],
            line["matcher"],
            f"{line['score']:.2f}",
            line["label"],
        )
        for line in hits.sort_by(order).slice(0, _WORST).to_pylist()
    ]
