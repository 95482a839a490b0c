"""What the step tells the audit: the lines of its tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from curate.steps.filters.counts import Tally
from curate.steps.filters.ready import Ready
from curate.steps.step import Removal, Seen, row_ids


def filters(uses: Sequence[Ready]) -> pa.Table:
    """The table `filters`: every use, in order."""
    schema = pa.schema(
        [
            ("position", pa.int32()),
            ("filter", pa.string()),
            ("name", pa.string()),
            ("numeric", pa.bool_()),
            ("unit", pa.string()),
            ("at_least", pa.float64()),
            ("at_most", pa.float64()),
            ("settings", pa.string()),
        ]
    )
    return pa.Table.from_pylist(
        [
            {
                "position": number,
                "filter": use.label,
                "name": use.name,
                "numeric": use.args.numeric,
                "unit": use.args.measured_in,
                "at_least": getattr(use.args, "at_least", None),
                "at_most": getattr(use.args, "at_most", None),
                "settings": json.dumps(use.given, ensure_ascii=False),
            }
            for number, use in enumerate(uses, 1)
        ],
        schema,
    )


def counts(
    uses: Sequence[Ready], sources: Sequence[str], tallies: Sequence[Sequence[Tally]]
) -> pa.Table:
    """The table `filter_counts`: a line for each source and filter."""
    lines = [
        {
            "source": source,
            "filter": use.label,
            "without_value": tally.missing,
            "refused": tally.refused,
            "removed": tally.removed,
        }
        for source, own in zip(sources, tallies, strict=True)
        for use, tally in zip(uses, own, strict=True)
    ]
    return pa.Table.from_pylist(lines)


def histogram(
    uses: Sequence[Ready],
    sources: Sequence[str],
    tallies: Sequence[Sequence[Tally]],
    whole: Sequence[Tally],
) -> pa.Table:
    """The table `filter_histogram`: the bins of every source, and of all together (source null)."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("source", "filter", "text", "low", "high", "rows")
    }
    for source, own in zip([None, *sources], [whole, *tallies], strict=True):
        for use, tally in zip(uses, own, strict=True):
            for line in tally.lines():
                for column, value in zip(columns.values(), (source, use.label, *line), strict=True):
                    column.append(value)
    types = (pa.string(), pa.string(), pa.string(), pa.float64(), pa.float64(), pa.int64())
    return pa.table(
        {
            name: pa.array(column, kind)
            for (name, column), kind in zip(columns.items(), types, strict=True)
        }
    )


def values(
    uses: Sequence[Ready], seen: Sequence[Seen], removals: Sequence[Removal]
) -> Iterator[pa.Table]:
    """The table `filter_values`, block by block: of every row that goes here the values of all
    filters.
    """
    for source, removal in zip(seen, removals, strict=True):
        gone = removal.rows[source.alive[removal.rows]]
        texts = [use.text_of(source) for use in uses]
        for first, (table, documents) in source.staged("values", "documents"):
            low, high = np.searchsorted(gone, [first, first + table.num_rows])
            at = gone[low:high] - first
            if len(at):
                ids = row_ids(source.name, documents["row"].to_numpy()[at])
                few = table.take(pa.array(at))
                for use, text in zip(uses, texts, strict=True):
                    yield _lines(use, few, text, ids)


def _lines(use: Ready, table: pa.Table, text: str | None, ids: pa.Array) -> pa.Table:
    found, n = use.of(table, text), table.num_rows
    what = found.what if found.what is not None else pa.nulls(n, pa.string())
    number = pa.array(found.value, from_pandas=True) if use.args.numeric else None
    return pa.table(
        {
            "doc_id": ids,
            "filter": pa.array([use.label] * n, pa.string()),
            "value": number if number is not None else pa.nulls(n, pa.float64()),
            "text": what if use.args.numeric else found.value,
            "refused": use.args.refuses(found.value),
        }
    )
