"""Rows that a filter took, to be looked at: a few of each, with as much of their turns as people
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from curate.records import ROLES
from curate.steps.step import Records, Removal, Seen

EACH = 5
"""Rows of each filter."""
TURNS = 6
"""Turns of each row."""
WIDTH = 400
"""Code points of each turn."""

SCHEMA = pa.schema(
    [
        ("filter", pa.string()),
        ("doc_id", pa.string()),
        ("reason", pa.string()),
        ("turn", pa.int32()),
        ("role", pa.string()),
        ("text", pa.string()),
    ]
)


def examples(labels: Sequence[str], seen: Sequence[Seen], removals: Sequence[Removal]) -> pa.Table:
    """The table `filter_examples`: of the rows that each filter took some that are evenly spread."""
    lines = []
    chosen = _chosen(labels, seen, removals)
    for source, removal, places in zip(seen, removals, chosen, strict=True):
        if not places:
            continue
        mask = np.zeros(source.n, np.bool_)
        mask[removal.rows[places]] = True
        told = {int(source.positions(removal.rows[[at]])[0]): at for at in places}
        for records in source.rows(mask):
            lines += list(_lines(records, removal, told))
    order = {label: number for number, label in enumerate(labels)}
    lines.sort(key=lambda line: (order[str(line["filter"])], str(line["doc_id"]), line["turn"]))
    return pa.Table.from_pylist(lines, SCHEMA)


def _chosen(
    labels: Sequence[str], seen: Sequence[Seen], removals: Sequence[Removal]
) -> list[list[int]]:
    """Of every source the places, among its removals, of the rows that are shown."""
    chosen: list[list[int]] = [[] for _ in seen]
    codes = {label: code for code, label in enumerate(labels)}
    of = [
        np.array([codes[str(one)] for one in removal.about or ()], np.int64) for removal in removals
    ]
    for code in range(len(labels)):
        own = [
            np.flatnonzero((taken == code) & source.alive[removal.rows])
            for source, removal, taken in zip(seen, removals, of, strict=True)
        ]
        bounds = np.cumsum([0, *(len(one) for one in own)])
        n = int(bounds[-1])
        for at in sorted({n * number // EACH for number in range(min(n, EACH))} if n else ()):
            source = int(np.searchsorted(bounds, at, side="right")) - 1
            chosen[source].append(int(own[source][at - bounds[source]]))
    return chosen


def _lines(
    records: Records, removal: Removal, told: dict[int, int]
) -> Iterator[dict[str, str | int | None]]:
    ids = records.ids().to_pylist()
    turns = records.turns
    for place, doc in enumerate(turns.stretches.docs.tolist()):
        turn = int(turns.stretches.turns[place])
        at = told[int(records.rows[doc])]
        if turn >= TURNS or removal.about is None:
            continue
        reason = removal.reasons[removal.reason_of[at]]
        yield {
            "filter": removal.about[removal.reason_of[at]],
            "doc_id": ids[doc],
            "reason": reason,
            "turn": turn,
            "role": ROLES[turns.roles[place]],
            "text": around(turns.texts[place].as_py(), reason),
        }


def around(text: str, reason: str) -> str:
    """As much of a text as is shown: around what its reason quotes, or its beginning."""
    quoted = reason.partition("'")[2].rpartition("'")[0].removesuffix("…")
    at = text.find(quoted) if quoted else -1
    start = max(0, at - WIDTH // 3)
    start = 0 if at < 0 or at + len(quoted) <= WIDTH else start
    cut = text[start : start + WIDTH]
    return f"{'…' if start else ''}{cut}{'…' if start + WIDTH < len(text) else ''}"
