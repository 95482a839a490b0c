"""Pairs of training rows of which one went for the other: those of the random sample in the order in
which they were drawn, so that any number of them, judged from the first on, is a random sample too.

    with open_readonly(Path("my-sft")) as con:
        found = twins(con, near=False)
        shown = twin_texts(con, found[0])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import duckdb

from curate.audit.store import columns_of
from curate.audit.windows import Window
from curate.review.cases import Side, Texts
from curate.steps.dedup.words import Piece, differing
from curate.verdicts import DIFFERENT, DUPLICATE, DUPLICATES, Part, Ruling

_PAIRS = """
SELECT p.doc_id, p.kept_id, d.source, d.kind, d.jaccard, d.dropped, p.drawn, p.doc_hash, p.kept_hash
FROM duplicate_pairs AS p JOIN duplicates AS d USING (doc_id, kept_id)
WHERE d.kind <> 'exact' AND (p.drawn IS NOT NULL OR $near)
ORDER BY p.drawn NULLS LAST, d.jaccard, p.doc_id
"""


@dataclass(frozen=True)
class Twin:
    """A row, the row that stays for it, and how like they are."""

    doc: str
    item: str
    source: str
    kind: str
    jaccard: float
    dropped: bool
    drawn: int | None
    doc_hash: str
    item_hash: str

    part: ClassVar[Part] = DUPLICATES
    keys: ClassVar[Mapping[str, str]] = {"d": DUPLICATE, "k": DIFFERENT}
    titles: ClassVar[tuple[str, str]] = ("ROW", "ROW THAT STAYS")

    @property
    def texts(self) -> tuple[str, str]:
        """What a verdict on it belongs to, in one order."""
        left, right = sorted((self.doc_hash, self.item_hash))
        return left, right

    @property
    def shown(self) -> str:
        """How strong it is, for a list."""
        return f"{100 * self.jaccard:5.1f} %"

    @property
    def said(self) -> str:
        """What the step found, in short."""
        return f"dedup:{self.kind}"


def twins(con: duckdb.DuckDBPyConnection, near: bool) -> list[Twin]:
    """The pairs that were drawn; with `near` also those that are least alike."""
    if not columns_of(con, "duplicate_pairs"):
        return []
    rows = con.execute(_PAIRS, {"near": near}).fetchall()
    return [
        Twin(doc, item, source, kind, jaccard, dropped, drawn, ours.hex, theirs.hex)
        for doc, item, source, kind, jaccard, dropped, drawn, ours, theirs in rows
    ]


def twin_texts(con: duckdb.DuckDBPyConnection, twin: Twin) -> Texts:
    """Both texts of a pair, what the other one lacks marked."""
    lines = con.execute(
        "SELECT doc_id, text, length FROM duplicate_texts WHERE doc_id IN (?, ?)",
        [twin.doc, twin.item],
    ).fetchall()
    own = {doc_id: (text, length - len(text)) for doc_id, text, length in lines}
    (row, cut), (kept, its_cut) = (own.get(one, ("", 0)) for one in (twin.doc, twin.item))
    ours, theirs = (list(_marks(pieces)) for pieces in differing(row, kept))
    return Texts([_side(row, ours, cut)], _side(kept, theirs, its_cut), None)


def _side(text: str, spans: list[Window], cut: int) -> Side:
    """A text with what it has alone; what the audit does not keep of it may differ, and is marked."""
    if cut <= 0:
        return Side(text, spans)
    told = f"\n[{cut:,} more characters, which are not kept here]"
    return Side(text + told, [*spans, (len(text) + 1, len(text + told))])


def _marks(pieces: Iterable[Piece]) -> Iterator[Window]:
    at = 0
    for piece, differs in pieces:
        if differs and piece.strip():
            yield at, at + len(piece)
        at += len(piece)


def twin_as_object(twin: Twin, verdict: Ruling | None) -> dict[str, Any]:
    """A pair for a program."""
    line = {
        "row": twin.doc,
        "stays": twin.item,
        "source": twin.source,
        "kind": twin.kind,
        "jaccard": twin.jaccard,
        "drawn": twin.drawn,
        "row_hash": twin.doc_hash,
        "stays_hash": twin.item_hash,
    }
    return line | {"verdict": verdict and verdict.verdict, "note": verdict and verdict.note}
