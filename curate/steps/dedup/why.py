"""What `curate why` tells of one row: which row it is like, or which rows went for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from curate.audit.words import counted, printable, short
from curate.steps.dedup.words import differing

_LISTED = 5
_WORDS = 6
_WIDTH = 60


def why(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterable[tuple[str, Iterator[str]]]:
    """The step's section on one row; `con` is an audit opened for reading."""
    return [("Duplicates", _lines(con, doc_id))]


def _lines(con: duckdb.DuckDBPyConnection, doc_id: str) -> Iterator[str]:
    found = con.execute(
        """SELECT d.kept_id, d.kind, d.jaccard, d.dropped, k.fate, k.left_at
        FROM duplicates AS d JOIN kept_rows AS k USING (kept_id) WHERE doc_id = ?""",
        [doc_id],
    ).fetchone()
    if found is not None:
        yield from _like(con, doc_id, found)
    (n,) = con.execute(
        "SELECT count(*) FROM duplicates WHERE kept_id = ? AND NOT against", [doc_id]
    ).fetchone() or (0,)
    if n:
        yield from _stays_for(con, doc_id, n)
    if found is None and not n:
        yield "no duplicate of it was found"


def _like(con: duckdb.DuckDBPyConnection, doc_id: str, found: tuple[Any, ...]) -> Iterator[str]:
    kept_id, kind, value, dropped, fate, left_at = found
    what = {
        "exact": f"the same text as {printable(kept_id)}",
        "near": f"duplicate of {printable(kept_id)}, Jaccard {value:.3f}",
        "variant": f"a variant of {printable(kept_id)}, with other numbers, another question or "
        f"another answer, Jaccard {value:.3f}",
    }[kind]
    yield what if dropped else f"{what}; it stays"
    if fate == "against":
        yield f"{printable(kept_id)} belongs to other data, and is not written"
    elif fate != "kept" and dropped:
        yield f"{printable(kept_id)} left later, at {printable(left_at)}: neither of the two was written"
    lines = con.execute(
        "SELECT doc_id, text, length FROM duplicate_texts WHERE doc_id IN (?, ?)",
        [doc_id, kept_id],
    ).fetchall()
    texts = {one: text for one, text, _ in lines}
    if len(texts) == 2:
        for title, pieces in zip(
            ("here", "there"), differing(texts[doc_id], texts[kept_id]), strict=True
        ):
            yield f"words that differ {title:6} {_words(pieces)}"
        if kept := min((len(text) for _, text, length in lines if length > len(text)), default=0):
            yield f"compared here in their first {kept:,} characters alone"


def _words(pieces: list[tuple[str, bool]]) -> str:
    own = [" ".join(text.split()) for text, differs in pieces if differs and text.strip()]
    told = ", ".join(f"»{printable(short(text, _WIDTH))}«" for text in own[:_WORDS])
    more = f" and {len(own) - _WORDS} more" if len(own) > _WORDS else ""
    return (told or "none") + more


def _stays_for(con: duckdb.DuckDBPyConnection, doc_id: str, n: int) -> Iterator[str]:
    listed = con.execute(
        """SELECT doc_id, kind, jaccard, dropped FROM duplicates WHERE kept_id = ?
        ORDER BY dropped DESC, jaccard DESC, doc_id LIMIT ?""",
        [doc_id, _LISTED],
    ).fetchall()
    yield f"{counted(n, 'row')} {'is' if n == 1 else 'are'} like it:"
    for other, kind, value, dropped in listed:
        fate = "removed" if dropped else "stays"
        yield f"   {printable(other)}  {kind}, Jaccard {value:.3f}, {fate}"
    if n > len(listed):
        quoted = doc_id.replace("'", "''")
        yield f"   and {n - len(listed)} more: SELECT * FROM duplicates WHERE kept_id = '{quoted}'"
