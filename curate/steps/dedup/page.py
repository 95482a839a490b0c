"""The step's part of the report: whose rows went for whose, and pairs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from markupsafe import Markup

from curate.audit.face import Page, Section
from curate.audit.html import template
from curate.audit.store import columns_of
from curate.audit.windows import Window, windows
from curate.audit.words import middle, percent, short
from curate.licences import commercial
from curate.steps.dedup.facts import estimate, wrong_removals
from curate.steps.dedup.words import Piece, differing

PAIRS = 60
"""Pairs that are drawn, as far as there is room."""
CLUSTERS = 8
SOURCES = 30
LABELLED = 20
_SHARE_OF_ROOM = 4

_PAIRS = """
    WITH ranked AS (
        SELECT *, row_number() OVER (PARTITION BY source, kept_source, kind ORDER BY jaccard, doc_id) AS nth
        FROM duplicates
        WHERE kind <> 'exact' AND doc_id IN (SELECT doc_id FROM duplicate_texts)
            AND kept_id IN (SELECT doc_id FROM duplicate_texts)
    )
    SELECT r.doc_id, r.kept_id, r.kind, r.jaccard, r.dropped, k.fate, k.left_at, a.text, a.length, b.text, b.length
    FROM ranked AS r JOIN kept_rows AS k USING (kept_id)
    JOIN duplicate_texts AS a ON a.doc_id = r.doc_id JOIN duplicate_texts AS b ON b.doc_id = r.kept_id
    ORDER BY r.nth, r.dropped DESC, r.jaccard, r.doc_id LIMIT ?
"""


@dataclass(frozen=True)
class Side:
    """One text of a pair as far as it is shown: its pieces, and whether the other has each not;
    None is a part that is left out.
    """

    doc_id: str
    length: int
    pieces: Sequence[Piece | None]


@dataclass(frozen=True)
class Pair:
    """Two rows side by side."""

    kind: str
    jaccard: float
    said: str
    gone: Side
    kept: Side


def page(con: duckdb.DuckDBPyConnection, page: Page) -> Section | None:
    """Draw the section from an audit that is open for reading."""
    cells = con.execute(
        """SELECT source, kept_source, bool_or(against), count(*) FILTER (dropped),
            count(*) FILTER (kind = 'exact'), count(*) FILTER (kind = 'near'), count(*) FILTER (kind = 'variant')
        FROM duplicates GROUP BY source, kept_source ORDER BY count(*) DESC, source, kept_source"""
    ).fetchall()
    clusters = con.execute(
        """SELECT kept_id, fate, left_at, dropped, variants FROM kept_rows
        ORDER BY dropped + variants DESC, kept_id LIMIT ?""",
        [CLUSTERS],
    ).fetchall()
    own = (page.about.get("parameters") or {}).get("dedup") or {}
    lost = _one(con, "SELECT count(*) FROM lost_texts")
    pairs = list(_within(_pairs(con), page.room // _SHARE_OF_ROOM))
    labelled, n_labelled = _labelled(con)
    html = template("curate.steps.dedup", "report.html.j2").render(
        cells=[(middle(a, 40), middle(b, 40), *rest) for a, b, *rest in cells[:SOURCES]],
        n_cells=len(cells),
        clusters=[(middle(kept_id, 60), *rest) for kept_id, *rest in clusters],
        pairs=pairs,
        own=own,
        lost=lost,
        found=percent(own.get("found_at_threshold") or 1.0),
        n_pairs=_one(con, "SELECT count(*) FROM duplicates WHERE kind <> 'exact'"),
        estimate=estimate(wrong_removals(con)),
        labelled=labelled,
        n_labelled=n_labelled,
    )
    return Section(
        html=Markup(html),
        links=[("duplicates", "Duplicates")],
        facts=_facts(own),
        licences=_back(con),
        ask=_ASK,
    )


def _labelled(con: duckdb.DuckDBPyConnection) -> tuple[list[tuple[str, ...]], int]:
    """Rows that went though they have another label than the row that stays, some with both labels;
    and how many there are. Audits of earlier versions do not know labels.
    """
    if "other_label" not in columns_of(con, "duplicates"):
        return [], 0
    rows = con.execute(
        """SELECT d.doc_id, d.kept_id, a.label, b.label FROM duplicates AS d
        JOIN duplicate_labels AS a ON a.doc_id = d.doc_id
        JOIN duplicate_labels AS b ON b.doc_id = d.kept_id
        WHERE d.other_label ORDER BY d.doc_id LIMIT ?""",
        [LABELLED],
    ).fetchall()
    n = _one(con, "SELECT count(*) FROM duplicates WHERE other_label")
    return [tuple(short(text, 160) for text in row) for row in rows], n


def _back(con: duckdb.DuckDBPyConnection) -> Markup:
    """How many duplicates would stay if rows whose licence forbids commercial use went first: at least
    one for every row that now stays for them, at most every different text.
    """
    named = con.execute("SELECT name, licence FROM sources").fetchall()
    free = [name for name, licence in named if commercial(licence)]
    least, most = con.execute(
        """SELECT count(DISTINCT d.kept_id), count(DISTINCT (d.kept_id, o.content_hash))
        FROM duplicates AS d JOIN documents AS o ON o.id = d.doc_id
        WHERE d.dropped AND NOT d.against AND d.source IN (SELECT unnest(?))
            AND d.kept_source NOT IN (SELECT unnest(?))""",
        [free, free],
    ).fetchone() or (0, 0)
    if not most:
        return Markup("<p>No duplicate would take the place of a row that goes.</p>")
    n = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return Markup(
        "<p>{} {} that went for {} of these sources would stay instead, unless a later step takes "
        "{}.</p>"
    ).format(n, "duplicate" if most == 1 else "duplicates", "rows", "it" if most == 1 else "them")


_ASK = (
    ("curate sql . which-copy", "which row stays for each removed duplicate"),
    ("curate sql . clusters", "the rows that stay in place of the most others"),
    ("curate sql . doubtful-duplicates", "the removed duplicates that are least similar"),
)


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    (n,) = con.execute(query).fetchone() or (0,)
    return int(n)


def _facts(own: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not own:
        return []
    threshold = own.get("threshold")
    near = f", Jaccard {threshold:g} or more" if threshold is not None else ", equal texts alone"
    return [("duplicates by", f"{own.get('by')}{near}"), ("kept", ", ".join(own.get("keep") or ()))]


def _pairs(con: duckdb.DuckDBPyConnection) -> Iterator[Pair]:
    for row in con.execute(_PAIRS, [PAIRS]).fetchall():
        doc_id, kept_id, kind, value, dropped, fate, left_at, text, length, other, other_length = (
            row
        )
        ours, theirs = differing(text, other)
        yield Pair(
            kind,
            value,
            _said(kept_id, dropped, fate, left_at, not dropped and kind == "near"),
            Side(short(doc_id), length, _shown(text, ours, length)),
            Side(short(kept_id), other_length, _shown(other, theirs, other_length)),
        )


def _said(kept_id: str, dropped: bool, fate: str | None, left_at: str | None, verdict: bool) -> str:
    if verdict:
        return "both stay: judged to be no duplicates"
    if not dropped:
        return "both stay: numbers, questions or answers differ"
    if fate == "against":
        return f"{kept_id} belongs to other data"
    later = f", and left later at {left_at}" if fate != "kept" else ""
    return f"{kept_id} stays{later}"


def _shown(text: str, pieces: Sequence[Piece], length: int) -> list[Piece | None]:
    """The pieces within the windows around what differs."""
    spans, at = [], 0
    for piece, differs in pieces:
        if differs:
            spans.append((at, at + len(piece)))
        at += len(piece)
    shown: list[Piece | None] = []
    reached = 0
    for start, stop in windows(len(text), spans):
        if start > reached:
            shown.append(None)
        shown += _cut(pieces, (start, stop))
        reached = stop
    return [*shown, None] if reached < length else shown


def _cut(pieces: Sequence[Piece], window: Window) -> Iterator[Piece]:
    at = 0
    for piece, differs in pieces:
        own = piece[max(0, window[0] - at) : max(0, window[1] - at)]
        if own:
            yield own, differs
        at += len(piece)


def _within(pairs: Iterator[Pair], room: int) -> Iterator[Pair]:
    """As many pairs as have room, in bytes."""
    for pair in pairs:
        sides = (pair.gone.pieces, pair.kept.pieces)
        room -= 600 + sum(
            6 + len(Markup.escape(one[0]).encode()) + 13 for own in sides for one in own if one
        )
        if room < 0:
            return
        yield pair
