"""What `curate why` tells of one row: how much of it was scanned, and every item that it matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from curate.audit.store import version
from curate.audit.words import printable

SCANS_REJECTED = 4
"""The first version of the audit in which rows that made no record are scanned."""
MATCHES_SHOWN = 5
SPANS_SHOWN = 3
# Code points of a shared piece that are shown, and of the text on each side of it.
SPAN_WIDTH = 160
CONTEXT = 32


def why(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterable[tuple[str, Iterator[str]]]:
    """The step's sections on one row; `con` is an audit opened for reading."""
    return [("Scanned", _scanned(con, doc_id)), ("Matches", _matches(con, doc_id))]


def _scanned(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterator[str]:
    n_tokens, fate = con.execute(
        "SELECT n_tokens, fate FROM documents WHERE id = ?", [doc_id]
    ).fetchone() or (None, None)
    if fate == "quarantined" and version(con) >= SCANS_REJECTED:
        yield "every text of it, though it made no record; what it hits counts nowhere"
    elif n_tokens is None:
        yield "not scanned for benchmark text: the row left before that step"
    else:
        yield f"{n_tokens} {'token' if n_tokens == 1 else 'tokens'} of its text"


def _matches(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterator[str]:
    total, items = con.execute(
        "SELECT count(DISTINCT instance_id), (SELECT count(*) FROM instances) FROM matches WHERE doc_id = ?",
        [doc_id],
    ).fetchone() or (0, 0)
    if total == 0:
        yield (
            f"none with the {items} benchmark items"
            if items
            else "none: this build has no benchmark items"
        )
        return
    turns = con.execute("SELECT turn, role, text FROM texts WHERE doc_id = ?", [doc_id]).fetchall()
    rows = con.execute(
        """SELECT any_value(benchmark), instance_id,
            list((matcher, score, hit, label, verdict, counts, doc_spans, item_spans)
                ORDER BY hit DESC, score DESC, matcher),
            (SELECT min(text) FROM instances AS i WHERE i.instance_id = m.instance_id)
        FROM matches AS m WHERE doc_id = ? GROUP BY instance_id
        ORDER BY bool_or(counts) DESC, bool_or(hit) DESC, max(score) DESC, instance_id LIMIT ?""",
        [doc_id, MATCHES_SHOWN],
    ).fetchall()
    for number, row in enumerate(rows, start=1):
        yield from _match(number, row, {turn: (role, text) for turn, role, text in turns})
    if total > len(rows):
        quoted = doc_id.replace("'", "''")
        yield f"and {total - len(rows)} more items: SELECT * FROM matches WHERE doc_id = '{quoted}'"


def _match(
    number: int, row: tuple[Any, ...], turns: dict[int, tuple[str | None, str]]
) -> Iterator[str]:
    """One item: a line for each matcher that found it, and the shared pieces of the first that has
    any.
    """
    benchmark, instance_id, found, item_text = row
    yield f"{number}. {printable(benchmark)}, item {printable(instance_id)}"
    width = max(len(printable(one[0])) for one in found)
    for matcher, score, hit, label, verdict, counts, *_ in found:
        said = [
            f"{'hit' if hit else 'no hit'}, score {score:.3f}",
            f"label {label}" if label else "no label",
        ]
        said += [f"verdict {verdict}"] if verdict else []
        said.append("counts" if counts else "does not count")
        yield f"   {printable(matcher):{width}}  {', '.join(said)}"
    doc_spans, item_spans = next(
        ((ours, theirs) for *_, ours, theirs in found if ours or theirs), ([], [])
    )
    pieces = []
    for span in doc_spans or []:
        role, text = turns.get(span["turn"], (None, None))
        pieces.append((f"turn {span['turn']}{f' ({printable(role)})' if role else ''}", text, span))
    yield from _side("in the row ", pieces)
    yield from _side("in the item", [("text", item_text, span) for span in item_spans or []])


def _side(title: str, pieces: list[tuple[str, str | None, dict[str, int]]]) -> Iterator[str]:
    for where, text, span in pieces[:SPANS_SHOWN]:
        shown = (
            "its text is not in the audit"
            if text is None
            else excerpt(text, span["start"], span["stop"])
        )
        yield f"   {title}  {where}, {span['start']} to {span['stop']}: {shown}"
    if len(pieces) > SPANS_SHOWN:
        yield f"   {title}  and {len(pieces) - SPANS_SHOWN} more pieces"


def excerpt(text: str, start: int, stop: int) -> str:
    """The piece `text[start:stop]` between » and «, its middle cut when long, with a little of the
    text around it.
    """
    before, after = text[max(0, start - CONTEXT) : start], text[stop : stop + CONTEXT]
    shared = text[start:stop]
    if len(shared) > SPAN_WIDTH:
        half = SPAN_WIDTH // 2
        shared = f"{shared[:half]} […{len(shared) - 2 * half} more…] {shared[-half:]}"
    left = "…" if start > CONTEXT else ""
    right = "…" if stop + CONTEXT < len(text) else ""
    return printable(f"{left}{before}»{shared}«{after}{right}")
